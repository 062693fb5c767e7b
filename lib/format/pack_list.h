// Pack lists, FORMAT.md section 9.3: in a record up to 8,192 packs, beyond in list objects.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes object, SealListObject(suite, vault, outer_key, entries,
//   random));
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "fenchi/status.h"
#include "format/cbor.h"
#include "format/ids.h"

namespace fenchi::format {

struct PackListEntry {
  PackId pack;
  int segments = 0;
  int needed = 0;  // k
  PackType type = PackType::kData;
  friend auto operator<=>(const PackListEntry&, const PackListEntry&) = default;
};

// An object by its hash and size in bytes.
struct ObjectRef {
  Hash256 hash;
  std::uint64_t size = 0;
  friend bool operator==(const ObjectRef&, const ObjectRef&) = default;
};

// Either entries, or objects that hold `count` of them in all.
struct PackList {
  std::vector<PackListEntry> entries;  // ascending by pack id, distinct, at most 8,192
  std::vector<ObjectRef> objects;      // where not empty: entries is empty
  std::uint64_t count = 0;             // with objects: packs in all
  std::uint64_t size() const { return in_objects() ? count : entries.size(); }
  bool in_objects() const { return !objects.empty(); }
  bool empty() const { return entries.empty() && objects.empty(); }
  friend bool operator==(const PackList&, const PackList&) = default;
};

void WritePackList(CborWriter& writer, const PackList& list);
Result<PackList> ReadPackList(CborReader& reader);
Status CheckPackList(const PackList& list);

// 36 bytes an entry. Decoding refuses entries that are not strictly ascending.
Bytes EncodePackEntries(const std::vector<PackListEntry>& entries);
Result<std::vector<PackListEntry>> DecodePackEntries(ByteView bytes, std::size_t most);

// List objects: box of type 5, at most 28,000 entries.
Result<Bytes> SealListObject(Suite suite, const VaultId& vault, ByteView outer_key,
                             const std::vector<PackListEntry>& entries, Random& random);
Result<std::vector<PackListEntry>> OpenListObject(const VaultId& vault, ByteView outer_key,
                                                  ByteView object);

}  // namespace fenchi::format
