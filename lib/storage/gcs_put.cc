#include "storage/gcs_put.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "fenchi/random.h"
#include "storage/digests.h"
#include "storage/http_failure.h"

namespace fenchi {
namespace {

constexpr std::size_t kBrokenMax = 256;  // uploads remembered
constexpr int kStandStillMax = 3;        // answers without a further byte

// N + 1 of "bytes=0-N"; 0 where the service has nothing yet.
std::optional<std::uint64_t> BytesOfRange(const HttpResponse& response) {
  constexpr std::string_view kStart = "bytes=0-";
  std::string_view range = response.Header("range").value_or("");
  if (range.empty()) return 0;
  if (!range.starts_with(kStart)) return std::nullopt;
  range.remove_prefix(kStart.size());
  std::uint64_t last = 0;
  const auto [end, error] = std::from_chars(range.data(), range.data() + range.size(), last);
  if (error != std::errc() || end != range.data() + range.size()) return std::nullopt;
  return last + 1;
}

// A source between two texts.
class FramedSource final : public Source {
 public:
  FramedSource(std::string head, Source& inner, std::string tail)
      : head_(std::move(head)), inner_(inner), tail_(std::move(tail)) {}

  std::uint64_t size() const override { return head_.size() + inner_.size() + tail_.size(); }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    out = TakeText(head_, 0, offset, out);
    const std::uint64_t begin = head_.size();
    if (!out.empty() && offset < begin + inner_.size()) {
      const auto now = static_cast<std::size_t>(
          std::min<std::uint64_t>(out.size(), begin + inner_.size() - offset));
      FENCHI_RETURN_IF_ERROR(inner_.Read(offset - begin, out.first(now)));
      offset += now;
      out = out.subspan(now);
    }
    TakeText(tail_, begin + inner_.size(), offset, out);
    return Status::Ok();
  }

 private:
  // Fills what `text`, which begins at `begin`, has of the bytes from `offset`; what is left of
  // out.
  static MutableBytes TakeText(const std::string& text, std::uint64_t begin, std::uint64_t& offset,
                               MutableBytes out) {
    if (out.empty() || offset >= begin + text.size()) return out;
    const auto at = static_cast<std::size_t>(offset - begin);
    const std::size_t now = std::min(out.size(), text.size() - at);
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), now, out.begin());
    offset += now;
    return out.subspan(now);
  }

  std::string head_;
  Source& inner_;
  std::string tail_;
};

bool IsGone(const HttpResponse& response) {
  return response.status == 404 || response.status == 410;
}

}  // namespace

std::optional<GcsRetention> RetentionUntil(const GcsOptions& options, Timestamp until) {
  if (options.lock == GcsLock::kNone) return std::nullopt;
  return RetentionOf({.until = until, .strict = options.lock == GcsLock::kLocked});
}

GcsRetention RetentionOf(const ObjectLock& lock) {
  return {.mode = lock.strict ? "Locked" : "Unlocked",
          .until = ToIso8601(WholeSeconds(lock.until))};
}

Status GcsWriter::Put(std::string_view name, Source& source, const PutOptions& options) {
  if (source.size() <= place_.options().resumable_bytes) return PutWhole(name, source, options);
  Upload wanted{.size_bytes = source.size(),
                .replace = options.replace,
                .retain_until = options.retain_until};
  FENCHI_ASSIGN_OR_RETURN(wanted.hash, DigestOf(DigestKind::kSha256, source, 0, source.size()));
  std::optional<Upload> upload = TakeBroken(name, wanted);
  std::uint64_t from = 0;
  if (upload.has_value()) {
    Result<std::optional<std::uint64_t>> arrived = Arrived(name, *upload);
    if (!arrived.ok()) {
      KeepBroken(name, *std::move(upload));
      return arrived.status();
    }
    if (arrived->has_value()) {
      from = **arrived;
    } else {
      upload.reset();  // forgotten by the service
    }
  }
  if (!upload.has_value()) {
    FENCHI_ASSIGN_OR_RETURN(upload, Begin(name, wanted));
  }
  const Result<Outcome> outcome = SendRest(name, *upload, source, from);
  if (!outcome.ok()) {
    const StatusCode code = outcome.status().code();
    const bool resumes = code == StatusCode::kUnavailable || code == StatusCode::kDeadline ||
                         code == StatusCode::kCancelled || code == StatusCode::kIo;
    if (resumes) KeepBroken(name, *std::move(upload));
    return outcome.status();
  }
  if (*outcome == Outcome::kStored) return Status::Ok();
  return Unavailable("cannot write {} at {}: the service has forgotten the upload", name,
                     place_.location())
      .WithHint("try again: it begins anew");
}

Status GcsWriter::PutWhole(std::string_view name, Source& source, const PutOptions& options) {
  GcsCall call = place_.UploadCall(name, "multipart");
  if (!options.replace) call.query.emplace_back("ifGenerationMatch", "0");
  call.query.emplace_back("fields", "size");
  Bytes random(16);
  SystemRandom().Fill(random);
  const std::string boundary = ToHex(random);
  call.headers = {{"Content-Type", "multipart/related; boundary=" + boundary}};
  FramedSource framed(
      fmt::format("--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{1}\r\n"
                  "--{0}\r\nContent-Type: application/octet-stream\r\n\r\n",
                  boundary, Description(name, options.retain_until)),
      source, fmt::format("\r\n--{}--\r\n", boundary));
  call.source = &framed;
  call.source_size_bytes = framed.size();
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Send(call));
  return CheckStored(call, response, source.size());
}

std::string GcsWriter::Description(std::string_view name,
                                   const std::optional<Timestamp>& retain_until) const {
  std::optional<GcsRetention> retention;
  if (retain_until) retention = RetentionUntil(place_.options(), *retain_until);
  return WriteGcsObject(place_.Prefix() + std::string(name), retention);
}

Status GcsWriter::CheckStored(const GcsCall& call, const HttpResponse& response,
                              std::uint64_t size) {
  if (IsGone(response)) FENCHI_RETURN_IF_ERROR(place_.CheckBucket());
  if (response.status != 200 && response.status != 201) return place_.Failure(call, response);
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t stored,
                          ReadGcsSize(place_.Describe(call), response, place_.location()));
  if (stored == size) return Status::Ok();
  return Damaged("{}: the service has stored {} bytes of {}",
                 DescribeRequest(place_.Describe(call), place_.location()), stored, size);
}

Result<GcsWriter::Upload> GcsWriter::Begin(std::string_view name, Upload upload) {
  GcsCall call = place_.UploadCall(name, "resumable");
  if (!upload.replace) call.query.emplace_back("ifGenerationMatch", "0");
  call.query.emplace_back("fields", "size");
  call.headers = {{"Content-Type", "application/json; charset=utf-8"},
                  {"X-Upload-Content-Type", "application/octet-stream"},
                  {"X-Upload-Content-Length", std::to_string(upload.size_bytes)}};
  call.body = Description(name, upload.retain_until);
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Send(call));
  if (IsGone(response)) FENCHI_RETURN_IF_ERROR(place_.CheckBucket());
  if (response.status != 200 && response.status != 201) return place_.Failure(call, response);
  upload.url = response.Header("location").value_or("");
  if (place_.IsOurs(upload.url)) return upload;
  return Denied("{}: the service sends the upload to another server, which is refused",
                DescribeRequest(place_.Describe(call), place_.location()))
      .WithHint("make that server the endpoint, if you trust it");
}

Result<std::optional<std::uint64_t>> GcsWriter::Arrived(std::string_view name,
                                                        const Upload& upload) {
  const GcsCall call{.method = "PUT",
                     .target = upload.url,
                     .headers = {{"Content-Range", fmt::format("bytes */{}", upload.size_bytes)}},
                     .operation = "resume",
                     .object = std::string(name)};
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Send(call));
  if (response.status == 200 || response.status == 201) {
    // Complete: whose bytes these are is known, so this Put has done it.
    FENCHI_RETURN_IF_ERROR(CheckStored(call, response, upload.size_bytes));
    return std::optional<std::uint64_t>(upload.size_bytes);
  }
  if (IsGone(response)) return std::optional<std::uint64_t>();
  const auto arrived = BytesOfRange(response);
  if (response.status != 308 || !arrived || *arrived > upload.size_bytes) {
    return place_.Failure(call, response);
  }
  return arrived;
}

Result<GcsWriter::Outcome> GcsWriter::SendRest(std::string_view name, const Upload& upload,
                                               Source& source, std::uint64_t from) {
  const std::uint64_t size = upload.size_bytes;
  for (int standing = 0; from < size;) {
    GcsCall call{.method = "PUT",
                 .target = upload.url,
                 .operation = "write",
                 .object = std::string(name),
                 .source = &source,
                 .source_offset = from,
                 .source_size_bytes = size - from};
    call.headers = {{"Content-Range", fmt::format("bytes {}-{}/{}", from, size - 1, size)}};
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, place_.Send(call));
    if (IsGone(response)) return Outcome::kExpired;
    if (response.status != 308) {
      FENCHI_RETURN_IF_ERROR(CheckStored(call, response, size));
      return Outcome::kStored;
    }
    const auto arrived = BytesOfRange(response);
    standing = arrived && *arrived > from ? 0 : standing + 1;
    if (!arrived || *arrived > size || *arrived < from || standing > kStandStillMax) {
      return place_.Failure(call, response);
    }
    from = *arrived;
  }
  return Outcome::kStored;
}

std::optional<GcsWriter::Upload> GcsWriter::TakeBroken(std::string_view name,
                                                       const Upload& wanted) {
  const std::lock_guard lock(mutex_);
  const auto found = broken_.find(name);
  if (found == broken_.end()) return std::nullopt;
  Upload upload = std::move(found->second);
  broken_.erase(found);
  Upload same = wanted;
  same.url = upload.url;
  return upload == same ? std::optional(std::move(upload)) : std::nullopt;
}

void GcsWriter::KeepBroken(std::string_view name, Upload upload) {
  const std::lock_guard lock(mutex_);
  if (broken_.size() >= kBrokenMax) broken_.erase(broken_.begin());
  broken_.insert_or_assign(std::string(name), std::move(upload));
}

}  // namespace fenchi
