#include "repository/slot_node.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "crypto/p256.h"
#include "fenchi/password.h"

namespace fenchi {
namespace {

using format::AccessTerm;
using format::NodeKind;
using format::SlotNode;

// Keys that an AND may have by choosing among its children's: more are refused, not tried.
constexpr std::size_t kCombinationsMax = 256;

Bytes ChildPath(const Bytes& path, std::size_t child) {
  Bytes out = path;
  out.push_back(static_cast<std::uint8_t>(child));
  return out;
}

// The box's own suite is used; the one given here is not looked at when opening.
SealContext ChildKeyBox(const format::SlotIdentity& slot, ByteView context) {
  return {Suite::kAes256Gcm, format::kSealChildKey, slot.vault, context};
}

// Whether the expression has the shape of the node, so that its names can be used.
bool SameShape(const SlotNode& node, const AccessTerm& term) {
  const bool is_and = node.kind == NodeKind::kAnd && term.kind == AccessTerm::Kind::kAnd;
  const bool is_or = node.kind == NodeKind::kOr && term.kind == AccessTerm::Kind::kOr;
  if (is_and || is_or) {
    return std::ranges::equal(node.children, term.children, SameShape);
  }
  switch (node.kind) {
    case NodeKind::kPassphrase:
    case NodeKind::kRecipient:
    case NodeKind::kToken:
      return term.kind == AccessTerm::Kind::kName;
    case NodeKind::kCustodians:
      return term.kind == AccessTerm::Kind::kShares && term.name != format::kProvidersGroup &&
             term.threshold == node.threshold;
    case NodeKind::kProviderHeld:
      return term.kind == AccessTerm::Kind::kShares && term.name == format::kProvidersGroup;
    case NodeKind::kUnknown:
      return term.children.empty();
    default:
      return false;
  }
}

const AccessTerm* ChildOf(const AccessTerm* term, std::size_t i) {
  return term == nullptr ? nullptr : &term->children[i];
}

std::string Quoted(std::string_view name) { return "'" + EscapeForDisplay(name) + "'"; }

std::string JoinedNames(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + Quoted(name);
  return out;
}

// Items that say they are of this node.
std::vector<NamedShare> ItemsOf(const SlotNode& node, const std::vector<NamedShare>& items) {
  std::vector<NamedShare> out;
  for (const NamedShare& item : items) {
    const Result<KeyShare> share = KeyShare::Parse(item.bytes);
    if (share.ok() && share->context == node.share_context) out.push_back(item);
  }
  return out;
}

// Every key that enough of the items fit together to.
std::vector<SecretBytes> AllKeys(const std::vector<NamedShare>& items) {
  std::vector<SecretBytes> keys;
  RecoverOptions options;
  options.accept = [&](ByteView key) {
    keys.push_back(SecretBytes::CopyOf(key));
    return false;
  };
  (void)RecoverKey(items, options);  // refuses them all: they were collected
  return keys;
}

// The most items that belong to one sharing of this threshold, one for each index.
std::vector<std::string> LargestSet(const SlotNode& node, const std::vector<NamedShare>& items) {
  std::map<std::pair<std::array<std::uint8_t, 64>, std::array<std::uint8_t, 32>>,
           std::map<int, std::string>>
      sets;
  for (const NamedShare& item : items) {
    const Result<KeyShare> share = KeyShare::Parse(item.bytes);
    if (!share.ok()) continue;
    const bool fits = node.kind == NodeKind::kProviderHeld || share->threshold == node.threshold;
    if (fits) sets[{share->ciphertext, share->check}].emplace(share->index, item.name);
  }
  std::vector<std::string> names;
  for (const auto& [set, by_index] : sets) {
    if (by_index.size() <= names.size()) continue;
    names.clear();
    for (const auto& [index, name] : by_index) names.push_back(name);
  }
  return names;
}

// What the token answers is judged by the box alone: kNotFound would say that there is no vault,
// and kWrongKey that somebody brought a wrong one.
Result<SecretBytes> AskToken(KeyToken& token, const SealContext& box, const SlotNode& node) {
  FENCHI_ASSIGN_OR_RETURN(const P256PublicKey ephemeral, EphemeralKeyOfBox(node.sealed_key));
  const Result<SecretBytes> agreed = token.Agree(ephemeral.bytes);
  if (!agreed.ok()) {
    const Status& said = agreed.status();
    if (said.code() != StatusCode::kNotFound) return said;
    return Status(StatusCode::kUnavailable, said.message(), said.hint());
  }
  Result<SecretBytes> key =
      OpenWithAgreedSecret(box, node.token.view(), agreed->view(), node.sealed_key);
  if (key.ok()) return key;
  return Damaged(
             "{} has the key of the slot, but its answer does not open what was sealed to it "
             "({})",
             EscapeForDisplay(token.name()), key.status().message())
      .WithHint("try the token with 'fenchi key token'; if it works, the slot was made wrongly");
}

}  // namespace

std::optional<AccessTerm> TermOf(const format::Slot& slot) {
  Result<std::vector<AccessTerm>> terms = format::ParseAccess(slot.access);
  if (!terms.ok() || terms->size() != 1 || !SameShape(slot.node, terms->front())) {
    return std::nullopt;
  }
  return std::move(terms->front());
}

SlotEvaluation::SlotEvaluation(const format::SlotTable& table, const format::Slot& slot,
                               const SlotFactors& factors)
    : slot_(slot), factors_(factors), identity_{table.vault, table.epoch, slot.id, slot.access} {
  const std::optional<AccessTerm> term = TermOf(slot);
  lack_ = LackOf(slot.node, term ? &*term : nullptr);
}

// ---- What is missing ----

std::string SlotEvaluation::LackOf(const SlotNode& node, const AccessTerm* term) {
  std::string lack;
  switch (node.kind) {
    case NodeKind::kPassphrase:
      if (!factors_.passphrases.empty()) break;
      lack = term == nullptr || term->name == "passphrase" ? "the passphrase"
                                                           : "the passphrase " + Quoted(term->name);
      break;
    case NodeKind::kRecipient:
      if (RecipientOf(node) != nullptr) break;
      lack =
          term == nullptr ? "a recipient's secret key" : "the secret key of " + Quoted(term->name);
      if (!factors_.recipients.empty()) lack += " (the key that was brought is another)";
      break;
    case NodeKind::kToken:
      if (HasTokenOf(node)) break;
      lack = term == nullptr ? "a token" : "the token of " + Quoted(term->name);
      if (!factors_.tokens.empty()) lack += " (the token that was brought holds another key)";
      break;
    case NodeKind::kCustodians:
    case NodeKind::kProviderHeld:
      lack = LackOfShares(node, term);
      break;
    case NodeKind::kAnd:
      lack = LackOfAll(node, term);
      break;
    case NodeKind::kOr:
      lack = LackOfAny(node, term);
      break;
    case NodeKind::kUnknown:
      known_ = false;
      lack = "a kind of factor that this version does not know";
      break;
  }
  lacks_[&node] = !lack.empty();
  return lack;
}

std::string SlotEvaluation::LackOfAll(const SlotNode& node, const AccessTerm* term) {
  std::string out;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const std::string lack = LackOf(node.children[i], ChildOf(term, i));
    if (!lack.empty()) out += (out.empty() ? "" : " and ") + lack;
  }
  return out;
}

std::string SlotEvaluation::LackOfAny(const SlotNode& node, const AccessTerm* term) {
  std::string out;
  bool any = false;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const std::string lack = LackOf(node.children[i], ChildOf(term, i));
    any = any || lack.empty();
    out += (out.empty() ? "either " : " or ") + lack;
  }
  return any ? "" : out;
}

std::string SlotEvaluation::LackOfShares(const SlotNode& node, const AccessTerm* term) {
  const bool held = node.kind == NodeKind::kProviderHeld;
  const std::vector<NamedShare> items =
      ItemsOf(node, held ? factors_.provider_held : factors_.shares);
  CandidateKeys& keys = shared_[&node];
  for (SecretBytes& key : AllKeys(items)) {
    RecoverOptions only;
    only.accept = [&](ByteView other) { return key.Equals(other); };
    Result<RecoveredKey> back = RecoverKey(items, only);
    if (!back.ok()) continue;
    // A sharing with another threshold is not the one that this node asks for.
    const auto used = std::ranges::find(items, back->used.front(), &NamedShare::name);
    const Result<KeyShare> one = KeyShare::Parse(used->bytes);
    if (!held && one.ok() && one->threshold != node.threshold) continue;
    keys.push_back({std::move(key), held ? std::vector<ShareFault>{} : std::move(back->faults)});
  }
  if (!keys.empty()) return "";
  const std::vector<std::string> have = LargestSet(node, items);
  if (held) {
    return fmt::format("the shares that lie at more providers (have {})",
                       have.empty() ? "none" : JoinedNames(have));
  }
  const std::string of = term == nullptr ? "" : " of " + EscapeForDisplay(term->name);
  const auto needed = static_cast<std::size_t>(node.threshold);
  if (have.size() >= needed) {
    return fmt::format("{} good key shares{}: of {} at least {} {} forged", needed, of,
                       JoinedNames(have), have.size() - needed + 1,
                       have.size() == needed ? "is" : "are");
  }
  return fmt::format("{} more of {} key shares{} (have {})", needed - have.size(), needed, of,
                     have.empty() ? "none" : "items " + JoinedNames(have));
}

const KeyPair* SlotEvaluation::RecipientOf(const SlotNode& node) const {
  for (const KeyPair* pair : factors_.recipients) {
    if (pair->public_key == node.recipient) return pair;
  }
  return nullptr;
}

bool SlotEvaluation::HasTokenOf(const SlotNode& node) const {
  return std::ranges::any_of(factors_.tokens, [&](const KeyToken* token) {
    return token->public_key() == node.token.bytes;
  });
}

// ---- Keys ----

Result<CandidateKeys> SlotEvaluation::KeysOf(const SlotNode& node, const Bytes& path) {
  switch (node.kind) {
    case NodeKind::kPassphrase:
      return PassphraseKeys(node);
    case NodeKind::kRecipient:
      return RecipientKeys(node, path);
    case NodeKind::kToken:
      return TokenKeys(node, path);
    case NodeKind::kCustodians:
    case NodeKind::kProviderHeld: {
      CandidateKeys keys;
      for (const CandidateKey& one : shared_[&node]) keys.push_back({one.key.Clone(), one.faults});
      return keys;
    }
    case NodeKind::kAnd:
      return AndKeys(node, path);
    case NodeKind::kOr:
      return OrKeys(node, path);
    case NodeKind::kUnknown:
      break;
  }
  return CandidateKeys{};
}

Result<CandidateKeys> SlotEvaluation::PassphraseKeys(const SlotNode& node) const {
  CandidateKeys keys;
  for (const SecretBytes* passphrase : factors_.passphrases) {
    FENCHI_ASSIGN_OR_RETURN(SecretBytes key,
                            StretchPassword(passphrase->view(), node.salt.view(), node.cost));
    keys.push_back({std::move(key), {}});
  }
  return keys;
}

Result<CandidateKeys> SlotEvaluation::RecipientKeys(const SlotNode& node, const Bytes& path) const {
  CandidateKeys keys;
  const Bytes context = format::ChildKeyContext(identity_.slot, path);
  FENCHI_ASSIGN_OR_RETURN(SecretBytes key, OpenWithSecretKey(ChildKeyBox(identity_, context),
                                                             *RecipientOf(node), node.sealed_key));
  keys.push_back({std::move(key), {}});
  return keys;
}

// Tokens may hold one key together, one as the spare of the other.
Result<CandidateKeys> SlotEvaluation::TokenKeys(const SlotNode& node, const Bytes& path) const {
  const Bytes context = format::ChildKeyContext(identity_.slot, path);
  Status failure;
  for (KeyToken* token : factors_.tokens) {
    if (token->public_key() != node.token.bytes) continue;
    Result<SecretBytes> key = AskToken(*token, ChildKeyBox(identity_, context), node);
    if (key.ok()) {
      CandidateKeys keys;
      keys.push_back({std::move(*key), {}});
      return keys;
    }
    failure = key.status();
  }
  return failure;
}

Result<CandidateKeys> SlotEvaluation::AndKeys(const SlotNode& node, const Bytes& path) {
  std::vector<CandidateKeys> below;
  std::size_t combinations = 1;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    FENCHI_ASSIGN_OR_RETURN(below.emplace_back(), KeysOf(node.children[i], ChildPath(path, i)));
    combinations *= below.back().size();
    if (combinations > kCombinationsMax) {
      return WrongKey("slot '{}': too many passphrases or sets of shares to try them all",
                      slot_.access)
          .WithHint("bring only what belongs to this vault");
    }
  }
  CandidateKeys keys;
  for (std::size_t number = 0; number < combinations; ++number) {
    std::vector<ByteView> views;
    std::vector<ShareFault> faults;
    std::size_t rest = number;
    for (const CandidateKeys& choices : below) {
      const CandidateKey& chosen = choices[rest % choices.size()];
      rest /= choices.size();
      views.push_back(chosen.key.view());
      faults.insert(faults.end(), chosen.faults.begin(), chosen.faults.end());
    }
    keys.push_back({format::AndKey(views, identity_, path), std::move(faults)});
  }
  return keys;
}

// Only keys that open the child's box: an OR needs no further choice.
Result<CandidateKeys> SlotEvaluation::OrKeys(const SlotNode& node, const Bytes& path) {
  Status failure;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (lacks_[&node.children[i]]) continue;
    const Bytes below = ChildPath(path, i);
    Result<CandidateKeys> keys = KeysOf(node.children[i], below);
    if (!keys.ok()) {  // another branch may do
      failure = keys.status();
      continue;
    }
    const Bytes context = format::ChildKeyContext(identity_.slot, below);
    for (CandidateKey& one : *keys) {
      Result<SecretBytes> common =
          OpenSealed(ChildKeyBox(identity_, context), one.key.view(), node.wrapped_keys[i]);
      if (!common.ok()) continue;
      CandidateKeys out;
      out.push_back({std::move(*common), std::move(one.faults)});
      return out;
    }
  }
  if (!failure.ok()) return failure;
  return CandidateKeys{};
}

}  // namespace fenchi
