// What every verb works on: an opened vault, its logs as last read, and this host's state.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/stage_clock.h"
#include "fenchi/options.h"
#include "fenchi/report.h"
#include "repository/access.h"
#include "repository/bootstrap.h"
#include "repository/history.h"
#include "repository/local_state.h"
#include "repository/log.h"

namespace fenchi {

struct Session {
  Session(Access opened, std::string directory, Random& random_source, Clock& clock_source)
      : access(std::move(opened)),
        state_directory(std::move(directory)),
        random(random_source),
        clock(clock_source),
        log(access, access.seats) {}
  Session(const Session&) = delete;  // the log points into it
  Session& operator=(const Session&) = delete;

  Access access;
  std::string state_directory;
  Random& random;
  Clock& clock;
  Log log;
  SeenState seen;
  // Where logs ended when a recovery card was made: seq and hash, nobody's word but the card's.
  decltype(SeenState::heads) known_ends;
  StageClock stages;  // of the verb that runs

  // Reads what is new in the policy, which lists the writers, then in the logs of them all, and
  // remembers the newest heads on this host.
  Result<Freshness> Refresh() {
    FENCHI_ASSIGN_OR_RETURN(const SeenState own, LoadSeen(state_directory, access.vault));
    seen = WithKnownEnds(own);
    FENCHI_ASSIGN_OR_RETURN(const int answered, RefreshPolicy(access));
    FENCHI_ASSIGN_OR_RETURN(Freshness freshness, log.Refresh(seen));
    FENCHI_RETURN_IF_ERROR(log.CheckEnds(known_ends));
    LeaveUnserved(own);
    // A log that is not known of cannot be read: both looks need R answers.
    freshness.answered = std::min(freshness.answered, answered);
    freshness.proven = freshness.answered >= access.policy.quorums.read_quorum;
    // What too few hold may be lost with them: then this host must not insist on it.
    if (access.policy_holders > access.policy.active_providers() - access.needed()) {
      seen.policy_version = access.policy.version;
      seen.policy_hash = access.policy_hash;
    }
    // A host that cannot write its state can still restore.
    const Status saved = SaveSeen(state_directory, access.vault, seen);
    if (!saved.ok()) freshness.warnings.push_back(saved.ToString());
    for (const std::string& warning : freshness.warnings) {
      if (std::ranges::find(access.warnings, warning) != access.warnings.end()) continue;
      access.warnings.push_back(warning);
    }
    return freshness;
  }
  Result<History> ReadHistory() const { return History::Read(access, access.seats, log); }

 private:
  SeenState WithKnownEnds(SeenState own) const {
    for (const auto& [writer, end] : known_ends) {
      if (end.first > own.heads[writer].first) own.heads[writer] = end;
    }
    return own;
  }
  // What the card alone knows and nobody serves is told, and not remembered: a card that somebody
  // changed must not leave an alarm behind that never ends.
  void LeaveUnserved(const SeenState& own) {
    for (const auto& [writer, end] : known_ends) {
      const auto before = own.heads.find(writer);
      const std::uint64_t remembered = before == own.heads.end() ? 0 : before->second.first;
      if (end.first <= remembered || log.Find(writer, end.first) != nullptr) continue;
      if (before == own.heads.end()) {
        seen.heads.erase(writer);
      } else {
        seen.heads[writer] = before->second;
      }
    }
  }
};

// Seconds of a verb, by the steady clock.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Passes progress on at most ten times a second, and asks whether to stop.
class ProgressMeter {
 public:
  ProgressMeter(const Observer& observer, std::string_view phase) : observer_(observer) {
    now_.phase = phase;
  }
  Progress& now() { return now_; }
  // Kept as a copy: progress is also reported when the entry is gone.
  void SetCurrent(std::string_view current) {
    current_ = current;
    now_.current = current_;
  }
  // Returns the time.
  std::chrono::steady_clock::time_point Tick() {
    const auto time = std::chrono::steady_clock::now();
    if (!observer_.progress || time - last_ < std::chrono::milliseconds(100)) return time;
    last_ = time;
    observer_.progress(now_);
    return std::chrono::steady_clock::now();
  }
  // The last state, whatever the time.
  void Finish() {
    if (observer_.progress) observer_.progress(now_);
  }
  Status CheckCancelled() const {
    if (observer_.cancelled && observer_.cancelled()) {
      return Status(StatusCode::kCancelled, "stopped on request",
                    "run the same command again: it goes on where it stopped");
    }
    return Status::Ok();
  }

 private:
  const Observer& observer_;
  Progress now_;
  std::string current_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace fenchi
