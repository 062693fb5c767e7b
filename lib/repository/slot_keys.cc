#include "repository/slot_keys.h"

#include <utility>
#include <vector>

#include "base/error.h"

namespace fenchi {
namespace {

using format::NodeKind;
using format::SlotIdentity;
using format::SlotNode;

Bytes ChildPath(ByteView path, std::size_t child) {
  Bytes out(path.begin(), path.end());
  out.push_back(static_cast<std::uint8_t>(child));
  return out;
}

// The box's own suite is used; the one given here is not looked at when opening.
SealContext ChildKeyBox(const SlotIdentity& slot, ByteView context) {
  return {Suite::kAes256Gcm, format::kSealChildKey, slot.vault, context};
}

Result<SecretBytes> EvaluateAnd(const SlotNode& node, const SlotIdentity& slot, ByteView path,
                                const SlotFactors& factors) {
  std::vector<SecretBytes> keys;
  std::vector<ByteView> views;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    FENCHI_ASSIGN_OR_RETURN(SecretBytes key,
                            EvaluateNode(node.children[i], slot, ChildPath(path, i), factors));
    keys.push_back(std::move(key));
  }
  for (const SecretBytes& key : keys) views.push_back(key.view());
  return format::AndKey(views, slot, path);
}

Result<SecretBytes> EvaluateOr(const SlotNode& node, const SlotIdentity& slot, ByteView path,
                               const SlotFactors& factors) {
  Status failure = Unsupported("no branch of the slot '{}' can be tried", slot.access);
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const Bytes below = ChildPath(path, i);
    Result<SecretBytes> key = EvaluateNode(node.children[i], slot, below, factors);
    if (key.ok()) {
      const Bytes context = format::ChildKeyContext(slot.slot, below);
      Result<SecretBytes> common =
          OpenSealed(ChildKeyBox(slot, context), key->view(), node.wrapped_keys[i]);
      if (common.ok()) return common;
      failure = common.status();
    } else if (key.status().code() != StatusCode::kUnsupported) {
      failure = key.status();
    }
  }
  return failure;
}

Result<SecretBytes> EvaluateRecipient(const SlotNode& node, const SlotIdentity& slot, ByteView path,
                                      const SlotFactors& factors) {
  if (factors.recipient == nullptr) {
    return Unsupported("the slot '{}' needs a recipient's secret key", slot.access);
  }
  if (factors.recipient->public_key != node.recipient) {
    return WrongKey("the secret key is not the recipient's of the slot '{}'", slot.access);
  }
  const Bytes context = format::ChildKeyContext(slot.slot, path);
  return OpenWithSecretKey(ChildKeyBox(slot, context), *factors.recipient, node.sealed_key);
}

Result<SecretBytes> OpenSlot(const format::SlotTable& table, const format::Slot& slot,
                             ByteView leaf_secret, const SlotFactors& factors) {
  const SlotIdentity identity{table.vault, table.epoch, slot.id, slot.access};
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes child, EvaluateNode(slot.node, identity, {}, factors));
  const SecretBytes key = format::SlotKey(child.view(), leaf_secret, identity);
  const Bytes context = format::SlotContext(table.epoch, slot.id);
  return OpenSealed({Suite::kAes256Gcm, SealType::kSlot, table.vault, context}, key.view(),
                    slot.root_box);
}

}  // namespace

Result<SecretBytes> EvaluateNode(const SlotNode& node, const SlotIdentity& slot, ByteView path,
                                 const SlotFactors& factors) {
  switch (node.kind) {
    case NodeKind::kPassphrase:
      if (factors.passphrase == nullptr) {
        return Unsupported("the slot '{}' needs a passphrase", slot.access);
      }
      return StretchPassword(factors.passphrase->view(), node.salt.view(), node.cost);
    case NodeKind::kRecipient:
      return EvaluateRecipient(node, slot, path, factors);
    case NodeKind::kAnd:
      return EvaluateAnd(node, slot, path, factors);
    case NodeKind::kOr:
      return EvaluateOr(node, slot, path, factors);
    case NodeKind::kCustodians:
    case NodeKind::kProviderHeld:
      break;
  }
  return Unsupported("the slot '{}' needs key shares, which cannot be brought to this version yet",
                     slot.access)
      .WithHint("open the vault with its passphrase or a credential file");
}

Result<SecretBytes> OpenAnySlot(const format::SlotTable& table, ByteView leaf_secret,
                                const SlotFactors& factors) {
  Status failure;
  std::string accesses;
  for (const format::Slot& slot : table.slots) {
    Result<SecretBytes> root = OpenSlot(table, slot, leaf_secret, factors);
    if (root.ok()) return root;
    accesses += (accesses.empty() ? "'" : ", '") + slot.access + "'";
    // A slot that could be tried says more than one that could not.
    if (failure.ok() || failure.code() == StatusCode::kUnsupported) failure = root.status();
  }
  if (failure.code() == StatusCode::kWrongKey) {
    return WrongKey("the passphrase opens no slot of the vault (slots: {})", accesses)
        .WithHint(
            "check the keyboard layout and caps lock, and that it is the passphrase of this "
            "vault; it was compared byte for byte");
  }
  return failure;
}

Status SealRoot(Suite suite, const VaultId& vault, std::uint32_t epoch, ByteView root_child_key,
                ByteView leaf_secret, ByteView root, Random& random, format::Slot& slot) {
  const SlotIdentity identity{vault, epoch, slot.id, slot.access};
  const SecretBytes key = format::SlotKey(root_child_key, leaf_secret, identity);
  const Bytes context = format::SlotContext(epoch, slot.id);
  FENCHI_ASSIGN_OR_RETURN(slot.root_box,
                          Seal({suite, SealType::kSlot, vault, context}, key.view(), root, random));
  return Status::Ok();
}

Result<format::Slot> MakePassphraseSlot(Suite suite, const VaultId& vault, std::uint32_t epoch,
                                        const SecretBytes& passphrase, const Argon2Cost& cost,
                                        ByteView leaf_secret, ByteView root, Random& random) {
  format::Slot slot;
  random.Fill(slot.id.mutable_view());
  slot.access = "passphrase";
  slot.node.kind = NodeKind::kPassphrase;
  random.Fill(slot.node.salt.mutable_view());
  slot.node.cost = cost;
  const SlotIdentity identity{vault, epoch, slot.id, slot.access};
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes child,
                          EvaluateNode(slot.node, identity, {}, {.passphrase = &passphrase}));
  FENCHI_RETURN_IF_ERROR(
      SealRoot(suite, vault, epoch, child.view(), leaf_secret, root, random, slot));
  return slot;
}

}  // namespace fenchi
