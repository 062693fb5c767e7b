#include "storage/s3_put.h"

#include <chrono>
#include <thread>

#include "base/error.h"
#include "storage/digests.h"
#include "storage/http_failure.h"
#include "storage/s3_answer.h"
#include "storage/s3_parts.h"

namespace fenchi {
namespace {

constexpr int kConflictAttempts = 6;
constexpr std::chrono::milliseconds kConflictWait{40};
// Begins with '.', so that no object of ours has this name and List passes over it.
constexpr std::string_view kProbeName = ".fenchi-probe";

}  // namespace

S3Uploads::Claim S3Uploads::Begin(const std::string& key) {
  const std::lock_guard lock(mutex_);
  Row& row = rows_[key];
  Claim claim{.alone = row.running == 0, .id = row.running == 0 ? row.id : ""};
  ++row.running;
  return claim;
}

void S3Uploads::End(const std::string& key, bool alone, const std::string& id) {
  const std::lock_guard lock(mutex_);
  Row& row = rows_[key];
  --row.running;
  if (alone) row.id = id;
  if (row.running == 0 && row.id.empty()) rows_.erase(key);
}

void AddWriteHeaders(const S3Place& place, const PutOptions& options, S3Call& call) {
  const S3Options& at = place.options();
  if (!options.replace) call.headers.push_back({"If-None-Match", "*"});
  if (options.retain_until.has_value() && at.lock != S3Lock::kNone) {
    const bool strict = at.lock == S3Lock::kCompliance;
    call.headers.push_back({"x-amz-object-lock-mode", strict ? "COMPLIANCE" : "GOVERNANCE"});
    call.headers.push_back(
        {"x-amz-object-lock-retain-until-date", ToIso8601(WholeSeconds(*options.retain_until))});
  }
  if (at.legal_hold) call.headers.push_back({"x-amz-object-lock-legal-hold", "ON"});
}

Status AddMd5(S3Call& call) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes hash, DigestOf(DigestKind::kMd5, *call.source,
                                                     call.source_offset, call.source_size_bytes));
  call.headers.push_back({"Content-MD5", ToBase64(hash)});
  return Status::Ok();
}

Status CheckWritten(const S3Place& place, const S3Call& call, const HttpResponse& response) {
  if (response.status != 200) return place.Failure(call, response);
  if (!ReadS3Error(response.body).code.empty()) return place.Failure(call, response);
  if (!response.Header("etag").has_value()) {
    return Unavailable(
               "{}: the answer is not that of an S3 server; it is unknown whether the object"
               " was stored{}",
               place.Describe(call), LooksLikeWebPage(response) ? " (a web page came)" : "")
        .WithHint("a proxy or a log-in page of the network may be in the way");
  }
  return Status::Ok();
}

namespace {

// The checksum that was asked for, or the one that S3 wants with every lock.
Status AddChecksum(const S3Options& at, const PutOptions& options, S3Call& call) {
  const bool locks =
      at.legal_hold || (options.retain_until.has_value() && at.lock != S3Lock::kNone);
  if (at.checksum == S3Checksum::kMd5 || (at.checksum == S3Checksum::kNone && locks)) {
    return AddMd5(call);
  }
  if (at.checksum == S3Checksum::kNone) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const Bytes hash, DigestOf(DigestKind::kSha256, *call.source,
                                                     call.source_offset, call.source_size_bytes));
  call.headers.push_back({"x-amz-checksum-sha256", ToBase64(hash)});
  return Status::Ok();
}

Status PutWhole(S3Place& place, const std::string& key, std::string_view name, Source& source,
                const PutOptions& options) {
  S3Call call{.method = "PUT",
              .key = key,
              .source = &source,
              .source_size_bytes = source.size(),
              .operation = "write",
              .object = std::string(name)};
  AddWriteHeaders(place, options, call);
  FENCHI_RETURN_IF_ERROR(AddChecksum(place.options(), options, call));
  for (int attempt = 1;; ++attempt) {
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Send(call));
    if (response.status != 409 || attempt == kConflictAttempts) {
      return CheckWritten(place, call, response);
    }
    std::this_thread::sleep_for(kConflictWait * attempt);
  }
}

}  // namespace

Status PutS3(S3Place& place, S3Uploads& uploads, std::string_view name, Source& source,
             const PutOptions& options) {
  const std::string key = place.KeyOf(name);
  if (source.size() <= place.options().part_bytes) {
    return PutWhole(place, key, name, source, options);
  }
  const S3Uploads::Claim claim = uploads.Begin(key);
  S3PartUpload upload(place, key, name, source, options);
  const Status done = upload.Run(claim.alone, claim.id);
  uploads.End(key, claim.alone, upload.unfinished_id());
  return done;
}

namespace {

Result<std::optional<ObjectLock>> LockOf(S3Place& place, std::string_view name) {
  const S3Call call{.key = place.KeyOf(name),
                    .query = {{"retention", ""}},
                    .operation = "ask for the retention of",
                    .object = std::string(name)};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place.Send(call));
  if (response.status == 200) return ReadS3Retention(response.body);
  if (ReadS3Error(response.body).code == "NoSuchObjectLockConfiguration") {
    return std::optional<ObjectLock>();
  }
  return place.Failure(call, response);
}

bool WantsStrict(const S3Place& place) { return place.options().lock == S3Lock::kCompliance; }

}  // namespace

Result<std::optional<Timestamp>> S3RetainedUntil(S3Place& place, std::string_view name) {
  FENCHI_ASSIGN_OR_RETURN(const auto there, LockOf(place, name));
  return RetainedBy(there, WantsStrict(place));
}

Status ExtendS3Retention(S3Place& place, std::string_view name, Timestamp until) {
  FENCHI_ASSIGN_OR_RETURN(const auto there, LockOf(place, name));
  const auto missing = MissingLock(there, {.until = until, .strict = WantsStrict(place)});
  if (!missing) return Status::Ok();
  S3Call call{
      .method = "PUT",
      .key = place.KeyOf(name),
      .query = {{"retention", ""}},
      .body = fmt::format("<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                          "<Mode>{}</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>",
                          missing->strict ? "COMPLIANCE" : "GOVERNANCE",
                          ToIso8601(WholeSeconds(missing->until))),
      .operation = "extend the retention of",
      .object = std::string(name)};
  call.headers.push_back({"Content-MD5", ToBase64(DigestOf(DigestKind::kMd5, AsBytes(call.body)))});
  Status done = place.Ask(call).status();
  if (done.ok() || !there || there->strict || !missing->strict) return done;
  // Some servers count a stricter mode as a change of the weaker one, for which they want this.
  call.headers.push_back({"x-amz-bypass-governance-retention", "true"});
  done = place.Ask(call).status();
  if (done.code() != StatusCode::kDenied && done.code() != StatusCode::kLocked) return done;
  return Status(
      done.code(), std::string(done.message()),
      "it is in governance mode, and this key may not lock it for good: run the same once "
      "with a key that has s3:BypassGovernanceRetention");
}

Status ProveS3CreateOnly(S3Place& place) {
  MemorySource source(AsBytes("fenchi tries here whether this server refuses to overwrite\n"));
  for (int round = 0; round < 2; ++round) {
    const Status put = PutWhole(place, place.KeyOf(kProbeName), kProbeName, source, {});
    if (put.code() == StatusCode::kAlreadyExists) return Status::Ok();
    FENCHI_RETURN_IF_ERROR(put);
  }
  return Unsupported("{} overwrites objects silently: it ignores If-None-Match", place.location())
      .WithHint(
          "two writers may destroy each other's data there; overwrite=allowed in the URL goes"
          " on all the same");
}

}  // namespace fenchi
