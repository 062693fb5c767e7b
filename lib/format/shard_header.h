// Shard headers, FORMAT.md section 7.3: all that reading a pack takes besides a read key.
//
// The sealed header is a pure function of pack and index, so repair makes the same bytes.
// Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes box, SealShardHeader(vault, outer_key, header));   // 4,096 bytes
//   FENCHI_ASSIGN_OR_RETURN(ShardHeader back, OpenShardHeader(vault, outer_key, box));
#pragma once

#include <cstdint>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/status.h"
#include "format/derive.h"
#include "format/ids.h"

namespace fenchi::format {

struct ShardHeader {
  Suite suite = Suite::kAes256Gcm;
  std::uint32_t epoch = 0;
  WriterId writer;
  DomainId domain;
  PackId pack;
  int needed = 0;  // k
  int matrix_id = kMatrixId;
  int segments = 0;
  int shard_index = 0;  // 0..254
  int seats = 0;        // n at creation
  Hash256 commitment;
  Bytes wrapped_data_key;  // EncodeWrappedKey of S
  Bytes wrapped_tag_key;   // EncodeWrappedKey of T
  RunId run;
  PackType type = PackType::kData;
  IdScope id_scope;

  PackIdentity identity(const VaultId& vault) const;
  friend bool operator==(const ShardHeader&, const ShardHeader&) = default;
};

Result<Bytes> EncodeShardHeader(const ShardHeader& header);
Result<ShardHeader> DecodeShardHeader(ByteView bytes);

Result<Bytes> SealShardHeader(const VaultId& vault, ByteView outer_key, const ShardHeader& header);
// Errors: as OpenPadded and DecodeShardHeader; kDamaged also when the salt is not the one that
// these contents have.
Result<ShardHeader> OpenShardHeader(const VaultId& vault, ByteView outer_key, ByteView box);

}  // namespace fenchi::format
