#include "fenchi/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <mutex>

#include "base/stop.h"

namespace fenchi {
namespace {

class RealClock final : public Clock {
 public:
  Timestamp Now() override {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)};
  }
};

class StepClock final : public Clock {
 public:
  explicit StepClock(Timestamp start) : next_(start) {}
  Timestamp Now() override {
    const std::lock_guard lock(mutex_);
    Timestamp now = next_;
    ++next_.seconds;
    return now;
  }

 private:
  std::mutex mutex_;
  Timestamp next_;
};

}  // namespace

std::string ToIso8601(Timestamp time) {
  constexpr std::int64_t kYear0 = -62167219200;
  constexpr std::int64_t kYear10000 = 253402300800;
  if (time.seconds < kYear0 || time.seconds >= kYear10000) return fmt::format("@{}", time.seconds);
  const std::time_t seconds = time.seconds;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<Timestamp> FromIso8601(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  std::string_view end(rest);
  if (end.starts_with('.')) {
    end.remove_prefix(std::min(end.find_first_not_of("0123456789", 1), end.size()));
  }
  if (end != "Z" && end != "+00:00") return std::nullopt;
  return Timestamp{.seconds = timegm(&parts)};
}

std::chrono::nanoseconds WaitClock::Elapsed() const {
  return elapsed ? elapsed() : std::chrono::steady_clock::now().time_since_epoch();
}

void WaitClock::Sleep(std::chrono::nanoseconds time) const {
  if (time.count() <= 0) return;
  if (sleep) return sleep(time);
  (void)SleepUnlessStopped(time);
}

Clock& SystemClock() {
  static RealClock clock;
  return clock;
}

std::unique_ptr<Clock> SteppingClock(Timestamp start) { return std::make_unique<StepClock>(start); }

}  // namespace fenchi
