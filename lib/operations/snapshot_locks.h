// Keeps what a snapshot needs from being deleted before a date, where the places can do that.
//
// New objects are stored with the date (Seats::RetainUntil). Here the packs that the snapshot
// re-uses, its writer's log up to it and the objects that open the vault are extended, and all is
// counted: a lock on new objects alone would not keep a snapshot that mostly re-uses old ones.
#pragma once

#include <map>
#include <vector>

#include "operations/session.h"
#include "repository/list_writer.h"

namespace fenchi {

// Retains what is stored from its making on until the date, until it goes.
class RetainWhile {
 public:
  RetainWhile(Seats& seats, std::optional<Timestamp> until) : seats_(seats) {
    seats_.RetainUntil(until);
  }
  ~RetainWhile() { seats_.RetainUntil(std::nullopt); }
  RetainWhile(const RetainWhile&) = delete;
  RetainWhile& operator=(const RetainWhile&) = delete;

 private:
  Seats& seats_;
};

// needed: all packs of the snapshot. stored: those that were stored with the date just now, with
// the numbers of the seats that have them. What cannot be locked is in the report. Errors:
// kCancelled.
Result<LockReport> LockSnapshot(Session& session, const WriterState& writer, const History& history,
                                Timestamp until, const PackMap& needed,
                                const std::map<PackId, std::vector<int>>& stored,
                                const Observer& observer);

}  // namespace fenchi
