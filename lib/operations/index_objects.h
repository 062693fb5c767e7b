// The index objects of a run: where its new chunks lie, for whoever rebuilds a local index.
//
// References come in as their packs are stored and go out in objects of at most 128 KiB, so that a
// run of any length keeps no more of them. FORMAT.md section 10.
#pragma once

#include <cstdint>
#include <map>
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

  // References with pieces whose packs are stored, in any order: shortest where those of a pack
  // come together. May store objects at >= W. Errors: kTooFewProviders, kFull.
  Status Add(std::vector<format::Reference> references);
  // Stores the rest; all objects of the run, for its COMMIT.
  Result<std::vector<format::DomainObjectRef>> Finish();

 private:
  Status AddOne(const format::Reference& reference);
  Status Store();

  Session& session_;
  DomainId domain_;
  ByteView index_key_;
  RunId run_;
  std::vector<format::Reference> open_;
  std::size_t open_bytes_ = 0;                  // at most, encoded
  std::map<PackId, std::uint64_t> open_packs_;  // where the last chunk that lies whole ends
  std::vector<format::DomainObjectRef> stored_;
};

}  // namespace fenchi
