// FaultProvider: a provider that misbehaves on purpose, around one that does not.
//
// For tests, and for drills that ask "what if Tokyo is gone, full, slow, or lies?". It promises
// that without any setting it answers exactly as the provider inside. Settings may be changed at
// any time from any thread and hold for calls that begin later. It never changes what the provider
// inside stores, except by the Put and Delete calls that it passes on.
//
//   auto tokyo = std::make_shared<fenchi::FaultProvider>(fenchi::OpenMemoryProvider());
//   tokyo->FlipByte("d/abc.0", 4096, 0x01);   // reads of this object are wrong in one bit
//   tokyo->SetQuota(1 << 20);                 // full after 1 MiB
//   tokyo->SetAbsent(true);                   // every call: kUnavailable
//   tokyo->FailAfter([](fenchi::Verb verb, std::string_view, int call) {
//     return verb == fenchi::Verb::kPut && call == 3  // stored, but the caller is told otherwise
//                ? std::optional(fenchi::Status(fenchi::StatusCode::kUnavailable, "line cut"))
//                : std::nullopt;
//   });
//
// Order of what happens in a call: latency, absence, `before` hook, random failure, quota, the call
// itself, changes to what was read, `after` hook, random failure after the fact.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/status.h"

namespace fenchi {

// Decides the fate of a call. `name` is the object, or the prefix for kList; `call_number` counts
// the calls of this verb from 1. kStat and kDelete ask once for each name of the batch, with one
// call number. A Status fails the call (kDelete: becomes the answer for this name only).
using FaultHook =
    std::function<std::optional<Status>(Verb verb, std::string_view name, int call_number)>;

// Changes bytes that Get has read: `bytes` begin at `offset` of the object.
using ReadHook =
    std::function<void(std::string_view name, std::uint64_t offset, MutableBytes bytes)>;

// Chances in 0..1 for each call (of Delete: for each name), drawn from a stream that `seed`
// repeats.
struct RandomFaults {
  std::uint64_t seed = 0;
  double fail_before = 0;   // kUnavailable, nothing done
  double fail_after = 0;    // done, then kUnavailable: the caller cannot know
  double flip_on_read = 0;  // Get succeeds with one bit flipped
};

struct Latency {
  std::chrono::nanoseconds per_call{0};
  std::uint64_t bytes_per_second = 0;  // of Put and Get; 0 = without limit
  std::chrono::nanoseconds jitter{0};  // up to this much more per call, drawn by `seed`
  std::uint64_t seed = 0;
  // One line for all calls: their bytes go one after another, as over a slow link. Otherwise each
  // call has a line of its own.
  bool shared = false;
};

class FENCHI_EXPORT FaultProvider final : public ProviderWrapper {
 public:
  explicit FaultProvider(std::shared_ptr<Provider> inner);
  ~FaultProvider() override;

  // Hooks; an empty function takes the hook away.
  void FailBefore(FaultHook hook);  // nothing is done
  void FailAfter(FaultHook hook);   // the call is done, then reported as failed
  void ChangeReads(ReadHook hook);

  // Lies about single objects, in Get, Stat and List alike.
  void FlipByte(std::string_view name, std::uint64_t offset, std::uint8_t mask);
  void Resize(std::string_view name, std::uint64_t size_bytes);  // cut, or padded with zeros
  void ReadAs(std::string_view name, std::string_view other);    // `name` shows `other`'s bytes
  void Hide(std::string_view name);

  // kFull once more than `bytes` are stored through this wrapper. nullopt = no limit.
  void SetQuota(std::optional<std::uint64_t> bytes);
  void SetAbsent(bool absent);
  // An empty sleeper sleeps for real. A shared line needs a clock that goes on while it sleeps.
  void SetLatency(const Latency& latency, Sleeper sleeper = {});
  void SetLatency(const Latency& latency, const WaitClock& clock);
  // The place's own clock shows this much more than `clock` (nullopt: it tells no time).
  void SetPlaceClock(Clock& clock, std::optional<std::chrono::seconds> ahead);
  void SetRandomFaults(std::optional<RandomFaults> faults);

  // Takes back every setting. Call numbers go on.
  void Heal();

  int calls(Verb verb) const;

  Status Put(std::string_view name, Source& source, const PutOptions& options) override;
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override;
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override;
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override;
  Status ExtendRetention(std::string_view name, Timestamp until) override;
  Result<std::optional<Timestamp>> RetainedUntil(std::string_view name) override;
  Status Warm(std::span<const std::string> names) override;
  Result<Hash256> RemoteHash(std::string_view name) override;
  Result<std::uint64_t> FreeSpaceBytes() override;
  Result<Timestamp> PlaceTime() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fenchi
