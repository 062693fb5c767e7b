#include "repository/pack_writer.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "repository/shard_set.h"

namespace fenchi {

PackWriter::PackWriter(const Access& access, const RunKeys& keys, format::PackType type,
                       Random& random, StageClock& stages)
    : access_(access),
      keys_(keys),
      type_(type),
      random_(random),
      stages_(stages),
      seats_(SeatCount(access.policy)),
      planner_(keys.run, random) {}

PackWriter::~PackWriter() {
  std::unique_lock lock(mutex_);
  ending_ = true;
  WaitFor(changed_, lock, [this] { return in_flight_ == 0; });
}

Status PackWriter::Add(const ChunkId& chunk, std::uint64_t plain_size, StoredChunk stored,
                       TicketPtr ticket) {
  std::vector<PlannedPack> packs;
  {
    const StageTimer timer(stages_, Stage::kPlan);
    FENCHI_RETURN_IF_ERROR(planner_.Add(chunk, plain_size, std::move(stored), std::move(ticket)));
    FENCHI_ASSIGN_OR_RETURN(packs, planner_.PlanFull());
  }
  return Start(std::move(packs));
}

Status PackWriter::PlaceAll() {
  FENCHI_ASSIGN_OR_RETURN(std::vector<PlannedPack> packs, planner_.PlanRest());
  return Start(std::move(packs));
}

Status PackWriter::Start(std::vector<PlannedPack> packs) {
  for (PlannedPack& pack : packs) {
    {
      const StageTimer timer(stages_, Stage::kWaitForPacks);
      std::unique_lock lock(mutex_);
      WaitFor(changed_, lock, [this] {
        return !failure_.ok() ||
               (in_front_ < kPacksInFront && !sealing_ && lag_bytes_ <= kLagBytesMax);
      });
      if (!failure_.ok()) return failure_;
      ++in_flight_;
      ++in_front_;
      sealing_ = true;
    }
    access_.seats.executor().Submit([this, planned = std::make_shared<PlannedPack>(
                                               std::move(pack))] { SealAndSend(*planned); });
  }
  return Status::Ok();
}

// Of shards that were stored, or new ones.
PackBuffers PackWriter::TakeBuffers() {
  PackBuffers buffers;
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < seats_ && !free_.empty(); ++i) {
    buffers.shards.push_back(std::move(free_.back()));
    free_.pop_back();
  }
  return buffers;
}

void PackWriter::SealAndSend(PlannedPack& pack) {
  PackBuffers buffers = TakeBuffers();
  Status status;
  {
    const StageTimer timer(stages_, Stage::kSeal, format::PackPlainSize(pack.segments));
    status =
        SealPack(access_, keys_, type_, pack, seats_, random_, access_.seats.executor(), buffers);
  }
  auto flight = std::make_shared<Flight>();
  flight->id = pack.id;
  flight->segments = pack.segments;
  flight->completed = std::move(pack.completed);
  flight->shard_size = status.ok() ? buffers.shards.front().size() : 0;
  {
    const std::lock_guard lock(mutex_);
    sealing_ = false;
    if (!status.ok()) {
      Fail(status);
      --in_front_;
      --in_flight_;
    }
    changed_.notify_all();
  }
  if (status.ok()) Send(flight, std::move(buffers));
}

// Each shard to its provider's lane. The last answer may come before this returns, and with it the
// end of the writer: nothing of it is touched afterwards.
void PackWriter::Send(const std::shared_ptr<Flight>& flight, PackBuffers sealed) {
  const std::vector<Seat>& seats = access_.seats.all();
  for (std::size_t i = 0; i < seats.size(); ++i) {
    const int index = format::ShardIndexForSeat(flight->id, seats[i].number, seats_);
    auto shard = std::make_shared<Bytes>(std::move(sealed.shards[index]));
    auto put = [this, flight, i, shard]() -> Moved {
      const std::uint64_t size = flight->shard_size;
      const auto begun = std::chrono::steady_clock::now();
      const Status status = PutShard(i, flight->id, *shard);
      const auto took = std::chrono::steady_clock::now() - begun;
      stages_.Add(Stage::kUpload, took, status.ok() ? size : 0);
      Answered(*flight, i, status, std::chrono::duration<double>(took).count(), std::move(*shard));
      return {status, size};
    };
    if (const std::shared_ptr<TransferLane> lane = seats[i].lane) {
      lane->Submit(flight->shard_size, std::move(put));
    } else {
      put();
    }
  }
}

Status PackWriter::PutShard(std::size_t position, const PackId& pack, ByteView shard) {
  if (Stop::Current().requested()) return StoppedOnRequest();
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return Cancelled("the backup has ended without this shard");
  }
  return access_.seats.PutAt(position, ShardNameAt(access_, pack, access_.needed()), shard);
}

void PackWriter::Answered(Flight& flight, std::size_t position, const Status& status,
                          double seconds, Bytes shard) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(shard));
  ++flight.answered;
  if (!flight.in_front) lag_bytes_ -= flight.shard_size;
  if (status.ok()) {
    const int number = access_.seats.all()[position].number;
    flight.outcome.stored.push_back(static_cast<int>(position));
    flight.stored.seats.push_back(number);
    flight.stored.seconds[number] = seconds;
  } else {
    flight.outcome.failed.emplace_back(static_cast<int>(position), status);
  }
  const std::size_t seats = access_.seats.size();
  const auto stored = static_cast<int>(flight.outcome.stored.size());
  const auto failed = static_cast<int>(flight.outcome.failed.size());
  const int quorum = access_.policy.quorums.write_quorum;
  if (stored >= access_.needed() || flight.answered == seats) LeaveFront(flight);
  const bool too_few = static_cast<int>(seats) - failed < quorum;
  if (too_few) {
    Fail(QuorumFailure(access_.seats, flight.outcome, quorum,
                       "pack " + ToHex(flight.id.view().first(8))));
  }
  if (flight.answered == seats) {
    if (!too_few) Settle(flight);
    --in_flight_;
  }
  changed_.notify_all();
}

void PackWriter::LeaveFront(Flight& flight) {
  if (!std::exchange(flight.in_front, false)) return;
  --in_front_;
  lag_bytes_ += (access_.seats.size() - flight.answered) * flight.shard_size;
}

void PackWriter::Settle(Flight& flight) {
  StoredPack& stored = flight.stored;
  std::sort(stored.seats.begin(), stored.seats.end());
  stored.entry = {flight.id, flight.segments, access_.needed(), type_};
  stored.completed = std::move(flight.completed);
  stored.bytes_uploaded = stored.seats.size() * flight.shard_size;
  stored_.push_back(std::move(stored));
}

// The first counts: later ones follow from it.
void PackWriter::Fail(const Status& status) {
  if (failure_.ok()) failure_ = status;
}

Status PackWriter::Wait() {
  const StageTimer timer(stages_, Stage::kWaitForPacks);
  std::unique_lock lock(mutex_);
  WaitFor(changed_, lock, [this] { return in_flight_ == 0; });
  return failure_;
}

bool PackWriter::WaitForOne() {
  const StageTimer timer(stages_, Stage::kWaitForPacks);
  std::unique_lock lock(mutex_);
  WaitFor(changed_, lock, [this] { return !stored_.empty() || in_flight_ == 0; });
  return !stored_.empty();
}

std::vector<StoredPack> PackWriter::TakeStored() {
  const std::lock_guard lock(mutex_);
  return std::exchange(stored_, {});
}

}  // namespace fenchi
