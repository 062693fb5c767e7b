// What read hosts attested, taken over into this host's index, so that a backup dedups against it.
//
// Packs of other writers count only once a read host has opened them and said so (ATTEST): its
// index objects name chunks by the read hosts' ids. FORMAT.md sections 8, 9.2 and 10.
#pragma once

#include "operations/session.h"
#include "repository/chunk_index.h"
#include "repository/run_keys.h"

namespace fenchi {

// Takes over what is new. What cannot be read is left for the next time: it costs an upload.
// `domain`: of a host that may read. Errors: of the index only.
Status ImportAttested(Session& session, const WriteKeys& domain, const History::Attested& attested,
                      ChunkIndex& index);

}  // namespace fenchi
