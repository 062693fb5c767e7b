#include "operations/index_objects.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fenchi/hash.h"
#include "repository/names_at.h"

namespace fenchi {
namespace {

// Just below a size to which objects are padded: the box takes the rest.
constexpr std::size_t kObjectBytesMax = (std::size_t{128} << 10) - 256;

}  // namespace

Status IndexObjects::Add(std::vector<format::Reference> references) {
  // As they lie: an object says then how long chunks are, and not where each begins.
  std::ranges::sort(references, {}, [](const format::Reference& r) {
    return std::pair(r.pieces[0].pack, r.pieces[0].offset);
  });
  for (const format::Reference& reference : references) {
    FENCHI_RETURN_IF_ERROR(AddOne(reference));
  }
  return Status::Ok();
}

Status IndexObjects::AddOne(const format::Reference& reference) {
  const format::Piece& first = reference.pieces[0];
  std::set<PackId> packs;  // that are new to the open object
  for (const format::Piece& piece : reference.pieces) {
    if (!open_packs_.contains(piece.pack)) packs.insert(piece.pack);
  }
  const std::uint64_t end = packs.contains(first.pack) ? 0 : open_packs_[first.pack];
  const std::size_t size =
      format::IndexedSizeMax(reference, end) + packs.size() * format::kIndexedPackSizeMax;
  if (!open_.empty() && open_bytes_ + size > kObjectBytesMax) {
    FENCHI_RETURN_IF_ERROR(Store());
    return AddOne(reference);
  }
  open_.push_back(reference);
  open_bytes_ += size;
  for (const PackId& pack : packs) open_packs_.emplace(pack, 0);
  if (reference.pieces.size() == 1) {
    open_packs_[first.pack] = std::max(end, first.offset + first.size);
  }
  return Status::Ok();
}

Result<std::vector<format::DomainObjectRef>> IndexObjects::Finish() {
  if (!open_.empty()) FENCHI_RETURN_IF_ERROR(Store());
  return std::move(stored_);
}

Status IndexObjects::Store() {
  const Access& access = session_.access;
  format::Index part;
  part.run = run_;
  part.references = std::exchange(open_, {});
  open_bytes_ = 0;
  open_packs_.clear();
  std::ranges::sort(part.references, {}, [](const format::Reference& r) { return r.chunk; });
  FENCHI_ASSIGN_OR_RETURN(
      const Bytes object,
      format::SealIndex(access.suite(), access.vault, index_key_, domain_, part, session_.random));
  const Hash256 hash = Sha256(object);
  const PutOutcome outcome = access.seats.PutAtAll(IndexNameAt(access, hash), object);
  const int quorum = access.policy.quorums.write_quorum;
  if (static_cast<int>(outcome.stored.size()) < quorum) {
    return QuorumFailure(access.seats, outcome, quorum, "an index object");
  }
  stored_.push_back({domain_, {hash, object.size()}});
  return Status::Ok();
}

}  // namespace fenchi
