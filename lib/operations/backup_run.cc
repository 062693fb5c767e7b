#include "operations/backup_run.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "format/names.h"
#include "operations/attested_index.h"

namespace fenchi {
namespace {

// For each chunk that is added this many go to the index: all of a pack at once would leave the
// workers without work for tenths of a second.
constexpr std::size_t kIndexedAtOnce = 16;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();  // no generation
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

}  // namespace

Result<std::unique_ptr<BackupRun>> BackupRun::Start(Session& session, const WriterState& writer,
                                                    ChunkIndex& index, const WriteKeys& domain,
                                                    const History& history, int compression_level) {
  std::unique_ptr<BackupRun> run(new BackupRun(session, index, domain));
  run->compression_level_ = compression_level;
  FENCHI_ASSIGN_OR_RETURN(run->keys_,
                          NewRunKeys(session.access, domain, writer.id(), session.random));
  run->indexes_.emplace(session, domain.id, domain.index_key.view(), run->keys_.run);
  FENCHI_ASSIGN_OR_RETURN(KeyedHash hash, KeyedHash::Create(domain.id_key.view()));
  run->hash_ = std::move(hash);
  FENCHI_RETURN_IF_ERROR(run->CheckIndex(history, writer.id()));
  run->data_ = std::make_unique<PackWriter>(session.access, run->keys_, format::PackType::kData,
                                            session.random, session.stages);
  run->metadata_ = std::make_unique<PackWriter>(
      session.access, run->keys_, format::PackType::kMetadata, session.random, session.stages);
  FENCHI_ASSIGN_OR_RETURN(ChunkIndex lookup, index.OpenAgain());
  run->lookup_ = std::move(lookup);
  run->pipeline_ = std::make_unique<ChunkPipeline>(
      session.access.seats.executor(), session.stages, domain.id_key.view(), compression_level,
      [r = run.get()](const ChunkId& id) { return r->SeemsKnown(id); },
      [r = run.get()](NamedChunk& chunk) { return r->Take(chunk); });
  return run;
}

// Which packs of the index may be re-used: not under tombstone, and present at >= W.
Status BackupRun::CheckIndex(const History& history, const WriterId& writer) {
  FENCHI_RETURN_IF_ERROR(TakeAttested(history));
  FENCHI_ASSIGN_OR_RETURN(usable_, index_.Packs(domain_.id));
  has_index_ = !usable_.empty();
  // What nobody vouches for any more is not relied upon.
  std::erase_if(usable_, [&](const auto& one) { return unattested_.contains(one.first); });
  FENCHI_ASSIGN_OR_RETURN(std::set<PackId> tombstoned, history.Tombstoned());
  std::vector<PackId> packs;
  for (const auto& [id, entry] : usable_) packs.push_back(id);
  // 1. Ask every seat for all of them at once.
  const Seats& seats = session_.access.seats;
  std::vector<std::vector<bool>> present(seats.size());
  seats.executor().ForEach(seats.size(), [&](std::size_t i) {
    const Seat& seat = seats.all()[i];
    if (!seat.provider || packs.empty()) return;
    std::vector<std::string> names;
    for (const PackId& pack : packs) {
      names.push_back(format::ShardName(session_.access.name_key.view(), seat.id, pack,
                                        usable_[pack].needed, 0));
    }
    auto answer = seat.provider->Stat(names);
    if (!answer.ok()) return;
    for (std::size_t j = 0; j < packs.size(); ++j) {
      const format::PackListEntry& entry = usable_[packs[j]];
      present[i].push_back((*answer)[j].has_value() &&
                           (*answer)[j]->size_bytes ==
                               format::ShardSize(entry.segments, entry.needed));
    }
  });
  // 2. Drop what too few hold.
  std::set<PackId> gone;
  for (std::size_t j = 0; j < packs.size(); ++j) {
    int holders = 0;
    for (const auto& seat : present) holders += !seat.empty() && seat[j] ? 1 : 0;
    if (holders < session_.access.policy.quorums.write_quorum || tombstoned.contains(packs[j])) {
      gone.insert(packs[j]);
      usable_.erase(packs[j]);
    }
  }
  // Rows are removed only for what can never come back; a provider may merely be away today.
  std::set<PackId> buried;
  std::ranges::set_intersection(gone, tombstoned, std::inserter(buried, buried.end()));
  FENCHI_RETURN_IF_ERROR(index_.DropPacks(buried));
  // 3. What no commit names yet was left by a run that did not finish.
  for (const Commit& commit : history.commits()) {
    if (commit.record.writer != writer) continue;
    for (const format::PackList* list : {&commit.body->added, &commit.body->reused}) {
      FENCHI_ASSIGN_OR_RETURN(const auto entries, history.Entries(*list));
      for (const format::PackListEntry& entry : entries) {
        committed_.insert(entry.pack);
        if (commit.sealed) sealed_.insert(entry.pack);
      }
    }
  }
  // Another writer's commit names these.
  for (const auto& [pack, scope] : attested_) {
    committed_.insert(pack);
    sealed_.insert(pack);
  }
  return Status::Ok();
}

// Packs of other writers: those that read hosts attest, and those in the index that none does.
Status BackupRun::TakeAttested(const History& history) {
  if (!domain_.may_read()) return Status::Ok();  // dedups against its own packs only
  FENCHI_ASSIGN_OR_RETURN(const History::Attested now, history.AttestedIn(domain_.id));
  FENCHI_RETURN_IF_ERROR(ImportAttested(session_, domain_, now, index_));
  FENCHI_ASSIGN_OR_RETURN(attested_, index_.AttestedPacks(domain_.id));
  for (const auto& [pack, scope] : attested_) {
    if (!now.packs.contains(pack)) unattested_.insert(pack);
  }
  return Status::Ok();
}

Status BackupRun::NameByScope(ByteView plain, format::Reference& reference) {
  const auto attested = attested_.find(reference.pieces.front().pack);
  if (attested == attested_.end() || attested->second.is_zero()) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(KeyedHash hash,
                          KeyedHash::Create(domain_.IdKeyOf(attested->second).view()));
  reference.chunk.bytes = hash(plain).bytes;
  return Status::Ok();
}

bool BackupRun::Usable(const format::Reference& reference) const {
  return std::ranges::all_of(reference.pieces, [&](const format::Piece& piece) {
    return usable_.contains(piece.pack) || added_.contains(piece.pack);
  });
}

void BackupRun::Use(const format::Reference& reference) {
  for (const format::Piece& piece : reference.pieces) used_.insert(piece.pack);
}

Result<std::vector<std::optional<FileRow>>> BackupRun::FindFiles(
    std::span<const std::string_view> sources) {
  const std::lock_guard lock(lookup_mutex_);
  return lookup_->FindFiles(domain_.id, sources);
}

Result<std::optional<CachedFile>> BackupRun::FindFile(const std::string& source) {
  const std::lock_guard lock(lookup_mutex_);
  return lookup_->FindFile(domain_.id, source);
}

bool BackupRun::UseCached(const CachedFile& file) {
  const bool there = std::ranges::all_of(file.packs, [&](const PackId& pack) {
    return usable_.contains(pack) || added_.contains(pack);
  });
  if (there) used_.insert(file.packs.begin(), file.packs.end());
  return there;
}

// Called from the pipeline's threads. What comes twice in one run is known, too: compressing it
// again would cost time, and memory until its neighbours' pack is full.
KnownChunk BackupRun::SeemsKnown(const ChunkId& id) {
  KnownChunk answer;
  {
    const std::lock_guard lock(shared_mutex_);
    answer.as_of = index_generation_;
    answer.known = pending_.contains(id);
    if (answer.known || (usable_.empty() && added_.empty())) return answer;
  }
  const std::lock_guard lock(lookup_mutex_);
  const auto found = lookup_->FindChunk(domain_.id, id);
  if (!found.ok()) answer.as_of = kNever;
  if (!found.ok() || !found->has_value()) return answer;
  const std::lock_guard shared(shared_mutex_);
  answer.known = Usable(**found);
  return answer;
}

bool BackupRun::TakePending(const ChunkId& id, ChunkTicket& ticket) const {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return false;
  ticket.SetSameAs(found->second);
  return true;
}

Result<bool> BackupRun::TakeIndexed(const ChunkId& id, ByteView plain, ChunkTicket& ticket) {
  const StageTimer timer(session_.stages, Stage::kIndex);
  FENCHI_ASSIGN_OR_RETURN(std::optional<format::Reference> known, index_.FindChunk(domain_.id, id));
  if (!known || known->plain_size != plain.size() || !Usable(*known)) return false;
  FENCHI_RETURN_IF_ERROR(NameByScope(plain, *known));
  Use(*known);
  ticket.SetKnown(std::move(*known));
  return true;
}

Status BackupRun::Add(const ChunkId& id, std::size_t size, StoredChunk stored,
                      const TicketPtr& ticket, PackWriter& packs) {
  bytes_new += size;
  {
    const std::lock_guard lock(shared_mutex_);
    pending_.emplace(id, ticket);
  }
  FENCHI_RETURN_IF_ERROR(packs.Add(id, size, std::move(stored), ticket));
  return Drain(kIndexedAtOnce);
}

// A chunk that comes back from the pipeline.
Status BackupRun::Take(NamedChunk& chunk) {
  if (TakePending(chunk.id, *chunk.ticket)) return Status::Ok();
  // What a worker did not find is not there now, unless it went from pending_ to the index since.
  if (chunk.stored.size() == 0 || chunk.as_of != index_generation_) {
    FENCHI_ASSIGN_OR_RETURN(const bool known, TakeIndexed(chunk.id, chunk.plain, *chunk.ticket));
    if (known) return Status::Ok();
  }
  if (chunk.stored.size() == 0) {  // what was there is not usable after all
    Bytes stored;
    FENCHI_RETURN_IF_ERROR(compressor_.Compress(chunk.plain, compression_level_, stored));
    chunk.stored = OwnChunk(std::move(stored));
  }
  return Add(chunk.id, chunk.plain.size(), std::move(chunk.stored), chunk.ticket, *data_);
}

Status BackupRun::PlaceData() {
  FENCHI_RETURN_IF_ERROR(pipeline_->Flush());
  return data_->PlaceAll();
}

Result<TicketPtr> BackupRun::StoreNode(ByteView plain) {
  auto ticket = std::make_shared<ChunkTicket>();
  ChunkId id;
  id.bytes = (*hash_)(plain).bytes;
  if (TakePending(id, *ticket)) return ticket;
  FENCHI_ASSIGN_OR_RETURN(const bool known, TakeIndexed(id, plain, *ticket));
  if (known) return ticket;
  Bytes stored;
  FENCHI_RETURN_IF_ERROR(compressor_.Compress(plain, compression_level_, stored));
  FENCHI_RETURN_IF_ERROR(Add(id, plain.size(), OwnChunk(std::move(stored)), ticket, *metadata_));
  return ticket;
}

NodeStore BackupRun::nodes() {
  return {[this](ByteView plain) { return StoreNode(plain); },
          [this] { return metadata_->PlaceAll(); }};
}

Status BackupRun::Note(PackWriter& packs) {
  for (StoredPack& pack : packs.TakeStored()) {
    if (added_.empty()) {
      acknowledged_.insert(pack.seats.begin(), pack.seats.end());
    } else {
      std::set<int> both;
      std::ranges::set_intersection(acknowledged_, pack.seats, std::inserter(both, both.end()));
      acknowledged_ = std::move(both);
    }
    {
      const std::lock_guard lock(shared_mutex_);
      added_.emplace(pack.entry.pack, pack.entry);
    }
    used_.insert(pack.entry.pack);
    if (session_.access.seats.retain_until()) retained_.emplace(pack.entry.pack, pack.seats);
    bytes_uploaded += pack.bytes_uploaded;
    for (const int number : pack.seats) {
      ProviderTime& one = uploads_[number];
      one.seconds += pack.seconds.at(number);
      one.bytes += pack.bytes_uploaded / pack.seats.size();
      ++one.objects;
    }
    FENCHI_RETURN_IF_ERROR(index_.AddPack(domain_.id, pack.entry));
    unindexed_.insert(unindexed_.end(), pack.completed.begin(), pack.completed.end());
  }
  return Status::Ok();
}

Status BackupRun::Drain(std::size_t most) {
  const std::size_t before = added_.size();
  FENCHI_RETURN_IF_ERROR(Note(*data_));
  FENCHI_RETURN_IF_ERROR(Note(*metadata_));
  if (added_.size() == before && to_index_.empty()) return Status::Ok();
  const StageTimer timer(session_.stages, Stage::kIndex);
  if (added_.size() != before) {
    FENCHI_RETURN_IF_ERROR(IndexSome(kAll));
    const auto on_its_way = [&](const TicketPtr& ticket) {
      return !std::ranges::all_of(ticket->reference().pieces, [&](const format::Piece& piece) {
        return added_.contains(piece.pack);
      });
    };
    const auto stored = std::stable_partition(unindexed_.begin(), unindexed_.end(), on_its_way);
    // The index is ordered by id: one after the other they find its pages at hand.
    std::sort(stored, unindexed_.end(), [](const TicketPtr& a, const TicketPtr& b) {
      return b->reference().chunk < a->reference().chunk;
    });
    to_index_.assign(stored, unindexed_.end());
    unindexed_.erase(stored, unindexed_.end());
  }
  return IndexSome(most);
}

Status BackupRun::IndexSome(std::size_t most) {
  if (to_index_.empty()) return Status::Ok();
  for (; most > 0 && !to_index_.empty(); --most) {
    const format::Reference& reference = to_index_.back()->reference();
    FENCHI_RETURN_IF_ERROR(index_.AddChunk(domain_.id, reference));
    indexed_.push_back(reference);
    to_index_.pop_back();
  }
  if (!to_index_.empty()) return Status::Ok();
  // What lies at >= W is remembered soon: a run that dies here is resumed from it.
  FENCHI_RETURN_IF_ERROR(index_.Commit());
  {
    const std::lock_guard lock(shared_mutex_);
    for (const format::Reference& reference : indexed_) pending_.erase(reference.chunk);
    ++index_generation_;
  }
  return indexes_->Add(std::exchange(indexed_, {}));
}

Status BackupRun::Finish() {
  FENCHI_RETURN_IF_ERROR(PlaceData());
  FENCHI_RETURN_IF_ERROR(metadata_->PlaceAll());
  // One after the other: each that is stored need not be sent again, should the run die here.
  for (PackWriter* const packs : {data_.get(), metadata_.get()}) {
    while (packs->WaitForOne()) FENCHI_RETURN_IF_ERROR(Drain(kAll));
  }
  const Status data = data_->Wait();
  const Status metadata = metadata_->Wait();
  FENCHI_RETURN_IF_ERROR(Drain(kAll));
  FENCHI_RETURN_IF_ERROR(index_.Commit());  // also what was remembered of files since
  FENCHI_RETURN_IF_ERROR(data);
  return metadata;
}

void BackupRun::Abandon() {
  pipeline_.reset();
  (void)data_->Wait();
  (void)metadata_->Wait();
  (void)Drain(kAll);  // a cache that cannot be written costs an upload, no more
}

std::vector<ProviderTime> BackupRun::uploads() const {
  std::vector<ProviderTime> out;
  for (const Seat& seat : session_.access.seats.all()) {
    const auto found = uploads_.find(seat.number);
    ProviderTime one = found == uploads_.end() ? ProviderTime{} : found->second;
    one.provider = seat.name;
    out.push_back(std::move(one));
  }
  return out;
}

std::uint64_t BackupRun::resumed() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(used_, [&](const PackId& pack) {
    return usable_.contains(pack) && !sealed_.contains(pack);
  }));
}

PackMap BackupRun::AddedInUse() const {
  PackMap out = added_;
  for (const auto& [id, entry] : usable_) {
    if (used_.contains(id) && !committed_.contains(id)) out.emplace(id, entry);
  }
  return out;
}

PackMap BackupRun::ReusedInUse() const {
  PackMap out;
  for (const auto& [id, entry] : usable_) {
    if (used_.contains(id) && committed_.contains(id)) out.emplace(id, entry);
  }
  return out;
}

}  // namespace fenchi
