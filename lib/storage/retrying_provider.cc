#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "base/coding.h"
#include "base/stop.h"
#include "fenchi/provider_wrappers.h"
#include "storage/repeating_provider.h"

namespace fenchi {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kZero{0};
constexpr std::chrono::milliseconds kRetryAfterMax = std::chrono::hours(24);
constexpr int kParts = 10;  // a retry's worth: a call that succeeds at once gives one part back

// Retries that may still be made, over all calls. In tenths.
class RetryBudget {
 public:
  explicit RetryBudget(int retries) : max_(std::max(retries, 0) * kParts), left_(max_) {}

  bool Take() {
    const std::lock_guard lock(mutex_);
    if (left_ < kParts) return false;
    left_ -= kParts;
    return true;
  }
  void GiveBack(int retries_taken) {
    const std::lock_guard lock(mutex_);
    left_ = std::min(max_, left_ + std::max(1, retries_taken * kParts));
  }

 private:
  std::mutex mutex_;
  const int max_;
  int left_;
};

class RetryingProvider final : public RepeatingProvider {
 public:
  RetryingProvider(std::shared_ptr<Provider> inner, const RetryOptions& options)
      : inner_(std::move(inner)), options_(options), budget_(options.budget) {
    if (options_.random == nullptr) options_.random = &SystemRandom();
  }

  Capability capability() const override { return inner_->capability(); }
  Domain domain() const override { return inner_->domain(); }
  std::string location() const override { return inner_->location(); }

 protected:
  Status Repeat(const Attempt& attempt) override {
    const nanoseconds end = options_.clock.Elapsed() + options_.deadline;
    for (int tried = 1;; ++tried) {
      Status status = attempt(*inner_);
      if (!MayBeRetried(status)) {
        budget_.GiveBack(tried - 1);
        return status;
      }
      if (tried >= options_.attempts_max) return status;
      const nanoseconds wait = WaitAfter(tried, status);
      if (options_.clock.Elapsed() + wait > end || !budget_.Take()) return status;
      options_.clock.Sleep(wait);
      if (Stop::Current().requested()) return StoppedOnRequest();
    }
  }

 private:
  nanoseconds WaitAfter(int tried, const Status& status) {
    if (status.retry_after().has_value()) {
      return std::clamp(*status.retry_after(), kZero, kRetryAfterMax) +
             DrawUpTo(options_.first_wait);
    }
    nanoseconds most = options_.first_wait;
    for (int i = 1; i < tried && most < options_.wait_max; ++i) most *= 2;
    return DrawUpTo(std::min<nanoseconds>(most, options_.wait_max));
  }

  // Full jitter: callers that failed together must not come back together.
  nanoseconds DrawUpTo(nanoseconds most) {
    std::array<std::uint8_t, 8> raw{};
    options_.random->Fill(raw);
    const double part = static_cast<double>(GetBe64(raw) >> 11) * 0x1p-53;
    return nanoseconds(static_cast<std::int64_t>(part * static_cast<double>(most.count())));
  }

  std::shared_ptr<Provider> inner_;
  RetryOptions options_;
  RetryBudget budget_;
};

}  // namespace

std::shared_ptr<Provider> OpenRetryingProvider(std::shared_ptr<Provider> inner,
                                               const RetryOptions& options) {
  return std::make_shared<RetryingProvider>(std::move(inner), options);
}

}  // namespace fenchi
