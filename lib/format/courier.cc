#include "format/courier.h"

#include <algorithm>

#include "base/coding.h"
#include "base/error.h"
#include "format/cbor.h"

namespace fenchi::format {
namespace {

constexpr std::string_view kMagic = "fenchi/courier/1";  // ends with the version
constexpr std::size_t kIdAt = 16, kPartAt = 32, kBeforeAt = 36;
constexpr std::size_t kNameSizeMaxHere = 200;

enum Kind : std::uint64_t { kObject = 1, kManifest = 2 };

Result<CourierHead> ReadHead(CborReader& reader) {
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t kind, reader.Uint());
  if (kind == kManifest) {
    CourierManifest manifest;
    FENCHI_RETURN_IF_ERROR(map.Require(2));
    FENCHI_ASSIGN_OR_RETURN(manifest.objects, reader.Uint());
    FENCHI_RETURN_IF_ERROR(map.Require(3));
    FENCHI_ASSIGN_OR_RETURN(manifest.bytes, reader.Uint());
    FENCHI_RETURN_IF_ERROR(map.Close());
    return CourierHead(manifest);
  }
  if (kind != kObject) return Unsupported("a record of the unknown kind {}", kind);
  CourierObject object;
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(object.destination, "provider id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::string_view name, reader.Text());
  if (name.empty() || name.size() > kNameSizeMaxHere)
    return Damaged("a name of {} bytes", name.size());
  object.name = name;
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(object.size_bytes,
                          reader.UintIn(0, kCourierObjectSizeMax, "object size"));
  FENCHI_RETURN_IF_ERROR(map.Close());
  return CourierHead(object);
}

}  // namespace

Bytes EncodeCourierHeader(const CourierHeader& header) {
  Bytes out;
  Append(out, AsBytes(kMagic));
  Append(out, header.courier.view());
  AppendBe32(out, header.part);
  Append(out, header.before.view());
  return out;
}

Result<CourierHeader> DecodeCourierHeader(ByteView bytes) {
  if (bytes.size() != kCourierHeaderSize) return Damaged("courier: the header is cut");
  const std::string_view magic = AsText(bytes.first(kMagic.size()));
  if (magic != kMagic) {
    const std::size_t version_at = kMagic.size() - 1;
    if (magic.substr(0, version_at) == kMagic.substr(0, version_at)) {
      return Unsupported(
          "courier: version '{}' is not known to this build",
          magic[version_at] > ' ' && magic[version_at] < 127 ? magic[version_at] : '?');
    }
    return Damaged("it is no courier medium");
  }
  CourierHeader header;
  std::ranges::copy(bytes.subspan(kIdAt, CourierId::kSize), header.courier.bytes.begin());
  header.part = GetBe32(bytes.subspan(kPartAt));
  std::ranges::copy(bytes.subspan(kBeforeAt, Hash256::kSize), header.before.bytes.begin());
  return header;
}

Result<Bytes> EncodeCourierHead(const CourierHead& head) {
  CborWriter writer;
  if (const auto* manifest = std::get_if<CourierManifest>(&head)) {
    writer.Map(3).Key(1).Uint(kManifest).Key(2).Uint(manifest->objects);
    writer.Key(3).Uint(manifest->bytes);
  } else {
    const auto& object = std::get<CourierObject>(head);
    if (object.name.empty() || object.name.size() > kNameSizeMaxHere || !IsUtf8(object.name)) {
      return InvalidArgument("courier: a name of {} bytes", object.name.size());
    }
    if (object.size_bytes > kCourierObjectSizeMax) {
      return InvalidArgument("courier: an object of {} bytes", object.size_bytes);
    }
    writer.Map(4).Key(1).Uint(kObject).Key(2).ByteString(object.destination.view());
    writer.Key(3).Text(object.name).Key(4).Uint(object.size_bytes);
  }
  Bytes out;
  AppendPrefixed(out, writer.Take());
  return out;
}

Result<CourierHead> DecodeCourierHead(ByteView bytes) {
  return DecodeWhole(bytes, kCourierHeadSizeMax, "courier record", ReadHead);
}

Hash256 CourierHash(const Hash256& before, ByteView head, ByteView payload) {
  Sha256Hasher hasher;
  hasher.Update(before.view());
  hasher.Update(head);
  hasher.Update(payload);
  return hasher.Finish();
}

}  // namespace fenchi::format
