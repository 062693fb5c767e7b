#include "base/stop.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace fenchi {
namespace {

thread_local Stop current;

}  // namespace

struct Stop::State {
  std::stop_source source;
  std::function<bool()> cancelled;
  std::thread::id owner = std::this_thread::get_id();
  std::chrono::steady_clock::time_point looked;  // of the owner only
};

Stop Stop::Current() { return current; }

bool Stop::requested() const {
  if (!state_) return false;
  if (state_->source.stop_requested()) return true;
  if (std::this_thread::get_id() != state_->owner || !state_->cancelled) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - state_->looked < kStopLook / 2) return false;
  state_->looked = now;
  if (!state_->cancelled()) return false;
  state_->source.request_stop();
  return true;
}

std::stop_token Stop::token() const {
  return state_ ? state_->source.get_token() : std::stop_token();
}

StopTaken::StopTaken(Stop stop) : before_(std::exchange(current, std::move(stop))) {}
StopTaken::~StopTaken() { current = std::move(before_); }

Stop StopScope::Make(std::function<bool()> cancelled) {
  auto state = std::make_shared<Stop::State>();
  state->cancelled = std::move(cancelled);
  return Stop(std::move(state));
}

StopScope::StopScope(std::function<bool()> cancelled)
    : stop_(Make(std::move(cancelled))), taken_(stop_) {}
// What still runs for the verb must not outlast it asking its caller.
StopScope::~StopScope() { stop_.state_->cancelled = nullptr; }

Status StoppedOnRequest() {
  return {StatusCode::kCancelled, "stopped on request",
          "run the same command again: it goes on where it stopped"};
}

bool SleepUnlessStopped(std::chrono::nanoseconds time) {
  const Stop stop = Stop::Current();
  const auto end = std::chrono::steady_clock::now() + std::max(time, std::chrono::nanoseconds(0));
  while (!stop.requested()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) return true;
    const std::chrono::nanoseconds slice = kStopLook;
    std::this_thread::sleep_for(stop ? std::min<std::chrono::nanoseconds>(left, slice) : left);
  }
  return false;
}

}  // namespace fenchi
