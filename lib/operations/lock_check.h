// Whether the locks that backups asked for still hold, FORMAT.md section 9.2, COMMIT key 64.
//
// Locks can be lifted (`governance`, `unlocked`), run out at one place before another, or lie on a
// shard that was repaired since, whose new copy has none. So the places are asked again: for the
// shards of each snapshot whose date has not passed, for its writer's log up to its SEAL and for
// what opened the vault then.
#pragma once

#include <cstddef>
#include <vector>

#include "operations/session.h"

namespace fenchi {

// A row for each seat, none of whose objects were looked at.
std::vector<PlaceLocks> LockRows(const Seats& seats);
// Threads for as many calls at once as the places that can lock take.
std::size_t LockThreads(const Seats& seats);

// Sets report.locks where a backup asked for any. What the report says of damage and of who is away
// counts: a damaged shard is none, whatever lock it has.
// Errors: kCancelled. Cost: two calls an object and place, eight where a place claims every
// generation. "Damaged" is as the verify found it: with depth exists, only by size.
Status CheckLocks(const Session& session, const History& history, const Observer& observer,
                  VerifyReport& report);

}  // namespace fenchi
