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

Status::Status(StatusCode code, std::string message, std::string hint) {
  if (code == StatusCode::kOk) return;
  failure_ =
      std::make_unique<Failure>(Failure{code, std::move(message), std::move(hint), std::nullopt});
}

const std::string& Status::NoText() {
  static const std::string none;
  return none;
}

std::unique_ptr<Status::Failure> Status::CopyFailure() const {
  return std::make_unique<Failure>(*failure_);
}

Status Status::At(std::string_view where) const {
  Status out = *this;
  if (!ok()) out.failure_->message = std::string(where) + ": " + message();
  return out;
}

Status Status::WithHint(std::string_view hint) const {
  Status out = *this;
  if (!ok() && out.hint().empty()) out.failure_->hint = hint;
  return out;
}

Status Status::WithRetryAfter(std::chrono::milliseconds wait) const {
  Status out = *this;
  if (!ok()) out.failure_->retry_after = wait;
  return out;
}

std::string Status::ToString() const {
  std::string out(StatusCodeName(code()));
  if (!message().empty()) out += ": " + message();
  if (!hint().empty()) out += " (" + hint() + ")";
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
