// The index objects of a run: where its new chunks lie, for whoever rebuilds a local index.
//
// References come in as their packs are stored and go out in objects of at most 2,500, sorted by
// chunk id within each, so that a run of any length keeps no more of them. FORMAT.md section 10.
#pragma once

#include <vector>

#include "format/index.h"
#include "format/record_body.h"
#include "operations/session.h"
#include "repository/run_keys.h"

namespace fenchi {

class IndexObjects {
 public:
  // All must outlive it.
  IndexObjects(Session& session, const format::DomainKeys& domain, const RunKeys& keys)
      : session_(session), domain_(domain), keys_(keys) {}

  // May store an object at >= W. Errors: kTooFewProviders, kFull.
  Status Add(const format::Reference& reference);
  // Stores the rest; all objects of the run, for its COMMIT.
  Result<std::vector<format::DomainObjectRef>> Finish();

 private:
  Status Store();

  Session& session_;
  const format::DomainKeys& domain_;
  const RunKeys& keys_;
  std::vector<format::Reference> open_;
  std::vector<format::DomainObjectRef> stored_;
};

}  // namespace fenchi
