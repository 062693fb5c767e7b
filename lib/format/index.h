// Index objects, FORMAT.md section 10: where the chunks of one run lie. Advisory.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes object, SealIndex(suite, vault, index_key, domain, index,
//   random));
#pragma once

#include <cstddef>
#include <vector>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "fenchi/status.h"
#include "format/tree.h"

namespace fenchi::format {

struct Index {
  RunId run;
  std::vector<Reference> references;  // at least one, ascending by chunk id, distinct
  friend bool operator==(const Index&, const Index&) = default;
};

// At most this many bytes of an encoded index are due to a reference (one with pieces, in any order
// of arrival), and to each pack that its references name. `end`: the greatest end of the chunks
// that came before and lie whole in the pack of its first piece, 0 for none. Least for what comes
// in the order in which it lies.
std::size_t IndexedSizeMax(const Reference& reference, std::uint64_t end);
inline constexpr std::size_t kIndexedPackSizeMax = 62;

// Errors: kInvalidArgument, also for a pack that two references say is of two runs, and for a chunk
// that lies over another.
Result<Bytes> EncodeIndex(const Index& index);
// Also forms 1 and 2 of the object, as they were written before.
Result<Index> DecodeIndex(ByteView bytes);

// Box of type 4, padded, at most 1 MiB: the caller cuts longer ones into several.
Result<Bytes> SealIndex(Suite suite, const VaultId& vault, ByteView index_key,
                        const DomainId& domain, const Index& index, Random& random);
Result<Index> OpenIndex(const VaultId& vault, ByteView index_key, const DomainId& domain,
                        ByteView object);

}  // namespace fenchi::format
