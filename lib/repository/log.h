// The logs of all writers: reading them to a quorum, and adding to one's own.
//
// A record counts when its seal opens, writer and seq are those of its name, the writer is in the
// policy, its signature holds and it follows the record before. Reading goes seq by seq over all
// present seats, never by listing, so a listing that lags cannot hide a record. FORMAT.md section
// 9, design: commit protocol.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "format/record.h"
#include "repository/access.h"
#include "repository/away_seats.h"
#include "repository/local_state.h"

namespace fenchi {

// How far a look at the logs can be trusted.
struct Freshness {
  int answered = 0;                   // seats that answered at the head of every log
  bool proven = false;                // answered >= R
  std::vector<std::string> warnings;  // rollback, forks, bad copies, who was silent
};

// Two different records of one writer with one seq: proof of misuse, kept.
struct Fork {
  WriterId writer;
  std::uint64_t seq = 0;
  Hash256 first, second;
};

class Log {
 public:
  // Both must outlive the log.
  Log(const Access& access, const Seats& seats) : access_(access), seats_(seats) {}

  // Reads all records that are new since the last call, of active and revoked writers. `seen` is
  // compared and moved on. Where a writer forked its log, the longest branch counts, and records of
  // the other may be replaced: what points into the log is read again after this.
  // Errors: kTooFewProviders when no provider is present.
  Result<Freshness> Refresh(SeenState& seen);

  // By writer, in seq order from 1, without gaps.
  using Records = std::deque<format::OpenedRecord>;  // Append moves no record
  const std::map<WriterId, Records>& records() const { return records_; }
  const format::OpenedRecord* Find(const WriterId& writer, std::uint64_t seq) const;
  const std::vector<Fork>& forks() const { return forks_; }
  // That no record is another than the one with which its writer's log ended once, however long it
  // is now. Errors: kDamaged.
  Status CheckEnds(const std::map<WriterId, std::pair<std::uint64_t, Hash256>>& known) const;

  // Whether the log, as last read, has a record where `writer` would put its next one: its state is
  // an old copy (a cloned or reset machine), and it must be renewed.
  bool WentOnElsewhere(const WriterState& writer) const;

  // Signs, seals, makes durable locally, uploads to >= W. A record that is pending from before is
  // uploaded first. Errors: kTooFewProviders (the record stays pending); kDenied when the policy
  // does not list the writer as active; kConflict when WentOnElsewhere().
  Result<format::RecordRef> Append(WriterState& writer, format::RecordBody body, Clock& clock,
                                   Random& random);
  // Uploads what is pending, if anything is.
  Status FinishPending(WriterState& writer);
  // The seats that did not answer at the head of every log, in the last look.
  const AwaySeats& away() const { return away_; }
  // Positions of the seats that hold the record which was appended last, ascending.
  const std::vector<int>& stored_at() const { return stored_at_; }

 private:
  Status CheckWriter(const WriterState& writer, format::RecordKind kind) const;
  void AddFork(const Fork& fork);
  void Keep(format::OpenedRecord record);
  void CompareWithSeen(const std::vector<bool>& answered, SeenState& seen, Freshness& freshness);

  const Access& access_;
  const Seats& seats_;
  std::map<WriterId, Records> records_;
  std::vector<Fork> forks_;
  std::vector<int> stored_at_;
  AwaySeats away_;
};

}  // namespace fenchi
