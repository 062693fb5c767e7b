// The attest verb: opens what other writers stored, compares every chunk with its id, and says so.
//
// 1. Which packs of other writers are live and nobody attested.
// 2. Their trailers say which chunks lie where; a chunk may be cut over several packs of one run.
// 3. Each chunk is read whole and compared; a pack that holds a wrong one is refused.
// 4. Index objects under the read hosts' ids, then the ATTEST that names packs and objects.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "format/derive.h"
#include "operations/commit.h"
#include "operations/index_objects.h"
#include "operations/operations.h"
#include "repository/chunk_reader.h"
#include "repository/pack_reader.h"

namespace fenchi {
namespace {

// A chunk as trailers tell it; pieces by their place in the stored form.
struct FoundChunk {
  std::uint64_t plain_size = 0;
  std::uint64_t stored_size = 0;
  std::map<std::uint64_t, format::Piece> pieces;

  bool whole() const {
    std::uint64_t at = 0;
    for (const auto& [first, piece] : pieces) {
      if (first != at) return false;
      at += piece.size;
    }
    return at == stored_size && pieces.size() <= format::kPiecesMax;
  }
};
using RunChunks = std::map<ChunkId, FoundChunk>;

// What is to be attested in one key domain.
struct DomainWork {
  PackMap packs;
  std::map<RunId, RunChunks> runs;
  std::map<RunId, std::map<ChunkId, format::Reference>> references;  // by the read hosts' ids
};

bool Stops(const Status& status) {
  return status.code() == StatusCode::kTooFewProviders || status.code() == StatusCode::kCancelled;
}

class Attest {
 public:
  Attest(Session& session, const AttestOptions& options, AttestReport& report)
      : session_(session),
        access_(session.access),
        report_(report),
        meter_(options.observer, "attest"),
        packs_(session.access, session.access.seats) {
    packs_.set_whole_packs(true);
  }

  Status Run(const History& history, WriterState& writer);

 private:
  Result<PackMap> Candidates(const History& history, const WriterId& self);
  Status Survey(const format::PackListEntry& entry, const WriterId& self);
  Status CheckDomain(const format::DomainKeys& domain, DomainWork& work);
  Status CheckRun(ChunkReader& chunks, KeyedHash& hash, const RunId& run, DomainWork& work);
  void Refuse(const PackId& pack, DomainWork& work, const Status& why);
  Result<std::vector<format::DomainObjectRef>> StoreIndexes(const format::DomainKeys& domain,
                                                            const DomainWork& work);
  Status Say(const format::DomainKeys& domain, const DomainWork& work, WriterState& writer);

  Session& session_;
  const Access& access_;
  AttestReport& report_;
  ProgressMeter meter_;
  PackReader packs_;
  std::map<DomainId, DomainWork> work_;
  std::set<PackId> refused_;
};

void Attest::Refuse(const PackId& pack, DomainWork& work, const Status& why) {
  work.packs.erase(pack);
  if (!refused_.insert(pack).second) return;
  report_.refused.push_back(fmt::format("pack {}: {}", ToHex(pack.view().first(8)), why.message()));
}

Result<PackMap> Attest::Candidates(const History& history, const WriterId& self) {
  PackMap out;
  std::set<DomainId> domains;
  for (const StoredSnapshot& snapshot : history.snapshots()) {
    if (snapshot.commit->record.writer == self) continue;
    if (access_.FindDomain(snapshot.object.domain) == nullptr) continue;
    domains.insert(snapshot.object.domain);
    Result<PackMap> packs = history.PacksOf(*snapshot.commit);
    if (Stops(packs.status())) return packs.status();
    if (packs.ok()) out.merge(*packs);  // a list that is lost is verify's to tell
  }
  FENCHI_ASSIGN_OR_RETURN(const std::set<PackId> buried, history.Tombstoned());
  for (const PackId& pack : buried) out.erase(pack);
  for (const DomainId& domain : domains) {
    FENCHI_ASSIGN_OR_RETURN(const History::Attested attested, history.AttestedIn(domain));
    for (const auto& [pack, entry] : attested.packs) report_.attested += out.erase(pack);
  }
  return out;
}

// Where the chunks of one pack lie.
Status Attest::Survey(const format::PackListEntry& entry, const WriterId& self) {
  const Result<format::ShardHeader> header = packs_.ReadAgreedHeader(entry.pack);
  if (Stops(header.status())) return header.status();
  DomainWork nowhere;
  if (!header.ok()) return Refuse(entry.pack, nowhere, header.status()), Status::Ok();
  const bool mine = header->writer == self || access_.FindDomain(header->domain) == nullptr;
  if (mine) return Status::Ok();
  DomainWork& work = work_[header->domain];
  const Result<format::Trailer> trailer = packs_.ReadTrailer(entry.pack);
  if (Stops(trailer.status())) return trailer.status();
  if (!trailer.ok()) return Refuse(entry.pack, work, trailer.status()), Status::Ok();
  work.packs.emplace(entry.pack, entry);
  for (const format::TrailerItem& item : trailer->items) {
    FoundChunk& chunk = work.runs[header->run][item.chunk];
    chunk.plain_size = item.plain_size;
    chunk.stored_size = item.stored_size;
    chunk.pieces[item.first] = {entry.pack, item.offset, item.size};
  }
  return Status::Ok();
}

Status Attest::CheckRun(ChunkReader& chunks, KeyedHash& hash, const RunId& run, DomainWork& work) {
  // By place, so that each pack is opened once.
  std::vector<std::pair<const ChunkId*, const FoundChunk*>> order;
  for (const auto& [id, chunk] : work.runs[run]) {
    if (chunk.whole()) order.emplace_back(&id, &chunk);  // else a part is in a pack that is gone
  }
  std::ranges::sort(order, {}, [](const auto& one) {
    const format::Piece& piece = one.second->pieces.begin()->second;
    return std::pair(piece.pack, piece.offset);
  });
  for (const auto& [id, chunk] : order) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    format::Reference reference{*id, run, chunk->plain_size, {}};
    for (const auto& [first, piece] : chunk->pieces) reference.pieces.push_back(piece);
    const Result<Bytes> plain = chunks.Read(reference);
    if (Stops(plain.status())) return plain.status();
    if (!plain.ok()) {
      for (const format::Piece& piece : reference.pieces) Refuse(piece.pack, work, plain.status());
      continue;
    }
    ++report_.chunks;
    reference.chunk.bytes = hash(*plain).bytes;
    work.references[run].emplace(reference.chunk, reference);
    meter_.now().bytes_done = packs_.statistics().bytes_fetched;
    meter_.Tick();
  }
  return Status::Ok();
}

Status Attest::CheckDomain(const format::DomainKeys& domain, DomainWork& work) {
  ChunkReader chunks(access_, domain, packs_);
  const SecretBytes key = format::IdKey(domain.id_root.view(), access_.vault, domain.id, {});
  FENCHI_ASSIGN_OR_RETURN(KeyedHash hash, KeyedHash::Create(key.view()));
  for (const auto& [run, found] : work.runs) {
    FENCHI_RETURN_IF_ERROR(CheckRun(chunks, hash, run, work));
  }
  // What lies in a pack that was refused is not to be relied upon.
  for (auto& [run, references] : work.references) {
    std::erase_if(references, [&](const auto& one) {
      return std::ranges::any_of(one.second.pieces, [&](const format::Piece& piece) {
        return !work.packs.contains(piece.pack);
      });
    });
  }
  return Status::Ok();
}

Result<std::vector<format::DomainObjectRef>> Attest::StoreIndexes(const format::DomainKeys& domain,
                                                                  const DomainWork& work) {
  std::vector<format::DomainObjectRef> out;
  const SecretBytes key = format::IndexKey(domain.index_root.view(), access_.vault, domain.id, {});
  for (const auto& [run, references] : work.references) {
    IndexObjects objects(session_, domain.id, key.view(), run);
    std::vector<format::Reference> found;
    for (const auto& [id, reference] : references) found.push_back(reference);
    FENCHI_RETURN_IF_ERROR(objects.Add(std::move(found)));
    FENCHI_ASSIGN_OR_RETURN(const auto stored, objects.Finish());
    out.insert(out.end(), stored.begin(), stored.end());
  }
  return out;
}

Status Attest::Say(const format::DomainKeys& domain, const DomainWork& work, WriterState& writer) {
  if (work.packs.empty()) return Status::Ok();
  format::AttestBody body;
  body.domain = domain.id;
  FENCHI_ASSIGN_OR_RETURN(body.indexes, StoreIndexes(domain, work));
  FENCHI_ASSIGN_OR_RETURN(body.packs, StorePackList(session_, work.packs));
  FENCHI_RETURN_IF_ERROR(
      session_.log.Append(writer, std::move(body), session_.clock, session_.random).status());
  report_.packs += work.packs.size();
  return Status::Ok();
}

Status Attest::Run(const History& history, WriterState& writer) {
  FENCHI_ASSIGN_OR_RETURN(const PackMap candidates, Candidates(history, writer.id()));
  meter_.now().items_total = candidates.size();
  for (const auto& [pack, entry] : candidates) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    FENCHI_RETURN_IF_ERROR(Survey(entry, writer.id()));
    ++meter_.now().items_done;
    meter_.Tick();
  }
  for (auto& [id, work] : work_) {
    const format::DomainKeys& domain = *access_.FindDomain(id);
    FENCHI_RETURN_IF_ERROR(CheckDomain(domain, work));
    FENCHI_RETURN_IF_ERROR(Say(domain, work, writer));
  }
  report_.bytes_read = packs_.statistics().bytes_fetched;
  meter_.Finish();
  return Status::Ok();
}

}  // namespace

Result<AttestReport> AttestPacks(Session& session, const AttestOptions& options) {
  const Stopwatch watch;
  AttestReport report;
  FENCHI_ASSIGN_OR_RETURN(WriterState writer, WriterState::Acquire(session.state_directory,
                                                                   session.access, session.random));
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  if (session.log.WentOnElsewhere(writer)) FENCHI_RETURN_IF_ERROR(writer.Renew(session.random));
  FENCHI_RETURN_IF_ERROR(EnsureWriter(session.access, writer, session.clock, session.random));
  FENCHI_RETURN_IF_ERROR(session.log.FinishPending(writer));
  FENCHI_ASSIGN_OR_RETURN(freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(const History history, session.ReadHistory());
  FENCHI_RETURN_IF_ERROR(Attest(session, options, report).Run(history, writer));
  report.seconds = watch.seconds();
  return report;
}

}  // namespace fenchi
