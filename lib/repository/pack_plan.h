// Which stored chunks go into which pack: cutting, shuffling, places.
//
// Chunks come in and wait; packs of the largest class are planned as soon as they can be filled,
// and at the end of a run the rest fills the largest classes first. A chunk that does not fit is
// cut; it ends up in 1..7 pieces. Pure: no I/O. FORMAT.md section 7.1.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "format/ids.h"
#include "format/trailer.h"
#include "format/tree.h"

namespace fenchi {

// A chunk on its way into packs. Shared between the packer and whoever waits for its reference.
struct ChunkTicket {
  format::Reference reference;  // complete once `placed`
  bool placed = false;          // every piece has its pack id
};
using TicketPtr = std::shared_ptr<ChunkTicket>;

struct PlannedPiece {
  std::shared_ptr<const Bytes> stored;  // the chunk's stored form
  std::uint64_t first = 0;              // of it, the first byte that lies here
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // in the pack
};

struct PlannedPack {
  PackId id;
  int segments = 0;
  std::vector<PlannedPiece> pieces;
  Bytes trailer;
  std::vector<TicketPtr> completed;  // tickets whose last piece lies here
};

class PackPlanner {
 public:
  PackPlanner(const RunId& run, Random& random) : run_(run), random_(random) {}

  // Errors: kInvalidArgument when plain_size is 0 or above 4 MiB.
  Result<TicketPtr> Add(const ChunkId& chunk, std::uint64_t plain_size, Bytes stored);
  // A pack of the largest class, if there is enough for one.
  Result<std::vector<PlannedPack>> PlanFull();
  // Packs for all that waits.
  Result<std::vector<PlannedPack>> PlanRest();
  std::uint64_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Waiting {
    TicketPtr ticket;
    std::shared_ptr<const Bytes> stored;
    std::uint64_t taken = 0;
  };
  bool Fills(int segments) const;
  Result<PlannedPack> PlanOne(int segments);

  RunId run_;
  Random& random_;
  std::deque<Waiting> waiting_;
  std::uint64_t waiting_bytes_ = 0;
};

}  // namespace fenchi
