// Time that only passes when somebody sleeps, or a test says so. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

#include "fenchi/clock.h"

namespace fenchi {

class FakeTime final : public Clock {
 public:
  explicit FakeTime(std::int64_t start_seconds = 1'750'000'000) : start_(start_seconds) {}

  WaitClock wait() {
    return {.elapsed = [this] { return elapsed(); },
            .sleep =
                [this](std::chrono::nanoseconds time) {
                  const std::lock_guard lock(mutex_);
                  slept_.push_back(time);
                  elapsed_ += time;
                }};
  }
  void Advance(std::chrono::nanoseconds time) {
    const std::lock_guard lock(mutex_);
    elapsed_ += time;
  }
  Timestamp Now() override {
    const auto now = elapsed();
    return {start_ + std::chrono::duration_cast<std::chrono::seconds>(now).count(),
            static_cast<std::uint32_t>((now % std::chrono::seconds(1)).count())};
  }
  std::chrono::nanoseconds elapsed() const {
    const std::lock_guard lock(mutex_);
    return elapsed_;
  }
  double seconds() const { return std::chrono::duration<double>(elapsed()).count(); }
  std::vector<std::chrono::nanoseconds> slept() const {
    const std::lock_guard lock(mutex_);
    return slept_;
  }

 private:
  const std::int64_t start_;
  mutable std::mutex mutex_;
  std::chrono::nanoseconds elapsed_{0};
  std::vector<std::chrono::nanoseconds> slept_;
};

}  // namespace fenchi
