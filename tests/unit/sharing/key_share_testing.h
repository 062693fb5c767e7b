// What the tests of key sharing share: a sharing as bytes, and ways to spoil it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "crypto/signing.h"
#include "fenchi/hash.h"
#include "fenchi/key_sharing.h"
#include "sharing/dealer.h"
#include "unit/sharing/sharing_testing.h"

namespace fenchi {

// vault id | epoch | access expression hash | slot id, as the vault writes it.
inline Bytes ContextOf(std::uint8_t vault, std::uint32_t epoch) {
  Bytes context(32, vault);
  AppendBe32(context, epoch);
  context.resize(84, 0x5a);
  return context;
}

// Shares as bytes, named "item 1"...
struct Items {
  std::vector<std::pair<std::string, Bytes>> all;

  void Add(std::string name, Bytes bytes) { all.emplace_back(std::move(name), std::move(bytes)); }
  Bytes& operator[](std::size_t i) { return all[i].second; }
  std::vector<NamedShare> Views() const {
    std::vector<NamedShare> views;
    for (const auto& [name, bytes] : all) views.push_back({name, bytes});
    return views;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : all) names.push_back(name);
    return names;
  }
};

inline Bytes ToBytes(const KeyShare& share) {
  const SecretBytes bytes = share.Serialize();
  return Bytes(bytes.view().begin(), bytes.view().end());
}

inline Items Split(const SecretBytes& key, ShareCounts counts, const Bytes& context, Random& random,
                   const ShareSigner* dealer = nullptr) {
  Items items;
  const std::vector<KeyShare> shares =
      std::move(SplitKey(key, counts, context, random, dealer)).value();
  for (const KeyShare& share : shares) {
    items.Add("item " + std::to_string(share.index), ToBytes(share));
  }
  return items;
}

// Makes the checksum fit the bytes before it.
inline void FixChecksum(Bytes& share) {
  const Hash256 hash = Sha256(ByteView(share).first(share.size() - 4));
  std::copy_n(hash.bytes.begin(), 4, share.end() - 4);
}

}  // namespace fenchi
