// Slots, FORMAT.md section 5.3: the ways to the epoch root, each a small tree of factors.
//
// Only the form stands here; slots are evaluated by the repository. Every slot key needs the leaf
// secret too (SlotKey in derive.h). Threads: any.
//
//   for (const Slot& slot : table.slots) if (slot.node.kind == NodeKind::kPassphrase) ...
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "crypto/key_exchange.h"
#include "crypto/p256.h"
#include "fenchi/bytes.h"
#include "fenchi/password.h"
#include "fenchi/status.h"
#include "format/ids.h"

namespace fenchi::format {

inline constexpr int kSlotDepthMax = 3;  // the root node counts 1
inline constexpr std::size_t kSlotChildrenMax = 8;
inline constexpr std::size_t kChildKeySize = 32;
inline constexpr std::size_t kAccessSizeMax = 4096;
inline constexpr int kCustodiansMax = 16;

enum class NodeKind : std::uint8_t {
  kPassphrase = 1,
  kRecipient = 2,
  kCustodians = 3,
  kProviderHeld = 4,
  kAnd = 5,
  kOr = 6,
  kToken = 7,
  kUnknown = 0,  // never on disk: a kind of later, whose bytes are kept
};

struct SlotNode {
  NodeKind kind = NodeKind::kPassphrase;
  // kPassphrase
  FixedBytes<16, struct PasswordSaltTag> salt;
  Argon2Cost cost;
  // kRecipient
  ExchangePublicKey recipient;
  // kToken
  P256PublicKey token;  // a point of the curve
  // kRecipient, kToken
  Bytes sealed_key;  // the child key sealed to that public key, type 10
  // kCustodians
  int threshold = 0;   // m
  int custodians = 0;  // p, at most 16
  // kCustodians, kProviderHeld
  Bytes share_context;  // T of the shares: SlotShareContext (derive.h)
  // kAnd, kOr: 2..8
  std::vector<SlotNode> children;
  // kOr: for each child a box of type 10 over the common key
  std::vector<Bytes> wrapped_keys;
  // kUnknown: the whole node as received. It cannot be evaluated; all beside it can.
  Bytes received;
  friend bool operator==(const SlotNode&, const SlotNode&) = default;
};

struct Slot {
  SlotId id;
  std::string access;  // "passphrase", "3 of custodians AND ..."
  SlotNode node;
  Bytes root_box;  // type 7 over the epoch root
  friend bool operator==(const Slot&, const Slot&) = default;
};

struct SlotTable {
  VaultId vault;
  std::uint32_t epoch = 0;
  std::vector<Slot> slots;  // 1..64, distinct ids
  friend bool operator==(const SlotTable&, const SlotTable&) = default;
};

Result<Bytes> EncodeSlots(const SlotTable& table);
// A node of a later kind is kept as NodeKind::kUnknown and encodes to the same bytes.
// Errors: kDamaged, for Argon2id costs beyond the limits too; kUnsupported for a version of later.
Result<SlotTable> DecodeSlots(ByteView object);

}  // namespace fenchi::format
