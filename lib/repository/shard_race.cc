#include "repository/shard_race.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/stop.h"

namespace fenchi {
namespace {

using std::chrono::nanoseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

const std::uint64_t kStart = format::BlockOffset(0);
constexpr std::uint64_t kPieceMin = 512u << 10;
constexpr double kPieceSeconds = 2;
constexpr int kPiecesAtOnce = 2;
constexpr int kAttemptsMax = 3;  // at a shard for which there is no other provider
constexpr std::chrono::milliseconds kLook{20};
// A hedge costs bytes: only for a gain that counts.
constexpr nanoseconds kGainMin = std::chrono::milliseconds(200);
constexpr double kGainFactor = 1.5;
// Below this two providers are equally fast.
constexpr nanoseconds kEqual = std::chrono::milliseconds(50);
constexpr double kEqualFactor = 1.1;

// One shard that may be read.
struct Runner {
  int index = 0;
  std::shared_ptr<Provider> provider;
  TransferLane* lane = nullptr;  // lives while one of its calls runs: not kept alive from here
  std::string object;
  std::shared_ptr<Bytes> keeper;  // of the memory: once it was begun
  MutableBytes stored;
  std::deque<ByteRange> todo;
  int on_the_way = 0;
  int reading = 0;  // of these: not waiting for their turn
  std::uint64_t got = 0;
  std::uint64_t fetched = 0;  // of these: not from the spool
  int attempts = 0;
  bool failed = false;  // for now
  bool hopeless = false;
  SteadyTime begun;
  nanoseconds took{0};  // once it is whole

  bool running() const { return attempts > 0 && !failed && took.count() == 0; }
};

nanoseconds Seconds(double seconds) {
  return nanoseconds(static_cast<std::int64_t>(std::min(seconds, 1e8) * 1e9));
}

// Kept alive by the pieces that are on their way.
class Race : public std::enable_shared_from_this<Race> {
 public:
  Race(const ShardSet& shards, PackMemory& memory, std::shared_ptr<ShardSpool> spool);
  RaceOutcome Run();

 private:
  void Sort();
  bool BeginNext();
  bool BeginAgain();
  bool MayBeginAgain() const;
  void Begin(Runner& runner);
  void TakeMemory(Runner& runner);
  void LeaveMemory(Runner& runner);
  void TakeKept(Runner& runner);
  void Finish(Runner& runner);
  void TakePieces(Runner& runner);
  void SendTaken(std::unique_lock<std::mutex>& lock);
  Moved ReadPiece(Runner& runner, ByteRange range);
  void Arrived(Runner& runner, ByteRange range, const Status& status, bool read);
  nanoseconds Remaining(const Runner& runner, SteadyTime now) const;
  nanoseconds ExpectedOf(const Runner& runner, SteadyTime now) const;
  bool HedgeHelps() const;
  std::size_t alive() const;

  const std::uint64_t size_;
  const std::size_t needed_;
  PackMemory& memory_;  // of the caller: used by its thread only
  const std::shared_ptr<ShardSpool> spool_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Bytes> pack_;      // memory of k shards, until the end
  std::vector<MutableBytes> parts_;  // of it, that nobody has
  std::vector<Runner> runners_;      // in the order in which they are asked; never moved once begun
  std::size_t next_ = 0;             // the first that was not begun
  std::size_t whole_ = 0;
  bool over_ = false;
  std::vector<std::pair<Runner*, ByteRange>> taken_;  // on the way once the lock is let go of
};

Race::Race(const ShardSet& shards, PackMemory& memory, std::shared_ptr<ShardSpool> spool)
    : size_(static_cast<std::uint64_t>(shards.blocks()) * format::kBlockStride),
      needed_(static_cast<std::size_t>(shards.needed())),
      memory_(memory),
      spool_(std::move(spool)),
      pack_(memory.GetStored(size_ * needed_)) {
  for (std::size_t i = 0; i < needed_; ++i) {
    parts_.push_back(MutableBytes(*pack_).subspan(i * size_, size_));
  }
  const std::vector<Seat>& seats = shards.seats().all();
  for (std::size_t i = 0; i < seats.size(); ++i) {
    if (!seats[i].provider) continue;
    Runner runner;
    runner.index = shards.IndexAt(i);
    runner.provider = seats[i].provider;
    runner.lane = seats[i].lane.get();
    runner.object = shards.ObjectAt(i);
    runners_.push_back(std::move(runner));
  }
  std::ranges::sort(runners_, {}, &Runner::index);
  const auto same = [](const Runner& a, const Runner& b) { return a.index == b.index; };
  runners_.erase(std::unique(runners_.begin(), runners_.end(), same), runners_.end());
  Sort();
}

// The fastest in front; those that are about as fast as the k-th by what is kept of them,
// then by their index.
void Race::Sort() {
  if (runners_.size() <= needed_) return;
  std::vector<std::tuple<nanoseconds, std::uint64_t, std::size_t>> times;
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    const std::uint64_t held = spool_ ? spool_->BytesOf(runners_[i].object) : 0;
    const std::uint64_t missing = size_ - std::min(held, size_);
    times.emplace_back(missing == 0 ? nanoseconds(-1) : runners_[i].lane->Expected(missing),
                       missing, i);
  }
  std::ranges::sort(times);
  const nanoseconds last = std::get<nanoseconds>(times[needed_ - 1]);
  const nanoseconds most =
      std::max(last + kEqual, Seconds(static_cast<double>(last.count()) * 1e-9 * kEqualFactor));
  for (auto& [time, missing, i] : times) {
    if (time.count() >= 0 && time <= most) time = nanoseconds(0);
  }
  std::ranges::sort(times);
  std::vector<Runner> sorted;
  for (const auto& [time, missing, i] : times) sorted.push_back(std::move(runners_[i]));
  runners_ = std::move(sorted);
}

void Race::Begin(Runner& runner) {
  if (!runner.keeper) {
    runner.todo.clear();
    TakeMemory(runner);
    TakeKept(runner);
  }
  ++runner.attempts;
  runner.failed = false;
  runner.begun = std::chrono::steady_clock::now();
  if (runner.got == size_) {
    Finish(runner);
  } else {
    TakePieces(runner);
  }
}

void Race::TakeMemory(Runner& runner) {
  if (parts_.empty()) {
    runner.keeper = memory_.GetShard(static_cast<std::size_t>(size_));
    runner.stored = MutableBytes(*runner.keeper).first(size_);
  } else {
    runner.keeper = pack_;
    runner.stored = parts_.back();
    parts_.pop_back();
  }
}

// Of one that failed and has nothing: for the one that is asked in its place.
void Race::LeaveMemory(Runner& runner) {
  if (over_ || runner.keeper != pack_) return;
  parts_.push_back(runner.stored);
  runner.keeper.reset();
}

void Race::TakeKept(Runner& runner) {
  if (!spool_) {
    runner.todo.push_back({0, size_});
    return;
  }
  runner.got = size_;
  for (ByteRange missing : spool_->ReadParts(runner.object, kStart, runner.stored)) {
    missing.offset -= kStart;
    runner.got -= missing.size;
    runner.todo.push_back(missing);
  }
}

void Race::Finish(Runner& runner) {
  const auto took = std::chrono::steady_clock::now() - runner.begun;
  runner.took = std::max<nanoseconds>(took, nanoseconds(1));
  ++whole_;
}

bool Race::BeginNext() {
  if (next_ == runners_.size()) return false;
  Begin(runners_[next_++]);
  return true;
}

bool Race::MayBeginAgain() const {
  return std::ranges::any_of(runners_, [](const Runner& runner) {
    return runner.failed && !runner.hopeless && runner.attempts < kAttemptsMax;
  });
}

// Where nobody else is left: one that failed goes on where it was.
bool Race::BeginAgain() {
  for (Runner& runner : runners_) {
    if (!runner.failed || runner.hopeless || runner.on_the_way > 0) continue;
    if (runner.attempts == kAttemptsMax) continue;
    Begin(runner);
    return true;
  }
  return false;
}

void Race::TakePieces(Runner& runner) {
  while (runner.on_the_way < kPiecesAtOnce && !runner.todo.empty()) {
    ByteRange& left = runner.todo.front();
    const double rate = runner.lane->BytesPerSecond().value_or(0);
    const auto wanted = static_cast<std::uint64_t>(std::min(rate * kPieceSeconds, 1e12));
    const std::uint64_t size = std::min(left.size, std::max(kPieceMin, wanted));
    const ByteRange piece{left.offset, size};
    left.offset += size;
    left.size -= size;
    if (left.size == 0) runner.todo.pop_front();
    ++runner.on_the_way;
    taken_.emplace_back(&runner, piece);
  }
}

// Without the lock: a lane that has no thread reads its pieces at once.
void Race::SendTaken(std::unique_lock<std::mutex>& lock) {
  const auto pieces = std::exchange(taken_, {});
  if (over_) return;  // nobody waits for them, and their lanes may be on their way out
  lock.unlock();
  for (const auto& [runner, piece] : pieces) {
    runner->lane->Submit(piece.size, [race = shared_from_this(), runner = runner, piece = piece] {
      return race->ReadPiece(*runner, piece);
    });
  }
  lock.lock();
}

Moved Race::ReadPiece(Runner& runner, ByteRange range) {
  Status status;
  {
    const std::lock_guard lock(mutex_);
    if (over_ || runner.failed) status = StoppedOnRequest();
    runner.reading += status.ok() ? 1 : 0;
  }
  const bool reads = status.ok();
  if (reads) {
    const MutableBytes out = runner.stored.subspan(range.offset, range.size);
    const SteadyTime begun = std::chrono::steady_clock::now();
    status = runner.provider->Get(runner.object, kStart + range.offset, out);
    const auto took = std::chrono::steady_clock::now() - begun;
    const double rate = static_cast<double>(range.size) /
                        std::max(std::chrono::duration<double>(took).count(), 1e-9);
    const double slowest = std::min(rate, runner.lane->BytesPerSecond().value_or(rate));
    // What ended because the verb is stopped tells nothing of the line.
    const bool stopped = Stop::Current().requested();
    if (status.ok() && spool_ && (stopped || slowest < kSlowBytesPerSecond)) {
      spool_->Keep(runner.object, kStart + range.offset, out);
    }
  }
  const Moved moved{status, range.size};
  Arrived(runner, range, status, reads);
  return moved;
}

void Race::Arrived(Runner& runner, ByteRange range, const Status& status, bool read) {
  std::unique_lock lock(mutex_);
  --runner.on_the_way;
  runner.reading -= read ? 1 : 0;
  if (over_ && runner.reading == 0) runner.keeper.reset();
  if (status.ok()) {
    runner.got += range.size;
    runner.fetched += range.size;
    if (runner.got == size_) {
      Finish(runner);
    } else if (!over_ && !runner.failed) {
      TakePieces(runner);
    }
  } else {
    runner.todo.push_front(range);
    const StatusCode code = status.code();
    runner.hopeless =
        runner.hopeless || (code != StatusCode::kUnavailable && code != StatusCode::kDeadline &&
                            code != StatusCode::kCancelled);
    runner.failed = true;
    if (runner.reading == 0 && runner.got == 0) LeaveMemory(runner);
  }
  SendTaken(lock);
  changed_.notify_all();
}

// By its own speed so far, else by its lane's; where nothing came at all, less than one piece in
// the time that went by.
nanoseconds Race::Remaining(const Runner& runner, SteadyTime now) const {
  const double elapsed = std::chrono::duration<double>(now - runner.begun).count();
  const double left = static_cast<double>(size_ - runner.got);
  if (runner.got > 0) return Seconds(left * elapsed / static_cast<double>(runner.got));
  const double known = runner.lane->BytesPerSecond().value_or(0);
  const double most = static_cast<double>(std::min(kPieceMin, size_)) / std::max(elapsed, 1e-3);
  return Seconds(left / (known > 0 ? std::min(known, most) : most));
}

// Until a provider that was not asked yet would have all. Unknown ones are taken for as fast as
// the fastest.
nanoseconds Race::ExpectedOf(const Runner& runner, SteadyTime now) const {
  if (runner.lane->BytesPerSecond()) return runner.lane->Expected(size_);
  std::optional<nanoseconds> best;
  for (const Runner& other : runners_) {
    if (other.attempts == 0 || other.failed) continue;
    const nanoseconds time =
        other.took.count() > 0 ? other.took : (now - other.begun) + Remaining(other, now);
    if (!best || time < *best) best = time;
  }
  return best.value_or(nanoseconds(0));
}

// Whether too few of those that are asked will be as soon as the next one would.
bool Race::HedgeHelps() const {
  if (next_ == runners_.size()) return false;
  const SteadyTime now = std::chrono::steady_clock::now();
  const double expected = std::chrono::duration<double>(ExpectedOf(runners_[next_], now)).count();
  const nanoseconds limit = Seconds(expected * kGainFactor) + kGainMin;
  std::size_t in_time = whole_;
  for (const Runner& runner : runners_) {
    if (!runner.running()) continue;
    in_time += now - runner.begun <= kGainMin || Remaining(runner, now) <= limit ? 1 : 0;
  }
  return in_time < needed_;
}

std::size_t Race::alive() const {
  return static_cast<std::size_t>(std::ranges::count_if(runners_, &Runner::running));
}

RaceOutcome Race::Run() {
  const Stop stop = Stop::Current();
  std::unique_lock lock(mutex_);
  while (whole_ < needed_) {
    lock.unlock();
    const bool stopped = stop.requested();  // may ask the verb's caller: never with the lock held
    lock.lock();
    if (stopped) break;
    // 1. As many as are still needed, others in place of those that failed.
    bool begun = true;
    while (whole_ + alive() < needed_ && begun) begun = BeginNext() || BeginAgain();
    if (!begun && !MayBeginAgain()) break;
    // 2. One more where that is sooner.
    if (whole_ < needed_ && HedgeHelps()) BeginNext();
    const std::size_t before = whole_ + alive();
    SendTaken(lock);
    changed_.wait_for(lock, kLook, [&] { return whole_ >= needed_ || whole_ + alive() < before; });
  }
  over_ = true;
  RaceOutcome outcome;
  for (Runner& runner : runners_) {
    outcome.bytes_fetched += runner.fetched;
    if (runner.took.count() > 0 && outcome.shards.size() < needed_) {
      outcome.shards.push_back({runner.index, runner.stored, std::move(runner.keeper)});
      continue;
    }
    if (!runner.failed) outcome.slower.push_back(runner.index);
    if (runner.reading == 0) runner.keeper.reset();
  }
  pack_.reset();
  std::ranges::sort(outcome.shards, {}, &RacedShard::index);
  return outcome;
}

}  // namespace

RaceOutcome RaceShards(const ShardSet& shards, PackMemory& memory,
                       const std::shared_ptr<ShardSpool>& spool) {
  return std::make_shared<Race>(shards, memory, spool)->Run();
}

}  // namespace fenchi
