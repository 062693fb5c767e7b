// Entries on their way into the snapshot's tree: in walk order, each waiting until all its chunks
// have their place.
//
// Memory: the entries whose data lies in the pack that is still open; it is closed early where they
// take more than 64 MiB.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/tree.h"
#include "operations/backup_run.h"

namespace fenchi {

// A file's chunks by their offset in it. Shared by hard links to one file.
struct FileChunks {
  std::vector<std::pair<std::uint64_t, TicketPtr>> chunks;
};

struct QueuedEntry {
  format::Entry entry;
  std::shared_ptr<FileChunks> chunks;  // of files that were read; null: entry.content stands
  std::optional<CachedFile> cache;     // what to remember of it, without content and packs
  std::string source;                  // key of the file cache
};

class EntryQueue {
 public:
  EntryQueue(BackupRun& run, ChunkIndex& index, const DomainId& domain)
      : run_(run), index_(index), domain_(domain), tree_(run.nodes()) {}

  // Entries must come in path order.
  Status Push(QueuedEntry entry);
  // The finished tree, after the last entry.
  Result<format::TreeList> Finish();

 private:
  Status TakePlaced();
  Status Emit(QueuedEntry entry);

  BackupRun& run_;
  ChunkIndex& index_;
  const DomainId domain_;
  std::deque<QueuedEntry> waiting_;
  std::size_t waiting_bytes_ = 0;
  TreeListWriter tree_;
};

}  // namespace fenchi
