#include "repository/pack_plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/coding.h"
#include "base/error.h"

namespace fenchi {
namespace {

// No piece but a chunk's last is shorter: a chunk of 4 MiB then needs at most 7 of the small packs.
constexpr std::uint64_t kPieceSizeMin = 1024;
constexpr std::uint64_t kLengthSize = 4;  // be32(length of trailer)

// For pieces, beside `used` bytes of them and as many of their items in the trailer.
std::uint64_t Room(int segments, std::uint64_t used, std::uint64_t trailer_bytes) {
  const std::uint64_t plain = format::PackPlainSize(segments);
  const std::uint64_t taken = used + trailer_bytes + format::kTrailerRimSizeMax + kLengthSize;
  return plain > taken ? plain - taken : 0;
}

// Uniform in 0..bound-1; bound is small, so the bias of 64 random bits is below 2^-40.
std::size_t RandomIndex(Random& random, std::size_t bound) {
  std::array<std::uint8_t, 8> raw{};
  random.Fill(raw);
  return static_cast<std::size_t>(GetBe64(raw) % bound);
}

}  // namespace

StoredChunk OwnChunk(Bytes bytes) {
  bytes.shrink_to_fit();  // it waits for its pack; compressing took room for the whole chunk
  auto kept = std::make_shared<const Bytes>(std::move(bytes));
  return {*kept, kept};
}

StoredChunk StoredChunk::Part(std::size_t offset, std::size_t length) const {
  const std::size_t mark = raw ? 1 : 0;
  const bool with_mark = raw && offset == 0 && length > 0;
  const std::size_t begin = offset > mark ? offset - mark : 0;
  return {bytes.subspan(begin, length - (with_mark ? 1 : 0)), keeper, with_mark};
}

Status PackPlanner::Add(const ChunkId& chunk, std::uint64_t plain_size, StoredChunk stored,
                        TicketPtr ticket) {
  if (plain_size == 0 || plain_size > format::kChunkSizeMax || stored.size() == 0) {
    return InvalidArgument("a chunk has 1 byte to 4 MiB, not {}", plain_size);
  }
  ticket->reference_.chunk = chunk;
  ticket->reference_.run = run_;
  ticket->reference_.plain_size = plain_size;
  waiting_.push_back({std::move(ticket), std::move(stored), 0});
  waiting_bytes_ += waiting_.back().left();
  waiting_trailer_bytes_ += waiting_.back().trailer_bytes(waiting_.back().left());
  return Status::Ok();
}

std::uint64_t PackPlanner::Waiting::trailer_bytes(std::uint64_t size) const {
  return format::TrailerItemSize({.chunk = {},
                                  .plain_size = ticket->reference_.plain_size,
                                  .stored_size = stored.size(),
                                  .first = taken,
                                  .offset = 0,
                                  .size = size});
}

bool PackPlanner::Fills(int segments) const {
  return Room(segments, waiting_bytes_, waiting_trailer_bytes_) == 0;
}

Result<std::vector<PlannedPack>> PackPlanner::PlanFull() {
  std::vector<PlannedPack> packs;
  const int largest = format::kPackClasses.back();
  while (Fills(largest)) {
    FENCHI_ASSIGN_OR_RETURN(PlannedPack pack, PlanOne(largest));
    packs.push_back(std::move(pack));
  }
  return packs;
}

Result<std::vector<PlannedPack>> PackPlanner::PlanRest() {
  std::vector<PlannedPack> packs;
  while (!waiting_.empty()) {
    int segments = format::kPackClasses.front();
    for (int candidate : format::kPackClasses) {
      if (Fills(candidate)) segments = candidate;
    }
    FENCHI_ASSIGN_OR_RETURN(PlannedPack pack, PlanOne(segments));
    packs.push_back(std::move(pack));
  }
  return packs;
}

// Chunks, and a part of the last one, until the pack is full.
std::vector<PackPlanner::Taken> PackPlanner::Take(int segments) {
  std::vector<Taken> taken;
  std::uint64_t used = 0;
  std::uint64_t trailer_bytes = 0;
  for (bool whole = true; whole && !waiting_.empty();) {
    Waiting& head = waiting_.front();
    const std::uint64_t left = head.left();
    const std::uint64_t item_bytes = head.trailer_bytes(left);
    whole = left <= Room(segments, used, trailer_bytes + item_bytes);
    // A whole chunk's item is shorter than a part's, whose length is below `left`.
    const std::uint64_t size =
        whole ? left
              : std::min(left - 1,
                         Room(segments, used, trailer_bytes + head.trailer_bytes(left - 1)));
    if (!whole && size < kPieceSizeMin) break;
    taken.push_back({head, size});
    used += size;
    trailer_bytes += item_bytes;
    head.taken += size;
    waiting_bytes_ -= size;
    waiting_trailer_bytes_ -= item_bytes;
    if (whole) {
      waiting_.pop_front();
    } else {
      waiting_trailer_bytes_ += head.trailer_bytes(head.left());
    }
  }
  return taken;
}

Result<PlannedPack> PackPlanner::PlanOne(int segments) {
  std::vector<Taken> taken = Take(segments);
  if (taken.empty()) return Internal("nothing fits into an empty pack");
  // 1. Shuffle (Fisher, Yates), so that the order in the pack tells nothing, and give places.
  for (std::size_t i = taken.size(); i > 1; --i) {
    std::swap(taken[i - 1], taken[RandomIndex(random_, i)]);
  }
  PlannedPack pack;
  pack.segments = segments;
  format::Trailer trailer;
  std::uint64_t offset = 0;
  for (const Taken& piece : taken) {
    const format::Reference& reference = piece.chunk.ticket->reference_;
    trailer.items.push_back({reference.chunk, reference.plain_size, piece.chunk.stored.size(),
                             piece.chunk.taken, offset, piece.size});
    pack.pieces.push_back({piece.chunk.stored.Part(piece.chunk.taken, piece.size), offset});
    offset += piece.size;
  }
  // 2. The trailer gives the pack its id; with the id the references are complete.
  FENCHI_ASSIGN_OR_RETURN(pack.trailer, format::EncodeTrailer(trailer));
  std::array<std::uint8_t, 32> fresh{};
  random_.Fill(fresh);
  pack.id = format::PackIdOf(fresh, pack.trailer);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    ChunkTicket& ticket = *taken[i].chunk.ticket;
    ticket.reference_.pieces.push_back({pack.id, pack.pieces[i].offset, taken[i].size});
    if (taken[i].chunk.taken + taken[i].size == taken[i].chunk.stored.size()) {
      ticket.placed_ = true;
      pack.completed.push_back(taken[i].chunk.ticket);
    }
  }
  return pack;
}

}  // namespace fenchi
