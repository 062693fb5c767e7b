// The logs of all writers: reading them to a quorum, and adding to one's own.
//
// A record counts when its seal opens, writer and seq are those of its name, the writer is in the
// policy, its signature holds and it follows the record before. Reading goes seq by seq over all
// present seats, never by listing, so a listing that lags cannot hide a record. FORMAT.md section 9,
// design: commit protocol.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "format/record.h"
#include "repository/access.h"
#include "repository/local_state.h"

namespace fenchi {

// How far a look at the logs can be trusted.
struct Freshness {
  int answered = 0;                     // seats that answered every question
  bool proven = false;                  // answered >= R
  std::vector<std::string> warnings;    // rollback seen, forks, damaged records
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

  // Reads all records that are new since the last call. `seen` is compared and moved on.
  Result<Freshness> Refresh(SeenState& seen);

  // By writer, in seq order from 1, without gaps.
  const std::map<WriterId, std::vector<format::OpenedRecord>>& records() const { return records_; }
  const format::OpenedRecord* Find(const WriterId& writer, std::uint64_t seq) const;
  const std::vector<Fork>& forks() const { return forks_; }

  // Signs, seals, makes durable locally, uploads to >= W. A record that is pending from before is
  // uploaded first. Errors: kTooFewProviders (the record stays pending), kDenied.
  Result<format::RecordRef> Append(WriterState& writer, format::RecordBody body, Clock& clock,
                                   Random& random);
  // Uploads what is pending, if anything is.
  Status FinishPending(WriterState& writer);

 private:
  Result<format::OpenedRecord> Check(const WriterId& writer, std::uint64_t seq,
                                     ByteView object) const;
  const Access& access_;
  const Seats& seats_;
  std::map<WriterId, std::vector<format::OpenedRecord>> records_;
  std::vector<Fork> forks_;
};

}  // namespace fenchi
