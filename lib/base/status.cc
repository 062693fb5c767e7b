#include "fenchi/status.h"

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace fenchi {

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid_argument";
    case StatusCode::kNotFound:
      return "not_found";
    case StatusCode::kAlreadyExists:
      return "already_exists";
    case StatusCode::kDenied:
      return "denied";
    case StatusCode::kUnavailable:
      return "unavailable";
    case StatusCode::kDeadline:
      return "deadline";
    case StatusCode::kFull:
      return "full";
    case StatusCode::kLocked:
      return "locked";
    case StatusCode::kWrongKey:
      return "wrong_key";
    case StatusCode::kPolicy:
      return "policy";
    case StatusCode::kTooFewProviders:
      return "too_few_providers";
    case StatusCode::kDamaged:
      return "damaged";
    case StatusCode::kDataLoss:
      return "data_loss";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kConflict:
      return "conflict";
    case StatusCode::kIo:
      return "io";
    case StatusCode::kInternal:
      return "internal";
  }
  return "unknown";
}

Status Status::At(std::string_view where) const {
  if (ok()) return *this;
  Status out = *this;
  out.message_ = std::string(where) + ": " + message_;
  return out;
}

Status Status::WithHint(std::string_view hint) const {
  if (ok() || !hint_.empty()) return *this;
  Status out = *this;
  out.hint_ = hint;
  return out;
}

Status Status::WithRetryAfter(std::chrono::milliseconds wait) const {
  Status out = *this;
  if (!ok()) out.retry_after_ = wait;
  return out;
}

std::string Status::ToString() const {
  std::string out(StatusCodeName(code_));
  if (!message_.empty()) out += ": " + message_;
  if (!hint_.empty()) out += " (" + hint_ + ")";
  return out;
}

Status ErrnoStatus(int error_number, const std::string& what) {
  const std::string message = what + ": " + std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return Status(StatusCode::kFull, message);
    case EACCES:
    case EPERM:
    case EROFS:
      return Status(StatusCode::kDenied, message);
    case ENOENT:
    case ENOTDIR:
      return Status(StatusCode::kNotFound, message);
    case EEXIST:
      return Status(StatusCode::kAlreadyExists, message);
    default:
      return Status(StatusCode::kIo, message);
  }
}

}  // namespace fenchi
