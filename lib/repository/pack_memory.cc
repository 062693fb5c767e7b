#include "repository/pack_memory.h"

#include <limits>
#include <utility>

#include "format/ids.h"

namespace fenchi {
namespace {

std::size_t StoredBytes(int needed) {
  return static_cast<std::size_t>(format::BlocksPerShard(format::kPackClasses.back(), needed)) *
         format::kBlockStride;
}

}  // namespace

PackMemory::State::State(int needed, std::size_t whole_max, std::size_t range_bytes_max)
    : pack_bytes(StoredBytes(needed) * static_cast<std::size_t>(needed)),
      packs(pack_bytes),
      shards(StoredBytes(needed)) {
  Of(Kind::kWhole).max = whole_max * pack_bytes;
  Of(Kind::kRange).max = range_bytes_max;
  Of(Kind::kList).max = std::numeric_limits<std::size_t>::max();
}

// With the lock, if only for a moment: whoever looked and found no room sleeps by then.
void PackMemory::State::Notify() {
  { const std::lock_guard lock(mutex); }
  changed.notify_all();
}

PackMemory::Room::Room(std::shared_ptr<State> state, Kind kind, std::size_t bytes)
    : state_(std::move(state)), kind_(kind), bytes_(bytes) {}

PackMemory::Room::~Room() { Shrink(0); }

void PackMemory::Room::Shrink(std::size_t bytes) {
  state_->Of(kind_).bytes -= bytes_ - bytes;
  bytes_ = bytes;
  state_->Notify();
}

PackMemory::PackMemory(int needed, std::size_t whole_max, std::size_t range_bytes_max)
    : state_(std::make_shared<State>(needed, whole_max, range_bytes_max)) {}

bool PackMemory::Fits(Kind kind, std::size_t bytes) const {
  const Taken& taken = state_->Of(kind);
  const std::size_t now = taken.bytes;
  return now <= taken.max && bytes <= taken.max - now;
}

PackMemory::RoomPtr PackMemory::Take(Kind kind, std::size_t bytes) {
  Taken& taken = state_->Of(kind);
  const std::size_t now = taken.bytes += bytes;
  std::size_t most = taken.most;
  while (most < now && !taken.most.compare_exchange_weak(most, now)) {
  }
  return std::make_shared<Room>(state_, kind, bytes);
}

std::shared_ptr<Bytes> PackMemory::Get(std::size_t size, RoomPtr room) {
  room->Shrink(size);
  std::shared_ptr<Bytes> buffer = state_->packs.Get(size);
  Bytes* const bytes = buffer.get();
  return {bytes, [buffer = std::move(buffer), room = std::move(room)](Bytes*) mutable {
            buffer.reset();  // first: it is free when there is room
            room.reset();
          }};
}

}  // namespace fenchi
