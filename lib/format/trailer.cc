#include "format/trailer.h"

#include <initializer_list>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"

namespace fenchi::format {
namespace {

// Form 1, no longer written, states every offset and for whole pieces 0 and the length again.
constexpr std::uint64_t kForm = 2;
// The shortest trailer that there can be: a map with a form and one item.
constexpr std::size_t kTrailerSizeMin = 8;

bool IsWhole(const TrailerItem& item) { return item.size == item.stored_size; }

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

Status ReadNumbers(CborReader& reader, std::initializer_list<std::uint64_t*> numbers) {
  for (std::uint64_t* number : numbers) {
    FENCHI_ASSIGN_OR_RETURN(*number, reader.UintIn(0, kPackPlainSizeMax, "size or offset"));
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadItemOfForm1(CborReader& reader, TrailerItem& item) {
  FENCHI_RETURN_IF_ERROR(reader.Array(6, 6, "piece").status());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(item.chunk, "chunk id"));
  return ReadNumbers(reader,
                     {&item.plain_size, &item.stored_size, &item.first, &item.offset, &item.size});
}

// item.offset is known already.
Status ReadItem(CborReader& reader, TrailerItem& item) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t fields, reader.Array(3, 5, "piece"));
  if (fields == 4) return Damaged("a piece of 4 fields");
  FENCHI_RETURN_IF_ERROR(reader.Fixed(item.chunk, "chunk id"));
  if (fields == 3) {
    FENCHI_RETURN_IF_ERROR(ReadNumbers(reader, {&item.plain_size, &item.stored_size}));
    item.size = item.stored_size;
    return Status::Ok();
  }
  FENCHI_RETURN_IF_ERROR(
      ReadNumbers(reader, {&item.plain_size, &item.stored_size, &item.first, &item.size}));
  if (IsWhole(item)) return Damaged("a whole piece that says which part it is");
  return Status::Ok();
}

Result<Trailer> ReadTrailer(CborReader& reader) {
  Trailer trailer;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t form, reader.Uint());
  if (form < 1 || form > kForm) return Unsupported("form {} of a trailer", form);
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TrailerItem& item = trailer.items.emplace_back();
    item.offset = end;
    FENCHI_RETURN_IF_ERROR(form == kForm ? ReadItem(reader, item) : ReadItemOfForm1(reader, item));
    end += item.size;
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
  writer.Map(2).Key(1).Uint(kForm).Key(2).Array(trailer.items.size());
  for (const TrailerItem& item : trailer.items) {
    writer.Array(IsWhole(item) ? 3 : 5).ByteString(item.chunk.view());
    writer.Uint(item.plain_size).Uint(item.stored_size);
    if (!IsWhole(item)) writer.Uint(item.first).Uint(item.size);
  }
  return writer.Take();
}

Result<Trailer> DecodeTrailer(ByteView bytes) {
  return DecodeWhole(bytes, kPackPlainSizeMax, "trailer", ReadTrailer);
}

std::size_t TrailerItemSize(const TrailerItem& item) {
  const std::size_t size = 1 + 2 + item.chunk.bytes.size() + CborUintSize(item.plain_size) +
                           CborUintSize(item.stored_size);
  return IsWhole(item) ? size : size + CborUintSize(item.first) + CborUintSize(item.size);
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
