// Status and Result<T>: how every fenchi call says that it failed.
//
// No exception crosses the C++ interface. Three outcomes stay apart: a programmer's error is an
// assert, a failed operation is a Status, and damage that was looked for and found is a report.
// A code says what the caller can do about it; the message says what failed, for which object and
// provider; the hint says what to do next. Neither holds a key, share, plaintext or token, and
// nobody may match on their text.
//
//   FENCHI_ASSIGN_OR_RETURN(fenchi::Vault vault, fenchi::Vault::Open(...));
//   FENCHI_RETURN_IF_ERROR(vault.Repair(health).status());
#pragma once

#include <cassert>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fenchi/export.h"

namespace fenchi {

// Stable: the numbers are part of the bindings, the names of the JSON output.
enum class StatusCode : int {
  kOk = 0,
  kInvalidArgument = 1,   // the call cannot be meant: fix the arguments
  kNotFound = 2,          // no such vault, snapshot, path or object
  kAlreadyExists = 3,     // create-only refused: something is there already
  kDenied = 4,            // permission or credentials refused by a provider or the file system
  kUnavailable = 5,       // the place did not answer properly; trying again may help
  kDeadline = 6,          // not finished in time; trying again may help
  kFull = 7,              // provider, disk or quota is full
  kLocked = 8,            // retention or object lock forbids it for now
  kWrongKey = 9,          // wrong passphrase, wrong credential, or too few key shares
  kPolicy = 10,           // refused by the vault's policy; the message names the rule
  kTooFewProviders = 11,  // fewer providers reachable than the operation needs
  kDamaged = 12,          // bytes are not what they must be (tag, hash, format, signature)
  kDataLoss = 13,         // fewer than k good shards are left of something
  kUnsupported = 14,      // a version, suite or feature that this build does not know
  kCancelled = 15,        // the caller asked to stop
  kConflict = 16,         // somebody else changed it at the same time; read again and retry
  kIo = 17,               // a local file could not be read or written
  kInternal = 18,         // a promise inside fenchi was broken: please report
};

// "invalid_argument", "not_found", ...: the name used in JSON and in Python's `code`.
FENCHI_EXPORT std::string_view StatusCodeName(StatusCode code);

class [[nodiscard]] FENCHI_EXPORT Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message, std::string hint = {});
  Status(const Status& other) : failure_(other.ok() ? nullptr : other.CopyFailure()) {}
  Status(Status&&) noexcept = default;  // leaves Ok behind
  Status& operator=(const Status& other) { return *this = Status(other); }
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status Ok() { return {}; }

  bool ok() const { return failure_ == nullptr; }
  StatusCode code() const { return ok() ? StatusCode::kOk : failure_->code; }
  const std::string& message() const { return ok() ? NoText() : failure_->message; }
  const std::string& hint() const { return ok() ? NoText() : failure_->hint; }

  // The same failure, with "where: " put before the message. No change if ok().
  Status At(std::string_view where) const;
  // The same failure with a next step, unless it already has one.
  Status WithHint(std::string_view hint) const;
  // The same failure, from a place that asks not to be tried again before `wait` has passed.
  Status WithRetryAfter(std::chrono::milliseconds wait) const;
  std::optional<std::chrono::milliseconds> retry_after() const {
    return ok() ? std::nullopt : failure_->retry_after;
  }
  // "code: message (hint)" for logs and tests.
  std::string ToString() const;

  friend bool operator==(const Status& a, const Status& b) { return a.code() == b.code(); }

 private:
  struct Failure {
    StatusCode code;
    std::string message;
    std::string hint;
    std::optional<std::chrono::milliseconds> retry_after;
  };
  static const std::string& NoText();
  std::unique_ptr<Failure> CopyFailure() const;

  // None: Ok. Every Result holds a Status, so success takes one pointer.
  std::unique_ptr<Failure> failure_;
};

// A T, or the Status that tells why there is none. Modelled on std::expected.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) {  // NOLINT: implicit on purpose
    assert(!status_.ok() && "a Result without a value needs a failure");
  }

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }

  T& value() & {
    assert(ok());
    return *value_;
  }
  const T& value() const& {
    assert(ok());
    return *value_;
  }
  T&& value() && {
    assert(ok());
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

#define FENCHI_CONCAT_INNER(a, b) a##b
#define FENCHI_CONCAT(a, b) FENCHI_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expr`, a Status, is a failure.
#define FENCHI_RETURN_IF_ERROR(expr) \
  FENCHI_RETURN_IF_ERROR_IMPL(FENCHI_CONCAT(fenchi_status_, __COUNTER__), expr)
#define FENCHI_RETURN_IF_ERROR_IMPL(status, expr)                      \
  do {                                                                 \
    if (::fenchi::Status status = (expr); !status.ok()) return status; \
  } while (false)

// Returns from the enclosing function when `expr`, a Result, is a failure; else assigns its value.
// Counted, not by line: a lambda inside `expr` may use the macros too.
#define FENCHI_ASSIGN_OR_RETURN(lhs, expr) \
  FENCHI_ASSIGN_OR_RETURN_IMPL(FENCHI_CONCAT(fenchi_result_, __COUNTER__), lhs, expr)
#define FENCHI_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                 \
  if (!result.ok()) return std::move(result).status();  \
  lhs = std::move(result).value()

}  // namespace fenchi
