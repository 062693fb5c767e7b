// Wall-clock time as fenchi stores it, and where it comes from.
//
// A clock reading is a label, never an order and never a reason to delete: a machine whose clock is
// wrong loses nothing.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fenchi/export.h"

namespace fenchi {

// Seconds since 1970-01-01T00:00:00Z without leap seconds, and nanoseconds 0..999,999,999.
struct Timestamp {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

// "2026-11-21T07:30:00Z"; years outside 0..9999 are shown as "@seconds".
FENCHI_EXPORT std::string ToIso8601(Timestamp time);
// The reverse, to the second: a fraction is cut off, "+00:00" is as good as "Z". nullopt for
// anything else.
FENCHI_EXPORT std::optional<Timestamp> FromIso8601(std::string_view text);

class FENCHI_EXPORT Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() = 0;  // thread-safe
};

// Lives as long as the process.
FENCHI_EXPORT Clock& SystemClock();

// Time that passes while something waits: never set back. Empty: the system's steady clock, and
// sleeping for real, which ends early when the verb that waits is cancelled.
using Sleeper = std::function<void(std::chrono::nanoseconds)>;
struct FENCHI_EXPORT WaitClock {
  std::function<std::chrono::nanoseconds()> elapsed = {};
  Sleeper sleep = {};

  std::chrono::nanoseconds Elapsed() const;
  void Sleep(std::chrono::nanoseconds time) const;  // not at all when it is not positive
};

// Always `start`, plus one second for each reading. For tests.
FENCHI_EXPORT std::unique_ptr<Clock> SteppingClock(Timestamp start);

}  // namespace fenchi
