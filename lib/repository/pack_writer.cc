#include "repository/pack_writer.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/names.h"

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
  changed_.wait(lock, [this] { return in_flight_ == 0; });
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
      changed_.wait(lock, [this] { return in_flight_ < kPacksInFlight && !sealing_; });
      if (!failure_.ok()) return failure_;
      ++in_flight_;
      sealing_ = true;
    }
    access_.seats.executor().Submit(
        [this, planned = std::make_shared<PlannedPack>(std::move(pack))] {
          std::unique_ptr<PackBuffers> buffers = TakeBuffers();
          const Status status = Upload(*planned, *buffers);
          const std::lock_guard lock(mutex_);
          free_.push_back(std::move(buffers));
          if (!status.ok() && failure_.ok()) failure_ = status;
          --in_flight_;
          changed_.notify_all();
        });
  }
  return Status::Ok();
}

// Those of a pack that was stored, or new ones: never more than kPacksInFlight.
std::unique_ptr<PackBuffers> PackWriter::TakeBuffers() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique<PackBuffers>();
  std::unique_ptr<PackBuffers> buffers = std::move(free_.back());
  free_.pop_back();
  return buffers;
}

Status PackWriter::Upload(PlannedPack& pack, PackBuffers& sealed) {
  Status status;
  {
    const StageTimer timer(stages_, Stage::kSeal, format::PackPlainSize(pack.segments));
    status = SealPack(access_, keys_, type_, pack, seats_, random_, sealed);
  }
  {
    const std::lock_guard lock(mutex_);
    sealing_ = false;
    changed_.notify_all();
  }
  FENCHI_RETURN_IF_ERROR(status);
  const Seats& seats = access_.seats;
  std::vector<Status> results(seats.size());
  std::vector<double> seconds(seats.size());
  const NameAt name = [&](const Seat& seat, int generation) {
    return format::ShardName(access_.name_key.view(), seat.id, pack.id, access_.needed(),
                             generation);
  };
  seats.executor().ForEach(seats.size(), [&](std::size_t i) {
    const int index = format::ShardIndexForSeat(pack.id, seats.all()[i].number, seats_);
    const auto begun = std::chrono::steady_clock::now();
    results[i] = seats.PutAt(i, name, sealed.shards[index]);
    const auto took = std::chrono::steady_clock::now() - begun;
    seconds[i] = std::chrono::duration<double>(took).count();
    stages_.Add(Stage::kUpload, took, results[i].ok() ? sealed.shards[index].size() : 0);
  });
  PutOutcome outcome;
  StoredPack stored;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].ok()) {
      outcome.stored.push_back(static_cast<int>(i));
      stored.seats.push_back(seats.all()[i].number);
      stored.seconds[seats.all()[i].number] = seconds[i];
    } else {
      outcome.failed.emplace_back(static_cast<int>(i), results[i]);
    }
  }
  const int quorum = access_.policy.quorums.write_quorum;
  if (static_cast<int>(outcome.stored.size()) < quorum) {
    return QuorumFailure(seats, outcome, quorum, "pack " + ToHex(pack.id.view().first(8)));
  }
  std::sort(stored.seats.begin(), stored.seats.end());
  stored.entry = {pack.id, pack.segments, access_.needed(), type_};
  stored.completed = pack.completed;
  stored.bytes_uploaded = outcome.stored.size() * sealed.shards[0].size();
  const std::lock_guard lock(mutex_);
  stored_.push_back(std::move(stored));
  return Status::Ok();
}

Status PackWriter::Wait() {
  const StageTimer timer(stages_, Stage::kWaitForPacks);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return in_flight_ == 0; });
  return failure_;
}

bool PackWriter::WaitForOne() {
  const StageTimer timer(stages_, Stage::kWaitForPacks);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !stored_.empty() || in_flight_ == 0; });
  return !stored_.empty();
}

std::vector<StoredPack> PackWriter::TakeStored() {
  const std::lock_guard lock(mutex_);
  return std::exchange(stored_, {});
}

}  // namespace fenchi
