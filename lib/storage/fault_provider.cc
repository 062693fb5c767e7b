#include "fenchi/testing/fault_provider.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/random.h"

namespace fenchi {
namespace {

// What readers are told about one object instead of the truth.
struct Lie {
  bool hidden = false;
  std::optional<std::string> reads_as;
  std::optional<std::uint64_t> size_bytes;
  std::map<std::uint64_t, std::uint8_t> flips;  // offset -> mask
};

// Latency and bandwidth, of each call or of all together.
class SlowLine {
 public:
  SlowLine(const Latency& latency, const WaitClock& clock)
      : latency_(latency), clock_(clock), draws_(SeededRandom(latency.seed)) {}

  void Pass(std::uint64_t bytes) {
    const std::chrono::nanoseconds travel = latency_.per_call + Jitter();
    const std::chrono::nanoseconds sending = TimeFor(bytes);
    if (!latency_.shared) return clock_.Sleep(travel + sending);
    std::chrono::nanoseconds wait{0};
    {
      const std::lock_guard lock(mutex_);
      const std::chrono::nanoseconds now = clock_.Elapsed();
      free_at_ = std::max(free_at_, now) + sending;
      wait = free_at_ - now;
    }
    clock_.Sleep(travel + wait);
  }

 private:
  std::chrono::nanoseconds TimeFor(std::uint64_t bytes) const {
    if (latency_.bytes_per_second == 0) return std::chrono::nanoseconds(0);
    return std::chrono::nanoseconds(static_cast<std::int64_t>(
        1e9 * static_cast<double>(bytes) / static_cast<double>(latency_.bytes_per_second)));
  }
  std::chrono::nanoseconds Jitter() {
    if (latency_.jitter.count() <= 0) return std::chrono::nanoseconds(0);
    std::array<std::uint8_t, 8> raw{};
    draws_->Fill(raw);
    return std::chrono::nanoseconds(static_cast<std::int64_t>(
        GetBe64(raw) % static_cast<std::uint64_t>(latency_.jitter.count())));
  }

  const Latency latency_;
  const WaitClock clock_;
  const std::unique_ptr<Random> draws_;
  std::mutex mutex_;
  std::chrono::nanoseconds free_at_{0};
};

// Everything that can be set. Copied at the start of a call, so that no lock is held during it.
struct Settings {
  FaultHook before;
  FaultHook after;
  ReadHook on_read;
  std::map<std::string, Lie, std::less<>> lies;
  std::optional<std::uint64_t> quota_bytes;
  bool absent = false;
  std::shared_ptr<SlowLine> line;
  Clock* place_clock = nullptr;
  std::optional<std::chrono::seconds> place_ahead;
  double fail_before = 0;
  double fail_after = 0;
  double flip_on_read = 0;
  std::shared_ptr<Random> faults;

  const Lie* FindLie(std::string_view name) const {
    const auto at = lies.find(name);
    return at == lies.end() ? nullptr : &at->second;
  }
  bool Happens(double chance) const {
    return faults != nullptr && static_cast<double>(Draw() >> 11) * 0x1p-53 < chance;
  }
  std::uint64_t Draw() const {
    std::array<std::uint8_t, 8> raw{};
    faults->Fill(raw);
    return GetBe64(raw);
  }
};

}  // namespace

struct FaultProvider::State {
  mutable std::mutex mutex;
  std::shared_ptr<const Settings> settings = std::make_shared<Settings>();
  std::array<int, kVerbCount> calls{};
  std::map<std::string, std::uint64_t, std::less<>> stored;  // through this wrapper: size by name
  std::uint64_t stored_bytes = 0;                            // with Puts that are under way

  template <typename Change>
  void Set(Change change) {
    const std::lock_guard lock(mutex);
    auto changed = std::make_shared<Settings>(*settings);
    change(*changed);
    settings = std::move(changed);
  }
  std::shared_ptr<const Settings> Get() const {
    const std::lock_guard lock(mutex);
    return settings;
  }

  bool Reserve(std::uint64_t bytes, std::optional<std::uint64_t> quota) {
    const std::lock_guard lock(mutex);
    if (quota.has_value() && (stored_bytes > *quota || bytes > *quota - stored_bytes)) return false;
    stored_bytes += bytes;
    return true;
  }
  void Unreserve(std::uint64_t bytes) {
    const std::lock_guard lock(mutex);
    stored_bytes -= bytes;
  }
  void SetStored(std::string_view name, std::optional<std::uint64_t> bytes) {
    const std::lock_guard lock(mutex);
    const auto at = stored.find(name);
    if (at != stored.end()) {
      stored_bytes -= at->second;
      stored.erase(at);
    }
    if (bytes.has_value()) stored.emplace(name, *bytes);
  }
};

namespace {

// One call under way: its number, the settings it began with, and its place in the order of faults.
class FaultedCall {
 public:
  FaultedCall(Verb verb, int number, std::shared_ptr<const Settings> settings, std::string location)
      : verb_(verb),
        number_(number),
        settings_(std::move(settings)),
        location_(std::move(location)) {}

  const Settings& settings() const { return *settings_; }

  Status Begin(std::uint64_t bytes) const {
    if (settings_->line != nullptr) settings_->line->Pass(bytes);
    if (settings_->absent) return Unavailable("{} does not answer", location_);
    return Status::Ok();
  }
  Status Before(std::string_view name) const {
    FENCHI_RETURN_IF_ERROR(Ask(settings_->before, name));
    return Chance(settings_->fail_before, "failed on purpose");
  }
  Status After(std::string_view name) const {
    FENCHI_RETURN_IF_ERROR(Ask(settings_->after, name));
    return Chance(settings_->fail_after, "was done, and reported as failed on purpose");
  }
  // The hooks are asked about each name of a batch; chance strikes a call once.
  Status BeforeAll(std::span<const std::string> names) const {
    for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(Ask(settings_->before, name));
    return Chance(settings_->fail_before, "failed on purpose");
  }
  Status AfterAll(std::span<const std::string> names) const {
    for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(Ask(settings_->after, name));
    return Chance(settings_->fail_after, "was done, and reported as failed on purpose");
  }

 private:
  Status Ask(const FaultHook& hook, std::string_view name) const {
    if (!hook) return Status::Ok();
    return hook(verb_, name, number_).value_or(Status::Ok());
  }
  Status Chance(double chance, std::string_view what) const {
    if (!settings_->Happens(chance)) return Status::Ok();
    return Unavailable("{}: call {} {}", location_, number_, what);
  }

  Verb verb_;
  int number_;
  std::shared_ptr<const Settings> settings_;
  std::string location_;
};

// Counts a call of `verb` and notes the settings that hold for it.
template <typename State>
FaultedCall StartCall(State& state, Verb verb, std::string location) {
  const std::lock_guard lock(state.mutex);
  const int number = ++state.calls[static_cast<std::size_t>(verb)];
  return FaultedCall(verb, number, state.settings, std::move(location));
}

// What a reader is told about `info`, or nullopt when it is hidden.
Result<std::optional<ObjectInfo>> Told(Provider& inner, const Settings& settings, ObjectInfo info) {
  const Lie* lie = settings.FindLie(info.name);
  if (lie == nullptr) return std::optional(info);
  if (lie->hidden) return std::optional<ObjectInfo>();
  if (lie->size_bytes.has_value()) {
    info.size_bytes = *lie->size_bytes;
  } else if (lie->reads_as.has_value()) {
    const std::string names[] = {*lie->reads_as};
    FENCHI_ASSIGN_OR_RETURN(const auto other, inner.Stat(names));
    if (other.size() == 1 && other[0].has_value()) info.size_bytes = other[0]->size_bytes;
  }
  return std::optional(info);
}

// Get of an object that is lied about.
Status GetLie(Provider& inner, const Lie& lie, std::string_view name, std::uint64_t offset,
              MutableBytes out) {
  const std::string source = lie.reads_as.value_or(std::string(name));
  if (lie.hidden) return NotFound("{} is hidden at {}", name, inner.location());
  if (!lie.size_bytes.has_value() || out.empty()) {
    FENCHI_RETURN_IF_ERROR(inner.Get(source, offset, out));
  } else {
    const std::string names[] = {source};
    FENCHI_ASSIGN_OR_RETURN(const auto infos, inner.Stat(names));
    if (infos.size() != 1 || !infos[0].has_value()) {
      return NotFound("{} is not at {}", name, inner.location());
    }
    if (offset > *lie.size_bytes || out.size() > *lie.size_bytes - offset) {
      return Damaged("{} at {} has {} bytes", name, inner.location(), *lie.size_bytes);
    }
    const std::uint64_t real = infos[0]->size_bytes;
    const auto there = static_cast<std::size_t>(
        offset < real ? std::min<std::uint64_t>(out.size(), real - offset) : 0);
    FENCHI_RETURN_IF_ERROR(inner.Get(source, there == 0 ? 0 : offset, out.first(there)));
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(there), out.end(), std::uint8_t{0});
  }
  for (auto flip = lie.flips.lower_bound(offset);
       flip != lie.flips.end() && flip->first - offset < out.size(); ++flip) {
    out[flip->first - offset] ^= flip->second;
  }
  return Status::Ok();
}

}  // namespace

FaultProvider::FaultProvider(std::shared_ptr<Provider> inner)
    : ProviderWrapper(std::move(inner)), state_(std::make_unique<State>()) {}
FaultProvider::~FaultProvider() = default;

void FaultProvider::FailBefore(FaultHook hook) {
  state_->Set([&](Settings& settings) { settings.before = std::move(hook); });
}
void FaultProvider::FailAfter(FaultHook hook) {
  state_->Set([&](Settings& settings) { settings.after = std::move(hook); });
}
void FaultProvider::ChangeReads(ReadHook hook) {
  state_->Set([&](Settings& settings) { settings.on_read = std::move(hook); });
}
void FaultProvider::FlipByte(std::string_view name, std::uint64_t offset, std::uint8_t mask) {
  state_->Set([&](Settings& settings) { settings.lies[std::string(name)].flips[offset] ^= mask; });
}
void FaultProvider::Resize(std::string_view name, std::uint64_t size_bytes) {
  state_->Set(
      [&](Settings& settings) { settings.lies[std::string(name)].size_bytes = size_bytes; });
}
void FaultProvider::ReadAs(std::string_view name, std::string_view other) {
  state_->Set([&](Settings& settings) { settings.lies[std::string(name)].reads_as = other; });
}
void FaultProvider::Hide(std::string_view name) {
  state_->Set([&](Settings& settings) { settings.lies[std::string(name)].hidden = true; });
}
void FaultProvider::SetQuota(std::optional<std::uint64_t> bytes) {
  state_->Set([&](Settings& settings) { settings.quota_bytes = bytes; });
}
void FaultProvider::SetAbsent(bool absent) {
  state_->Set([&](Settings& settings) { settings.absent = absent; });
}
void FaultProvider::SetLatency(const Latency& latency, Sleeper sleeper) {
  SetLatency(latency, WaitClock{.elapsed = {}, .sleep = std::move(sleeper)});
}
void FaultProvider::SetLatency(const Latency& latency, const WaitClock& clock) {
  auto line = std::make_shared<SlowLine>(latency, clock);
  state_->Set([&](Settings& settings) { settings.line = std::move(line); });
}
void FaultProvider::SetPlaceClock(Clock& clock, std::optional<std::chrono::seconds> ahead) {
  state_->Set([&](Settings& settings) {
    settings.place_clock = &clock;
    settings.place_ahead = ahead;
  });
}
void FaultProvider::SetRandomFaults(std::optional<RandomFaults> faults) {
  const RandomFaults chances = faults.value_or(RandomFaults{});
  state_->Set([&](Settings& settings) {
    settings.fail_before = chances.fail_before;
    settings.fail_after = chances.fail_after;
    settings.flip_on_read = chances.flip_on_read;
    settings.faults = faults.has_value() ? SeededRandom(chances.seed) : nullptr;
  });
}
void FaultProvider::Heal() {
  state_->Set([](Settings& settings) { settings = Settings(); });
}

int FaultProvider::calls(Verb verb) const {
  const std::lock_guard lock(state_->mutex);
  return state_->calls[static_cast<std::size_t>(verb)];
}

Status FaultProvider::Put(std::string_view name, Source& source, const PutOptions& options) {
  const FaultedCall call = StartCall(*state_, Verb::kPut, inner().location());
  const std::uint64_t size = source.size();
  FENCHI_RETURN_IF_ERROR(call.Begin(size));
  FENCHI_RETURN_IF_ERROR(call.Before(name));
  if (!state_->Reserve(size, call.settings().quota_bytes)) {
    return Full("{} has no room for {} more bytes", inner().location(), size);
  }
  Status done = inner().Put(name, source, options);
  if (!done.ok()) {
    state_->Unreserve(size);
    return done;
  }
  state_->SetStored(name, size);
  return call.After(name);
}

Status FaultProvider::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  const FaultedCall call = StartCall(*state_, Verb::kGet, inner().location());
  const Settings& settings = call.settings();
  FENCHI_RETURN_IF_ERROR(call.Begin(out.size()));
  FENCHI_RETURN_IF_ERROR(call.Before(name));
  const Lie* lie = settings.FindLie(name);
  FENCHI_RETURN_IF_ERROR(lie == nullptr ? inner().Get(name, offset, out)
                                        : GetLie(inner(), *lie, name, offset, out));
  if (settings.on_read) settings.on_read(name, offset, out);
  if (!out.empty() && settings.Happens(settings.flip_on_read)) {
    const std::uint64_t draw = settings.Draw();
    out[(draw >> 3) % out.size()] ^= static_cast<std::uint8_t>(1u << (draw & 7));
  }
  return call.After(name);
}

Result<std::vector<std::optional<ObjectInfo>>> FaultProvider::Stat(
    std::span<const std::string> names) {
  const FaultedCall call = StartCall(*state_, Verb::kStat, inner().location());
  FENCHI_RETURN_IF_ERROR(call.Begin(0));
  FENCHI_RETURN_IF_ERROR(call.BeforeAll(names));
  FENCHI_ASSIGN_OR_RETURN(auto infos, inner().Stat(names));
  for (std::optional<ObjectInfo>& info : infos) {
    if (!info.has_value()) continue;
    FENCHI_ASSIGN_OR_RETURN(info, Told(inner(), call.settings(), *info));
  }
  FENCHI_RETURN_IF_ERROR(call.AfterAll(names));
  return infos;
}

Status FaultProvider::List(std::string_view prefix, std::string_view after,
                           const std::function<bool(const ObjectInfo&)>& entry) {
  const FaultedCall call = StartCall(*state_, Verb::kList, inner().location());
  FENCHI_RETURN_IF_ERROR(call.Begin(0));
  FENCHI_RETURN_IF_ERROR(call.Before(prefix));
  Status failed;
  FENCHI_RETURN_IF_ERROR(inner().List(prefix, after, [&](const ObjectInfo& info) {
    Result<std::optional<ObjectInfo>> told = Told(inner(), call.settings(), info);
    if (!told.ok()) failed = told.status();
    if (!told.ok()) return false;
    return !told->has_value() || entry(**told);
  }));
  FENCHI_RETURN_IF_ERROR(failed);
  return call.After(prefix);
}

Result<std::vector<Status>> FaultProvider::Delete(std::span<const std::string> names) {
  const FaultedCall call = StartCall(*state_, Verb::kDelete, inner().location());
  FENCHI_RETURN_IF_ERROR(call.Begin(0));
  std::vector<Status> out(names.size());
  std::vector<std::string> passed;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out[i] = call.Before(names[i]);
    if (!out[i].ok()) continue;
    passed.push_back(names[i]);
    places.push_back(i);
  }
  FENCHI_ASSIGN_OR_RETURN(const std::vector<Status> done, inner().Delete(passed));
  for (std::size_t i = 0; i < places.size() && i < done.size(); ++i) {
    out[places[i]] = done[i];
    if (!done[i].ok()) continue;
    state_->SetStored(passed[i], std::nullopt);
    out[places[i]] = call.After(passed[i]);
  }
  return out;
}

Status FaultProvider::ExtendRetention(std::string_view name, Timestamp until) {
  if (state_->Get()->absent) return Unavailable("{} does not answer", location());
  return inner().ExtendRetention(name, until);
}

Result<std::optional<Timestamp>> FaultProvider::RetainedUntil(std::string_view name) {
  if (state_->Get()->absent) return Unavailable("{} does not answer", location());
  return inner().RetainedUntil(name);
}

Status FaultProvider::Warm(std::span<const std::string> names) {
  if (state_->Get()->absent) return Unavailable("{} does not answer", location());
  return inner().Warm(names);
}

Result<Hash256> FaultProvider::RemoteHash(std::string_view name) {
  if (state_->Get()->absent) return Unavailable("{} does not answer", location());
  return inner().RemoteHash(name);
}

Result<std::uint64_t> FaultProvider::FreeSpaceBytes() {
  const std::shared_ptr<const Settings> settings = state_->Get();
  if (settings->absent) return Unavailable("{} does not answer", location());
  if (!settings->quota_bytes.has_value()) return inner().FreeSpaceBytes();
  const std::lock_guard lock(state_->mutex);
  return *settings->quota_bytes - std::min(*settings->quota_bytes, state_->stored_bytes);
}

Result<Timestamp> FaultProvider::PlaceTime() {
  const std::shared_ptr<const Settings> settings = state_->Get();
  if (settings->absent) return Unavailable("{} does not answer", location());
  if (settings->place_clock == nullptr) return inner().PlaceTime();
  if (!settings->place_ahead.has_value()) return Unsupported("{} tells no time", location());
  Timestamp shown = settings->place_clock->Now();
  shown.seconds += settings->place_ahead->count();
  return shown;
}

}  // namespace fenchi
