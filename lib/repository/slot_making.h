// Making slots from a custody plan: nodes, boxes and key shares, all in memory.
//
// Key shares leave through MadeSlots: custodians' to their holders, provider-held ones into the
// leaf objects. FORMAT.md sections 5.3, 5.4 and 12. Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(std::vector<format::AccessTerm> terms, CheckCustodyPlan(plan, k));
//   FENCHI_ASSIGN_OR_RETURN(MadeSlots made, MakeSlots(place, plan, terms, random));
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/signing.h"
#include "fenchi/aead.h"
#include "fenchi/custody.h"
#include "fenchi/key_sharing.h"
#include "fenchi/random.h"
#include "format/access.h"
#include "format/policy.h"
#include "format/slots.h"

namespace fenchi {

// Where the slots belong, and what they open.
struct SlotPlace {
  Suite suite = Suite::kAes256Gcm;
  VaultId vault;
  std::uint32_t epoch = 0;
  int needed = 0;  // k
  ByteView leaf_secret;
  ByteView root;                       // epoch root
  const SigningKey* dealer = nullptr;  // signs custodians' shares; null: a key drawn for this once
};

struct MadeSlots {
  std::vector<format::Slot> slots;                   // one for each alternative
  std::vector<CustodianShare> shares;                // by slot, then group, then index
  std::vector<format::CustodianDetails> custodians;  // the register of these
  // Of each provider-held node: the shares of seats 0, 1, ...
  std::vector<std::vector<KeyShare>> provider_held;
};

// The plan's expression, if each of its names stands for one thing that can be used.
// Errors: kInvalidArgument.
Result<std::vector<format::AccessTerm>> CheckCustodyPlan(const CustodyPlan& plan, int needed);

// `terms`: of CheckCustodyPlan. Errors: kFull for Argon2id's memory.
Result<MadeSlots> MakeSlots(const SlotPlace& place, const CustodyPlan& plan,
                            const std::vector<format::AccessTerm>& terms, Random& random);

}  // namespace fenchi
