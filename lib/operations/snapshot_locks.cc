#include "operations/snapshot_locks.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "operations/lock_check.h"
#include "repository/names_at.h"
#include "repository/shard_set.h"

namespace fenchi {
namespace {

constexpr std::size_t kObjectsAtOnce = 256;
// What opens a vault are a few objects for each version of its policy.
constexpr std::size_t kOpeningObjectsMax = 16'384;

// Every generation that is there: which of them is the good one is known only to who reads them.
Status Extend(const Seat& seat, const NameAt& name, Timestamp until) {
  for (int generation = 0; generation < kGenerations; ++generation) {
    if (Stop::Current().requested()) return StoppedOnRequest();
    const Status extended = seat.provider->ExtendRetention(name(seat, generation), until);
    if (extended.code() == StatusCode::kNotFound && generation > 0) break;
    FENCHI_RETURN_IF_ERROR(extended);
  }
  return Status::Ok();
}

// Whether it is the name of an object that the vault has, as far as the name tells. What lies under
// the numbers of versions to come may be anybody's, and a lock would keep it there.
bool MayOpenVault(std::string_view name, const format::Policy& policy) {
  const std::pair<std::string_view, std::uint32_t> newest[] = {
      {"k/policy-", policy.version},
      {"k/slots-", policy.slots.version},
      {"k/keyring-", policy.keyring.version},
      {"k/leaf-", policy.leaf_version}};
  for (const auto& [prefix, version] : newest) {
    if (!name.starts_with(prefix)) continue;
    std::uint32_t number = 0;
    const char* const begin = name.data() + prefix.size();
    const auto read = std::from_chars(begin, name.data() + name.size(), number);
    return read.ec == std::errc() && number <= version;
  }
  return true;
}

Status TooManyOpeningObjects(std::string_view provider) {
  return Unavailable(
             "provider {} lists more than {} objects below k/: not all of them can be locked",
             provider, kOpeningObjectsMax)
      .WithHint(
          "somebody fills the place, or it makes up names: look at it with another program,"
          " delete what is not the vault's, or replace the provider");
}

class Locking {
 public:
  Locking(const Access& access, Timestamp until)
      : access_(access),
        until_(until),
        rows_(LockRows(access.seats)),
        executor_(LockThreads(access.seats)) {}

  void CountStored(const std::vector<int>& numbers) {
    int locked = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].can_lock || std::ranges::find(numbers, seats()[i].number) == numbers.end()) {
        continue;
      }
      ++rows_[i].locked;
      ++locked;
    }
    CountPack(locked);
  }

  void ExtendPacks(std::span<const PackMap::value_type* const> packs) {
    std::vector<NameAt> names;
    for (const auto* const pack : packs) {
      names.push_back(ShardNameAt(access_, pack->first, pack->second.needed));
    }
    for (const int locked : ExtendEach(names)) CountPack(locked);
  }

  // A log is read from its beginning: a snapshot whose earlier records are gone is not found.
  void ExtendRecords(const WriterId& writer, std::uint64_t first, std::uint64_t end) {
    std::vector<NameAt> names;
    for (std::uint64_t seq = first; seq < end; ++seq) {
      names.push_back(RecordNameAt(access_, writer, seq));
    }
    ExtendLog(names);
  }
  // Long lists of packs that a record names lie beside it.
  void ExtendLists(const format::CommitBody& commit) {
    std::vector<NameAt> names;
    for (const format::PackList* list : {&commit.added, &commit.reused, &commit.dropped}) {
      for (const format::ObjectRef& object : list->objects) {
        names.push_back(ListNameAt(access_, object.hash));
      }
    }
    ExtendLog(names);
  }

  // What opens the vault: k places must keep all that they hold of it.
  void ExtendOpening() {
    int whole = 0;
    executor_.ForEach(rows_.size(), [&](std::size_t i) {
      if (!rows_[i].can_lock) return;
      Provider& provider = *seats()[i].provider;
      std::vector<std::string> names;
      std::size_t listed = 0;
      bool too_many = false;
      Status all = provider.List("k/", "", [&](const ObjectInfo& info) {
        too_many = listed++ == kOpeningObjectsMax;
        if (!too_many && MayOpenVault(info.name, access_.policy)) names.push_back(info.name);
        return !too_many;
      });
      if (all.ok() && too_many) all = TooManyOpeningObjects(seats()[i].name);
      for (const std::string& name : names) {
        if (Stop::Current().requested()) return;
        const Status done = provider.ExtendRetention(name, until_);
        const std::lock_guard lock(mutex_);
        Count(rows_[i], done);
        if (!done.ok()) all = done;
      }
      const std::lock_guard lock(mutex_);
      if (!all.ok() && (names.empty() || too_many)) Count(rows_[i], all);
      if (all.ok() && !names.empty()) ++whole;
    });
    report_.opening_locked = records_locked_ && whole >= access_.needed();
  }

  LockReport Report() && {
    report_.until = until_;
    report_.places = std::move(rows_);
    return std::move(report_);
  }

 private:
  const std::vector<Seat>& seats() const { return access_.seats.all(); }
  void ExtendLog(std::span<const NameAt> objects) {
    for (const int locked : ExtendEach(objects)) {
      if (locked < access_.needed()) records_locked_ = false;
    }
  }
  // How many places keep each object from now on.
  std::vector<int> ExtendEach(std::span<const NameAt> objects) {
    std::vector<int> locked(objects.size());
    executor_.ForEach(objects.size() * rows_.size(), [&](std::size_t job) {
      const std::size_t object = job / rows_.size();
      const std::size_t seat = job % rows_.size();
      if (!rows_[seat].can_lock) return;
      const Status done = Extend(seats()[seat], objects[object], until_);
      const std::lock_guard lock(mutex_);
      Count(rows_[seat], done);
      if (done.ok()) ++locked[object];
    });
    return locked;
  }
  void CountPack(int locked) {
    ++report_.packs;
    if (locked < access_.needed()) ++report_.packs_unlocked;
  }
  static void Count(PlaceLocks& row, const Status& done) {
    if (done.ok()) {
      ++row.locked;
    } else if (row.failed++ == 0) {
      row.message = done.message();
    }
  }

  const Access& access_;
  const Timestamp until_;
  std::mutex mutex_;
  std::vector<PlaceLocks> rows_;  // by position
  LockReport report_;
  bool records_locked_ = true;
  Executor executor_;  // its own: as many calls at once as the places take
};

}  // namespace

Result<LockReport> LockSnapshot(Session& session, const WriterState& writer, const History& history,
                                Timestamp until, const PackMap& needed,
                                const std::map<PackId, std::vector<int>>& stored,
                                const Observer& observer) {
  ProgressMeter meter(observer, "lock");
  meter.now().items_total = needed.size();
  Locking locking(session.access, until);
  std::vector<const PackMap::value_type*> reused;
  for (const auto& pack : needed) {
    const auto found = stored.find(pack.first);
    if (found == stored.end()) {
      reused.push_back(&pack);
    } else {
      locking.CountStored(found->second);
    }
  }
  meter.now().items_done = needed.size() - reused.size();
  for (std::size_t i = 0; i < reused.size(); i += kObjectsAtOnce) {
    FENCHI_RETURN_IF_ERROR(meter.CheckCancelled());
    const std::size_t count = std::min(kObjectsAtOnce, reused.size() - i);
    locking.ExtendPacks(std::span(reused).subspan(i, count));
    meter.now().items_done += count;
    meter.Tick();
  }
  for (std::uint64_t seq = 1; seq < writer.next_seq(); seq += kObjectsAtOnce) {
    FENCHI_RETURN_IF_ERROR(meter.CheckCancelled());
    locking.ExtendRecords(writer.id(), seq, std::min(seq + kObjectsAtOnce, writer.next_seq()));
    meter.Tick();
  }
  for (const Commit& commit : history.commits()) {
    if (commit.record.writer == writer.id()) locking.ExtendLists(*commit.body);
  }
  locking.ExtendOpening();
  FENCHI_RETURN_IF_ERROR(meter.CheckCancelled());
  meter.Finish();
  return std::move(locking).Report();
}

}  // namespace fenchi
