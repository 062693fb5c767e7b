// The lock that lies on an object, against the one that a provider's URL asks for.
#pragma once

#include <algorithm>
#include <optional>

#include "fenchi/clock.h"

namespace fenchi {

struct ObjectLock {
  Timestamp until = {};
  // Nobody can take it off before: "compliance", "locked". The others are for trying out.
  bool strict = false;

  bool operator==(const ObjectLock&) const = default;
};

// What has to be set so that `there` becomes at least `wanted`; nullopt when it is that already. A
// later date and a stricter mode are never replaced.
inline std::optional<ObjectLock> MissingLock(const std::optional<ObjectLock>& there,
                                             const ObjectLock& wanted) {
  if (!there.has_value()) return wanted;
  const ObjectLock set{.until = std::max(there->until, wanted.until),
                       .strict = there->strict || wanted.strict};
  if (set == *there) return std::nullopt;
  return set;
}

// Places take whole seconds: never less than was asked for.
inline Timestamp WholeSeconds(Timestamp until) {
  return {.seconds = until.seconds + (until.nanoseconds > 0 ? 1 : 0)};
}

// Until when an object is retained as the URL wants it: a weaker lock is none.
inline std::optional<Timestamp> RetainedBy(const std::optional<ObjectLock>& there, bool strict) {
  if (!there.has_value() || (strict && !there->strict)) return std::nullopt;
  return there->until;
}

}  // namespace fenchi
