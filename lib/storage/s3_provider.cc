#include "storage/s3_provider.h"

#include <atomic>
#include <charconv>
#include <mutex>

#include "base/error.h"
#include "fenchi/s3.h"
#include "storage/http_failure.h"
#include "storage/http_url.h"
#include "storage/s3_delete.h"
#include "storage/s3_list.h"
#include "storage/s3_place.h"
#include "storage/s3_profile.h"
#include "storage/s3_put.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kObjectBytesMax = 5ull << 40;

Status CheckNames(std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  return Status::Ok();
}

class S3Provider final : public Provider {
 public:
  explicit S3Provider(std::unique_ptr<S3Place> place) : place_(std::move(place)) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    if (!options.replace) FENCHI_RETURN_IF_ERROR(ProveCreateOnly());
    PutOptions asked = options;
    // Some servers do not ignore the condition but refuse it.
    if (overwrites_) asked.replace = true;
    return PutS3(*place_, uploads_, name, source, asked);
  }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override;
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;

  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return ListS3(*place_, prefix, after, entry);
  }

  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    FENCHI_RETURN_IF_ERROR(CheckNames(names));
    return DeleteS3(*place_, names);
  }

  Capability capability() const override {
    // Where the server was not yet tried, Put still refuses to write to one that overwrites.
    return {.create_only = !overwrites_,
            .retention = place_->options().lock != S3Lock::kNone,
            .durable = true,
            .object_size_bytes_max = kObjectBytesMax,
            .parallel_calls_max = static_cast<std::uint32_t>(place_->options().parallel_max)};
  }
  Domain domain() const override { return place_->options().domain; }
  std::string location() const override { return place_->location(); }

  Status ExtendRetention(std::string_view name, Timestamp until) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    if (place_->options().lock == S3Lock::kNone) return Provider::ExtendRetention(name, until);
    return ExtendS3Retention(*place_, name, until);
  }
  Result<std::optional<Timestamp>> RetainedUntil(std::string_view name) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    if (place_->options().lock == S3Lock::kNone) return Provider::RetainedUntil(name);
    return S3RetainedUntil(*place_, name);
  }

  Result<Timestamp> PlaceTime() override {
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(BucketCall()));
    const auto date = response.Date();
    return date.has_value() ? Result<Timestamp>(*date) : Provider::PlaceTime();
  }

 private:
  S3Call BucketCall() const {
    return {.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", place_->folder()}},
            .operation = "look at"};
  }
  S3Call HeadCall(const std::string& name) const {
    return {.method = "HEAD", .key = place_->KeyOf(name), .operation = "look at", .object = name};
  }
  Status ProveCreateOnly();
  Status CheckRange(const S3Call& call, const HttpResponse& response, std::uint64_t offset,
                    std::uint64_t size) const;
  Status CheckBucket();
  Status Explain(const std::string& name);
  Status StatOnce(std::span<const std::string> names, const std::vector<std::size_t>& which,
                  std::vector<std::optional<ObjectInfo>>& out, std::vector<std::size_t>& refused,
                  bool& any_there);

  std::unique_ptr<S3Place> place_;
  S3Uploads uploads_;
  std::mutex proof_mutex_;
  std::atomic<bool> proven_ = false;
  std::atomic<bool> overwrites_ = false;
};

Status S3Provider::ProveCreateOnly() {
  if (place_->is_amazon() || proven_) return Status::Ok();
  // Several threads may try at once: the probe is one object of one name, and harmless.
  Status proof = ProveS3CreateOnly(*place_);
  if (proof.code() == StatusCode::kUnsupported) {
    overwrites_ = true;
    if (place_->options().allow_overwrite) proof = Status::Ok();
  }
  if (proof.ok()) proven_ = true;
  return proof;
}

// "bytes 0-9/100" must be what was asked for.
Status S3Provider::CheckRange(const S3Call& call, const HttpResponse& response,
                              std::uint64_t offset, std::uint64_t size) const {
  const std::string_view told = response.Header("content-range").value_or("");
  const std::string wanted = fmt::format("bytes {}-{}/", offset, offset + size - 1);
  if (!response.Header("etag").has_value()) {
    return Unavailable("{}: the answer is not that of an S3 server", place_->Describe(call))
        .WithHint("a proxy or a log-in page of the network may be in the way");
  }
  if (response.status == 206 && told.starts_with(wanted)) return Status::Ok();
  if (response.status == 200 && offset == 0 && response.ContentLength() == size) {
    return Status::Ok();  // the range was the whole object
  }
  return Damaged("{}: the server sent another range than bytes {} to {}", place_->Describe(call),
                 offset, offset + size - 1)
      .WithHint("the server, or a proxy in the way, may ignore ranges");
}

Status S3Provider::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  const bool beyond = offset > kObjectBytesMax;
  if (out.empty() || beyond) {
    const std::string names[] = {std::string(name)};
    FENCHI_ASSIGN_OR_RETURN(const auto infos, Stat(names));
    if (!infos.front().has_value()) return NotFound("{} is not at {}", name, location());
    if (!beyond || out.empty()) return Status::Ok();
    return Damaged("{} at {} ends before byte {}", name, location(), offset);
  }
  S3Call call{.key = place_->KeyOf(name),
              .headers = {{"Range", fmt::format("bytes={}-{}", offset, offset + out.size() - 1)}},
              .operation = "read",
              .object = std::string(name),
              .into = out};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status == 200 || response.status == 206) {
    return CheckRange(call, response, offset, out.size());
  }
  if (response.status == 416) {
    return Damaged("{}: it ends before byte {}", place_->Describe(call), offset + out.size());
  }
  return place_->Failure(call, response);
}

// A HEAD has no body: what its status means, a small GET tells.
Status S3Provider::Explain(const std::string& name) {
  S3Call call = HeadCall(name);
  call.method = "GET";
  call.headers = {{"Range", "bytes=0-0"}};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  const bool fine = response.status == 200 || response.status == 206 || response.status == 416;
  if (fine) return Status::Ok();
  const Status failure = place_->Failure(call, response);
  return failure.code() == StatusCode::kNotFound ? Status::Ok() : failure;
}

// "Not there" counts only when the bucket is.
Status S3Provider::CheckBucket() {
  const S3Call call = BucketCall();
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status == 200) return Status::Ok();
  const Status failure = place_->Failure(call, response);
  // A key that may not list learns this much: the bucket is there.
  return failure.code() == StatusCode::kDenied && response.status == 403 ? Status::Ok() : failure;
}

Status S3Provider::StatOnce(std::span<const std::string> names,
                            const std::vector<std::size_t>& which,
                            std::vector<std::optional<ObjectInfo>>& out,
                            std::vector<std::size_t>& refused, bool& any_there) {
  Status worst;
  place_->SendEach(
      which.size(), [&](std::size_t i) -> Result<S3Call> { return HeadCall(names[which[i]]); },
      [&](std::size_t i, const Result<HttpResponse>& response) {
        const std::size_t index = which[i];
        if (!response.ok()) {
          if (worst.ok()) worst = response.status();
        } else if (response->status == 200) {
          const auto size = response->ContentLength();
          if (!size.has_value() || !response->Header("etag").has_value()) {
            worst = Unavailable("{}: the answer is not that of an S3 server",
                                place_->Describe(HeadCall(names[index])))
                        .WithHint("a proxy or a log-in page of the network may be in the way");
            return;
          }
          out[index] = ObjectInfo{names[index], *size};
          any_there = true;
        } else if (response->status >= 500 || response->status == 429) {
          if (worst.ok()) worst = place_->Failure(HeadCall(names[index]), *response);
        } else if (response->status != 404) {
          refused.push_back(index);
        }
      });
  return worst;
}

Result<std::vector<std::optional<ObjectInfo>>> S3Provider::Stat(
    std::span<const std::string> names) {
  FENCHI_RETURN_IF_ERROR(CheckNames(names));
  std::vector<std::optional<ObjectInfo>> out(names.size());
  std::vector<std::size_t> which(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) which[i] = i;
  bool any_there = false;
  for (int round = 0; round < 2 && !which.empty(); ++round) {
    std::vector<std::size_t> refused;
    FENCHI_RETURN_IF_ERROR(StatOnce(names, which, out, refused, any_there));
    which = std::move(refused);
    // Explaining also renews credentials that have expired: then the second round succeeds.
    if (!which.empty()) FENCHI_RETURN_IF_ERROR(Explain(names[which.front()]));
  }
  if (!which.empty()) {
    return Unavailable("cannot look at {} at {}: the server contradicts itself",
                       names[which.front()], location());
  }
  if (!any_there && !names.empty()) FENCHI_RETURN_IF_ERROR(CheckBucket());
  return out;
}

template <typename Value>
Result<Value> ParseChoice(const std::optional<std::string>& text, std::string_view option,
                          std::initializer_list<std::pair<std::string_view, Value>> choices,
                          Value otherwise) {
  if (!text.has_value()) return otherwise;
  std::string known;
  for (const auto& [name, value] : choices) {
    if (*text == name) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
  }
  return InvalidArgument("{} in an s3: URL is one of: {}", option, known);
}

Result<std::uint64_t> ParseCount(const std::optional<std::string>& text, std::string_view option,
                                 std::uint64_t otherwise) {
  if (!text.has_value()) return otherwise;
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error == std::errc() && end == text->data() + text->size()) return count;
  return InvalidArgument("{} in an s3: URL is a number", option);
}

Result<S3Options> OptionsOf(HttpUrl url) {
  S3Options options{.bucket = url.authority(), .folder = url.path()};
  const std::string wanted = url.Take("profile").value_or("");
  FENCHI_ASSIGN_OR_RETURN(const S3Profile profile, ReadS3Profile(wanted));
  const auto first = [](std::initializer_list<std::string> texts) {
    for (const std::string& text : texts) {
      if (!text.empty()) return text;
    }
    return std::string();
  };
  options.endpoint = first({url.Take("endpoint").value_or(""),
                            S3Variable({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}),
                            profile.Setting("endpoint_url")});
  options.region =
      first({url.Take("region").value_or(""), S3Variable({"AWS_REGION", "AWS_DEFAULT_REGION"}),
             profile.Setting("region"), options.region});
  options.credentials = S3CredentialsOfEnvironment(wanted);
  FENCHI_ASSIGN_OR_RETURN(options.style, ParseChoice<S3Style>(url.Take("style"), "style",
                                                              {{"path", S3Style::kPath},
                                                               {"virtual", S3Style::kVirtual}},
                                                              S3Style::kAutomatic));
  FENCHI_ASSIGN_OR_RETURN(options.lock, ParseChoice<S3Lock>(url.Take("lock"), "lock",
                                                            {{"compliance", S3Lock::kCompliance},
                                                             {"governance", S3Lock::kGovernance}},
                                                            S3Lock::kNone));
  FENCHI_ASSIGN_OR_RETURN(
      options.legal_hold,
      ParseChoice<bool>(url.Take("legal_hold"), "legal_hold", {{"on", true}}, false));
  FENCHI_ASSIGN_OR_RETURN(
      options.checksum,
      ParseChoice<S3Checksum>(
          url.Take("checksum"), "checksum",
          {{"none", S3Checksum::kNone}, {"md5", S3Checksum::kMd5}, {"sha256", S3Checksum::kSha256}},
          S3Checksum::kNone));
  FENCHI_ASSIGN_OR_RETURN(options.sign_payload,
                          ParseChoice<bool>(url.Take("payload"), "payload",
                                            {{"signed", true}, {"unsigned", false}}, true));
  FENCHI_ASSIGN_OR_RETURN(
      options.allow_overwrite,
      ParseChoice<bool>(url.Take("overwrite"), "overwrite", {{"allowed", true}}, false));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t part_mib,
                          ParseCount(url.Take("part_mib"), "part_mib", options.part_bytes >> 20));
  options.part_bytes = part_mib << 20;
  FENCHI_ASSIGN_OR_RETURN(options.parallel_max,
                          ParseCount(url.Take("parallel"), "parallel", options.parallel_max));
  FENCHI_ASSIGN_OR_RETURN(options.allow_plain_text, url.TakePlainText());
  FENCHI_RETURN_IF_ERROR(url.CheckAllTaken("s3"));
  return options;
}

}  // namespace

Result<S3Options> ParseS3Url(std::string_view url) {
  constexpr std::string_view kScheme = "s3:";
  if (!url.starts_with(kScheme)) return InvalidArgument("an s3: URL begins with s3:");
  FENCHI_ASSIGN_OR_RETURN(HttpUrl parts, HttpUrl::Parse("s3", url.substr(kScheme.size())));
  return OptionsOf(std::move(parts));
}

Result<std::shared_ptr<Provider>> OpenS3Provider(const S3Options& options) {
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<S3Place> place, S3Place::Open(options));
  return std::shared_ptr<Provider>(std::make_shared<S3Provider>(std::move(place)));
}

Result<std::shared_ptr<Provider>> OpenS3Url(std::string_view rest, const Domain& domain) {
  FENCHI_ASSIGN_OR_RETURN(S3Options options, ParseS3Url("s3:" + std::string(rest)));
  options.domain = domain;
  return OpenS3Provider(options);
}

}  // namespace fenchi
