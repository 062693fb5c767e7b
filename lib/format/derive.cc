#include "format/derive.h"

#include <initializer_list>

#include "base/coding.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kKeySize = 32;

Bytes Join(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (const ByteView part : parts) Append(out, part);
  return out;
}

// A label and one zero byte: what every info and signed message starts with.
Bytes Label(std::string_view label) {
  Bytes out(label.begin(), label.end());
  out.push_back(0);
  return out;
}

SecretBytes Derive(ByteView secret, ByteView salt, ByteView info) {
  return HkdfSha512(secret, salt, info, kKeySize);
}

// vault id, be32(epoch), H(access expression) and slot id in the order of each use.
void AppendSlot(Bytes& out, const SlotIdentity& identity) {
  Append(out, identity.vault.view());
  AppendBe32(out, identity.epoch);
  Append(out, identity.slot.view());
  Append(out, Sha256(AsBytes(identity.access)).view());
}

// lp(key 0) lp(key 1) ..., kept in locked memory.
SecretBytes Prefixed(std::span<const ByteView> keys) {
  std::size_t size = 0;
  for (const ByteView key : keys) size += 4 + key.size();
  SecretBytes out(size);
  MutableBytes rest = out.mutable_view();
  for (const ByteView key : keys) {
    PutBe32(rest, static_cast<std::uint32_t>(key.size()));
    std::copy(key.begin(), key.end(), rest.begin() + 4);
    rest = rest.subspan(4 + key.size());
  }
  return out;
}

SecretBytes ScopedKey(std::string_view label, ByteView root, const VaultId& vault,
                      const DomainId& domain, const IdScope& scope) {
  Bytes info = Label(label);
  Append(info, vault.view());
  Append(info, domain.view());
  Append(info, scope.view());
  return Derive(root, {}, info);
}

}  // namespace

Result<StreamKeys> PackKeys(ByteView data_key, const PackIdentity& identity) {
  Bytes info = Label("fenchi/1/pack");
  info.push_back(static_cast<std::uint8_t>(kFormatVersion));
  info.push_back(static_cast<std::uint8_t>(identity.suite));
  info.push_back(static_cast<std::uint8_t>(identity.type));
  Append(info, identity.vault.view());
  AppendBe32(info, identity.epoch);
  AppendBe32(info, static_cast<std::uint32_t>(identity.segments));
  return DeriveStreamKeys(data_key, identity.pack.view(), info);
}

SecretBytes BlockTagKey(ByteView tag_key, const PackIdentity& identity, int needed) {
  Bytes info = Label("fenchi/1/tag");
  info.push_back(static_cast<std::uint8_t>(identity.suite));
  Append(info, identity.vault.view());
  info.push_back(static_cast<std::uint8_t>(needed));
  AppendBe32(info, static_cast<std::uint32_t>(identity.segments));
  info.push_back(static_cast<std::uint8_t>(kMatrixId));
  return Derive(tag_key, identity.pack.view(), info);
}

AeadNonce BlockTagNonce(int shard_index, std::uint64_t block) {
  AeadNonce nonce;
  PutBe32(MutableBytes(nonce).first(4), static_cast<std::uint32_t>(shard_index));
  PutBe64(MutableBytes(nonce).subspan(4), block);
  return nonce;
}

SecretBytes WrapKey(ByteView read_secret_key, const VaultId& vault, const DomainId& domain,
                    std::uint32_t epoch) {
  Bytes info = Label("fenchi/1/wrap");
  Append(info, vault.view());
  Append(info, domain.view());
  AppendBe32(info, epoch);
  return Derive(read_secret_key, {}, info);
}

SecretBytes SnapshotKey(ByteView data_key, const VaultId& vault, const DomainId& domain) {
  Bytes info = Label("fenchi/1/snapshot");
  Append(info, vault.view());
  Append(info, domain.view());
  return Derive(data_key, {}, info);
}

SecretBytes IdKey(ByteView id_root, const VaultId& vault, const DomainId& domain,
                  const IdScope& scope) {
  return ScopedKey("fenchi/1/id", id_root, vault, domain, scope);
}

SecretBytes IndexKey(ByteView index_root, const VaultId& vault, const DomainId& domain,
                     const IdScope& scope) {
  return ScopedKey("fenchi/1/index", index_root, vault, domain, scope);
}

SecretBytes AndKey(std::span<const ByteView> child_keys, const SlotIdentity& identity,
                   ByteView path) {
  Bytes info = Label("fenchi/1/and");
  AppendSlot(info, identity);
  Append(info, path);
  return Derive(Prefixed(child_keys).view(), {}, info);
}

SecretBytes SlotKey(ByteView root_child_key, ByteView leaf_secret, const SlotIdentity& identity) {
  Bytes info = Label("fenchi/1/slot");
  AppendSlot(info, identity);
  const ByteView keys[] = {root_child_key, leaf_secret};
  return Derive(Prefixed(keys).view(), {}, info);
}

Bytes SlotShareContext(const SlotIdentity& identity, ByteView path) {
  Bytes out = Join({identity.vault.view()});
  AppendBe32(out, identity.epoch);
  Append(out, Sha256(AsBytes(identity.access)).view());
  Append(out, identity.slot.view());
  Append(out, path);
  return out;
}

Bytes LeafShareContext(const VaultId& vault, std::uint32_t epoch) {
  return SlotShareContext({.vault = vault, .epoch = epoch, .slot = {}, .access = "leaf"}, {});
}

Hash256 HeaderSalt(ByteView outer_key, const PackId& pack, int shard_index,
                   ByteView padded_plaintext) {
  const std::uint8_t index[1] = {static_cast<std::uint8_t>(shard_index)};
  return HmacSha256(outer_key, {AsBytes("hdr"), pack.view(), index, padded_plaintext});
}

Bytes RecordContext(const WriterId& writer, std::uint64_t seq) {
  Bytes out = Join({writer.view()});
  AppendBe64(out, seq);
  return out;
}

Bytes RunContext(const RunId& run, const DomainId& domain) {
  return Join({run.view(), domain.view()});
}

Bytes DomainContext(const DomainId& domain) { return Join({domain.view()}); }

Bytes EpochContext(std::uint32_t epoch) {
  Bytes out;
  AppendBe32(out, epoch);
  return out;
}

Bytes SlotContext(std::uint32_t epoch, const SlotId& slot) {
  Bytes out = EpochContext(epoch);
  Append(out, slot.view());
  return out;
}

Bytes ChildKeyContext(const SlotId& slot, ByteView path) { return Join({slot.view(), path}); }

Bytes PolicyDetailsContext(std::uint32_t version) { return EpochContext(version); }

}  // namespace fenchi::format
