// The chain of signed policies, read from all places and judged.
//
// A version counts when enough admins of the version before signed it over the same vault id and it
// names the hash of that version. Admins that worked at the same time may have signed two different
// ones: the longest chain wins, then the one at more providers, then the lower hash, so that every
// reader of the same objects decides alike. FORMAT.md section 5.2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/genesis.h"
#include "format/policy.h"
#include "repository/local_state.h"
#include "repository/places.h"

namespace fenchi {

struct SignedVersion {
  format::Policy policy;
  Hash256 hash;  // of its payload
  Bytes object;
  int holders = 0;  // places that hold it
};

struct PolicyChain {
  std::vector<SignedVersion> versions;  // 1, 2, ...; empty: no place holds a valid version 1
  std::vector<std::string> warnings;    // planted and damaged policies, forks
};

// What a version must follow.
struct PolicyParent {
  VaultId vault;
  std::uint32_t version = 0;  // 0: the genesis
  Hash256 hash;               // the vault id for the genesis
  format::AdminSet admins;    // who may sign the next one
};
PolicyParent ParentOf(const format::Genesis& genesis, const VaultId& vault);
PolicyParent ParentOf(const format::Policy& policy, const Hash256& hash);

// The policy in `object`, if it counts as the version after `parent`. Errors: kDamaged,
// kUnsupported.
Result<SignedVersion> CheckPolicyObject(ByteView object, const PolicyParent& parent);

// Errors: kDamaged when `seen` (may be null) names a version that the places do not serve.
Result<PolicyChain> ReadPolicyChain(Places& places, const PolicyParent& genesis,
                                    const SeenState* seen);

}  // namespace fenchi
