#include "storage/s3_place.h"

#include <algorithm>

#include "base/error.h"
#include "storage/digests.h"
#include "storage/http_failure.h"
#include "storage/s3_answer.h"
#include "storage/s3_profile.h"
#include "storage/s3_signer.h"
#include "storage/url.h"

namespace fenchi {
namespace {

constexpr std::int64_t kRenewalSeconds = 300;
constexpr std::size_t kBucketNameMax = 255;
constexpr std::size_t kKeyMax = 1024;
constexpr std::size_t kObjectNameMax = 200;
constexpr std::size_t kParallelMax = 256;
constexpr std::uint64_t kPartBytesMin = 5u << 20;
constexpr std::uint64_t kPartBytesMax = 1u << 30;

bool IsBucketName(std::string_view name) {
  return !name.empty() && name.size() <= kBucketNameMax && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

// Whether the bucket can be part of a host name that a wildcard certificate covers.
bool FitsHostName(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 &&
         std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool IsRegion(std::string_view region) {
  return !region.empty() && region.size() <= 64 &&
         std::all_of(region.begin(), region.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

Status CheckOptions(const S3Options& options) {
  if (!IsBucketName(options.bucket)) {
    return InvalidArgument("an s3: provider needs a bucket of letters, digits and - . _");
  }
  if (options.folder.size() > kKeyMax - kObjectNameMax || options.folder.starts_with('/') ||
      options.folder.ends_with('/')) {
    return InvalidArgument("the folder of an s3: provider is too long, or has a / at an end");
  }
  if (!IsRegion(options.region)) return InvalidArgument("the region of an s3: provider is no name");
  if (options.part_bytes < kPartBytesMin || options.part_bytes > kPartBytesMax) {
    return InvalidArgument("parts of an s3: provider have 5 to 1024 MiB");
  }
  if (options.parallel_max < 1 || options.parallel_max > kParallelMax) {
    return InvalidArgument("an s3: provider sends 1 to {} requests at once", kParallelMax);
  }
  return Status::Ok();
}

bool IsAmazonHost(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

bool MeansExpired(std::string_view code) {
  return code == "ExpiredToken" || code == "TokenRefreshRequired" || code == "InvalidToken" ||
         code == "InvalidAccessKeyId";
}

}  // namespace

Result<std::unique_ptr<S3Place>> S3Place::Open(const S3Options& options) {
  FENCHI_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<S3Place> place(new S3Place());
  place->options_ = options;
  if (!place->options_.credentials) place->options_.credentials = S3CredentialsOfEnvironment();
  const bool in_china = options.region.starts_with("cn-");
  const std::string endpoint =
      options.endpoint.empty()
          ? fmt::format("https://s3.{}.amazonaws.com{}", options.region, in_china ? ".cn" : "")
          : options.endpoint;
  FENCHI_ASSIGN_OR_RETURN(HttpAddress address,
                          ParseHttpAddress(endpoint, options.allow_plain_text));
  place->is_amazon_ = IsAmazonHost(address.host);
  const bool virtual_host =
      options.style == S3Style::kVirtual ||
      (options.style == S3Style::kAutomatic && place->is_amazon_ && FitsHostName(options.bucket));
  if (virtual_host && !FitsHostName(options.bucket)) {
    return InvalidArgument("this bucket's name cannot stand in a host name")
        .WithHint("use style=path");
  }
  FENCHI_ASSIGN_OR_RETURN(place->root_path_, UnescapeUrlPath(address.path));
  if (virtual_host) {
    address.host = options.bucket + "." + address.host;
  } else {
    place->root_path_ += "/" + options.bucket;
  }
  place->host_ = address.host;
  place->origin_ = address.Origin();
  place->folder_ = options.folder.empty() ? "" : options.folder + "/";
  std::string location = "s3://" + options.bucket;
  if (!options.folder.empty()) location += "/" + EscapeUrlPath(options.folder);
  if (!options.endpoint.empty()) location += "?endpoint=" + place->origin_;
  HttpOptions http{.location = std::move(location),
                   .allow_plain_text = options.allow_plain_text,
                   .parallel_max = options.parallel_max,
                   .connect_timeout = options.connect_timeout,
                   .stall_timeout = options.stall_timeout};
  const std::string ca_file =
      options.ca_file.empty() ? S3Variable({"AWS_CA_BUNDLE"}) : options.ca_file;
  if (!ca_file.empty()) http.environment.ca_file = ca_file;
  FENCHI_ASSIGN_OR_RETURN(place->client_, HttpClient::Create(std::move(http)));
  return place;
}

Result<S3Place::Credentials> S3Place::CurrentCredentials() {
  {
    const std::lock_guard lock(mutex_);
    if (credentials_ != nullptr &&
        (!credentials_->expires.has_value() ||
         clock().Now().seconds + kRenewalSeconds < credentials_->expires->seconds)) {
      return credentials_;
    }
  }
  // Without the lock: the source may be slow, or written in Python.
  Result<S3Credentials> asked = options_.credentials();
  if (!asked.ok()) return asked.status().At(location());
  if (asked->access_key_id.empty() || asked->secret_access_key.empty()) {
    return Denied("{}: the credential source gave no key", location());
  }
  auto fresh = std::make_shared<const S3Credentials>(std::move(asked).value());
  const std::lock_guard lock(mutex_);
  credentials_ = fresh;
  return fresh;
}

void S3Place::Forget(const Credentials& credentials) {
  const std::lock_guard lock(mutex_);
  if (credentials_ == credentials) credentials_ = nullptr;
}

Result<std::string> S3Place::PayloadHash(const S3Call& call) const {
  // In plain text only the signature protects. Over TLS it still tells a server that a body was cut
  // short: not every one compares the length that was announced.
  const bool whole = options_.sign_payload || origin_.starts_with("http://");
  if (call.source == nullptr) return ToHex(DigestOf(DigestKind::kSha256, AsBytes(call.body)));
  if (!whole) return std::string(kUnsignedPayload);
  FENCHI_ASSIGN_OR_RETURN(const Bytes hash, DigestOf(DigestKind::kSha256, *call.source,
                                                     call.source_offset, call.source_size_bytes));
  return ToHex(hash);
}

Result<HttpRequest> S3Place::Sign(const S3Call& call, const S3Credentials& credentials) const {
  S3Unsigned plain{.method = call.method,
                   .host = host_,
                   .path = root_path_ + "/" + call.key,
                   .query = call.query,
                   .headers = call.headers};
  if (call.key.empty() && !root_path_.empty()) plain.path.pop_back();
  FENCHI_ASSIGN_OR_RETURN(plain.payload_hash, PayloadHash(call));
  S3Signed made = SignS3(plain, credentials, options_.region, clock().Now());
  return HttpRequest{.method = call.method,
                     .url = origin_ + made.target,
                     .headers = std::move(made.headers),
                     .body = call.body,
                     .source = call.source,
                     .source_offset = call.source_offset,
                     .source_size_bytes = call.source_size_bytes,
                     .operation = call.operation,
                     .object = call.object,
                     .into = call.into,
                     .body_bytes_max = call.body_bytes_max,
                     .stall_timeout = call.stall_timeout};
}

Result<HttpResponse> S3Place::Send(const S3Call& call) {
  FENCHI_ASSIGN_OR_RETURN(Credentials credentials, CurrentCredentials());
  FENCHI_ASSIGN_OR_RETURN(HttpRequest request, Sign(call, *credentials));
  Result<HttpResponse> response = client_->Send(std::move(request));
  if (!response.ok() || !MeansExpired(ReadS3Error(response->body).code)) return response;
  Forget(credentials);
  FENCHI_ASSIGN_OR_RETURN(Credentials fresh, CurrentCredentials());
  if (fresh->access_key_id == credentials->access_key_id &&
      fresh->session_token == credentials->session_token) {
    return response;  // no others are to be had
  }
  FENCHI_ASSIGN_OR_RETURN(request, Sign(call, *fresh));
  return client_->Send(std::move(request));
}

Result<HttpResponse> S3Place::Ask(const S3Call& call, int good) {
  FENCHI_ASSIGN_OR_RETURN(HttpResponse response, Send(call));
  if (response.status != good) return Failure(call, response);
  return response;
}

void S3Place::SendEach(std::size_t count, const std::function<Result<S3Call>(std::size_t)>& make,
                       const std::function<void(std::size_t, Result<HttpResponse>)>& done) {
  client_->SendEach(
      count,
      [&](std::size_t i) -> Result<HttpRequest> {
        FENCHI_ASSIGN_OR_RETURN(const Credentials credentials, CurrentCredentials());
        FENCHI_ASSIGN_OR_RETURN(const S3Call call, make(i));
        return Sign(call, *credentials);
      },
      done);
}

std::string S3Place::Describe(const S3Call& call) const {
  return DescribeRequest({.operation = call.operation, .object = call.object}, location());
}

Status S3Place::Failure(const S3Call& call, const HttpResponse& response) const {
  return S3Failure({.operation = call.operation, .object = call.object}, response, location(),
                   clock().Now());
}

}  // namespace fenchi
