#include "format/trailer.h"

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"

namespace fenchi::format {
namespace {

// The shortest trailer that there can be: a map with a version and one item.
constexpr std::size_t kTrailerSizeMin = 8;

Status CheckTrailer(const Trailer& trailer) {
  if (trailer.items.empty()) return InvalidArgument("a pack without chunks");
  std::uint64_t end = 0;
  for (const TrailerItem& item : trailer.items) {
    if (item.plain_size < 1 || item.plain_size > kChunkSizeMax || item.stored_size < 2 ||
        item.stored_size > kStoredChunkSizeMax) {
      return InvalidArgument("chunk {}: {} bytes, stored as {}", item.chunk, item.plain_size,
                             item.stored_size);
    }
    if (item.size < 1 || item.size > item.stored_size ||
        item.first > item.stored_size - item.size) {
      return InvalidArgument("chunk {}: the piece reaches beyond the chunk", item.chunk);
    }
    if (item.offset != end) return InvalidArgument("pieces do not lie back to back");
    end += item.size;
    if (end > kPackPlainSizeMax) return InvalidArgument("pieces reach beyond the pack");
  }
  return Status::Ok();
}

Status ReadItem(CborReader& reader, TrailerItem& item) {
  FENCHI_RETURN_IF_ERROR(reader.Array(6, 6, "piece").status());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(item.chunk, "chunk id"));
  for (std::uint64_t* number :
       {&item.plain_size, &item.stored_size, &item.first, &item.offset, &item.size}) {
    FENCHI_ASSIGN_OR_RETURN(*number, reader.UintIn(0, kPackPlainSizeMax, "size or offset"));
  }
  reader.Leave();
  return Status::Ok();
}

Result<Trailer> ReadTrailer(CborReader& reader) {
  Trailer trailer;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_RETURN_IF_ERROR(ReadItem(reader, trailer.items.emplace_back()));
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckTrailer(trailer)));
  return trailer;
}

}  // namespace

Result<Bytes> EncodeTrailer(const Trailer& trailer) {
  FENCHI_RETURN_IF_ERROR(CheckTrailer(trailer).At("trailer"));
  CborWriter writer;
  writer.Map(2).Key(1).Uint(kFormatVersion).Key(2).Array(trailer.items.size());
  for (const TrailerItem& item : trailer.items) {
    writer.Array(6).ByteString(item.chunk.view()).Uint(item.plain_size).Uint(item.stored_size);
    writer.Uint(item.first).Uint(item.offset).Uint(item.size);
  }
  return writer.Take();
}

Result<Trailer> DecodeTrailer(ByteView bytes) {
  return DecodeWhole(bytes, kPackPlainSizeMax, "trailer", ReadTrailer);
}

std::size_t TrailerItemSizeMax(const TrailerItem& item) {
  std::size_t size = 1 + 2 + item.chunk.bytes.size();
  for (const std::uint64_t number : {item.plain_size, item.stored_size, item.first,
                                     std::uint64_t{kPackPlainSizeMax}, item.size}) {
    size += CborUintSize(number);
  }
  return size;
}

Result<std::size_t> TrailerSizeIn(ByteView tail, std::size_t pack_size) {
  if (tail.size() < kTrailerLengthSize || pack_size < kTrailerLengthSize) {
    return InvalidArgument("trailer: the pack's last {} bytes are needed", kTrailerLengthSize);
  }
  const std::size_t size = GetBe32(tail.last(kTrailerLengthSize));
  if (size < kTrailerSizeMin || size > pack_size - kTrailerLengthSize) {
    return Damaged("trailer: a length of {} in a pack of {} bytes", size, pack_size);
  }
  return size + kTrailerLengthSize;
}

Result<ByteView> FindTrailer(ByteView tail, std::size_t pack_size) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t size, TrailerSizeIn(tail, pack_size));
  if (size > tail.size()) {
    return InvalidArgument("trailer: it takes the pack's last {} bytes, {} are here", size,
                           tail.size());
  }
  return tail.last(size).first(size - kTrailerLengthSize);
}

PackId PackIdOf(ByteView random, ByteView trailer) {
  return PackId{HmacSha256(random, trailer).bytes};
}

}  // namespace fenchi::format
