#include <algorithm>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "fenchi/provider_wrappers.h"
#include "storage/rate_schedule.h"

namespace fenchi {
namespace {

using std::chrono::nanoseconds;

// The schedule is looked at again this often: a call that waits by night's rate must not sleep into
// the day.
constexpr nanoseconds kLookAgain = std::chrono::seconds(1);

// A source that is read no faster than the limit allows. Bytes that are read again count again:
// they go over the line again.
class PacedSource final : public Source {
 public:
  PacedSource(Source& inner, RateLimit& limit) : inner_(inner), limit_(limit) {}
  std::uint64_t size() const override { return inner_.size(); }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    limit_.Wait(out.size());
    if (Stop::Current().requested()) return StoppedOnRequest();
    return inner_.Read(offset, out);
  }

 private:
  Source& inner_;
  RateLimit& limit_;
};

class RateLimitedProvider final : public ProviderWrapper {
 public:
  RateLimitedProvider(std::shared_ptr<Provider> inner, std::shared_ptr<RateLimit> limit)
      : ProviderWrapper(std::move(inner)), limit_(std::move(limit)) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(limit_->Reserve(source.size()).At(inner().location()));
    PacedSource paced(source, *limit_);
    return inner().Put(name, paced, options);
  }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    FENCHI_RETURN_IF_ERROR(limit_->Reserve(out.size()).At(inner().location()));
    limit_->Wait(out.size());
    if (Stop::Current().requested()) return StoppedOnRequest();
    return inner().Get(name, offset, out);
  }

 private:
  std::shared_ptr<RateLimit> limit_;
};

}  // namespace

// `asked` counts all bytes that callers want to send, `granted` those that may have gone by now. A
// caller's turn is when `granted` reaches what was asked for up to and including its own bytes.
struct RateLimit::State {
  explicit State(const RateLimitOptions& given) : options(given) {
    if (options.clock == nullptr) options.clock = &SystemClock();
    granted = static_cast<double>(options.burst_bytes);
    last = options.wait.Elapsed();
  }

  // How long to sleep before looking again; 0 when it is the turn of `mine`.
  nanoseconds UntilTurn(double mine) {
    const std::lock_guard lock(mutex);
    const nanoseconds now = options.wait.Elapsed();
    const std::uint64_t rate =
        RateAt(options.schedule, WeekMinuteOf(options.clock->Now(), options.utc_offset_minutes));
    if (rate == 0) {
      granted = std::max(granted, asked);
    } else {
      const double seconds = std::chrono::duration<double>(now - last).count();
      granted += std::max(seconds, 0.0) * static_cast<double>(rate);
    }
    granted = std::min(granted, asked + static_cast<double>(options.burst_bytes));
    last = now;
    if (granted >= mine) return nanoseconds(0);
    const double seconds = std::min((mine - granted) / static_cast<double>(rate), 3600.0);
    return std::clamp(nanoseconds(static_cast<std::int64_t>(seconds * 1e9) + 1), nanoseconds(1),
                      kLookAgain);
  }

  RateLimitOptions options;
  mutable std::mutex mutex;
  double asked = 0;
  double granted = 0;
  nanoseconds last{0};
  std::uint64_t reserved = 0;
};

RateLimit::RateLimit(const RateLimitOptions& options) : state_(std::make_unique<State>(options)) {}
RateLimit::~RateLimit() = default;

Status RateLimit::Reserve(std::uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  const std::optional<std::uint64_t>& most = state_->options.bytes_max;
  if (most.has_value() && bytes > *most - std::min(*most, state_->reserved)) {
    return Full("the byte budget of {} bytes is used up: {} were spent, {} more were asked for",
                *most, state_->reserved, bytes)
        .WithHint("raise the budget of this provider, or go on in another run");
  }
  state_->reserved += bytes;
  return Status::Ok();
}

void RateLimit::Wait(std::uint64_t bytes) {
  double mine = 0;
  // Before it counts as asked for: what came in while nobody waited must not go beyond the burst.
  (void)state_->UntilTurn(0);
  {
    const std::lock_guard lock(state_->mutex);
    mine = state_->asked += static_cast<double>(bytes);
  }
  while (true) {
    const nanoseconds wait = state_->UntilTurn(mine);
    if (wait.count() == 0) return;
    state_->options.wait.Sleep(wait);
    if (Stop::Current().requested()) return;
  }
}

std::uint64_t RateLimit::bytes_reserved() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reserved;
}

std::shared_ptr<Provider> OpenRateLimitedProvider(std::shared_ptr<Provider> inner,
                                                  std::shared_ptr<RateLimit> limit) {
  return std::make_shared<RateLimitedProvider>(std::move(inner), std::move(limit));
}

}  // namespace fenchi
