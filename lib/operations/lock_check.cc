#include "operations/lock_check.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "format/names.h"
#include "repository/names_at.h"
#include "repository/shard_set.h"

namespace fenchi {
namespace {

constexpr std::size_t kObjectsAtOnce = 256;
constexpr std::uint32_t kCallsPerPlaceMax = 8;
constexpr std::size_t kThreadsMax = 32;
constexpr Timestamp kNever{.seconds = std::numeric_limits<std::int64_t>::min()};
constexpr Timestamp kForever{.seconds = std::numeric_limits<std::int64_t>::max()};

// Until when something is kept: for sure, and if who could not be asked keeps it for ever.
struct KeptUntil {
  Timestamp surely = kNever;
  Timestamp at_best = kNever;
};
constexpr KeptUntil kNotKnown{kNever, kForever};
constexpr KeptUntil kAlways{kForever, kForever};

KeptUntil Earlier(const KeptUntil& a, const KeptUntil& b) {
  return {std::min(a.surely, b.surely), std::min(a.at_best, b.at_best)};
}

// Until when `needed` places keep it.
KeptUntil ByEnough(const std::vector<KeptUntil>& places, int needed) {
  const auto nth = [&](Timestamp KeptUntil::*date) {
    std::vector<Timestamp> dates;
    for (const KeptUntil& place : places) dates.push_back(place.*date);
    std::ranges::sort(dates, std::greater());
    const auto position = static_cast<std::size_t>(needed) - 1;
    return position < dates.size() ? dates[position] : kNever;
  };
  return {nth(&KeptUntil::surely), nth(&KeptUntil::at_best)};
}

LockStanding StandingAt(const KeptUntil& kept, Timestamp until) {
  if (kept.surely >= until) return LockStanding::kLocked;
  return kept.at_best >= until ? LockStanding::kUnknown : LockStanding::kUnlocked;
}

struct Object {
  NameAt name;
  Timestamp until;  // the latest date that a snapshot wants
};

// A snapshot whose locks have not ended.
struct Promise {
  const StoredSnapshot* snapshot = nullptr;
  Timestamp until;
  std::uint64_t seal = 0;  // number of the record that made it a snapshot
};

struct Pack {
  int needed = 0;
  Timestamp wanted;  // the latest date that a snapshot wants
  KeptUntil kept;
};

// The `k/` objects of one version of the policy.
struct Opening {
  std::vector<NameAt> names;
  KeptUntil kept;
};

class LockCheckRun {
 public:
  LockCheckRun(const Session& session, const History& history, const Observer& observer,
               const VerifyReport& report)
      : session_(session),
        access_(session.access),
        history_(history),
        meter_(observer, "lock"),
        rows_(LockRows(session.access.seats)),
        answered_(rows_.size()),
        refused_(rows_.size()),
        away_(rows_.size()),
        executor_(LockThreads(session.access.seats)) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      away_[i] = !seats()[i].provider ||
                 std::ranges::find(report.unreachable, seats()[i].name) != report.unreachable.end();
    }
    for (const Damage& damage : report.damage) {
      if (damage.kind != DamageKind::kUnreadable) bad_.emplace(damage.provider, damage.object);
    }
  }

  // Nothing where nothing was asked for.
  Result<std::optional<LockCheck>> Run() {
    FindPromises();
    if (promises_.empty()) return std::optional<LockCheck>();
    FENCHI_RETURN_IF_ERROR(AskPacks());
    for (const Promise& promise : promises_) {
      const WriterId& writer = promise.snapshot->commit->record.writer;
      if (!logs_.contains(writer)) FENCHI_RETURN_IF_ERROR(AskLog(writer));
    }
    FENCHI_RETURN_IF_ERROR(AskOpening());
    LockCheck out;
    for (const Promise& promise : promises_) out.snapshots.push_back(LocksOf(promise));
    meter_.Finish();
    out.places = std::move(rows_);
    return std::optional(std::move(out));
  }

 private:
  const std::vector<Seat>& seats() const { return access_.seats.all(); }

  void FindPromises();
  std::uint64_t SealOf(const format::RecordRef& commit) const;
  Status AskPacks();
  Status AskLog(const WriterId& writer);
  Result<Opening> OpeningAt(std::uint32_t version) const;
  Status AskOpening();
  void CountPacks(const PackMap& needed, SnapshotLocks& out) const;
  SnapshotLocks LocksOf(const Promise& promise) const;

  // At each place; in `kept` by object, then by seat. Errors: kCancelled.
  Status AskEach(std::span<const Object> objects, std::vector<std::vector<KeptUntil>>& kept);
  Result<std::optional<Timestamp>> HeldUntil(std::size_t seat, const NameAt& name) const;
  KeptUntil AskAt(std::size_t seat, const Object& object);
  bool Away(std::size_t seat, const Status& failure);

  const Session& session_;
  const Access& access_;
  const History& history_;
  ProgressMeter meter_;
  std::set<std::pair<std::string, std::string>> bad_;  // damaged objects, by provider
  std::vector<Promise> promises_;
  std::map<PackId, Pack> packs_;  // of all of them: not a list for each, which may be many
  std::map<WriterId, std::vector<KeptUntil>> logs_;  // as far as each record, counted from 0
  std::map<std::uint32_t, Opening> openings_;        // by version of the policy

  std::mutex mutex_;  // what follows, but for the executor
  std::vector<PlaceLocks> rows_;
  std::vector<bool> answered_;
  std::vector<std::size_t> refused_;
  std::vector<bool> away_;
  Executor executor_;
};

void LockCheckRun::FindPromises() {
  const Timestamp now = session_.clock.Now();
  for (const StoredSnapshot& snapshot : history_.snapshots()) {
    const std::optional<Timestamp>& until = snapshot.commit->body->lock_until;
    if (!until || *until <= now) continue;
    Promise promise{.snapshot = &snapshot, .until = *until};
    promise.seal = SealOf(snapshot.commit->record);
    promises_.push_back(promise);
  }
}

std::uint64_t LockCheckRun::SealOf(const format::RecordRef& commit) const {
  const auto log = session_.log.records().find(commit.writer);
  if (log == session_.log.records().end()) return commit.seq;
  for (std::size_t i = static_cast<std::size_t>(commit.seq); i < log->second.size(); ++i) {
    const auto* const seal = std::get_if<format::SealBody>(&log->second[i].record.body);
    if (seal && seal->commit_hash == commit.hash) return i + 1;
  }
  return commit.seq;
}

// Whether nothing more is asked of a place; `failure` is what it answered.
bool LockCheckRun::Away(std::size_t seat, const Status& failure) {
  if (!TellsOfPlace(failure)) {
    answered_[seat] = true;
    return false;
  }
  if (failure.code() != StatusCode::kDenied) return true;
  return !answered_[seat] && ++refused_[seat] >= kRefusalsMax;
}

// The earliest of its generations: which of them is the good one is known only to who reads them.
Result<std::optional<Timestamp>> LockCheckRun::HeldUntil(std::size_t seat,
                                                         const NameAt& name) const {
  std::optional<Timestamp> earliest;
  for (int generation = 0; generation < kGenerations; ++generation) {
    if (Stop::Current().requested()) return StoppedOnRequest();
    const std::string object = name(seats()[seat], generation);
    if (bad_.contains({seats()[seat].name, object})) {
      return Damaged("{} is missing or damaged", object);
    }
    const auto until = seats()[seat].provider->RetainedUntil(object);
    if (until.status().code() == StatusCode::kNotFound && generation > 0) break;
    FENCHI_RETURN_IF_ERROR(until.status());
    if (!*until) return Damaged("{} is not locked", object);
    earliest = earliest ? std::min(*earliest, **until) : **until;
  }
  return earliest;
}

KeptUntil LockCheckRun::AskAt(std::size_t seat, const Object& object) {
  {
    const std::lock_guard lock(mutex_);
    if (away_[seat]) return kNotKnown;
    if (!rows_[seat].can_lock) return {};
  }
  const Result<std::optional<Timestamp>> held = HeldUntil(seat, object.name);
  const std::lock_guard lock(mutex_);
  PlaceLocks& row = rows_[seat];
  std::string message(held.status().message());
  if (held.ok()) {
    answered_[seat] = true;
    if (*held >= object.until) {
      ++row.locked;
      return {**held, **held};
    }
    message = fmt::format("{} is locked until {}, not until {}", object.name(seats()[seat], 0),
                          ToIso8601(**held), ToIso8601(object.until));
  } else if (Away(seat, held.status())) {
    away_[seat] = true;
  }
  if (row.failed++ == 0) row.message = std::move(message);
  if (held.ok()) return {**held, **held};
  return TellsOfPlace(held.status()) ? kNotKnown : KeptUntil{};
}

Status LockCheckRun::AskEach(std::span<const Object> objects,
                             std::vector<std::vector<KeptUntil>>& kept) {
  kept.assign(objects.size(), std::vector<KeptUntil>(rows_.size()));
  for (std::size_t first = 0; first < objects.size(); first += kObjectsAtOnce) {
    const std::size_t count = std::min(kObjectsAtOnce, objects.size() - first);
    executor_.ForEach(count * rows_.size(), [&](std::size_t job) {
      const std::size_t object = first + job / rows_.size();
      const std::size_t seat = job % rows_.size();
      kept[object][seat] = AskAt(seat, objects[object]);
    });
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    meter_.Tick();
  }
  return Status::Ok();
}

// Each pack once, until the latest date that a snapshot wants.
Status LockCheckRun::AskPacks() {
  for (const Promise& promise : promises_) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    const Result<PackMap> needed = history_.PacksOf(*promise.snapshot->commit);
    if (!needed.ok()) continue;  // LocksOf says so
    for (const auto& [id, entry] : *needed) {
      Pack& pack = packs_.try_emplace(id, Pack{entry.needed, promise.until, {}}).first->second;
      pack.wanted = std::max(pack.wanted, promise.until);
    }
  }
  meter_.now().items_total = packs_.size();
  std::vector<Pack*> asked;
  std::vector<Object> objects;
  std::vector<std::vector<KeptUntil>> kept;
  const auto ask = [&]() -> Status {
    FENCHI_RETURN_IF_ERROR(AskEach(objects, kept));
    for (std::size_t i = 0; i < asked.size(); ++i) {
      asked[i]->kept = ByEnough(kept[i], asked[i]->needed);
    }
    meter_.now().items_done += asked.size();
    asked.clear();
    objects.clear();
    return Status::Ok();
  };
  for (auto& [id, pack] : packs_) {
    asked.push_back(&pack);
    objects.push_back({ShardNameAt(access_, id, pack.needed), pack.wanted});
    if (asked.size() == kObjectsAtOnce) FENCHI_RETURN_IF_ERROR(ask());
  }
  return ask();
}

void LockCheckRun::CountPacks(const PackMap& needed, SnapshotLocks& out) const {
  out.packs = needed.size();
  for (const auto& [id, entry] : needed) {
    const auto pack = packs_.find(id);  // not there: its list came back only now
    const KeptUntil& kept = pack == packs_.end() ? kNotKnown : pack->second.kept;
    const LockStanding standing = StandingAt(kept, out.until);
    out.packs_unlocked += standing == LockStanding::kUnlocked ? 1 : 0;
    out.packs_unknown += standing == LockStanding::kUnknown ? 1 : 0;
  }
}

SnapshotLocks LockCheckRun::LocksOf(const Promise& promise) const {
  const Commit& commit = *promise.snapshot->commit;
  SnapshotLocks out;
  out.snapshot = promise.snapshot->id;
  out.until = promise.until;
  const Result<PackMap> needed = history_.PacksOf(commit);
  if (!needed.ok()) out.message = std::string(needed.status().message());
  if (needed.ok()) CountPacks(*needed, out);
  const auto opening = openings_.find(commit.body->policy_version);
  const KeptUntil log = logs_.at(commit.record.writer)[static_cast<std::size_t>(promise.seal) - 1];
  out.opening = StandingAt(
      Earlier(log, opening == openings_.end() ? kNotKnown : opening->second.kept), promise.until);
  return out;
}

// Records 1 to the last that a snapshot needs, and the long lists of packs that they name: a log is
// read from its beginning.
Status LockCheckRun::AskLog(const WriterId& writer) {
  std::vector<Timestamp> wanted;  // by record
  for (const Promise& promise : promises_) {
    if (promise.snapshot->commit->record.writer != writer) continue;
    const auto seal = static_cast<std::size_t>(promise.seal);
    if (wanted.size() < seal) wanted.resize(seal, kNever);
    wanted[seal - 1] = std::max(wanted[seal - 1], promise.until);
  }
  for (std::size_t i = wanted.size() - 1; i > 0; --i)
    wanted[i - 1] = std::max(wanted[i - 1], wanted[i]);
  std::vector<Object> objects;
  std::vector<std::size_t> record_of;
  const auto add = [&](std::uint64_t seq, NameAt name) {
    record_of.push_back(static_cast<std::size_t>(seq) - 1);
    objects.push_back({std::move(name), wanted[record_of.back()]});
  };
  for (std::uint64_t seq = 1; seq <= wanted.size(); ++seq) {
    add(seq, RecordNameAt(access_, writer, seq));
  }
  for (const Commit& commit : history_.commits()) {
    const std::uint64_t seq = commit.record.seq;
    if (commit.record.writer != writer || seq > wanted.size() || commit.voided) continue;
    const format::CommitBody& body = *commit.body;
    for (const format::PackList* list : {&body.added, &body.reused, &body.dropped}) {
      for (const format::ObjectRef& object : list->objects) {
        add(seq, ListNameAt(access_, object.hash));
      }
    }
  }
  std::vector<std::vector<KeptUntil>> kept;
  FENCHI_RETURN_IF_ERROR(AskEach(objects, kept));
  std::vector<KeptUntil>& log = logs_[writer];
  log.assign(wanted.size(), kAlways);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    KeptUntil& at = log[record_of[i]];
    at = Earlier(at, ByEnough(kept[i], access_.needed()));
  }
  for (std::size_t i = 1; i < log.size(); ++i) log[i] = Earlier(log[i], log[i - 1]);
  return Status::Ok();
}

// What opened the vault when its policy had that version.
Result<Opening> LockCheckRun::OpeningAt(std::uint32_t version) const {
  FENCHI_ASSIGN_OR_RETURN(const format::SignedPolicy object,
                          format::DecodeSignedPolicy(access_.policy_objects[version - 1]));
  FENCHI_ASSIGN_OR_RETURN(const format::Policy policy, format::DecodePolicy(object.payload));
  const auto plain = [](std::string (*name)(int)) -> NameAt {
    return [name](const Seat&, int generation) { return name(generation); };
  };
  const auto numbered = [](std::string (*name)(std::uint32_t, int),
                           std::uint32_t number) -> NameAt {
    return [name, number](const Seat&, int generation) { return name(number, generation); };
  };
  Opening opening;
  opening.names = {plain(format::GenesisName),
                   plain(format::FormatDocName),
                   plain(format::ReaderName),
                   numbered(format::SlotsName, policy.slots.version),
                   numbered(format::KeyringName, policy.keyring.version),
                   numbered(format::LeafName, policy.leaf_version)};
  for (std::uint32_t i = 1; i <= version; ++i) {
    opening.names.push_back(numbered(format::PolicyName, i));
  }
  return opening;
}

Status LockCheckRun::AskOpening() {
  std::map<std::string, Object> wanted;
  for (const Promise& promise : promises_) {
    const std::uint32_t version = promise.snapshot->commit->body->policy_version;
    if (version > access_.policy_objects.size()) continue;  // nothing is known of it
    if (!openings_.contains(version)) {
      FENCHI_ASSIGN_OR_RETURN(Opening opening, OpeningAt(version));
      openings_.emplace(version, std::move(opening));
    }
    for (const NameAt& name : openings_.at(version).names) {
      Object& object = wanted.try_emplace(name({}, 0), Object{name, kNever}).first->second;
      object.until = std::max(object.until, promise.until);
    }
  }
  std::vector<Object> objects;
  for (const auto& [name, object] : wanted) objects.push_back(object);
  std::vector<std::vector<KeptUntil>> kept;
  FENCHI_RETURN_IF_ERROR(AskEach(objects, kept));
  for (auto& [version, opening] : openings_) {
    std::vector<KeptUntil> by_seat(rows_.size(), kAlways);
    for (const NameAt& name : opening.names) {
      const auto at = std::distance(wanted.begin(), wanted.find(name({}, 0)));
      for (std::size_t seat = 0; seat < by_seat.size(); ++seat) {
        by_seat[seat] = Earlier(by_seat[seat], kept[static_cast<std::size_t>(at)][seat]);
      }
    }
    opening.kept = ByEnough(by_seat, access_.needed());  // each holds a share of its own
  }
  return Status::Ok();
}

}  // namespace

std::vector<PlaceLocks> LockRows(const Seats& seats) {
  std::vector<PlaceLocks> rows;
  for (const Seat& seat : seats.all()) {
    rows.push_back({.provider = seat.name,
                    .can_lock = seat.provider && seat.provider->capability().retention});
  }
  return rows;
}

std::size_t LockThreads(const Seats& seats) {
  std::size_t threads = 0;
  for (const Seat& seat : seats.all()) {
    const Capability able = seat.provider ? seat.provider->capability() : Capability{};
    if (able.retention) threads += std::clamp(able.parallel_calls_max, 1u, kCallsPerPlaceMax);
  }
  return std::clamp<std::size_t>(threads, 1, kThreadsMax);
}

Status CheckLocks(const Session& session, const History& history, const Observer& observer,
                  VerifyReport& report) {
  FENCHI_ASSIGN_OR_RETURN(report.locks, LockCheckRun(session, history, observer, report).Run());
  return Status::Ok();
}

}  // namespace fenchi
