// The index objects of a run: where its new chunks lie, for whoever rebuilds a local index.
//
// References come in as their packs are stored and go out in objects of at most 128 KiB, sorted by
// chunk id within each, so that a run of any length keeps no more of them. FORMAT.md section 10.
#pragma once

#include <set>
#include <vector>

#include "format/index.h"
#include "format/record_body.h"
#include "operations/session.h"

namespace fenchi {

class IndexObjects {
 public:
  // `session` and `index_key` must outlive it.
  IndexObjects(Session& session, const DomainId& domain, ByteView index_key, const RunId& run)
      : session_(session), domain_(domain), index_key_(index_key), run_(run) {}

  // May store an object at >= W. Errors: kTooFewProviders, kFull.
  Status Add(const format::Reference& reference);
  // Stores the rest; all objects of the run, for its COMMIT.
  Result<std::vector<format::DomainObjectRef>> Finish();

 private:
  Status Store();

  Session& session_;
  DomainId domain_;
  ByteView index_key_;
  RunId run_;
  std::vector<format::Reference> open_;
  std::size_t open_bytes_ = 0;  // at most, encoded
  std::set<PackId> open_packs_;
  std::vector<format::DomainObjectRef> stored_;
};

}  // namespace fenchi
