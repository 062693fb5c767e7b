// The provider for Google Cloud Storage, see fenchi/gcs.h.
#include "storage/gcs_provider.h"

#include <algorithm>

#include "base/error.h"
#include "fenchi/gcs.h"
#include "storage/environment_secret.h"
#include "storage/gcs_answer.h"
#include "storage/gcs_list.h"
#include "storage/gcs_place.h"
#include "storage/gcs_put.h"
#include "storage/http_failure.h"
#include "storage/http_range.h"
#include "storage/url_options.h"

namespace fenchi {
namespace {

// No object is as large: a range that begins there is past the end of all.
constexpr std::uint64_t kOffsetMax = 1ull << 62;

class GcsProvider final : public Provider {
 public:
  explicit GcsProvider(std::unique_ptr<GcsPlace> place)
      : place_(std::move(place)), writer_(*place_) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    return writer_.Put(name, source, options);
  }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override;
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return ListGcs(*place_, prefix, after, entry);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override;
  Status ExtendRetention(std::string_view name, Timestamp until) override;
  Result<std::optional<Timestamp>> RetainedUntil(std::string_view name) override;
  Result<Timestamp> PlaceTime() override;

  Capability capability() const override {
    return {.create_only = true,
            .retention = place_->options().lock != GcsLock::kNone,
            .durable = true,
            .object_size_bytes_max = 5ull << 40,
            .parallel_calls_max = static_cast<std::uint32_t>(place_->options().parallel_max)};
  }
  Domain domain() const override { return place_->options().domain; }
  std::string location() const override { return place_->location(); }

 private:
  GcsCall SizeCall(std::string_view name, std::string_view operation) const {
    GcsCall call = place_->ObjectCall("GET", name, operation);
    call.query = {{"fields", "size"}};
    return call;
  }
  Status Absent(const GcsCall& call) {
    FENCHI_RETURN_IF_ERROR(place_->CheckBucket());
    return NotFound("{}: it is not there",
                    DescribeRequest(place_->Describe(call), place_->location()));
  }

  Result<std::optional<ObjectLock>> LockOf(std::string_view name);
  bool wants_strict() const { return place_->options().lock == GcsLock::kLocked; }

  std::unique_ptr<GcsPlace> place_;
  GcsWriter writer_;
};

Status GcsProvider::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  if (out.empty() || offset > kOffsetMax) {
    const GcsCall call = SizeCall(name, "read");
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
    if (response.status == 404) return Absent(call);
    if (response.status != 200) return place_->Failure(call, response);
    const HttpRequest asked = place_->Describe(call);
    FENCHI_RETURN_IF_ERROR(ReadGcsSize(asked, response, place_->location()).status());
    return out.empty() ? Status::Ok() : RangePastTheEnd(asked, place_->location());
  }
  GcsCall call = place_->ObjectCall("GET", name, "read");
  call.query = {{"alt", "media"}};
  HttpRequest asked = place_->Describe(call);
  AskForRange(asked, offset, out);
  call.headers = asked.headers;
  call.into = out;
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status == 404) return Absent(call);
  if (response.status != 200 && response.status != 206) return place_->Failure(call, response);
  return CheckRange(asked, response, offset, place_->location());
}

Result<std::vector<std::optional<ObjectInfo>>> GcsProvider::Stat(
    std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  std::vector<std::optional<ObjectInfo>> out(names.size());
  const auto make = [&](std::size_t i) { return SizeCall(names[i], "look for"); };
  Status failure;
  bool any_absent = false;
  place_->SendEach(names.size(), make, [&](std::size_t i, const Result<HttpResponse>& response) {
    if (!response.ok()) {
      failure = response.status();
    } else if (response->status == 404) {
      any_absent = true;
    } else if (response->status != 200) {
      failure = place_->Failure(make(i), *response);
    } else if (const auto size =
                   ReadGcsSize(place_->Describe(make(i)), *response, place_->location());
               size.ok()) {
      out[i] = ObjectInfo{names[i], *size};
    } else {
      failure = size.status();
    }
  });
  FENCHI_RETURN_IF_ERROR(failure);
  if (any_absent) FENCHI_RETURN_IF_ERROR(place_->CheckBucket());
  return out;
}

Result<std::vector<Status>> GcsProvider::Delete(std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  std::vector<Status> out(names.size());
  const auto make = [&](std::size_t i) { return place_->ObjectCall("DELETE", names[i], "delete"); };
  bool any_absent = false;
  place_->SendEach(names.size(), make, [&](std::size_t i, const Result<HttpResponse>& response) {
    if (!response.ok()) {
      out[i] = response.status();
    } else if (response->status == 404) {
      any_absent = true;
    } else if (response->status != 200 && response->status != 204) {
      out[i] = place_->Failure(make(i), *response);
    }
  });
  if (any_absent) FENCHI_RETURN_IF_ERROR(place_->CheckBucket());
  return out;
}

Status GcsProvider::ExtendRetention(std::string_view name, Timestamp until) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  if (place_->options().lock == GcsLock::kNone) {
    return Unsupported("{} keeps no retention", location())
        .WithHint(
            "add lock=locked to the URL; the bucket must have been made with object retention");
  }
  FENCHI_ASSIGN_OR_RETURN(const auto there, LockOf(name));
  const auto missing = MissingLock(there, {.until = until, .strict = wants_strict()});
  if (!missing) return Status::Ok();
  const bool stricter = there && !there->strict && missing->strict;
  GcsCall call = place_->ObjectCall("PATCH", name, "extend the retention of");
  call.query = {{"fields", "size"}};
  // The service wants this for every change of an unlocked retention but a later date.
  if (stricter) call.query.emplace_back("overrideUnlockedRetention", "true");
  call.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  call.body = WriteGcsRetention(RetentionOf(*missing));
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status == 404) return Absent(call);
  if (response.status == 200) return Status::Ok();
  const Status failure = place_->Failure(call, response);
  if (!stricter || failure.code() != StatusCode::kDenied) return failure;
  return Status(
      failure.code(), std::string(failure.message()),
      "its retention is unlocked, and this account may not lock it for good: run the same "
      "once with one that has storage.objects.overrideUnlockedRetention");
}

Result<std::optional<Timestamp>> GcsProvider::RetainedUntil(std::string_view name) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  FENCHI_ASSIGN_OR_RETURN(const auto there, LockOf(name));
  return RetainedBy(there, wants_strict());
}

Result<std::optional<ObjectLock>> GcsProvider::LockOf(std::string_view name) {
  GcsCall call = place_->ObjectCall("GET", name, "ask for the retention of");
  call.query = {{"fields", "retention"}};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status == 404) return Absent(call);
  if (response.status != 200) return place_->Failure(call, response);
  return ReadGcsRetention(place_->Describe(call), response, location());
}

Result<Timestamp> GcsProvider::PlaceTime() {
  GcsCall call = place_->BucketCall("ask the time of");
  call.query = {{"maxResults", "1"}, {"fields", "kind"}};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_->Send(call));
  if (response.status != 200) return place_->Failure(call, response);
  const auto date = response.Date();
  return date.has_value() ? Result<Timestamp>(*date) : Provider::PlaceTime();
}

Status CheckOptions(const GcsOptions& options) {
  const bool named =
      options.bucket.size() >= 3 && options.bucket.size() <= 222 &&
      std::ranges::all_of(options.bucket, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      });
  if (!named) {
    return InvalidArgument("the bucket of a gs: URL has 3 to 222 characters a-z 0-9 - _ .");
  }
  if (options.folder.starts_with('/') || options.folder.ends_with('/')) {
    return InvalidArgument("the folder of a GCS provider has no / at its ends");
  }
  if (options.parallel_max < 1 || options.parallel_max > 256) {
    return InvalidArgument("parallel_max of a GCS provider is 1 to 256");
  }
  return Status::Ok();
}

Result<GcsCredentials> OfEnvironment(const std::string& name) {
  const std::string variable = EnvironmentVariable("FENCHI_GCS", name, "TOKEN");
  GcsCredentials out;
  FENCHI_ASSIGN_OR_RETURN(out.token, EnvironmentSecret(variable));
  if (out.token.empty() && name.empty()) {
    FENCHI_ASSIGN_OR_RETURN(out.token, EnvironmentSecret("CLOUDSDK_AUTH_ACCESS_TOKEN"));
  }
  if (!out.token.empty()) return out;
  return Denied("there is no token for Google Cloud Storage")
      .WithHint(fmt::format("set {0} or {0}_FILE; docs/providers/gcs.md says where it comes from",
                            variable));
}

Result<GcsLock> ParseLock(const std::optional<std::string>& value) {
  if (!value.has_value()) return GcsLock::kNone;
  if (*value == "locked") return GcsLock::kLocked;
  if (*value == "unlocked") return GcsLock::kUnlocked;
  return InvalidArgument("lock in a gs: URL is locked or unlocked");
}

}  // namespace

GcsCredentialSource GcsCredentialsOfEnvironment(const std::string& name) {
  return [name] { return OfEnvironment(name); };
}

Result<GcsOptions> ParseGcsUrl(std::string_view url) {
  constexpr std::string_view kScheme = "gs:";
  if (!url.starts_with(kScheme)) return InvalidArgument("a GCS URL begins with gs://");
  FENCHI_ASSIGN_OR_RETURN(HttpUrl parsed, HttpUrl::Parse("gs", url.substr(kScheme.size())));
  GcsOptions options{.bucket = parsed.authority(), .folder = parsed.path()};
  FENCHI_ASSIGN_OR_RETURN(options.allow_plain_text, parsed.TakePlainText());
  FENCHI_ASSIGN_OR_RETURN(options.lock, ParseLock(parsed.Take("lock")));
  FENCHI_ASSIGN_OR_RETURN(
      const std::size_t resumable_mib,
      TakeNumber(parsed, "resumable_mib", options.resumable_bytes >> 20, 1, 1024));
  options.resumable_bytes = static_cast<std::uint64_t>(resumable_mib) << 20;
  FENCHI_ASSIGN_OR_RETURN(options.parallel_max,
                          TakeNumber(parsed, "parallel", options.parallel_max, 1, 256));
  if (const auto name = parsed.Take("credentials")) {
    FENCHI_RETURN_IF_ERROR(CheckCredentialsName(*name));
    options.credentials = GcsCredentialsOfEnvironment(*name);
  }
  options.endpoint = parsed.Take("endpoint").value_or("");
  FENCHI_RETURN_IF_ERROR(parsed.CheckAllTaken("gs"));
  if (!options.endpoint.empty()) {
    FENCHI_RETURN_IF_ERROR(ParseHttpAddress(options.endpoint, options.allow_plain_text).status());
  }
  return options;
}

Result<std::shared_ptr<Provider>> OpenGcsProvider(const GcsOptions& options) {
  FENCHI_RETURN_IF_ERROR(CheckOptions(options));
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<GcsPlace> place, GcsPlace::Open(options));
  return std::shared_ptr<Provider>(std::make_shared<GcsProvider>(std::move(place)));
}

Result<std::shared_ptr<Provider>> OpenGcsUrl(std::string_view rest, const Domain& domain) {
  FENCHI_ASSIGN_OR_RETURN(GcsOptions options, ParseGcsUrl(fmt::format("gs:{}", rest)));
  options.domain = domain;
  return OpenGcsProvider(options);
}

}  // namespace fenchi
