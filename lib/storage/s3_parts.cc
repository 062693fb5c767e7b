#include "storage/s3_parts.h"

#include <algorithm>

#include "base/error.h"
#include "storage/digests.h"
#include "storage/http_failure.h"
#include "storage/s3_put.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kPartsMax = 10'000;
constexpr int kPagesMax = 100;
constexpr std::uint64_t kMebibyte = 1u << 20;
// Putting many parts together takes a server long, and it says little meanwhile.
constexpr std::chrono::seconds kCompleteStall{300};

// The same for each try, so that parts fit together.
std::uint64_t PartBytes(std::uint64_t size, std::uint64_t wanted) {
  const std::uint64_t least = (size + kPartsMax - 1) / kPartsMax;
  return std::max(wanted, (least + kMebibyte - 1) / kMebibyte * kMebibyte);
}

bool MayPass(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadline ||
         status.code() == StatusCode::kCancelled;
}

}  // namespace

S3PartUpload::S3PartUpload(S3Place& place, std::string key, std::string_view name, Source& source,
                           const PutOptions& options)
    : place_(place),
      key_(std::move(key)),
      name_(name),
      source_(source),
      options_(options),
      part_bytes_(PartBytes(source.size(), place.options().part_bytes)),
      etags_((source.size() + part_bytes_ - 1) / part_bytes_) {}

S3Call S3PartUpload::Call(std::string method, std::string operation) const {
  return {
      .method = std::move(method), .key = key_, .operation = std::move(operation), .object = name_};
}

std::uint64_t S3PartUpload::PartOffset(int number) const {
  return static_cast<std::uint64_t>(number - 1) * part_bytes_;
}

std::uint64_t S3PartUpload::PartSize(int number) const {
  return std::min(part_bytes_, source_.size() - PartOffset(number));
}

Status S3PartUpload::Run(bool alone, const std::string& id) {
  if (!options_.replace) FENCHI_RETURN_IF_ERROR(CheckFree());
  id_ = id;
  Status done = TakeUp(alone);
  if (done.ok()) done = CompareParts();
  if (done.ok()) done = SendParts();
  if (done.ok()) done = CompleteUpload();
  return done.ok() || MayPass(done) ? done : GiveUp(std::move(done));
}

Status S3PartUpload::CheckFree() {
  const S3Call call = Call("HEAD", "write");
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Send(call));
  // What else it may mean, the upload will show.
  if (response.status != 200 || !response.Header("etag").has_value()) return Status::Ok();
  return AlreadyExists("{}: the name is taken", place_.Describe(call));
}

Status S3PartUpload::TakeUp(bool alone) {
  if (id_.empty() && alone) {
    S3Call call{.method = "GET",
                .query = {{"uploads", ""}, {"prefix", key_}},
                .operation = "look for a broken upload of",
                .object = name_};
    const Result<HttpResponse> response = place_.Ask(call);
    // Looking is a luxury: a key that may only write may not list either.
    if (response.ok()) {
      const Result<std::vector<std::string>> ids = ReadS3Uploads(response->body, key_);
      if (ids.ok() && !ids->empty()) id_ = ids->back();
    }
  }
  if (!id_.empty()) {
    FENCHI_ASSIGN_OR_RETURN(resumed_, ReadParts());
    if (resumed_) return Status::Ok();
  }
  return CreateUpload();
}

// False when the server knows the upload no more, or tells what we cannot read.
Result<bool> S3PartUpload::ReadParts() {
  S3Call call = Call("GET", "go on with");
  int marker = 0;
  for (int page = 0; page < kPagesMax; ++page) {
    call.query = {{"uploadId", id_}};
    if (marker > 0) call.query.emplace_back("part-number-marker", std::to_string(marker));
    call.body_bytes_max = 8 * kMebibyte;
    const Result<HttpResponse> response = place_.Ask(call);
    if (response.status().code() == StatusCode::kNotFound) return false;
    if (!response.ok()) return response.status();
    Result<S3Parts> parts = ReadS3Parts(response->body);
    if (!parts.ok()) return false;  // not to be gone on with, but a new one may do
    there_.insert(there_.end(), parts->parts.begin(), parts->parts.end());
    if (!parts->truncated) return true;
    if (parts->next_marker <= marker) break;
    marker = parts->next_marker;
  }
  return Damaged("{}: the list of parts goes round in circles", place_.Describe(call));
}

Status S3PartUpload::CreateUpload() {
  S3Call call = Call("POST", "begin");
  call.query = {{"uploads", ""}};
  PutOptions headers = options_;
  headers.replace = true;  // the condition belongs to the completion
  AddWriteHeaders(place_, headers, call);
  id_.clear();
  there_.clear();
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Ask(call));
  Result<std::string> id = ReadS3UploadId(response.body);
  if (!id.ok()) {
    return Unavailable("{}: {}", place_.Describe(call), id.status().message())
        .WithHint(id.status().hint());
  }
  id_ = std::move(id).value();
  return Status::Ok();
}

Status S3PartUpload::CompareParts() {
  for (const S3Part& part : there_) {
    const auto index = static_cast<std::size_t>(part.number - 1);
    if (index >= etags_.size() || part.size_bytes != PartSize(part.number)) continue;
    FENCHI_ASSIGN_OR_RETURN(const Bytes hash, DigestOf(DigestKind::kMd5, source_,
                                                       PartOffset(part.number), part.size_bytes));
    if (ToHex(hash) == part.etag) etags_[index] = part.etag;
  }
  return Status::Ok();
}

Status S3PartUpload::SendParts() {
  std::vector<S3Call> calls;
  std::vector<int> numbers;
  for (int number = 1; number <= static_cast<int>(etags_.size()); ++number) {
    if (etags_[static_cast<std::size_t>(number - 1)].empty()) numbers.push_back(number);
  }
  calls.resize(numbers.size());
  Status worst;
  // Not x-amz-checksum: parts with it need the upload begun, and completed, with it as well.
  const bool asked = place_.options().checksum != S3Checksum::kNone ||
                     place_.options().legal_hold || place_.options().lock != S3Lock::kNone;
  const auto make = [&](std::size_t i) -> Result<S3Call> {
    if (!worst.ok()) return worst;  // the others end; none begins
    S3Call& call = calls[i];
    call = Call("PUT", fmt::format("write part {} of", numbers[i]));
    call.query = {{"partNumber", std::to_string(numbers[i])}, {"uploadId", id_}};
    call.source = &source_;
    call.source_offset = PartOffset(numbers[i]);
    call.source_size_bytes = PartSize(numbers[i]);
    if (asked) FENCHI_RETURN_IF_ERROR(AddMd5(call));
    return call;
  };
  place_.SendEach(numbers.size(), make, [&](std::size_t i, Result<HttpResponse> response) {
    Status done = response.ok() ? CheckWritten(place_, calls[i], *response) : response.status();
    if (done.ok()) {
      etags_[static_cast<std::size_t>(numbers[i] - 1)] = Unquoted(*response->Header("etag"));
    } else if (worst.ok() || (MayPass(worst) && !MayPass(done))) {
      worst = std::move(done);
    }
  });
  return Vanished(std::move(worst));
}

// NoSuchUpload in the middle: another process has ended it, or an acknowledgement of ours was lost.
Status S3PartUpload::Vanished(Status status) {
  if (status.code() != StatusCode::kNotFound) return status;
  id_.clear();
  return Unavailable("{}; it is unknown whether the object was stored", status.message());
}

Status S3PartUpload::CompleteUpload() {
  S3Call call = Call("POST", "complete");
  call.query = {{"uploadId", id_}};
  call.stall_timeout = kCompleteStall;
  if (!options_.replace) call.headers.push_back({"If-None-Match", "*"});
  call.body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < etags_.size(); ++i) {
    call.body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>\"{}\"</ETag></Part>", i + 1,
                             EscapeXml(etags_[i]));
  }
  call.body += "</CompleteMultipartUpload>";
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Send(call));
  if (response.status == 409) {  // S3 wants it begun anew
    return Unavailable("{}", GiveUp(place_.Failure(call, response)).message())
        .WithHint("try again");
  }
  if (response.status != 200) return Vanished(place_.Failure(call, response));
  if (!IsS3Completed(response.body)) {
    if (!ReadS3Error(response.body).code.empty()) return place_.Failure(call, response);
    return Unavailable(
        "{}: the answer is no CompleteMultipartUploadResult; it is unknown whether the"
        " object was stored",
        place_.Describe(call));
  }
  id_.clear();
  // It was begun with the date of an earlier try.
  if (resumed_ && options_.retain_until.has_value() && place_.options().lock != S3Lock::kNone) {
    return ExtendS3Retention(place_, name_, *options_.retain_until);
  }
  return Status::Ok();
}

Status S3PartUpload::GiveUp(Status why) {
  if (id_.empty()) return why;
  S3Call call = Call("DELETE", "abort");
  call.query = {{"uploadId", id_}};
  id_.clear();
  // When this fails too, the parts stay until the bucket's own rule removes them.
  const Result<HttpResponse> ignored = place_.Send(call);
  return why;
}

}  // namespace fenchi
