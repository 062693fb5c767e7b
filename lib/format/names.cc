#include "format/names.h"

#include <fmt/format.h>

#include <cassert>
#include <initializer_list>

#include "base/coding.h"
#include "fenchi/hash.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kNameHashSize = 20;
constexpr std::uint8_t kZero[1] = {0};

std::string Versioned(const char* stem, std::uint32_t version, int generation) {
  assert(version >= 1 && version <= 99'999'999);
  return fmt::format("k/{}-{:08}.{}", stem, version, generation);
}

// prefix b32(HMAC(name key, label 0x00 parts)[0..20)) .G
std::string Keyed(char prefix, ByteView name_key, std::string_view label, ByteView a, ByteView b,
                  ByteView c, int generation) {
  const Hash256 mac = HmacSha256(name_key, {AsBytes(label), kZero, a, b, c});
  return fmt::format("{}/{}.{}", prefix, ToBase32(mac.view().first(kNameHashSize)), generation);
}

}  // namespace

std::string GenesisName(int generation) { return fmt::format("k/genesis.{}", generation); }

std::string PolicyName(std::uint32_t version, int generation) {
  return Versioned("policy", version, generation);
}
std::string SlotsName(std::uint32_t version, int generation) {
  return Versioned("slots", version, generation);
}
std::string KeyringName(std::uint32_t version, int generation) {
  return Versioned("keyring", version, generation);
}
std::string LeafName(std::uint32_t version, int generation) {
  return Versioned("leaf", version, generation);
}

std::string CheckpointName(const WriterId& writer, std::uint64_t seq, int generation) {
  return fmt::format("k/checkpoint-{}-{:016x}.{}", ToBase32(writer.view()), seq, generation);
}

std::string FormatDocName(int generation) { return fmt::format("k/format.{}.md", generation); }
std::string ReaderName(int generation) { return fmt::format("k/fenchi_reader.{}.py", generation); }

std::string ShardName(ByteView name_key, const ProviderId& provider, const PackId& pack, int needed,
                      int generation) {
  const std::uint8_t k[1] = {static_cast<std::uint8_t>(needed)};
  return Keyed('d', name_key, "shard", provider.view(), pack.view(), k, generation);
}

std::string RecordName(ByteView name_key, const ProviderId& provider, const WriterId& writer,
                       std::uint64_t seq, int generation) {
  std::uint8_t number[8];
  PutBe64(number, seq);
  return Keyed('r', name_key, "record", provider.view(), writer.view(), number, generation);
}

std::string ListName(ByteView name_key, const ProviderId& provider, const Hash256& object,
                     int generation) {
  return Keyed('l', name_key, "list", provider.view(), object.view(), {}, generation);
}

std::string IndexName(ByteView name_key, const ProviderId& provider, const Hash256& object,
                      int generation) {
  return Keyed('x', name_key, "index", provider.view(), object.view(), {}, generation);
}

}  // namespace fenchi::format
