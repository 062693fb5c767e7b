#include "storage/gcs_place.h"

#include "base/error.h"
#include "storage/gcs_answer.h"
#include "storage/http_failure.h"
#include "storage/signed_requests.h"

namespace fenchi {
namespace {

bool AreRefused(const HttpResponse& response) { return response.status == 401; }

}  // namespace

Result<std::unique_ptr<GcsPlace>> GcsPlace::Open(const GcsOptions& options) {
  const std::string endpoint =
      options.endpoint.empty() ? "https://storage.googleapis.com" : options.endpoint;
  FENCHI_ASSIGN_OR_RETURN(HttpAddress address,
                          ParseHttpAddress(endpoint, options.allow_plain_text));
  std::unique_ptr<GcsPlace> place(new GcsPlace(options, std::move(address)));
  FENCHI_ASSIGN_OR_RETURN(place->client_,
                          HttpClient::Create({.location = place->location_,
                                              .allow_plain_text = options.allow_plain_text,
                                              .parallel_max = options.parallel_max,
                                              .connect_timeout = options.connect_timeout,
                                              .stall_timeout = options.stall_timeout}));
  return place;
}

GcsPlace::GcsPlace(const GcsOptions& options, HttpAddress address)
    : options_(options),
      address_(std::move(address)),
      location_(fmt::format("gs://{}{}{}", options.bucket, options.folder.empty() ? "" : "/",
                            PrintableText(options.folder))),
      credentials_(options.credentials ? options.credentials : GcsCredentialsOfEnvironment(),
                   SystemClock()) {}

std::string GcsPlace::Prefix() const {
  return options_.folder.empty() ? "" : options_.folder + "/";
}

GcsCall GcsPlace::BucketCall(std::string_view operation) const {
  return {.target = fmt::format("{}/storage/v1/b/{}/o", address_.path, options_.bucket),
          .operation = std::string(operation)};
}

GcsCall GcsPlace::ObjectCall(std::string_view method, std::string_view name,
                             std::string_view operation) const {
  GcsCall call = BucketCall(operation);
  call.method = method;
  call.target += "/" + EscapeUrlValue(Prefix() + std::string(name));
  call.object = name;
  return call;
}

GcsCall GcsPlace::UploadCall(std::string_view name, std::string_view kind) const {
  return {.method = "POST",
          .target = fmt::format("{}/upload/storage/v1/b/{}/o", address_.path, options_.bucket),
          .query = {{"uploadType", std::string(kind)}, {"name", Prefix() + std::string(name)}},
          .operation = "write",
          .object = std::string(name)};
}

bool GcsPlace::IsOurs(std::string_view url) const {
  const std::string origin = address_.Origin();
  return url.starts_with(origin) && url.substr(origin.size()).starts_with('/') &&
         url.find_first_of(" \t#") == std::string_view::npos;
}

HttpRequest GcsPlace::Describe(const GcsCall& call) const {
  return {.method = call.method, .operation = call.operation, .object = call.object};
}

HttpRequest GcsPlace::Sign(const GcsCall& call, const GcsCredentials& credentials) const {
  HttpRequest out = Describe(call);
  out.url = call.target.starts_with('/') ? address_.Origin() + call.target : call.target;
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    out.url += fmt::format("{}{}={}", separator, EscapeUrlValue(name), EscapeUrlValue(value));
    separator = '&';
  }
  out.headers = call.headers;
  out.headers.push_back(
      {"Authorization", "Bearer " + std::string(AsText(credentials.token.view()))});
  out.body = call.body;
  out.source = call.source;
  out.source_offset = call.source_offset;
  out.source_size_bytes = call.source_size_bytes;
  out.into = call.into;
  out.body_bytes_max = call.body_bytes_max;
  return out;
}

Result<HttpResponse> GcsPlace::Send(const GcsCall& call) {
  return SendSigned(
      *client_, credentials_,
      [&](const GcsCredentials& credentials) { return Sign(call, credentials); }, AreRefused);
}

void GcsPlace::SendEach(std::size_t count, const std::function<GcsCall(std::size_t)>& make,
                        const std::function<void(std::size_t, Result<HttpResponse>)>& done) {
  SendEachSigned(
      *client_, credentials_, count,
      [&](std::size_t i, const GcsCredentials& credentials) { return Sign(make(i), credentials); },
      AreRefused, done);
}

Status GcsPlace::CheckBucket() {
  GcsCall call = BucketCall("look into");
  call.query = {{"maxResults", "1"}, {"fields", "kind"}};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, Send(call));
  // Who may not list learns nothing else either; the bucket is there.
  if (response.status == 200 || response.status == 403) return Status::Ok();
  if (response.status != 404) return Failure(call, response);
  return Unavailable("the bucket of {} is not there", location_)
      .WithHint("nothing in it counts as lost: check the URL, or make the bucket");
}

Status GcsPlace::Failure(const GcsCall& call, const HttpResponse& response) const {
  return GcsFailure(Describe(call), response, location_);
}

}  // namespace fenchi
