// Uploads packs: seals planned packs and puts their shards at the providers, a few at a time.
//
// One writer serves one run, key domain and pack type. Sealing and uploading happen in the
// background; at most `kPacksInFlight` packs are in memory. A pack counts once >= W providers have
// acknowledged their shard; fewer fail the run. Call from one thread.
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

inline constexpr int kPacksInFlight = 2;

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
  ~PackWriter();  // waits for what is in flight

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
  Status Start(std::vector<PlannedPack> packs);
  std::unique_ptr<PackBuffers> TakeBuffers();
  Status Upload(PlannedPack& pack, PackBuffers& sealed);

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
  bool sealing_ = false;  // one pack at a time: what is not sealed is held twice
  Status failure_;
  std::vector<StoredPack> stored_;
  std::vector<std::unique_ptr<PackBuffers>> free_;
};

}  // namespace fenchi
