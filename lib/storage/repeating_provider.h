// A provider whose calls may be tried more than once: what must be remembered between attempts.
//
// Retry and spare lines differ only in when and where they try again (Repeat); that a call stays
// one call for its caller is settled here, once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/provider.h"

namespace fenchi {

// kUnavailable and kDeadline: trying again may help.
bool MayBeRetried(const Status& status);

// Whether `name` holds exactly the bytes of `source`. Errors: whatever reading either meets.
Result<bool> HoldsSource(Provider& provider, std::string_view name, Source& source);

class RepeatingProvider : public Provider {
 public:
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

 protected:
  using Attempt = std::function<Status(Provider&)>;
  // Runs `attempt` until it gives something that MayBeRetried() is false for, or gives up with the
  // last answer.
  virtual Status Repeat(const Attempt& attempt) = 0;

 private:
  template <typename T, typename Call>
  Result<T> RepeatFor(const Call& call);
};

}  // namespace fenchi
