#include "format/pack_list.h"

#include "base/coding.h"
#include "base/error.h"
#include "format/check.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kEntrySize = 36;  // pack id 32 | be16(segments) | u8(k) | u8(type)
constexpr std::size_t kListObjectsMax = 20000;

Status CheckEntries(const std::vector<PackListEntry>& entries, std::size_t most) {
  if (entries.size() > most) {
    return InvalidArgument("pack list: {} packs, at most {}", entries.size(), most);
  }
  if (!Ascending(entries, &PackListEntry::pack)) {
    return InvalidArgument("pack list: packs are not ascending and distinct");
  }
  for (const PackListEntry& entry : entries) {
    if (entry.segments < 0 || !IsPackClass(static_cast<std::uint64_t>(entry.segments)) ||
        entry.needed < 1 || entry.needed > kSeatsMax || entry.type < PackType::kData ||
        entry.type > PackType::kMetadata) {
      return InvalidArgument("pack list: pack {}: {} segments, {} needed", entry.pack,
                             entry.segments, entry.needed);
    }
  }
  return Status::Ok();
}

SealContext ListContext(Suite suite, const VaultId& vault) {
  return {suite, SealType::kList, vault, {}};
}

}  // namespace

Status CheckPackList(const PackList& list) {
  if (!list.in_objects()) return CheckEntries(list.entries, kPacksInRecordListMax);
  if (!list.entries.empty()) return InvalidArgument("pack list: both entries and objects");
  if (list.objects.size() > kListObjectsMax || list.count < list.objects.size() ||
      list.count > list.objects.size() * kPacksPerListObjectMax) {
    return InvalidArgument("pack list: {} packs in {} objects", list.count, list.objects.size());
  }
  for (const ObjectRef& object : list.objects) {
    if (object.size < 1 || object.size > kRecordObjectSizeMax) {
      return InvalidArgument("pack list: an object of {} bytes", object.size);
    }
  }
  return Status::Ok();
}

void WritePackList(CborWriter& writer, const PackList& list) {
  if (!list.in_objects()) {
    writer.Array(2).Uint(0).ByteString(EncodePackEntries(list.entries));
    return;
  }
  writer.Array(3).Uint(1).Uint(list.count).Array(list.objects.size());
  for (const ObjectRef& object : list.objects) {
    writer.Array(2).ByteString(object.hash.view()).Uint(object.size);
  }
}

Result<PackList> ReadPackList(CborReader& reader) {
  PackList list;
  FENCHI_ASSIGN_OR_RETURN(const std::size_t fields, reader.Array(2, 3, "pack list"));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t form, reader.UintIn(0, 1, "form of a pack list"));
  if (fields != 2 + form) return Damaged("pack list: {} items for form {}", fields, form);
  if (form == 0) {
    FENCHI_ASSIGN_OR_RETURN(const ByteView raw, reader.ByteString());
    FENCHI_ASSIGN_OR_RETURN(list.entries, DecodePackEntries(raw, kPacksInRecordListMax));
  } else {
    FENCHI_ASSIGN_OR_RETURN(list.count, reader.Uint());
    FENCHI_ASSIGN_OR_RETURN(const std::size_t count,
                            reader.Array(1, kListObjectsMax, "list objects"));
    for (std::size_t i = 0; i < count; ++i) {
      ObjectRef& object = list.objects.emplace_back();
      FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "list object").status());
      FENCHI_RETURN_IF_ERROR(reader.Fixed(object.hash, "hash"));
      FENCHI_ASSIGN_OR_RETURN(object.size, reader.Uint());
      reader.Leave();
    }
    reader.Leave();
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckPackList(list)));
  return list;
}

Bytes EncodePackEntries(const std::vector<PackListEntry>& entries) {
  Bytes out;
  out.reserve(entries.size() * kEntrySize);
  for (const PackListEntry& entry : entries) {
    Append(out, entry.pack.view());
    std::uint8_t rest[4];
    PutBe16(rest, static_cast<std::uint16_t>(entry.segments));
    rest[2] = static_cast<std::uint8_t>(entry.needed);
    rest[3] = static_cast<std::uint8_t>(entry.type);
    Append(out, rest);
  }
  return out;
}

Result<std::vector<PackListEntry>> DecodePackEntries(ByteView bytes, std::size_t most) {
  if (bytes.size() % kEntrySize != 0 || bytes.size() / kEntrySize > most) {
    return Damaged("pack list: {} bytes are not 0 to {} entries of {}", bytes.size(), most,
                   kEntrySize);
  }
  std::vector<PackListEntry> entries(bytes.size() / kEntrySize);
  for (PackListEntry& entry : entries) {
    std::copy_n(bytes.begin(), entry.pack.bytes.size(), entry.pack.bytes.begin());
    entry.segments = GetBe16(bytes.subspan(32));
    entry.needed = bytes[34];
    entry.type = static_cast<PackType>(bytes[35]);
    bytes = bytes.subspan(kEntrySize);
  }
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckEntries(entries, most)));
  return entries;
}

Result<Bytes> SealListObject(Suite suite, const VaultId& vault, ByteView outer_key,
                             const std::vector<PackListEntry>& entries, Random& random) {
  FENCHI_RETURN_IF_ERROR(CheckEntries(entries, kPacksPerListObjectMax));
  return SealPadded(ListContext(suite, vault), outer_key, EncodePackEntries(entries),
                    kRecordPadding, kRecordObjectSizeMax, random);
}

Result<std::vector<PackListEntry>> OpenListObject(const VaultId& vault, ByteView outer_key,
                                                  ByteView object) {
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes bytes,
                          OpenPadded(ListContext(Suite::kAes256Gcm, vault), outer_key, object,
                                     kRecordPadding, kRecordObjectSizeMax));
  return DecodePackEntries(bytes.view(), kPacksPerListObjectMax);
}

}  // namespace fenchi::format
