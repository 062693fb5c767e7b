// Uploads packs: seals planned packs and puts their shards at the providers, a few at a time.
//
// One writer serves one run, key domain and pack type. Sealing happens in the background, uploading
// on the providers' lanes. A pack is in front until k of its shards are stored; at most
// `kPacksInFront` are, and then the next may be sealed: a slow provider holds back nobody until the
// shards that wait for the slow ones take more than `kLagBytesMax`. A pack counts once all
// providers have answered and >= W have acknowledged their shard; fewer fail the run. Call from one
// thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/stage_clock.h"
#include "fenchi/random.h"
#include "format/pack_list.h"
#include "repository/pack_plan.h"
#include "repository/pack_seal.h"

namespace fenchi {

inline constexpr int kPacksInFront = 2;
// More by what is left of the packs in front when it is reached.
inline constexpr std::uint64_t kLagBytesMax = 48u << 20;

// A pack that lies at >= W providers.
struct StoredPack {
  format::PackListEntry entry;
  std::vector<int> seats;            // seat numbers that acknowledged, ascending
  std::vector<TicketPtr> completed;  // chunks whose last piece lies here
  std::uint64_t bytes_uploaded = 0;
  std::map<int, double> seconds;  // that each seat took
};

class PackWriter {
 public:
  // All references must outlive the writer.
  PackWriter(const Access& access, const RunKeys& keys, format::PackType type, Random& random,
             StageClock& stages);
  ~PackWriter();  // what has not begun is dropped; waits for what is on its way

  // The ticket's reference is complete once the pack that takes the chunk's end is planned.
  Status Add(const ChunkId& chunk, std::uint64_t plain_size, StoredChunk stored, TicketPtr ticket);
  // Plans packs for everything that waits: all tickets are placed afterwards.
  Status PlaceAll();
  // Waits until all planned packs are stored. Errors: kTooFewProviders, kFull, ... of the first
  // pack that is not.
  Status Wait();
  // Waits until TakeStored() has something. False: nothing is on its way.
  bool WaitForOne();
  // Packs stored since the last call, in the order they were finished.
  std::vector<StoredPack> TakeStored();

 private:
  // A sealed pack whose shards are on their way.
  struct Flight {
    PackId id;
    int segments = 0;
    std::vector<TicketPtr> completed;
    std::size_t shard_size = 0;
    PutOutcome outcome;
    StoredPack stored;
    bool in_front = true;
    std::size_t answered = 0;
  };
  Status Start(std::vector<PlannedPack> packs);
  PackBuffers TakeBuffers();
  void SealAndSend(PlannedPack& pack);
  void Send(const std::shared_ptr<Flight>& flight, PackBuffers sealed);
  Status PutShard(std::size_t position, const PackId& pack, ByteView shard);
  void Answered(Flight& flight, std::size_t position, const Status& status, double seconds,
                Bytes shard);
  void LeaveFront(Flight& flight);
  void Settle(Flight& flight);
  void Fail(const Status& status);

  const Access& access_;
  const RunKeys& keys_;
  const format::PackType type_;
  Random& random_;
  StageClock& stages_;
  const int seats_;
  PackPlanner planner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int in_flight_ = 0;
  int in_front_ = 0;
  std::uint64_t lag_bytes_ = 0;  // of shards on their way of packs that are not in front
  bool sealing_ = false;         // one pack at a time: what is not sealed is held twice
  bool ending_ = false;
  Status failure_;
  std::vector<StoredPack> stored_;
  std::vector<Bytes> free_;  // memory of shards that were stored
};

}  // namespace fenchi
