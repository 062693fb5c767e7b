// One slot of a vault against the factors that were brought: what it lacks, and the keys it gives.
//
// A node may give several keys: shares that fit together twice, or several passphrases. Which one
// is right, the box above it tells. One thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/access.h"
#include "format/derive.h"
#include "repository/slot_keys.h"

namespace fenchi {

// What the slot's access expression says, if its nodes are just that.
std::optional<format::AccessTerm> TermOf(const format::Slot& slot);

// A key that a node may yield, and what is wrong with shares if it is the right one.
struct CandidateKey {
  SecretBytes key;
  std::vector<ShareFault> faults;
};
using CandidateKeys = std::vector<CandidateKey>;

class SlotEvaluation {
 public:
  // All must outlive it.
  SlotEvaluation(const format::SlotTable& table, const format::Slot& slot,
                 const SlotFactors& factors);

  // What is missing to evaluate the slot, for people; empty: nothing. Cheap: stretches no
  // passphrase.
  const std::string& lack() const { return lack_; }
  // Whether nothing in the slot is of a kind that this version does not know.
  bool known() const { return known_; }
  // The child keys that the root node may have. Only where nothing lacks.
  Result<CandidateKeys> Keys() { return KeysOf(slot_.node, {}); }
  const format::SlotIdentity& identity() const { return identity_; }

 private:
  // `term`: what the access expression says of the node; null where its shape is another.
  std::string LackOf(const format::SlotNode& node, const format::AccessTerm* term);
  std::string LackOfAll(const format::SlotNode& node, const format::AccessTerm* term);
  std::string LackOfAny(const format::SlotNode& node, const format::AccessTerm* term);
  std::string LackOfShares(const format::SlotNode& node, const format::AccessTerm* term);
  const KeyPair* RecipientOf(const format::SlotNode& node) const;
  bool HasTokenOf(const format::SlotNode& node) const;
  Result<CandidateKeys> KeysOf(const format::SlotNode& node, const Bytes& path);
  Result<CandidateKeys> PassphraseKeys(const format::SlotNode& node) const;
  Result<CandidateKeys> RecipientKeys(const format::SlotNode& node, const Bytes& path) const;
  Result<CandidateKeys> TokenKeys(const format::SlotNode& node, const Bytes& path) const;
  Result<CandidateKeys> AndKeys(const format::SlotNode& node, const Bytes& path);
  Result<CandidateKeys> OrKeys(const format::SlotNode& node, const Bytes& path);

  const format::Slot& slot_;
  const SlotFactors& factors_;
  format::SlotIdentity identity_;
  bool known_ = true;
  std::map<const format::SlotNode*, CandidateKeys> shared_;  // keys that shares gave
  std::map<const format::SlotNode*, bool> lacks_;
  std::string lack_;
};

}  // namespace fenchi
