#include "format/shard_header.h"

#include "base/error.h"
#include "format/cbor.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

constexpr int kHeaderPadding = 12;

Status CheckHeader(const ShardHeader& header) {
  if (header.epoch < 1) return InvalidArgument("epoch 0");
  if (header.seats < 1 || header.seats > kSeatsMax || header.needed < 1 ||
      header.needed > header.seats) {
    return InvalidArgument("{} shards needed of {} seats", header.needed, header.seats);
  }
  if (header.shard_index < 0 || header.shard_index >= kSeatsMax) {
    return InvalidArgument("shard index {}", header.shard_index);
  }
  if (header.segments < 0 || !IsPackClass(static_cast<std::uint64_t>(header.segments))) {
    return InvalidArgument("{} segments, not 12, 72 or 240", header.segments);
  }
  if (header.matrix_id != kMatrixId) return InvalidArgument("matrix {}", header.matrix_id);
  if (!header.id_scope.is_zero() && header.id_scope.bytes != header.writer.bytes) {
    return InvalidArgument("id scope is neither zero nor the writer");
  }
  return Status::Ok();
}

Status ReadInt(CborReader& reader, std::uint64_t most, std::string_view what, int& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t value, reader.UintIn(0, most, what));
  out = static_cast<int>(value);
  return Status::Ok();
}

// Keys 2 to 8.
Status ReadOrigin(MapReader& map, CborReader& reader, ShardHeader& header) {
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(header.suite, ReadSuite(reader));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t epoch, reader.UintIn(1, 0xffffffff, "epoch"));
  header.epoch = static_cast<std::uint32_t>(epoch);
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(header.writer, "writer id"));
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(header.domain, "domain id"));
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(header.pack, "pack id"));
  FENCHI_RETURN_IF_ERROR(map.Require(7));
  FENCHI_RETURN_IF_ERROR(ReadInt(reader, kSeatsMax, "shards needed", header.needed));
  FENCHI_RETURN_IF_ERROR(map.Require(8));
  FENCHI_ASSIGN_OR_RETURN(header.matrix_id, ReadMatrixId(reader));
  return Status::Ok();
}

// Keys 9 to 17.
Status ReadContents(MapReader& map, CborReader& reader, ShardHeader& header) {
  FENCHI_RETURN_IF_ERROR(map.Require(9));
  FENCHI_RETURN_IF_ERROR(ReadInt(reader, kPackClasses.back(), "segments", header.segments));
  FENCHI_RETURN_IF_ERROR(map.Require(10));
  FENCHI_RETURN_IF_ERROR(ReadInt(reader, kSeatsMax - 1, "shard index", header.shard_index));
  FENCHI_RETURN_IF_ERROR(map.Require(11));
  FENCHI_RETURN_IF_ERROR(ReadInt(reader, kSeatsMax, "seats", header.seats));
  FENCHI_RETURN_IF_ERROR(map.Require(12));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(header.commitment, "commitment"));
  FENCHI_RETURN_IF_ERROR(map.Require(13));
  FENCHI_ASSIGN_OR_RETURN(const ByteView data_key, reader.ByteString());
  header.wrapped_data_key.assign(data_key.begin(), data_key.end());
  FENCHI_RETURN_IF_ERROR(map.Require(14));
  FENCHI_ASSIGN_OR_RETURN(const ByteView tag_key, reader.ByteString());
  header.wrapped_tag_key.assign(tag_key.begin(), tag_key.end());
  FENCHI_RETURN_IF_ERROR(map.Require(15));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(header.run, "run id"));
  FENCHI_RETURN_IF_ERROR(map.Require(16));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t type, reader.UintIn(1, 2, "type"));
  header.type = static_cast<PackType>(type);
  FENCHI_RETURN_IF_ERROR(map.Require(17));
  return reader.Fixed(header.id_scope, "id scope");
}

Result<ShardHeader> ReadHeader(CborReader& reader) {
  ShardHeader header;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(ReadOrigin(map, reader, header));
  FENCHI_RETURN_IF_ERROR(ReadContents(map, reader, header));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckHeader(header)));
  return header;
}

}  // namespace

PackIdentity ShardHeader::identity(const VaultId& vault) const {
  return {vault, pack, suite, type, epoch, segments};
}

Result<Bytes> EncodeShardHeader(const ShardHeader& header) {
  FENCHI_RETURN_IF_ERROR(CheckHeader(header).At("shard header"));
  CborWriter writer;
  writer.Map(17).Key(1).Uint(kFormatVersion);
  writer.Key(2).Uint(static_cast<std::uint64_t>(header.suite)).Key(3).Uint(header.epoch);
  writer.Key(4).ByteString(header.writer.view()).Key(5).ByteString(header.domain.view());
  writer.Key(6).ByteString(header.pack.view());
  writer.Key(7).Uint(static_cast<std::uint64_t>(header.needed));
  writer.Key(8).Uint(static_cast<std::uint64_t>(header.matrix_id));
  writer.Key(9).Uint(static_cast<std::uint64_t>(header.segments));
  writer.Key(10).Uint(static_cast<std::uint64_t>(header.shard_index));
  writer.Key(11).Uint(static_cast<std::uint64_t>(header.seats));
  writer.Key(12).ByteString(header.commitment.view());
  writer.Key(13).ByteString(header.wrapped_data_key);
  writer.Key(14).ByteString(header.wrapped_tag_key);
  writer.Key(15).ByteString(header.run.view());
  writer.Key(16).Uint(static_cast<std::uint64_t>(header.type));
  writer.Key(17).ByteString(header.id_scope.view());
  return writer.Take();
}

Result<ShardHeader> DecodeShardHeader(ByteView bytes) {
  return DecodeWhole(bytes, kHeaderSize, "shard header", ReadHeader);
}

Result<Bytes> SealShardHeader(const VaultId& vault, ByteView outer_key, const ShardHeader& header) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes bytes, EncodeShardHeader(header));
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes padded, PadTo(bytes, kHeaderPadding, kHeaderSize));
  const Hash256 salt = HeaderSalt(outer_key, header.pack, header.shard_index, padded.view());
  const SealContext context{header.suite, SealType::kHeader, vault, {}};
  return Seal(context, outer_key, padded.view(), salt.view());
}

Result<ShardHeader> OpenShardHeader(const VaultId& vault, ByteView outer_key, ByteView box) {
  if (box.size() != kHeaderSize) {
    return Damaged("shard header: {} bytes, not {}", box.size(), kHeaderSize);
  }
  const SealContext context{Suite::kAes256Gcm, SealType::kHeader, vault, {}};
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes padded, OpenSealed(context, outer_key, box));
  FENCHI_ASSIGN_OR_RETURN(const ByteView bytes, Unpad(padded.view(), kHeaderPadding));
  FENCHI_ASSIGN_OR_RETURN(ShardHeader header, DecodeShardHeader(bytes));
  const Hash256 salt = HeaderSalt(outer_key, header.pack, header.shard_index, padded.view());
  if (!ConstantTimeEquals(salt.view(), box.subspan(4, kSealSaltSize))) {
    return Damaged("shard header: the salt is not that of its contents");
  }
  return header;
}

}  // namespace fenchi::format
