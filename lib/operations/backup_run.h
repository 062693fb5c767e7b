// One backup run in one key domain: plaintext chunks in, references out, packs at >= W.
//
// Knows what the vault already has (the writer's own index, checked against tombstones and
// presence) and what the run adds and re-uses. Call from one thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fenchi/compression.h"
#include "fenchi/hash.h"
#include "operations/chunk_pipeline.h"
#include "operations/index_objects.h"
#include "operations/session.h"
#include "repository/chunk_index.h"
#include "repository/list_writer.h"
#include "repository/pack_writer.h"

namespace fenchi {

class BackupRun {
 public:
  // `domain` and `session` must outlive the run.
  static Result<std::unique_ptr<BackupRun>> Start(Session& session, const WriterState& writer,
                                                  ChunkIndex& index, const WriteKeys& domain,
                                                  const History& history, int compression_level);

  // Content goes in here: its chunks are stored, unless the vault has them. They are named and
  // compressed in the background, so errors may be those of an earlier chunk.
  ChunkPipeline& content() { return *pipeline_; }
  // The same for nodes of lists; placing ends the open metadata pack.
  NodeStore nodes();
  // Plans packs for all waiting data: all data tickets are placed afterwards.
  Status PlaceData();

  // Of files as they were last saved, as ChunkIndex finds them; from any thread.
  bool knows_files() const { return has_index_; }
  Result<std::vector<std::optional<FileRow>>> FindFiles(std::span<const std::string_view> sources);
  Result<std::optional<CachedFile>> FindFile(const std::string& source);
  // Whether everything that a cached file needs is still there; then it counts as used.
  bool UseCached(const CachedFile& file);
  // The packs that a list needs, nodes included (for the file cache).
  const std::set<PackId>& used() const { return used_; }
  void Use(const format::Reference& reference);

  // Waits for all uploads. Errors: kTooFewProviders, kFull.
  Status Finish();
  // The run has failed: waits for what is on its way and remembers what arrived, so that the next
  // run goes on from there.
  void Abandon();

  const RunKeys& keys() const { return keys_; }
  const PackMap& added() const { return added_; }  // by this run, and resumed ones in use
  PackMap AddedInUse() const;
  PackMap ReusedInUse() const;
  // Packs in use that were left by earlier runs which did not finish.
  std::uint64_t resumed() const;
  // Index objects of all that the run stored, at >= W; after Finish().
  Result<std::vector<format::DomainObjectRef>> StoreIndexes() { return indexes_->Finish(); }
  const std::set<int>& acknowledged() const { return acknowledged_; }
  // Of packs that were stored to be retained: the numbers of the seats that have them.
  const std::map<PackId, std::vector<int>>& retained() const { return retained_; }

  // Of packs, for every seat.
  std::vector<ProviderTime> uploads() const;

  std::uint64_t bytes_new = 0;
  std::uint64_t bytes_uploaded = 0;

 private:
  BackupRun(Session& session, ChunkIndex& index, const WriteKeys& domain)
      : session_(session), index_(index), domain_(domain) {}
  Status CheckIndex(const History& history, const WriterId& writer);
  Status TakeAttested(const History& history);
  Result<TicketPtr> StoreNode(ByteView plain);
  KnownChunk SeemsKnown(const ChunkId& id);
  // Whether the chunk is stored by this run, or else is in the index; `ticket` then says where.
  bool TakePending(const ChunkId& id, ChunkTicket& ticket) const;
  Result<bool> TakeIndexed(const ChunkId& id, ByteView plain, ChunkTicket& ticket);
  // The reference as it stands in a snapshot: by the id that its pack's writer uses.
  Status NameByScope(ByteView plain, format::Reference& reference);
  Status Take(NamedChunk& chunk);
  Status Add(const ChunkId& id, std::size_t size, StoredChunk stored, const TicketPtr& ticket,
             PackWriter& packs);
  Status Note(PackWriter& packs);
  // Takes note of packs that were stored meanwhile, and writes so many of their chunks to the
  // index.
  Status Drain(std::size_t most);
  Status IndexSome(std::size_t most);
  bool Usable(const format::Reference& reference) const;

  Session& session_;
  ChunkIndex& index_;
  const WriteKeys& domain_;
  RunKeys keys_;
  int compression_level_ = 3;
  std::optional<KeyedHash> hash_;
  Compressor compressor_;
  // The pipeline's threads look at pending_ and added_: changed with the lock held.
  std::mutex shared_mutex_;
  std::unordered_map<ChunkId, TicketPtr> pending_;  // stored in this run, not yet in the index
  std::uint64_t index_generation_ = 0;      // grows when some of them leave it for the index
  std::vector<TicketPtr> unindexed_;        // complete, but a pack of theirs is on its way
  std::vector<TicketPtr> to_index_;         // all stored; by id, descending
  std::vector<format::Reference> indexed_;  // of the index, not committed yet
  std::optional<IndexObjects> indexes_;
  bool has_index_ = false;            // it was not empty
  std::mutex lookup_mutex_;           // of lookup_; taken before shared_mutex_
  std::optional<ChunkIndex> lookup_;  // for other threads: the index as it was last committed
  std::set<PackId> unattested_;       // in the index, and no longer vouched for
  std::map<PackId, format::IdScope> attested_;  // of usable_, those of other writers
  PackMap usable_;              // in the index, present at >= W, not under tombstone
  std::set<PackId> committed_;  // of those, named by a commit already
  std::set<PackId> sealed_;     // of those, by one that was finished
  PackMap added_;               // stored by this run
  std::set<PackId> used_;
  std::set<int> acknowledged_;
  std::map<PackId, std::vector<int>> retained_;
  std::map<int, ProviderTime> uploads_;  // by seat number
  // Last: they end their uploads before anything above goes away.
  std::unique_ptr<PackWriter> data_;
  std::unique_ptr<PackWriter> metadata_;
  std::unique_ptr<ChunkPipeline> pipeline_;  // of data chunks
};

}  // namespace fenchi
