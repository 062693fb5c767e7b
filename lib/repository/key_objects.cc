#include "repository/key_objects.h"

#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/derive.h"
#include "format/leaf.h"

namespace fenchi {
namespace {

constexpr std::size_t kKeySize = 32;

Bytes Copied(const SecretBytes& secret) { return {secret.view().begin(), secret.view().end()}; }

// The leaf objects of all active providers, and their hashes in the policy.
Status MakeLeaves(const SecretBytes& secret, const MadeSlots& slots, format::Policy& policy,
                  Random& random, std::vector<Bytes>& objects) {
  FENCHI_ASSIGN_OR_RETURN(const std::vector<KeyShare> shares,
                          SplitKey(secret, {.threshold = policy.needed, .count = format::kSeatsMax},
                                   format::LeafShareContext(policy.vault, policy.epoch), random));
  policy.leaves.clear();
  for (const format::PolicyProvider& provider : policy.providers) {
    if (provider.state != format::ProviderState::kActive) continue;
    const auto seat = static_cast<std::size_t>(provider.seat);
    format::Leaf leaf{provider.id, Copied(shares[seat].Serialize()), {}};
    for (const std::vector<KeyShare>& of_node : slots.provider_held) {
      leaf.provider_held.push_back(Copied(of_node[seat].Serialize()));
    }
    FENCHI_ASSIGN_OR_RETURN(Bytes object, format::EncodeLeaf(leaf));
    policy.leaves.push_back({provider.seat, Sha256(object)});
    objects.push_back(std::move(object));
  }
  return Status::Ok();
}

}  // namespace

Result<KeyObjects> MakeKeyObjects(const CustodyPlan& plan,
                                  const std::vector<format::AccessTerm>& terms,
                                  const format::Keyring& keyring, format::Policy& policy,
                                  const SigningKey* dealer, Random& random) {
  KeyObjects out;
  out.root = SecretBytes::Random(kKeySize, random);
  const SecretBytes leaf_secret = SecretBytes::Random(kKeySize, random);
  const SlotPlace place{policy.suite,       policy.vault,    policy.epoch, policy.needed,
                        leaf_secret.view(), out.root.view(), dealer};
  FENCHI_ASSIGN_OR_RETURN(MadeSlots made, MakeSlots(place, plan, terms, random));
  FENCHI_RETURN_IF_ERROR(MakeLeaves(leaf_secret, made, policy, random, out.leaves));
  FENCHI_ASSIGN_OR_RETURN(out.slots,
                          format::EncodeSlots({policy.vault, policy.epoch, std::move(made.slots)}));
  policy.slots.hash = Sha256(out.slots);
  FENCHI_ASSIGN_OR_RETURN(out.keyring, format::SealKeyring(policy.suite, policy.vault,
                                                           out.root.view(), keyring, random));
  policy.keyring.hash = Sha256(out.keyring);
  out.shares = std::move(made.shares);
  out.custodians = std::move(made.custodians);
  return out;
}

Status DeliverShares(const CustodyPlan& plan, std::vector<CustodianShare>& shares) {
  if (shares.empty()) return Status::Ok();
  const Status delivered = plan.deliver(shares);
  shares.clear();
  if (delivered.ok()) return delivered;
  return delivered.At("the key shares were not handed out");
}

}  // namespace fenchi
