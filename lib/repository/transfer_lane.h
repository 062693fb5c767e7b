// TransferLane: the calls to one provider, on threads of its own, so that who waits for a provider
// takes no core from the others and none of them waits for it.
//
// Calls run in the order in which they came, at most limit() at once. The limit adapts: it begins
// at kLaneLimitFirst, grows by one after as many good calls in a row as it is high, and is halved
// by a call that ends with kUnavailable or kDeadline, and once a round by calls that took more than
// four times as long per byte as the best (never below kLaneLimitFirst): more at once would only
// wait for each other. It stays between 1 and `parallel_max`. Threads are started when they are
// needed first. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "fenchi/clock.h"
#include "fenchi/status.h"

namespace fenchi {

inline constexpr int kLaneLimitFirst = 2;
inline constexpr int kLaneLimitMax = 16;

// How a call ended, and how many bytes it moved.
struct Moved {
  Status status;
  std::uint64_t bytes = 0;
};

class TransferLane {
 public:
  explicit TransferLane(std::uint32_t parallel_max, WaitClock clock = {});
  ~TransferLane();  // runs what waits, then ends
  TransferLane(const TransferLane&) = delete;
  TransferLane& operator=(const TransferLane&) = delete;

  // bytes: about what the call will move. It works for the verb of the thread that submits it, and
  // runs here where the system gives no thread: never call with a lock that it takes.
  void Submit(std::uint64_t bytes, std::function<Moved()> call);

  // Until nothing runs and nothing waits.
  void WaitUntilIdle();
  int limit() const;
  // Of all calls at once, as seen of late; nullopt: nothing was seen yet. Counts twice as much
  // for each minute since: what was slow once must be tried again.
  std::optional<double> BytesPerSecond() const;
  // How long until `bytes` more will have moved, after what waits; at least as long as the oldest
  // call takes already. Zero where nothing is known.
  std::chrono::nanoseconds Expected(std::uint64_t bytes) const;

 private:
  struct Call {
    std::uint64_t bytes = 0;
    std::function<Moved()> run;
  };
  void Work();
  void Learn(const Moved& moved, std::chrono::nanoseconds took, int at_once);
  std::optional<double> RateNow() const;

  const int parallel_max_;
  const WaitClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> waiting_;
  std::uint64_t bytes_waiting_ = 0;  // and running
  int running_ = 0;
  int limit_ = 1;
  int good_in_row_ = 0;
  int until_slower_ = 0;  // calls whose slowness may not count yet: they began before the last cut
  double rate_ = 0;       // 0: unknown
  double best_rate_ = 0;
  std::chrono::nanoseconds measured_at_{0};
  std::vector<std::chrono::nanoseconds> begun_;  // of the calls that run
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace fenchi
