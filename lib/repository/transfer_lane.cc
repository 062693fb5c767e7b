#include "repository/transfer_lane.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/start_thread.h"
#include "base/stop.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kMeasuredMin = 64u << 10;  // shorter calls tell of the way, not the width
constexpr double kNewest = 0.3;                    // weight of the newest measure
constexpr double kSlower = 4;
constexpr double kForgetBest = 0.98;  // the best is of late, not of all time

}  // namespace

TransferLane::TransferLane(std::uint32_t parallel_max, WaitClock clock)
    : parallel_max_(static_cast<int>(
          std::clamp<std::uint32_t>(parallel_max, 1, static_cast<std::uint32_t>(kLaneLimitMax)))),
      clock_(std::move(clock)),
      limit_(std::min(kLaneLimitFirst, parallel_max_)) {}

TransferLane::~TransferLane() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

// Where the system gives the lane no thread, the call runs here, and with it what others hand in
// meanwhile: nobody calls this holding a lock that the call takes, but from a call of the lane.
void TransferLane::Submit(std::uint64_t bytes, std::function<Moved()> call) {
  bool runs_here = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({bytes, [stop = Stop::Current(), run = std::move(call)] {
                          const StopTaken taken(stop);
                          return run();
                        }});
    bytes_waiting_ += bytes;
    const auto wanted = waiting_.size() + static_cast<std::size_t>(running_);
    const auto allowed = std::min(wanted, static_cast<std::size_t>(limit_));
    if (!ending_ && threads_.size() < allowed) StartThread(threads_, [this] { Work(); });
    runs_here = threads_.empty() && running_ == 0;
  }
  changed_.notify_all();
  if (runs_here) Work();
}

// On a thread of the lane until it ends; on another's until there is nothing more to take up.
void TransferLane::Work() {
  std::unique_lock lock(mutex_);
  const bool lent = std::ranges::find(threads_, std::this_thread::get_id(), &std::thread::get_id) ==
                    threads_.end();
  for (;;) {
    if (lent && (waiting_.empty() || running_ >= limit_)) return;
    changed_.wait(lock, [this] {
      return (!waiting_.empty() && running_ < limit_) || (ending_ && waiting_.empty());
    });
    if (waiting_.empty()) return;
    Call call = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    // The limit may have grown since this call was handed in.
    const auto allowed = static_cast<std::size_t>(limit_);
    if (!ending_ && !waiting_.empty() && running_ < limit_ && threads_.size() < allowed) {
      StartThread(threads_, [this] { Work(); });
    }
    const auto begun = clock_.Elapsed();
    begun_.push_back(begun);
    lock.unlock();
    const Moved moved = call.run();
    const auto took = clock_.Elapsed() - begun;
    call.run = nullptr;  // what it holds is let go of before anybody is told
    lock.lock();
    Learn(moved, took, running_);
    --running_;
    begun_.erase(std::ranges::find(begun_, begun));
    bytes_waiting_ -= call.bytes;
    changed_.notify_all();
  }
}

void TransferLane::Learn(const Moved& moved, std::chrono::nanoseconds took, int at_once) {
  const StatusCode code = moved.status.code();
  if (code == StatusCode::kUnavailable || code == StatusCode::kDeadline) {
    limit_ = std::max(1, limit_ / 2);
    good_in_row_ = 0;
    until_slower_ = running_;
    return;
  }
  if (until_slower_ > 0) --until_slower_;
  if (code != StatusCode::kOk || moved.bytes < kMeasuredMin) return;
  const double seconds = std::max(std::chrono::duration<double>(took).count(), 1e-6);
  const double rate = static_cast<double>(moved.bytes) / seconds;
  const double of_all = rate * at_once;
  rate_ = rate_ == 0 ? of_all : rate_ + kNewest * (of_all - rate_);
  best_rate_ = std::max(best_rate_ * kForgetBest, rate);
  measured_at_ = clock_.Elapsed();
  if (rate * kSlower < best_rate_) {
    good_in_row_ = 0;
    if (until_slower_ > 0) return;
    limit_ = std::max(std::min(kLaneLimitFirst, limit_), limit_ / 2);
    until_slower_ = running_;
  } else if (++good_in_row_ >= limit_) {
    good_in_row_ = 0;
    limit_ = std::min(limit_ + 1, parallel_max_);
  }
}

void TransferLane::WaitUntilIdle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && running_ == 0; });
}

int TransferLane::limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

std::optional<double> TransferLane::RateNow() const {
  if (rate_ == 0) return std::nullopt;
  const double minutes =
      std::chrono::duration<double>(clock_.Elapsed() - measured_at_).count() / 60;
  return rate_ * std::exp2(std::floor(std::clamp(minutes, 0.0, 40.0)));
}

std::optional<double> TransferLane::BytesPerSecond() const {
  const std::lock_guard lock(mutex_);
  return RateNow();
}

std::chrono::nanoseconds TransferLane::Expected(std::uint64_t bytes) const {
  const std::lock_guard lock(mutex_);
  const std::optional<double> rate = RateNow();
  const auto age =
      begun_.empty() ? std::chrono::nanoseconds(0) : clock_.Elapsed() - std::ranges::min(begun_);
  if (!rate) return age;
  const double seconds = static_cast<double>(bytes + bytes_waiting_) / *rate;
  return std::max(
      age, std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(seconds, 1e9) * 1e9)));
}

}  // namespace fenchi
