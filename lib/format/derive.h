// Every key that is made from another key, FORMAT.md sections 3 to 8.
//
// On disk, never change. All are HKDF-SHA-512 with a label of their own: no two uses share a key.
// Inputs named *_key, *_root or *_secret are 32 bytes. Pure functions: any thread.
//
//   FENCHI_ASSIGN_OR_RETURN(StreamKeys keys, PackKeys(data_key.view(), stream));
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/hash.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "format/ids.h"

namespace fenchi::format {

// What binds a pack's keys to the pack (section 7.1).
struct PackIdentity {
  VaultId vault;
  PackId pack;
  Suite suite = Suite::kAes256Gcm;
  PackType type = PackType::kData;
  std::uint32_t epoch = 0;
  int segments = 0;
};

// Cipher key and commitment of a pack. data_key: S.
Result<StreamKeys> PackKeys(ByteView data_key, const PackIdentity& identity);
// Key of a pack's block tags. tag_key: T.
SecretBytes BlockTagKey(ByteView tag_key, const PackIdentity& identity, int needed);
// Nonce of a block's tag: be32(index) | be64(block).
AeadNonce BlockTagNonce(int shard_index, std::uint64_t block);

// Wraps S on a host with the read role; read_secret_key: the domain's X25519 secret key.
SecretBytes WrapKey(ByteView read_secret_key, const VaultId& vault, const DomainId& domain,
                    std::uint32_t epoch);
// Opens a run's snapshot objects. data_key: S.
SecretBytes SnapshotKey(ByteView data_key, const VaultId& vault, const DomainId& domain);
// Key of chunk ids and of index objects.
SecretBytes IdKey(ByteView id_root, const VaultId& vault, const DomainId& domain,
                  const IdScope& scope);
SecretBytes IndexKey(ByteView index_root, const VaultId& vault, const DomainId& domain,
                     const IdScope& scope);

// What binds a slot's keys to the slot (section 5.3).
struct SlotIdentity {
  VaultId vault;
  std::uint32_t epoch = 0;
  SlotId slot;
  std::string_view access;  // the access expression
};
// Child key of an AND node. path: one byte for each step from the root node.
SecretBytes AndKey(std::span<const ByteView> child_keys, const SlotIdentity& identity,
                   ByteView path);
// Opens the slot's box over the epoch root.
SecretBytes SlotKey(ByteView root_child_key, ByteView leaf_secret, const SlotIdentity& identity);

// T of key shares (section 12): of the node at `path` in a slot, and of the leaf.
Bytes SlotShareContext(const SlotIdentity& identity, ByteView path);
Bytes LeafShareContext(const VaultId& vault, std::uint32_t epoch);

// Salt of a shard header's box: the header is a pure function of pack and index.
Hash256 HeaderSalt(ByteView outer_key, const PackId& pack, int shard_index,
                   ByteView padded_plaintext);

// ---- Contexts of sealed boxes, section 3 ----
Bytes RecordContext(const WriterId& writer, std::uint64_t seq);
Bytes RunContext(const RunId& run, const DomainId& domain);  // snapshots, wrapped S and T
Bytes DomainContext(const DomainId& domain);                 // index objects
Bytes EpochContext(std::uint32_t epoch);                     // keyring
Bytes SlotContext(std::uint32_t epoch, const SlotId& slot);  // a slot's root box
Bytes ChildKeyContext(const SlotId& slot, ByteView path);    // child keys inside nodes
Bytes PolicyDetailsContext(std::uint32_t version);

}  // namespace fenchi::format
