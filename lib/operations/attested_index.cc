#include "operations/attested_index.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/index.h"
#include "repository/names_at.h"
#include "repository/pack_reader.h"

namespace fenchi {
namespace {

class Import {
 public:
  Import(Session& session, const WriteKeys& domain, const History::Attested& attested,
         ChunkIndex& index)
      : access_(session.access),
        domain_(domain),
        attested_(attested),
        index_(index),
        packs_(session.access, session.access.seats) {}

  Status Run();

 private:
  Result<format::Index> Fetch(const format::ObjectRef& object) const;
  // False where some of it cannot be taken over now.
  Result<bool> Take(const format::Index& part);
  Result<bool> KnowPack(const PackId& pack);

  const Access& access_;
  const WriteKeys& domain_;
  const History::Attested& attested_;
  ChunkIndex& index_;
  PackReader packs_;
  PackMap known_;  // in the index
};

Result<format::Index> Import::Fetch(const format::ObjectRef& object) const {
  const NameAt name = IndexNameAt(access_, object.hash);
  FENCHI_ASSIGN_OR_RETURN(
      const ObjectAt found,
      access_.seats.GetAny(
          name, object.size,
          [&](ByteView bytes) {
            return Sha256(bytes) == object.hash ? Status::Ok() : Damaged("not the one in the log");
          },
          object.hash.bytes[0] % access_.seats.size()));
  return format::OpenIndex(access_.vault, domain_.index_key.view(), domain_.id, found.bytes);
}

// Its header says by which ids its chunks are called, and that it is of this domain.
Result<bool> Import::KnowPack(const PackId& pack) {
  if (known_.contains(pack)) return true;
  const auto entry = attested_.packs.find(pack);
  if (entry == attested_.packs.end()) return false;
  const Result<format::ShardHeader> header = packs_.ReadAgreedHeader(pack);
  if (!header.ok() || header->domain != domain_.id) return false;
  FENCHI_RETURN_IF_ERROR(index_.AddAttestedPack(domain_.id, entry->second, header->id_scope));
  known_.emplace(pack, entry->second);
  return true;
}

Result<bool> Import::Take(const format::Index& part) {
  bool all = true;
  for (const format::Reference& reference : part.references) {
    FENCHI_ASSIGN_OR_RETURN(const auto there, index_.FindChunk(domain_.id, reference.chunk));
    if (there) continue;
    bool known = true;
    for (const format::Piece& piece : reference.pieces) {
      FENCHI_ASSIGN_OR_RETURN(const bool knows, KnowPack(piece.pack));
      known = known && knows;
    }
    all = all && known;
    if (known) FENCHI_RETURN_IF_ERROR(index_.AddChunk(domain_.id, reference));
  }
  return all;
}

Status Import::Run() {
  FENCHI_ASSIGN_OR_RETURN(known_, index_.Packs(domain_.id));
  for (const format::ObjectRef& object : attested_.indexes) {
    FENCHI_ASSIGN_OR_RETURN(const bool done, index_.HasImported(object.hash));
    if (done) continue;
    const Result<format::Index> part = Fetch(object);
    if (!part.ok()) continue;
    FENCHI_ASSIGN_OR_RETURN(const bool whole, Take(*part));
    if (whole) FENCHI_RETURN_IF_ERROR(index_.SetImported(object.hash));
    FENCHI_RETURN_IF_ERROR(index_.Commit());
  }
  return Status::Ok();
}

}  // namespace

Status ImportAttested(Session& session, const WriteKeys& domain, const History::Attested& attested,
                      ChunkIndex& index) {
  return Import(session, domain, attested, index).Run();
}

}  // namespace fenchi
