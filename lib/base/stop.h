// The wish to stop, for what no parameter reaches: a wait of the retry or rate limit inside a
// provider, a request on its way.
//
// A verb opens a StopScope around its work. Whoever works or waits for it, on whichever thread,
// asks Stop::Current(); threads that take over work of another take its Stop along. Only the thread
// that opened the scope asks the verb's caller whether to stop (it may be Python's main thread),
// which is why its waits go through WaitFor().
//
//   const StopScope scope(options.observer.cancelled);
//   lane.Submit([stop = Stop::Current(), this] { const StopTaken taken(stop); Upload(); });
//   if (!SleepUnlessStopped(wait)) return StoppedOnRequest();
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

#include "fenchi/status.h"

namespace fenchi {

inline constexpr std::chrono::milliseconds kStopLook{100};  // how often waits look

class Stop {
 public:
  Stop() = default;  // nobody will ever ask to stop
  static Stop Current();
  bool requested() const;
  std::stop_token token() const;
  explicit operator bool() const { return state_ != nullptr; }

 private:
  friend class StopScope;
  struct State;
  explicit Stop(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// The current thread works for `stop` until the end of the block.
class StopTaken {
 public:
  explicit StopTaken(Stop stop);
  ~StopTaken();
  StopTaken(const StopTaken&) = delete;
  StopTaken& operator=(const StopTaken&) = delete;

 private:
  Stop before_;
};

class StopScope {
 public:
  // cancelled: may be empty. Asked on this thread only, every kStopLook at most.
  explicit StopScope(std::function<bool()> cancelled);
  ~StopScope();
  bool requested() const { return stop_.requested(); }

 private:
  static Stop Make(std::function<bool()> cancelled);
  Stop stop_;
  StopTaken taken_;
};

Status StoppedOnRequest();

// False: the verb that this thread works for is to stop. Looks every kStopLook.
bool SleepUnlessStopped(std::chrono::nanoseconds time);

// Waits until `done`, and meanwhile lets the scope's own thread look whether to stop: those that
// are waited for then end soon.
template <typename Done>
void WaitFor(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
             const Done& done) {
  const Stop stop = Stop::Current();
  if (!stop) return changed.wait(lock, done);
  while (!changed.wait_for(lock, kStopLook, done)) {
    lock.unlock();
    (void)stop.requested();
    lock.lock();
  }
}

}  // namespace fenchi
