// Fixed-width big-endian integers and base32, as FORMAT.md writes them.
#pragma once

#include <cstdint>
#include <string>

#include "fenchi/bytes.h"

namespace fenchi {

inline void PutBe16(MutableBytes out, std::uint16_t v) {
  for (int i = 0; i < 2; ++i) out[i] = static_cast<std::uint8_t>(v >> (8 - 8 * i));
}
inline void PutBe32(MutableBytes out, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
}
inline void PutBe64(MutableBytes out, std::uint64_t v) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(v >> (56 - 8 * i));
}
inline std::uint16_t GetBe16(ByteView in) { return static_cast<std::uint16_t>(in[0] << 8 | in[1]); }
inline std::uint32_t GetBe32(ByteView in) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i) v = v << 8 | in[i];
  return v;
}
inline std::uint64_t GetBe64(ByteView in) {
  std::uint64_t v = 0;
  for (int i = 0; i < 8; ++i) v = v << 8 | in[i];
  return v;
}

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
