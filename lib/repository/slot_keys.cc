#include "repository/slot_keys.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/coding.h"
#include "base/display.h"
#include "base/error.h"
#include "format/derive.h"
#include "repository/slot_node.h"

namespace fenchi {
namespace {

using format::NodeKind;
using format::SlotNode;

void CollectContexts(const SlotNode& node, std::set<Bytes>& out) {
  if (node.kind == NodeKind::kCustodians) out.insert(node.share_context);
  for (const SlotNode& child : node.children) CollectContexts(child, out);
}

std::set<Bytes> ContextsOf(const format::SlotTable& table) {
  std::set<Bytes> contexts;
  for (const format::Slot& slot : table.slots) CollectContexts(slot.node, contexts);
  return contexts;
}

// Why a share that no slot asks for is here: T = vault id | be32(epoch) | ...
ShareFault JudgeStranger(const format::SlotTable& table, const std::string& name,
                         const KeyShare& share) {
  constexpr std::size_t kVaultSize = VaultId::kSize;
  const ByteView context = share.context;
  const bool same_vault = context.size() >= kVaultSize + 4 &&
                          std::ranges::equal(context.first(kVaultSize), table.vault.view());
  if (!same_vault) {
    return {name, ShareFaultKind::kForeign, "it is of another vault", share.index};
  }
  const std::uint32_t epoch = GetBe32(context.subspan(kVaultSize));
  if (epoch != table.epoch) {
    return {name, ShareFaultKind::kOld,
            fmt::format("it is of epoch {}, the vault is in epoch {}", epoch, table.epoch),
            share.index};
  }
  return {name, ShareFaultKind::kOld, "it is of a slot that the vault has no more", share.index};
}

// Items that belong to no node of the table.
std::vector<ShareFault> Strangers(const format::SlotTable& table, const SlotFactors& factors) {
  const std::set<Bytes> contexts = ContextsOf(table);
  std::vector<ShareFault> faults;
  for (const NamedShare& item : factors.shares) {
    const Result<KeyShare> share = KeyShare::Parse(item.bytes);
    if (!share.ok()) {
      faults.push_back({item.name, ShareFaultKind::kDamaged, share.status().message()});
    } else if (!contexts.contains(share->context)) {
      faults.push_back(JudgeStranger(table, item.name, *share));
    }
  }
  return faults;
}

std::string Describe(const std::vector<ShareFault>& faults) {
  std::string text;
  for (const ShareFault& fault : faults) {
    text += fmt::format("; item '{}' is {}: {}", EscapeForDisplay(fault.name),
                        ShareFaultKindName(fault.kind), fault.message);
  }
  return text;
}

Result<std::optional<OpenedSlot>> TrySlot(const format::SlotTable& table, const format::Slot& slot,
                                          ByteView leaf_secret, SlotEvaluation& evaluation) {
  FENCHI_ASSIGN_OR_RETURN(CandidateKeys keys, evaluation.Keys());
  const Bytes context = format::SlotContext(table.epoch, slot.id);
  for (CandidateKey& one : keys) {
    const SecretBytes key = format::SlotKey(one.key.view(), leaf_secret, evaluation.identity());
    Result<SecretBytes> root = OpenSealed(
        {Suite::kAes256Gcm, SealType::kSlot, table.vault, context}, key.view(), slot.root_box);
    if (root.ok()) {
      return std::optional(OpenedSlot{std::move(*root), slot.access, std::move(one.faults)});
    }
  }
  return std::optional<OpenedSlot>();
}

bool OnlyPassphrases(const SlotFactors& factors) {
  return !factors.passphrases.empty() && factors.recipients.empty() && factors.tokens.empty() &&
         factors.shares.empty();
}

Status NoSlot(const std::vector<std::string>& lacks, const std::vector<ShareFault>& strangers) {
  std::string text;
  for (const std::string& lack : lacks) text += (text.empty() ? "" : "; ") + lack;
  return WrongKey("the vault was not opened: {}{}", text, Describe(strangers))
      .WithHint("bring what one of the slots lacks, together with what was brought now");
}

}  // namespace

Result<OpenedSlot> OpenAnySlot(const format::SlotTable& table, ByteView leaf_secret,
                               const SlotFactors& factors) {
  const std::vector<ShareFault> strangers = Strangers(table, factors);
  std::vector<std::string> lacks;
  std::string tried;
  bool any_known = false;
  Status failure;
  for (const format::Slot& slot : table.slots) {
    SlotEvaluation evaluation(table, slot, factors);
    const std::string access = EscapeForDisplay(slot.access);
    any_known = any_known || evaluation.known();
    if (!evaluation.lack().empty()) {
      lacks.push_back(fmt::format("the slot '{}' needs {}", access, evaluation.lack()));
      continue;
    }
    Result<std::optional<OpenedSlot>> opened = TrySlot(table, slot, leaf_secret, evaluation);
    if (!opened.ok()) {
      if (failure.ok()) failure = opened.status();
      continue;
    }
    if (*opened) {
      (*opened)->faults.insert((*opened)->faults.end(), strangers.begin(), strangers.end());
      return std::move(**opened);
    }
    tried += fmt::format("{}'{}'", tried.empty() ? "" : ", ", access);
    lacks.push_back(fmt::format("what was brought does not open the slot '{}'", access));
  }
  if (!failure.ok() && failure.code() != StatusCode::kWrongKey) return failure;
  if (!any_known) {
    return Unsupported(
               "all slots of the vault take factors of kinds that this version does not "
               "know")
        .WithHint("open this vault with a newer fenchi");
  }
  if (!tried.empty() && OnlyPassphrases(factors)) {
    return WrongKey("the passphrase opens no slot of the vault (slots: {})", tried)
        .WithHint(
            "check the keyboard layout and caps lock, and that it is the passphrase of this "
            "vault; it was compared byte for byte");
  }
  if (!failure.ok()) return failure;
  return NoSlot(lacks, strangers);
}

}  // namespace fenchi
