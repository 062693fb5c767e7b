// Fixed-width big-endian integers and base32, as FORMAT.md writes them.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>

#include "fenchi/bytes.h"

namespace fenchi {

// What stands in memory as `v` does in big-endian order.
template <typename Uint>
constexpr Uint BigEndian(Uint v) {
  static_assert(sizeof v == 2 || sizeof v == 4 || sizeof v == 8);
  if constexpr (std::endian::native == std::endian::big) return v;
  if constexpr (sizeof v == 2) return __builtin_bswap16(v);
  if constexpr (sizeof v == 4) return __builtin_bswap32(v);
  if constexpr (sizeof v == 8) return __builtin_bswap64(v);
}
template <typename Uint>
void PutBe(MutableBytes out, Uint v) {
  assert(out.size() >= sizeof v);
  v = BigEndian(v);
  std::memcpy(out.data(), &v, sizeof v);
}
template <typename Uint>
Uint GetBe(ByteView in) {
  assert(in.size() >= sizeof(Uint));
  Uint v;
  std::memcpy(&v, in.data(), sizeof v);
  return BigEndian(v);
}
inline void PutBe16(MutableBytes out, std::uint16_t v) { PutBe(out, v); }
inline void PutBe32(MutableBytes out, std::uint32_t v) { PutBe(out, v); }
inline void PutBe64(MutableBytes out, std::uint64_t v) { PutBe(out, v); }
inline std::uint16_t GetBe16(ByteView in) { return GetBe<std::uint16_t>(in); }
inline std::uint32_t GetBe32(ByteView in) { return GetBe<std::uint32_t>(in); }
inline std::uint64_t GetBe64(ByteView in) { return GetBe<std::uint64_t>(in); }

inline void Append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }
inline void AppendBe32(Bytes& out, std::uint32_t v) {
  std::uint8_t raw[4];
  PutBe32(raw, v);
  Append(out, raw);
}
inline void AppendBe64(Bytes& out, std::uint64_t v) {
  std::uint8_t raw[8];
  PutBe64(raw, v);
  Append(out, raw);
}
// be32 length, then the bytes: so that no two lists of fields look alike.
inline void AppendPrefixed(Bytes& out, ByteView field) {
  AppendBe32(out, static_cast<std::uint32_t>(field.size()));
  Append(out, field);
}

// RFC 4648 section 6 in lower case without padding: 8 characters for each 5 bytes.
std::string ToBase32(ByteView bytes);

}  // namespace fenchi
