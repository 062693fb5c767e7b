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
  std::vector<Reference> references;  // ascending by chunk id, distinct
  friend bool operator==(const Index&, const Index&) = default;
};

// At most this many bytes of an encoded index are due to a reference, and to each pack that its
// references name.
std::size_t IndexedSizeMax(const Reference& reference);
inline constexpr std::size_t kIndexedPackSizeMax = 52;

// Errors: kInvalidArgument, also for a pack that two references say is of two runs.
Result<Bytes> EncodeIndex(const Index& index);
// Also form 1 of the object, as it was written before.
Result<Index> DecodeIndex(ByteView bytes);

// Box of type 4, padded, at most 1 MiB: the caller cuts longer ones into several.
Result<Bytes> SealIndex(Suite suite, const VaultId& vault, ByteView index_key,
                        const DomainId& domain, const Index& index, Random& random);
Result<Index> OpenIndex(const VaultId& vault, ByteView index_key, const DomainId& domain,
                        ByteView object);

}  // namespace fenchi::format
