#include "operations/entry_queue.h"

#include <algorithm>

namespace fenchi {
namespace {

// Many entries with long paths, large attributes or tiny content do not wait for a pack to fill.
constexpr std::size_t kWaitingBytesMax = std::size_t{64} << 20;
// A chunk that waits: its ticket, reference and piece, and its place in the plan.
constexpr std::size_t kWaitingChunkBytes = 512;

std::size_t MemoryOf(const QueuedEntry& queued) {
  std::size_t bytes = sizeof(queued) + queued.entry.path.size() + queued.source.size();
  for (const Xattr& xattr : queued.entry.attributes.xattrs) {
    bytes += sizeof(xattr) + xattr.name.size() + xattr.value.size();
  }
  if (queued.chunks) bytes += queued.chunks->chunks.size() * kWaitingChunkBytes;
  return bytes;
}

}  // namespace

Status EntryQueue::Push(QueuedEntry entry) {
  if (waiting_.empty() && !entry.chunks && !entry.cache) {  // of a file that did not change
    const StageTimer timer(stages_, Stage::kList);
    return tree_.Add(std::move(entry.entry));
  }
  waiting_bytes_ += MemoryOf(entry);
  waiting_.push_back(std::move(entry));
  FENCHI_RETURN_IF_ERROR(TakePlaced());
  if (waiting_bytes_ <= kWaitingBytesMax) return Status::Ok();
  FENCHI_RETURN_IF_ERROR(run_.PlaceData());
  return TakePlaced();
}

Status EntryQueue::TakePlaced() {
  while (!waiting_.empty()) {
    const QueuedEntry& head = waiting_.front();
    const bool placed =
        head.chunks == nullptr || std::ranges::all_of(head.chunks->chunks, [](const auto& chunk) {
          return chunk.second->placed();
        });
    if (!placed) return Status::Ok();
    QueuedEntry entry = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= MemoryOf(entry);
    FENCHI_RETURN_IF_ERROR(Emit(std::move(entry)));
  }
  return Status::Ok();
}

Status EntryQueue::Emit(QueuedEntry queued) {
  std::set<PackId> packs;
  if (queued.chunks) {
    // A list's nodes are chunks too; the cache must know the packs of both.
    NodeStore nodes = run_.nodes();
    std::vector<TicketPtr> node_tickets;
    ContentListWriter content({[&](ByteView plain) -> Result<TicketPtr> {
                                 FENCHI_ASSIGN_OR_RETURN(TicketPtr ticket, nodes.store(plain));
                                 node_tickets.push_back(ticket);
                                 return ticket;
                               },
                               nodes.place});
    for (const auto& [offset, ticket] : queued.chunks->chunks) {
      FENCHI_RETURN_IF_ERROR(content.Add({offset, ticket->reference()}));
      for (const format::Piece& piece : ticket->reference().pieces) packs.insert(piece.pack);
    }
    FENCHI_ASSIGN_OR_RETURN(queued.entry.content, content.Finish());
    for (const TicketPtr& ticket : node_tickets) {
      for (const format::Piece& piece : ticket->reference().pieces) packs.insert(piece.pack);
    }
  }
  if (queued.cache) {
    queued.cache->content = queued.entry.content;
    queued.cache->packs.assign(packs.begin(), packs.end());
    // A row may be written before its packs are stored: it counts only where they are.
    FENCHI_RETURN_IF_ERROR(index_.PutFile(domain_, queued.source, *queued.cache));
  }
  const StageTimer timer(stages_, Stage::kList);
  return tree_.Add(std::move(queued.entry));
}

Result<format::TreeList> EntryQueue::Finish() {
  FENCHI_RETURN_IF_ERROR(run_.PlaceData());
  FENCHI_RETURN_IF_ERROR(TakePlaced());
  return tree_.Finish();
}

}  // namespace fenchi
