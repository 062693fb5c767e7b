#include "storage/azure_place.h"

#include "base/error.h"
#include "storage/azure_answer.h"
#include "storage/http_failure.h"
#include "storage/signed_requests.h"
#include "storage/url.h"

namespace fenchi {
namespace {

constexpr std::string_view kVersion = "2021-12-02";

std::string LocationOf(const AzureOptions& options) {
  return fmt::format("azure://{}/{}{}{}", options.account, options.container,
                     options.folder.empty() ? "" : "/", PrintableText(options.folder));
}

bool AreRefused(const HttpResponse& response) {
  return response.status == 401 ||
         (response.status == 403 && ReadAzureErrorCode(response) == "AuthenticationFailed");
}

}  // namespace

Result<std::unique_ptr<AzurePlace>> AzurePlace::Open(const AzureOptions& options) {
  const std::string endpoint =
      options.endpoint.empty() ? fmt::format("https://{}.blob.core.windows.net", options.account)
                               : options.endpoint;
  FENCHI_ASSIGN_OR_RETURN(HttpAddress address,
                          ParseHttpAddress(endpoint, options.allow_plain_text));
  std::unique_ptr<AzurePlace> place(new AzurePlace(options, std::move(address)));
  FENCHI_ASSIGN_OR_RETURN(place->client_,
                          HttpClient::Create({.location = place->location_,
                                              .allow_plain_text = options.allow_plain_text,
                                              .parallel_max = options.parallel_max,
                                              .connect_timeout = options.connect_timeout,
                                              .stall_timeout = options.stall_timeout}));
  return place;
}

AzurePlace::AzurePlace(const AzureOptions& options, HttpAddress address)
    : options_(options),
      clock_(options.clock == nullptr ? SystemClock() : *options.clock),
      address_(std::move(address)),
      location_(LocationOf(options)),
      credentials_(options.credentials ? options.credentials
                                       : AzureCredentialsOfEnvironment(options.account),
                   clock_) {}

std::string AzurePlace::Prefix() const {
  return options_.folder.empty() ? "" : options_.folder + "/";
}

HttpRequest AzurePlace::Describe(const AzureCall& call) const {
  return {.method = call.method, .operation = call.operation, .object = call.name};
}

HttpRequest AzurePlace::Sign(const AzureCall& call, const AzureCredentials& credentials) {
  AzureUnsigned request{
      .method = call.method,
      .path = fmt::format("{}/{}", address_.path, options_.container),
      .query = call.query,
      .headers = call.headers,
      .body_size_bytes = call.source == nullptr ? call.body.size() : call.source_size_bytes};
  if (!call.name.empty()) request.path += "/" + EscapeUrlPath(Prefix() + call.name);
  request.headers.push_back({"x-ms-version", std::string(kVersion)});
  request.headers.push_back({"x-ms-date", HttpDate(clock_.Now().seconds)});
  std::string target = AzureTarget(request);
  if (!credentials.sas.empty()) {
    target += call.query.empty() ? '?' : '&';
    target += AsText(credentials.sas.view());
  } else if (!credentials.token.empty()) {
    request.headers.push_back(
        {"Authorization", "Bearer " + std::string(AsText(credentials.token.view()))});
  } else {
    request.headers.push_back(
        {"Authorization", SignAzure(request, options_.account, credentials.key.view())});
  }
  HttpRequest out = Describe(call);
  out.url = address_.Origin() + target;
  out.headers = std::move(request.headers);
  out.body = call.body;
  out.source = call.source;
  out.source_offset = call.source_offset;
  out.source_size_bytes = call.source_size_bytes;
  out.into = call.into;
  out.body_bytes_max = call.body_bytes_max;
  return out;
}

Result<HttpResponse> AzurePlace::Send(const AzureCall& call) {
  return SendSigned(
      *client_, credentials_,
      [&](const AzureCredentials& credentials) { return Sign(call, credentials); }, AreRefused);
}

void AzurePlace::SendEach(std::size_t count, const std::function<AzureCall(std::size_t)>& make,
                          const std::function<void(std::size_t, Result<HttpResponse>)>& done) {
  SendEachSigned(
      *client_, credentials_, count,
      [&](std::size_t i, const AzureCredentials& credentials) {
        return Sign(make(i), credentials);
      },
      AreRefused, done);
}

Status AzurePlace::Failure(const AzureCall& call, const HttpResponse& response) const {
  return AzureFailure(Describe(call), response, location_, clock_.Now());
}

}  // namespace fenchi
