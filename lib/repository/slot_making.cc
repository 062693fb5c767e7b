#include "repository/slot_making.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "base/display.h"
#include "base/error.h"
#include "crypto/key_exchange.h"
#include "crypto/p256.h"
#include "fenchi/password.h"
#include "format/cbor.h"
#include "format/derive.h"

namespace fenchi {
namespace {

using format::AccessTerm;
using format::NodeKind;
using format::SlotNode;

constexpr std::size_t kKeySize = 32;

Argon2Cost CostOf(const PassphraseCost& cost) {
  return {cost.passes, std::uint64_t{cost.memory_kib} * 1024, 1};
}

// ---- Checking a plan ----

std::string Quoted(std::string_view name) { return "'" + EscapeForDisplay(name) + "'"; }

Status CheckShares(const CustodyPlan& plan, const AccessTerm& term, int needed) {
  if (term.name == format::kProvidersGroup) {
    if (term.threshold == needed) return Status::Ok();
    return InvalidArgument("'{} of providers': the vault needs {} shards, so it must be {}",
                           term.threshold, needed, needed);
  }
  const auto group = plan.custodians.find(term.name);
  if (group == plan.custodians.end()) {
    return InvalidArgument("the plan does not say who the custodians of {} are", Quoted(term.name));
  }
  const int count = static_cast<int>(group->second.size());
  if (count > format::kCustodiansMax || term.threshold > count) {
    return InvalidArgument("'{}': the group has {} custodians, it takes {} to {}",
                           format::AccessText(term), count, term.threshold, format::kCustodiansMax);
  }
  for (const Custodian& one : group->second) {
    if (!format::IsUtf8(one.holder) || !format::IsUtf8(one.deputy)) {
      return InvalidArgument("a custodian of {} has a name that is not UTF-8", Quoted(term.name));
    }
  }
  if (!plan.deliver) return InvalidArgument("the plan does not say where key shares are to go");
  return Status::Ok();
}

Status CheckName(const CustodyPlan& plan, const AccessTerm& term) {
  const auto passphrase = plan.passphrases.find(term.name);
  const auto recipient = plan.recipients.find(term.name);
  const bool is_passphrase = passphrase != plan.passphrases.end();
  const bool is_recipient = recipient != plan.recipients.end();
  if (is_passphrase == is_recipient) {
    return InvalidArgument("{} is {}", Quoted(term.name),
                           is_passphrase ? "both a passphrase and a recipient in the plan"
                                         : "neither a passphrase nor a recipient of the plan")
        .WithHint("a group of custodians is written 'N of GROUP'");
  }
  if (is_passphrase && passphrase->second.empty()) {
    return InvalidArgument("the passphrase is empty");
  }
  const auto* const token = is_recipient ? std::get_if<TokenKey>(&recipient->second) : nullptr;
  if (token != nullptr) FENCHI_RETURN_IF_ERROR(CheckP256Key(*token).At(Quoted(term.name)));
  return Status::Ok();
}

Status CheckTerm(const CustodyPlan& plan, const AccessTerm& term, int needed) {
  switch (term.kind) {
    case AccessTerm::Kind::kName:
      return CheckName(plan, term);
    case AccessTerm::Kind::kShares:
      return CheckShares(plan, term, needed);
    default:
      break;
  }
  for (const AccessTerm& child : term.children) {
    FENCHI_RETURN_IF_ERROR(CheckTerm(plan, child, needed));
  }
  return Status::Ok();
}

void CollectNames(const AccessTerm& term, std::set<std::string>& out) {
  if (!term.name.empty()) out.insert(term.name);
  for (const AccessTerm& child : term.children) CollectNames(child, out);
}

template <typename Map>
Status CheckUsed(const Map& given, const std::set<std::string>& used) {
  for (const auto& [name, what] : given) {
    if (used.contains(name)) continue;
    return InvalidArgument("the plan defines {}, which its expression does not name", Quoted(name));
  }
  return Status::Ok();
}

// ---- Making ----

class Dealer : public ShareSigner {
 public:
  explicit Dealer(const SigningKey& key) : key_(key) {}
  std::array<std::uint8_t, 32> PublicKey() const override { return key_.public_key().bytes; }
  Result<std::array<std::uint8_t, 64>> Sign(ByteView message) const override {
    return key_.Sign(message).bytes;
  }

 private:
  const SigningKey& key_;
};

class SlotMaker {
 public:
  SlotMaker(const SlotPlace& place, const CustodyPlan& plan, const SigningKey& dealer,
            Random& random, MadeSlots& out)
      : place_(place), plan_(plan), dealer_(dealer), random_(random), out_(out) {}

  Status Make(const AccessTerm& term);

 private:
  // Fills `node` and gives its child key.
  Result<SecretBytes> MakeNode(const AccessTerm& term, const Bytes& path, SlotNode& node);
  Result<SecretBytes> MakePassphrase(const SecretBytes& passphrase, SlotNode& node);
  Result<SecretBytes> MakeRecipient(const RecipientPublicKey& key, const Bytes& path,
                                    SlotNode& node);
  Result<SecretBytes> MakeCustodians(const AccessTerm& term, const Bytes& path, SlotNode& node);
  Result<SecretBytes> MakeProviderHeld(const Bytes& path, SlotNode& node);
  Result<SecretBytes> MakeJoined(const AccessTerm& term, const Bytes& path, SlotNode& node);
  SealContext ChildKeyBox(ByteView context) const {
    return {place_.suite, format::kSealChildKey, place_.vault, context};
  }

  const SlotPlace& place_;
  const CustodyPlan& plan_;
  Dealer dealer_;
  Random& random_;
  MadeSlots& out_;
  format::Slot slot_;
  format::SlotIdentity identity_;
};

Status SlotMaker::Make(const AccessTerm& term) {
  slot_ = {};
  random_.Fill(slot_.id.mutable_view());
  slot_.access = format::AccessText(term);
  identity_ = {place_.vault, place_.epoch, slot_.id, slot_.access};
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes child, MakeNode(term, {}, slot_.node));
  const SecretBytes key = format::SlotKey(child.view(), place_.leaf_secret, identity_);
  const Bytes context = format::SlotContext(place_.epoch, slot_.id);
  FENCHI_ASSIGN_OR_RETURN(slot_.root_box,
                          Seal({place_.suite, SealType::kSlot, place_.vault, context}, key.view(),
                               place_.root, random_));
  out_.slots.push_back(std::move(slot_));
  return Status::Ok();
}

Result<SecretBytes> SlotMaker::MakeNode(const AccessTerm& term, const Bytes& path, SlotNode& node) {
  switch (term.kind) {
    case AccessTerm::Kind::kName: {
      const auto passphrase = plan_.passphrases.find(term.name);
      if (passphrase != plan_.passphrases.end()) return MakePassphrase(passphrase->second, node);
      return MakeRecipient(plan_.recipients.at(term.name), path, node);
    }
    case AccessTerm::Kind::kShares:
      if (term.name == format::kProvidersGroup) return MakeProviderHeld(path, node);
      return MakeCustodians(term, path, node);
    default:
      return MakeJoined(term, path, node);
  }
}

Result<SecretBytes> SlotMaker::MakePassphrase(const SecretBytes& passphrase, SlotNode& node) {
  node.kind = NodeKind::kPassphrase;
  random_.Fill(node.salt.mutable_view());
  node.cost = CostOf(plan_.passphrase_cost);
  return StretchPassword(passphrase.view(), node.salt.view(), node.cost);
}

Result<SecretBytes> SlotMaker::MakeRecipient(const RecipientPublicKey& key, const Bytes& path,
                                             SlotNode& node) {
  SecretBytes child = SecretBytes::Random(kKeySize, random_);
  const Bytes context = format::ChildKeyContext(slot_.id, path);
  const SealContext box = ChildKeyBox(context);
  if (const auto* const token = std::get_if<TokenKey>(&key)) {
    node.kind = NodeKind::kToken;
    node.token.bytes = *token;
    FENCHI_ASSIGN_OR_RETURN(node.sealed_key, SealToP256Key(box, *token, child.view(), random_));
  } else {
    node.kind = NodeKind::kRecipient;
    node.recipient.bytes = std::get<RecipientKey>(key);
    FENCHI_ASSIGN_OR_RETURN(node.sealed_key,
                            SealToPublicKey(box, node.recipient.view(), child.view(), random_));
  }
  return child;
}

Result<SecretBytes> SlotMaker::MakeCustodians(const AccessTerm& term, const Bytes& path,
                                              SlotNode& node) {
  const std::vector<Custodian>& group = plan_.custodians.at(term.name);
  node.kind = NodeKind::kCustodians;
  node.threshold = term.threshold;
  node.custodians = static_cast<int>(group.size());
  node.share_context = format::SlotShareContext(identity_, path);
  SecretBytes secret = SecretBytes::Random(kKeySize, random_);
  FENCHI_ASSIGN_OR_RETURN(
      const std::vector<KeyShare> shares,
      SplitKey(secret, {node.threshold, node.custodians}, node.share_context, random_, &dealer_));
  format::CustodianDetails listed{slot_.id, path, term.name, {}};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const int index = shares[i].index;
    listed.holders.push_back({index, group[i].holder, group[i].deputy});
    out_.shares.push_back({slot_.access, term.name, group[i], node.threshold, node.custodians,
                           index, place_.epoch, shares[i].Serialize()});
  }
  out_.custodians.push_back(std::move(listed));
  return secret;
}

Result<SecretBytes> SlotMaker::MakeProviderHeld(const Bytes& path, SlotNode& node) {
  node.kind = NodeKind::kProviderHeld;
  node.share_context = format::SlotShareContext(identity_, path);
  SecretBytes secret = SecretBytes::Random(kKeySize, random_);
  FENCHI_ASSIGN_OR_RETURN(
      out_.provider_held.emplace_back(),
      SplitKey(secret, {place_.needed, format::kSeatsMax}, node.share_context, random_));
  return secret;
}

Result<SecretBytes> SlotMaker::MakeJoined(const AccessTerm& term, const Bytes& path,
                                          SlotNode& node) {
  node.kind = term.kind == AccessTerm::Kind::kAnd ? NodeKind::kAnd : NodeKind::kOr;
  std::vector<SecretBytes> keys;
  std::vector<ByteView> views;
  for (std::size_t i = 0; i < term.children.size(); ++i) {
    Bytes below = path;
    below.push_back(static_cast<std::uint8_t>(i));
    FENCHI_ASSIGN_OR_RETURN(SecretBytes key,
                            MakeNode(term.children[i], below, node.children.emplace_back()));
    keys.push_back(std::move(key));
    views.push_back(keys.back().view());
  }
  if (node.kind == NodeKind::kAnd) return format::AndKey(views, identity_, path);
  SecretBytes common = SecretBytes::Random(kKeySize, random_);
  for (std::size_t i = 0; i < views.size(); ++i) {
    Bytes below = path;
    below.push_back(static_cast<std::uint8_t>(i));
    const Bytes context = format::ChildKeyContext(slot_.id, below);
    FENCHI_ASSIGN_OR_RETURN(node.wrapped_keys.emplace_back(),
                            Seal(ChildKeyBox(context), views[i], common.view(), random_));
  }
  return common;
}

}  // namespace

Result<std::vector<AccessTerm>> CheckCustodyPlan(const CustodyPlan& plan, int needed) {
  FENCHI_ASSIGN_OR_RETURN(std::vector<AccessTerm> terms, format::ParseAccess(plan.open));
  std::set<std::string> names;
  for (const AccessTerm& term : terms) {
    FENCHI_RETURN_IF_ERROR(CheckTerm(plan, term, needed));
    CollectNames(term, names);
  }
  FENCHI_RETURN_IF_ERROR(CheckUsed(plan.passphrases, names));
  FENCHI_RETURN_IF_ERROR(CheckUsed(plan.recipients, names));
  FENCHI_RETURN_IF_ERROR(CheckUsed(plan.custodians, names));
  if (!plan.passphrases.empty()) {
    FENCHI_RETURN_IF_ERROR(CheckArgon2Cost(CostOf(plan.passphrase_cost)));
  }
  return terms;
}

Result<MadeSlots> MakeSlots(const SlotPlace& place, const CustodyPlan& plan,
                            const std::vector<AccessTerm>& terms, Random& random) {
  MadeSlots out;
  std::optional<SigningKey> drawn;
  if (place.dealer == nullptr) drawn = SigningKey::Generate(random);
  SlotMaker maker(place, plan, drawn ? *drawn : *place.dealer, random, out);
  for (const AccessTerm& term : terms) FENCHI_RETURN_IF_ERROR(maker.Make(term));
  return out;
}

}  // namespace fenchi
