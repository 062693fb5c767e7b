// The local index of a writer: where its chunks lie, and which files did not change.
//
// Advisory and rebuildable: it decides only what need not be uploaded or read again. A row exists
// once its packs lie at >= W providers, so an interrupted backup resumes from what it has stored.
// Packs that are tombstoned, or no longer present at W, are dropped with all rows that need them.
// SQLite; one file for each writer; one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/status.h"
#include "format/ids.h"
#include "format/pack_list.h"
#include "format/tree.h"

namespace fenchi {

// A file as it was when it was last backed up. `content` is valid while all `packs` are.
struct CachedFile {
  std::uint64_t size = 0;
  Timestamp modified;
  std::int64_t changed_ns = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  // Nothing of it is learnt by more than its status: no extended attributes, none unread. A change
  // of these changes the time of change too.
  bool plain = false;
  format::ContentList content = {};
  std::vector<PackId> packs = {};  // that content and its nodes need
};

// What is kept of a file: its status at once, the rest on demand.
struct FileRow {
  CachedFile file;     // without content and packs
  bool large = false;  // these two are left out: FindFile has them
  Bytes content;       // encoded
  Bytes packs;
  // The whole; none where it is damaged, or content lies in other packs than these.
  std::optional<CachedFile> Open() const;
};

inline constexpr std::size_t kFileRowLarge = 16 * 1024;  // bytes; a file of 5 GB has 12 KiB

class ChunkIndex {
 public:
  // Opens or makes the file. A damaged file is removed and made anew. Errors: kIo, kFull, kDenied.
  static Result<ChunkIndex> Open(const std::string& path);
  ChunkIndex(ChunkIndex&&) noexcept;
  ChunkIndex& operator=(ChunkIndex&&) noexcept;
  ~ChunkIndex();

  // Another view of the same file, for one other thread: sees what Commit() made durable.
  Result<ChunkIndex> OpenAgain() const;

  // Packs of a domain: stored by this writer, or attested by a read host.
  Result<std::map<PackId, format::PackListEntry>> Packs(const DomainId& domain);
  Status AddPack(const DomainId& domain, const format::PackListEntry& pack);
  // Removes packs and all chunks that have a piece in one of them.
  Status DropPacks(const std::set<PackId>& packs);

  // Packs of others that were attested, with the id scope of their chunks: references to them name
  // chunks by the read hosts' ids, and stand in a snapshot by the ids of that scope.
  Status AddAttestedPack(const DomainId& domain, const format::PackListEntry& pack,
                         const format::IdScope& scope);
  Result<std::map<PackId, format::IdScope>> AttestedPacks(const DomainId& domain);
  // Index objects that were taken over, by their hash.
  Result<bool> HasImported(const Hash256& object);
  Status SetImported(const Hash256& object);

  // All packs that a reference names must have been added. Replaces what is there: a chunk is added
  // again only when too few providers hold it where it was.
  Status AddChunk(const DomainId& domain, const format::Reference& reference);
  Result<std::optional<format::Reference>> FindChunk(const DomainId& domain, const ChunkId& chunk);

  // `source`: the canonical path of the file on this host, raw bytes.
  Result<std::optional<CachedFile>> FindFile(const DomainId& domain, const std::string& source);
  // The same for several of one folder, ascending by bytes: reads over rows that lie side by side.
  // Of each at most large_from bytes, and its status.
  Result<std::vector<std::optional<FileRow>>> FindFiles(const DomainId& domain,
                                                        std::span<const std::string_view> sources,
                                                        std::size_t large_from = kFileRowLarge);
  Status PutFile(const DomainId& domain, const std::string& source, const CachedFile& file);

  // Makes everything since the last call durable, all or nothing.
  Status Commit();

 private:
  struct State;
  explicit ChunkIndex(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fenchi
