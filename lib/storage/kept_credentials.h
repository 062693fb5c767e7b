// Credentials from a source that is asked rarely: kept until they run out or are refused.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "fenchi/clock.h"
#include "fenchi/status.h"

namespace fenchi {

// Credentials has a member `std::optional<Timestamp> expires`. Threads: any number.
template <typename Credentials>
class KeptCredentials {
 public:
  KeptCredentials(std::function<Result<Credentials>()> source, Clock& clock)
      : source_(std::move(source)), clock_(clock) {}

  // Errors: whatever the source answers.
  Result<std::shared_ptr<const Credentials>> Get() {
    constexpr std::int64_t kRenewSecondsBefore = 300;
    const std::lock_guard lock(mutex_);
    const bool stale = kept_ != nullptr && kept_->expires.has_value() &&
                       clock_.Now().seconds + kRenewSecondsBefore >= kept_->expires->seconds;
    if (kept_ == nullptr || stale) {
      FENCHI_ASSIGN_OR_RETURN(Credentials fresh, source_());
      kept_ = std::make_shared<const Credentials>(std::move(fresh));
    }
    return kept_;
  }

  // The service has refused these: the next Get asks the source.
  void Forget(const std::shared_ptr<const Credentials>& refused) {
    const std::lock_guard lock(mutex_);
    if (kept_ == refused) kept_.reset();
  }

 private:
  std::function<Result<Credentials>()> source_;
  Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<const Credentials> kept_;
};

}  // namespace fenchi
