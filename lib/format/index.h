// Index objects, FORMAT.md section 10: where the chunks of one run lie. Advisory.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes object, SealIndex(suite, vault, index_key, domain, index,
//   random));
#pragma once

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

Result<Bytes> EncodeIndex(const Index& index);
Result<Index> DecodeIndex(ByteView bytes);

// Box of type 4, padded, at most 1 MiB: the caller cuts longer ones into several.
Result<Bytes> SealIndex(Suite suite, const VaultId& vault, ByteView index_key,
                        const DomainId& domain, const Index& index, Random& random);
Result<Index> OpenIndex(const VaultId& vault, ByteView index_key, const DomainId& domain,
                        ByteView object);

}  // namespace fenchi::format
