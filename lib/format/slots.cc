#include "format/slots.h"

#include "base/error.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/derive.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kKeyBoxSize = kChildKeySize + kSealOverhead;
constexpr std::size_t kSealedKeySize = kChildKeySize + kPublicSealOverhead;
constexpr std::size_t kTokenSealedKeySize = kChildKeySize + kP256SealOverhead;
constexpr std::uint64_t kKibibyte = 1024;
constexpr auto kKindMax = static_cast<std::uint64_t>(NodeKind::kToken);
constexpr std::size_t kShareContextSizeMax = 84 + kSlotDepthMax;

// ---- Checks ----

Status CheckNode(const SlotNode& node, const SlotIdentity& slot, Bytes& path, int depth);

Status CheckChildren(const SlotNode& node, const SlotIdentity& slot, Bytes& path, int depth) {
  if (depth == kSlotDepthMax) return InvalidArgument("nodes stand more than 3 deep");
  if (node.children.size() < 2 || node.children.size() > kSlotChildrenMax) {
    return InvalidArgument("AND or OR of {} nodes, not 2 to {}", node.children.size(),
                           kSlotChildrenMax);
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    path.push_back(static_cast<std::uint8_t>(i));
    FENCHI_RETURN_IF_ERROR(CheckNode(node.children[i], slot, path, depth + 1));
    path.pop_back();
  }
  return Status::Ok();
}

Status CheckToken(const SlotNode& node) {
  if (node.sealed_key.size() != kTokenSealedKeySize) {
    return InvalidArgument("sealed child key has {} bytes", node.sealed_key.size());
  }
  FENCHI_RETURN_IF_ERROR(CheckP256Key(node.token.view()).At("token"));
  const ByteView sealed = node.sealed_key;
  return CheckP256Key(sealed.first(kP256PointSize)).At("token: ephemeral key");
}

Status CheckNode(const SlotNode& node, const SlotIdentity& slot, Bytes& path, int depth) {
  switch (node.kind) {
    case NodeKind::kPassphrase:
      if (node.cost.memory_bytes % kKibibyte != 0) {
        return InvalidArgument("memory is not whole KiB");
      }
      return CheckArgon2Cost(node.cost);
    case NodeKind::kRecipient:
      if (node.sealed_key.size() != kSealedKeySize) {
        return InvalidArgument("sealed child key has {} bytes", node.sealed_key.size());
      }
      return Status::Ok();
    case NodeKind::kToken:
      return CheckToken(node);
    case NodeKind::kCustodians:
      if (node.custodians < 1 || node.custodians > kCustodiansMax || node.threshold < 1 ||
          node.threshold > node.custodians) {
        return InvalidArgument("{} of {} custodians", node.threshold, node.custodians);
      }
      [[fallthrough]];
    case NodeKind::kProviderHeld:
      if (node.share_context != SlotShareContext(slot, path)) {
        return InvalidArgument("shares are of another slot");
      }
      return Status::Ok();
    case NodeKind::kOr:
      if (node.wrapped_keys.size() != node.children.size()) {
        return InvalidArgument("OR lacks wrapped keys");
      }
      for (const Bytes& box : node.wrapped_keys) {
        if (box.size() != kKeyBoxSize) {
          return InvalidArgument("wrapped key has {} bytes", box.size());
        }
      }
      [[fallthrough]];
    case NodeKind::kAnd:
      return CheckChildren(node, slot, path, depth);
    case NodeKind::kUnknown:
      if (node.received.empty()) return InvalidArgument("a node of an unknown kind has no bytes");
      return Status::Ok();
  }
  return InvalidArgument("unknown kind of node");
}

Status CheckSlots(const SlotTable& table) {
  if (table.epoch < 1) return InvalidArgument("epoch 0");
  if (table.slots.empty() || table.slots.size() > kSlotsMax) {
    return InvalidArgument("{} slots, not 1 to {}", table.slots.size(), kSlotsMax);
  }
  if (!AllDistinct(table.slots, &Slot::id)) return InvalidArgument("a slot is listed twice");
  for (const Slot& slot : table.slots) {
    if (slot.access.empty() || slot.access.size() > kAccessSizeMax || !IsUtf8(slot.access)) {
      return InvalidArgument("slot {}: access expression", slot.id);
    }
    if (slot.root_box.size() != kKeyBoxSize) {
      return InvalidArgument("slot {}: box has {} bytes", slot.id, slot.root_box.size());
    }
    Bytes path;
    const SlotIdentity identity{table.vault, table.epoch, slot.id, slot.access};
    FENCHI_RETURN_IF_ERROR(
        CheckNode(slot.node, identity, path, 1).At(fmt::format("slot {}", slot.id)));
  }
  return Status::Ok();
}

// ---- Writing ----

void WriteNode(CborWriter& writer, const SlotNode& node) {
  const auto kind = static_cast<std::uint64_t>(node.kind);
  switch (node.kind) {
    case NodeKind::kPassphrase:
      writer.Map(3).Key(1).Uint(kind).Key(2).ByteString(node.salt.view());
      writer.Key(3).Array(3).Uint(node.cost.passes);
      writer.Uint(node.cost.memory_bytes / kKibibyte).Uint(node.cost.lanes);
      return;
    case NodeKind::kRecipient:
      writer.Map(3).Key(1).Uint(kind).Key(2).ByteString(node.recipient.view());
      writer.Key(3).ByteString(node.sealed_key);
      return;
    case NodeKind::kToken:
      writer.Map(3).Key(1).Uint(kind).Key(2).ByteString(node.token.view());
      writer.Key(3).ByteString(node.sealed_key);
      return;
    case NodeKind::kCustodians:
      writer.Map(4).Key(1).Uint(kind).Key(2).Uint(static_cast<std::uint64_t>(node.threshold));
      writer.Key(3).Uint(static_cast<std::uint64_t>(node.custodians));
      writer.Key(4).ByteString(node.share_context);
      return;
    case NodeKind::kProviderHeld:
      writer.Map(2).Key(1).Uint(kind).Key(2).ByteString(node.share_context);
      return;
    case NodeKind::kAnd:
      writer.Map(2).Key(1).Uint(kind).Key(2).Array(node.children.size());
      for (const SlotNode& child : node.children) WriteNode(writer, child);
      return;
    case NodeKind::kOr:
      writer.Map(2).Key(1).Uint(kind).Key(2).Array(node.children.size());
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        writer.Array(2);
        WriteNode(writer, node.children[i]);
        writer.ByteString(node.wrapped_keys[i]);
      }
      return;
    case NodeKind::kUnknown:
      writer.Raw(node.received);
      return;
  }
}

// ---- Reading ----

Status ReadBytes(CborReader& reader, std::size_t least, std::size_t most, std::string_view what,
                 Bytes& out) {
  FENCHI_ASSIGN_OR_RETURN(const ByteView raw, reader.ByteString(least, most, what));
  out.assign(raw.begin(), raw.end());
  return Status::Ok();
}

Status ReadNode(CborReader& reader, int depth, SlotNode& node);

Status ReadPassphrase(MapReader& map, CborReader& reader, SlotNode& node) {
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(node.salt, "salt"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "cost").status());
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t passes, reader.UintIn(1, kArgon2PassesMax, "passes"));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t kibibytes,
                          reader.UintIn(kArgon2MemoryBytesMin / kKibibyte,
                                        kArgon2MemoryBytesMax / kKibibyte, "memory in KiB"));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t lanes, reader.UintIn(1, 1, "lanes"));
  reader.Leave();
  node.cost = {static_cast<std::uint32_t>(passes), kibibytes * kKibibyte,
               static_cast<std::uint32_t>(lanes)};
  return Status::Ok();
}

Status ReadRecipient(MapReader& map, CborReader& reader, SlotNode& node) {
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(node.recipient, "recipient"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  return ReadBytes(reader, kSealedKeySize, kSealedKeySize, "sealed child key", node.sealed_key);
}

Status ReadToken(MapReader& map, CborReader& reader, SlotNode& node) {
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(node.token, "token"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  return ReadBytes(reader, kTokenSealedKeySize, kTokenSealedKeySize, "sealed child key",
                   node.sealed_key);
}

Status ReadShares(MapReader& map, CborReader& reader, SlotNode& node) {
  std::uint64_t context_key = 2;
  if (node.kind == NodeKind::kCustodians) {
    FENCHI_RETURN_IF_ERROR(map.Require(2));
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t m, reader.UintIn(1, kCustodiansMax, "threshold"));
    FENCHI_RETURN_IF_ERROR(map.Require(3));
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t p, reader.UintIn(1, kCustodiansMax, "custodians"));
    node.threshold = static_cast<int>(m);
    node.custodians = static_cast<int>(p);
    context_key = 4;
  }
  FENCHI_RETURN_IF_ERROR(map.Require(context_key));
  return ReadBytes(reader, 0, kShareContextSizeMax, "T of the shares", node.share_context);
}

Status ReadChildren(MapReader& map, CborReader& reader, int depth, SlotNode& node) {
  if (depth == kSlotDepthMax) return Damaged("nodes stand more than 3 deep");
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(2, kSlotChildrenMax, "nodes"));
  for (std::size_t i = 0; i < count; ++i) {
    const bool wrapped = node.kind == NodeKind::kOr;
    if (wrapped) FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "node and its box").status());
    FENCHI_RETURN_IF_ERROR(ReadNode(reader, depth + 1, node.children.emplace_back()));
    if (!wrapped) continue;
    FENCHI_RETURN_IF_ERROR(ReadBytes(reader, kKeyBoxSize, kKeyBoxSize, "wrapped key",
                                     node.wrapped_keys.emplace_back()));
    reader.Leave();
  }
  reader.Leave();
  return Status::Ok();
}

// The kind alone, of which all other keys depend.
Result<std::uint64_t> PeekKind(const CborReader& reader) {
  CborReader ahead = reader;
  MapReader map(ahead, "node");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  return ahead.Uint();
}

Status ReadNode(CborReader& reader, int depth, SlotNode& node) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t kind, PeekKind(reader));
  if (kind < 1 || kind > kKindMax) {
    node.kind = NodeKind::kUnknown;
    FENCHI_ASSIGN_OR_RETURN(const ByteView received, reader.Skip());
    node.received.assign(received.begin(), received.end());
    return Status::Ok();
  }
  MapReader map(reader, "node");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Uint().status());
  node.kind = static_cast<NodeKind>(kind);
  switch (node.kind) {
    case NodeKind::kPassphrase:
      FENCHI_RETURN_IF_ERROR(ReadPassphrase(map, reader, node));
      break;
    case NodeKind::kRecipient:
      FENCHI_RETURN_IF_ERROR(ReadRecipient(map, reader, node));
      break;
    case NodeKind::kToken:
      FENCHI_RETURN_IF_ERROR(ReadToken(map, reader, node));
      break;
    case NodeKind::kCustodians:
    case NodeKind::kProviderHeld:
      FENCHI_RETURN_IF_ERROR(ReadShares(map, reader, node));
      break;
    case NodeKind::kAnd:
    case NodeKind::kOr:
      FENCHI_RETURN_IF_ERROR(ReadChildren(map, reader, depth, node));
      break;
    case NodeKind::kUnknown:
      break;
  }
  return map.Close();
}

Status ReadSlot(CborReader& reader, Slot& slot) {
  MapReader map(reader, "slot");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(slot.id, "slot id"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(slot.access, reader.Text());
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_RETURN_IF_ERROR(ReadNode(reader, 1, slot.node));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(ReadBytes(reader, kKeyBoxSize, kKeyBoxSize, "box", slot.root_box));
  return map.Close();
}

Result<SlotTable> ReadSlots(CborReader& reader) {
  SlotTable table;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(table.vault, "vault id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t epoch, reader.UintIn(1, 0xffffffff, "epoch"));
  table.epoch = static_cast<std::uint32_t>(epoch);
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, kSlotsMax, "slots"));
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_RETURN_IF_ERROR(ReadSlot(reader, table.slots.emplace_back()));
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckSlots(table)));
  return table;
}

}  // namespace

Result<Bytes> EncodeSlots(const SlotTable& table) {
  FENCHI_RETURN_IF_ERROR(CheckSlots(table).At("slots"));
  CborWriter writer;
  writer.Map(4).Key(1).Uint(kFormatVersion).Key(2).ByteString(table.vault.view());
  writer.Key(3).Uint(table.epoch).Key(4).Array(table.slots.size());
  for (const Slot& slot : table.slots) {
    writer.Map(4).Key(1).ByteString(slot.id.view()).Key(2).Text(slot.access).Key(3);
    WriteNode(writer, slot.node);
    writer.Key(4).ByteString(slot.root_box);
  }
  Bytes object = writer.Take();
  if (object.size() > kSlotsObjectSizeMax) {
    return InvalidArgument("slots: {} bytes are more than {}", object.size(), kSlotsObjectSizeMax);
  }
  return object;
}

Result<SlotTable> DecodeSlots(ByteView object) {
  return DecodeWhole(object, kSlotsObjectSizeMax, "slots", ReadSlots);
}

}  // namespace fenchi::format
