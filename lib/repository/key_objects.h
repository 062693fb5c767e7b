// What a policy version names by hash: slots, keyring and leaves, made in memory before anything is
// written. FORMAT.md sections 5.3 to 5.5.
//
//   FENCHI_ASSIGN_OR_RETURN(KeyObjects made,
//                           MakeKeyObjects(plan, terms, keyring, policy, dealer, random));
#pragma once

#include <vector>

#include "fenchi/custody.h"
#include "format/keyring.h"
#include "format/policy.h"
#include "repository/slot_making.h"

namespace fenchi {

struct KeyObjects {
  SecretBytes root;  // of the epoch
  Bytes slots;       // objects
  Bytes keyring;
  std::vector<Bytes> leaves;  // of the active providers, in the order of the policy
  std::vector<CustodianShare> shares;
  std::vector<format::CustodianDetails> custodians;
};

// All of `policy`'s epoch, with a new root and a new leaf secret. In `policy`, providers, epoch and
// the versions of slots, keyring and leaf are set; their hashes are set here.
// `terms`: of CheckCustodyPlan. Errors: kFull for Argon2id's memory; as the encoders.
Result<KeyObjects> MakeKeyObjects(const CustodyPlan& plan,
                                  const std::vector<format::AccessTerm>& terms,
                                  const format::Keyring& keyring, format::Policy& policy,
                                  const SigningKey* dealer, Random& random);

// Gives the shares to the plan's `deliver`, then wipes them. Nothing happens where there are none.
Status DeliverShares(const CustodyPlan& plan, std::vector<CustodianShare>& shares);

}  // namespace fenchi
