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
class ChunkTicket {
 public:
  const format::Reference& reference() const { return Last().reference_; }  // complete once placed
  bool placed() const { return Last().placed_; }  // every piece has its pack id

  // What the chunk turned out to be: known already, or the same as one that is on its way.
  void SetKnown(format::Reference reference) {
    reference_ = std::move(reference);
    placed_ = true;
  }
  void SetSameAs(std::shared_ptr<ChunkTicket> other) { same_ = std::move(other); }

 private:
  friend class PackPlanner;
  const ChunkTicket& Last() const { return same_ ? same_->Last() : *this; }

  format::Reference reference_;
  bool placed_ = false;
  std::shared_ptr<ChunkTicket> same_;
};
using TicketPtr = std::shared_ptr<ChunkTicket>;

// A chunk's stored form, or a part of it, in memory that is kept as long as somebody needs it.
struct StoredChunk {
  ByteView bytes;
  std::shared_ptr<const void> keeper;  // of the memory
  // The method byte of a raw chunk goes before `bytes`, which are the chunk as it was read.
  bool raw = false;

  std::size_t size() const { return bytes.size() + (raw ? 1 : 0); }
  StoredChunk Part(std::size_t offset, std::size_t length) const;
};
StoredChunk OwnChunk(Bytes bytes);

struct PlannedPiece {
  StoredChunk part;          // what of the chunk's stored form lies here
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

  // The ticket is placed once the pack that takes the chunk's end is planned.
  // Errors: kInvalidArgument when plain_size is 0 or above 4 MiB.
  Status Add(const ChunkId& chunk, std::uint64_t plain_size, StoredChunk stored, TicketPtr ticket);
  // A pack of the largest class, if there is enough for one.
  Result<std::vector<PlannedPack>> PlanFull();
  // Packs for all that waits.
  Result<std::vector<PlannedPack>> PlanRest();
  std::uint64_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Waiting {
    std::uint64_t left() const { return stored.size() - taken; }
    // What the trailer takes for the next `size` bytes.
    std::uint64_t trailer_bytes(std::uint64_t size) const;
    TicketPtr ticket;
    StoredChunk stored;
    std::uint64_t taken = 0;
  };
  struct Taken {
    Waiting chunk;  // as it was
    std::uint64_t size = 0;
  };
  bool Fills(int segments) const;
  std::vector<Taken> Take(int segments);
  Result<PlannedPack> PlanOne(int segments);

  RunId run_;
  Random& random_;
  std::deque<Waiting> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t waiting_trailer_bytes_ = 0;
};

}  // namespace fenchi
