// One look at one writer's log: from the record after the last known one to the head.
//
// A record is asked for by its exact name at one seat after another until a valid copy is found. It
// is the head's successor, that is: there is none, when no present seat has a valid one; then every
// present seat was asked. Several records are asked for ahead, so that a long log costs fewer
// waits. For log.cc alone. One thread at a time; different logs may be read at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "repository/log.h"

namespace fenchi {

// How often each seat did not answer in this look at all logs: it is asked last, and in the end no
// more, so that one dead provider does not cost a timeout for every record.
using SeatFailures = std::vector<std::atomic<int>>;

class LogReading {
 public:
  struct Warning {
    int position = 0;       // -1: of no single seat
    bool answered = false;  // a bad copy came; otherwise no answer did
    std::string text;
  };

  // All must outlive the reading. `records` is extended.
  LogReading(const Access& access, const Seats& seats, const format::PolicyWriter& writer,
             Log::Records& records, SeatFailures& failures)
      : access_(access), seats_(seats), writer_(writer), records_(records), failures_(failures) {}

  void Run();

  // After Run: by position, whether the seat answered when it was asked for what follows the head.
  const std::vector<bool>& answered() const { return answered_; }
  const std::vector<Warning>& warnings() const { return warnings_; }
  const std::vector<Fork>& forks() const { return forks_; }

 private:
  struct Look {
    std::optional<format::OpenedRecord> record;  // the first valid copy that was wanted
    std::optional<format::OpenedRecord> other;   // a validly signed one that was not
    std::vector<bool> answered;
    std::vector<Warning> warnings;
  };
  // What a record is compared with besides its signature; zero-sized: nothing.
  struct Wanted {
    std::optional<Hash256> hash;
    std::optional<Hash256> previous;
  };
  Look Fetch(std::uint64_t seq, const Wanted& wanted) const;
  Status Check(std::uint64_t seq, const Wanted& wanted, ByteView object, Look& look) const;
  std::vector<std::size_t> Order(std::uint64_t seq) const;
  bool Take(std::uint64_t seq, Look look);
  bool SwitchBranch(const format::OpenedRecord& next);
  void AddFork(std::uint64_t seq, const Hash256& first, const Hash256& second);
  Hash256 HeadHash() const { return records_.empty() ? Hash256{} : records_.back().hash; }

  const Access& access_;
  const Seats& seats_;
  const format::PolicyWriter& writer_;
  Log::Records& records_;
  SeatFailures& failures_;
  std::vector<bool> answered_;
  std::vector<Warning> warnings_;
  std::vector<Fork> forks_;
};

}  // namespace fenchi
