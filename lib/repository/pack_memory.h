// What one reader has of packs in memory, counted, so that it never begins more than fits.
//
// A buffer holds a pack, or k of its shards as they are stored, and is used again for either. The
// reader's thread takes room before anything is begun; it comes back, from any thread, with the
// last pointer to what lies there, whoever has it. Take() refuses nothing: who may wait asks Fits()
// before.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/buffer_pool.h"
#include "base/stop.h"

namespace fenchi {

class PackMemory {
 public:
  enum class Kind : std::uint8_t { kWhole, kRange, kList };  // of data; of data; of metadata

 private:
  struct State;

 public:
  // Some bytes, until it goes.
  class Room {
   public:
    Room(std::shared_ptr<State> state, Kind kind, std::size_t bytes);
    ~Room();
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    void Shrink(std::size_t bytes);

   private:
    const std::shared_ptr<State> state_;
    const Kind kind_;
    std::size_t bytes_;
  };
  using RoomPtr = std::shared_ptr<Room>;

  // needed: shards that make a pack. whole_max: packs of the largest class at once, as they are
  // stored or in plain. range_bytes_max: of those of which only ranges are in memory.
  PackMemory(int needed, std::size_t whole_max, std::size_t range_bytes_max);

  // Of one pack, however it is kept.
  std::size_t pack_bytes() const { return state_->pack_bytes; }
  bool Fits(Kind kind, std::size_t bytes) const;
  RoomPtr Take(Kind kind, std::size_t bytes);
  // At least `size` bytes, which are in `room`.
  std::shared_ptr<Bytes> Get(std::size_t size, RoomPtr room);
  // k shards of a pack; one more. Whoever fetches a pack has room for the first.
  std::shared_ptr<Bytes> GetStored(std::size_t size) { return state_->packs.Get(size); }
  std::shared_ptr<Bytes> GetShard(std::size_t size) { return state_->shards.Get(size); }

  // Until `done`, which is asked when room came back and after each Notify().
  template <typename Done>
  void Wait(const Done& done) {
    std::unique_lock lock(state_->mutex);
    WaitFor(state_->changed, lock, done);
  }
  void Notify() { state_->Notify(); }
  std::size_t most_taken(Kind kind) const { return state_->Of(kind).most; }

 private:
  struct Taken {
    std::size_t max = 0;
    std::atomic<std::size_t> bytes = 0;
    std::atomic<std::size_t> most = 0;
  };
  struct State {
    State(int needed, std::size_t whole_max, std::size_t range_bytes_max);
    Taken& Of(Kind kind) { return taken[static_cast<std::size_t>(kind)]; }
    void Notify();
    const std::size_t pack_bytes;
    BufferPool packs;
    BufferPool shards;
    std::array<Taken, 3> taken;
    std::mutex mutex;
    std::condition_variable changed;
  };
  std::shared_ptr<State> state_;
};

}  // namespace fenchi
