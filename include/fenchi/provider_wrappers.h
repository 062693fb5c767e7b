// Providers around providers: each adds one thing and passes the rest on.
//
// Stack them from the inside out: spare lines, metering, rate limit, retry, read cache. Objects are
// immutable and every wrapper keeps the contract of fenchi/provider.h, so what is read through any
// stack equals what was written. All are thread-safe and hold no lock while the provider inside is
// called. Clocks, sleeping and randomness are passed in; where left out they are the system's.
//
//   auto meter = std::make_shared<fenchi::Meter>();
//   auto tokyo = fenchi::OpenMeteredProvider(place, meter);
//   FENCHI_ASSIGN_OR_RETURN(auto schedule,
//                           fenchi::ParseRateSchedule("2 Mbit/s Mo-Fr 08-18, unlimited"));
//   tokyo = fenchi::OpenRateLimitedProvider(
//       tokyo, std::make_shared<fenchi::RateLimit>(fenchi::RateLimitOptions{schedule}));
//   tokyo = fenchi::OpenRetryingProvider(tokyo);
//   std::cout << meter->Read().bytes_put << " bytes sent\n";
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/clock.h"
#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/random.h"
#include "fenchi/status.h"

namespace fenchi {

// ---- Retry ----

// Only kUnavailable and kDeadline are tried again. The wait before attempt n + 1 is drawn evenly
// from 0..first_wait * 2^(n-1), capped at wait_max; where the place said how long to wait
// (Status::retry_after), that long and up to first_wait more.
struct RetryOptions {
  int attempts_max = 6;
  std::chrono::milliseconds first_wait{250};
  std::chrono::milliseconds wait_max{10'000};
  // No attempt begins and no wait ends later than this after the call began. A running attempt is
  // not cut short. A wait is when its verb is cancelled, unless `clock` sleeps in its own way.
  std::chrono::milliseconds deadline{120'000};
  // Retries left, over all calls: each takes one, a call that succeeds gives back those that it
  // took, or a tenth of one if it took none. A place that is down costs no more than these.
  int budget = 60;
  Random* random = nullptr;
  WaitClock clock = {};
};
// A Put that is refused with kAlreadyExists after an attempt of ours of unknown outcome is compared
// with what is there, size first and then every byte: equal is done. A List goes on after the last
// name that it told; a Delete repeats only the names that failed.
FENCHI_EXPORT std::shared_ptr<Provider> OpenRetryingProvider(std::shared_ptr<Provider> inner,
                                                             const RetryOptions& options = {});

// ---- Rate limit and byte budget ----

// At these times of the week, local time. to_minute <= from_minute ends on the next day.
struct RateRule {
  std::uint64_t bytes_per_second = 0;  // 0 = unlimited
  std::uint8_t weekdays = 0x7f;        // on which it begins; bit 0 is Monday
  int from_minute = 0;                 // of the day
  int to_minute = 24 * 60;
};
struct RateSchedule {
  std::vector<RateRule> rules = {};  // the first that holds counts; none: unlimited
};
// RULE, RULE...: RATE [DAY...] [HH[:MM]-HH[:MM]] [otherwise]. RATE is "unlimited" or a number with
// bit/s, kbit/s, Mbit/s, Gbit/s, B/s, kB/s, MB/s, GB/s, KiB/s, MiB/s or GiB/s. DAY is Mo Tu We Th
// Fr Sa Su, or a range such as Fr-Mo. The last rule may say "otherwise" or "at night" for "at all
// other times". Errors: kInvalidArgument that says what is wrong with which rule.
FENCHI_EXPORT Result<RateSchedule> ParseRateSchedule(std::string_view text);

struct RateLimitOptions {
  RateSchedule schedule = {};
  std::optional<std::uint64_t> bytes_max = {};  // the budget: as long as this object lives
  std::uint64_t burst_bytes = 256u << 10;       // that may go at once after a pause
  Clock* clock = nullptr;
  std::optional<int> utc_offset_minutes = {};  // default: this host's time zone
  WaitClock wait = {};
};
// What several providers may share, as they share one line. Put and Get count, in bytes of objects.
class FENCHI_EXPORT RateLimit {
 public:
  explicit RateLimit(const RateLimitOptions& options);
  ~RateLimit();
  // Takes from the budget. Errors: kFull, and nothing is taken, when it is too small.
  Status Reserve(std::uint64_t bytes);
  // Waits until `bytes` more may go, those of earlier callers first, or its verb is cancelled.
  void Wait(std::uint64_t bytes);
  std::uint64_t bytes_reserved() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};
FENCHI_EXPORT std::shared_ptr<Provider> OpenRateLimitedProvider(std::shared_ptr<Provider> inner,
                                                                std::shared_ptr<RateLimit> limit);

// ---- Metering ----

// In any currency. A Stat or Delete counts once for each name, as get and delete; a List once for
// each 1,000 names told. GB = 10^9 bytes.
struct Prices {
  std::string currency = "USD";
  double put_per_1000 = 0;
  double get_per_1000 = 0;
  double list_per_1000 = 0;
  double delete_per_1000 = 0;
  double gb_in = 0;
  double gb_out = 0;
  double gb_month = 0;
};
struct VerbUsage {
  std::uint64_t calls = 0;
  std::uint64_t requests = 0;           // that are paid for, see Prices
  std::uint64_t errors = 0;             // absent and taken names are answers, not errors
  std::chrono::nanoseconds waiting{0};  // of all callers together
};
struct Usage {
  std::array<VerbUsage, kVerbCount> verbs = {};  // by Verb
  std::uint64_t bytes_put = 0;                   // of Puts that succeeded
  std::uint64_t bytes_got = 0;
  std::string currency = {};
  double money = 0;            // requests and traffic
  double money_per_month = 0;  // for keeping bytes_put there
};
class FENCHI_EXPORT Meter {
 public:
  explicit Meter(const Prices& prices = {});
  ~Meter();
  Usage Read() const;  // at any time, from any thread

 private:
  friend class MeteredProvider;
  struct Counters;
  std::unique_ptr<Counters> counters_;
};
FENCHI_EXPORT std::shared_ptr<Provider> OpenMeteredProvider(std::shared_ptr<Provider> inner,
                                                            std::shared_ptr<Meter> meter,
                                                            const WaitClock& clock = {});

// ---- Read cache ----

struct CacheOptions {
  std::uint64_t bytes_max = 64u << 20;
  std::uint64_t piece_bytes_max = 256u << 10;  // longer reads are passed on and not kept
  // Empty: in memory. Else created when missing (mode 0700), of one provider only; what does not
  // fit its length and checksum is read again from the provider. The oldest pieces go first.
  std::string directory = {};
};
// Keeps what Get has read. Never answers presence, absence, sizes or listings by itself. WARNING:
// serves what the place may have lost since: never verify through it.
// Errors: as for making the directory.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenCachedProvider(std::shared_ptr<Provider> inner,
                                                                   const CacheOptions& options);

// ---- Spare lines ----

// One way to a place. `open` is called when the line is first needed, and again after it failed.
struct Line {
  std::string location = {};
  std::function<Result<std::shared_ptr<Provider>>()> open = {};
};
struct SpareLineOptions {
  Domain domain = {};
  std::chrono::seconds back_after{300};  // when the first line is tried again
  bool compare_all = false;              // open and compare every line that answers now
  Random* random = nullptr;
  WaitClock clock = {};
};
// One place over several lines, tried in order when one answers kUnavailable or kDeadline; the one
// that works is kept. A line is used only after it has shown the place's marker, the object
// "probe/place" of 32 random bytes, which the first line stores where it is missing: a line that
// shows another, or none, leads to another place and is refused (kConflict; kUnavailable when the
// first line has not answered yet, so that nothing is known).
// Errors: kInvalidArgument without lines; what opening all of them met; kConflict.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenSpareLines(
    std::vector<Line> lines, const SpareLineOptions& options = {});

}  // namespace fenchi
