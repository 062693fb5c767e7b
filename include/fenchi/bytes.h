// Byte views, buffers and fixed-size identifiers.
//
// ByteView and MutableBytes are spans: the caller keeps what they point at alive for the call.
// FixedBytes<N, Tag> is an N-byte value with a type of its own, so that a PackId is never passed
// where a ChunkId is meant.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/export.h"
#include "fenchi/status.h"

namespace fenchi {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal, two characters a byte.
FENCHI_EXPORT std::string ToHex(ByteView bytes);
// Errors: kInvalidArgument when `hex` has odd length or another character than 0-9 a-f A-F.
FENCHI_EXPORT Result<Bytes> FromHex(std::string_view hex);

template <std::size_t N, typename Tag>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> bytes{};

  // Errors: kInvalidArgument when `from` is not exactly N bytes.
  static Result<FixedBytes> From(ByteView from) {
    if (from.size() != N) {
      return Status(StatusCode::kInvalidArgument, "identifier has " + std::to_string(from.size()) +
                                                      " bytes, needs " + std::to_string(N));
    }
    FixedBytes out;
    std::memcpy(out.bytes.data(), from.data(), N);
    return out;
  }
  static Result<FixedBytes> FromHexText(std::string_view hex) {
    FENCHI_ASSIGN_OR_RETURN(Bytes raw, FromHex(hex));
    return From(raw);
  }

  ByteView view() const { return bytes; }
  MutableBytes mutable_view() { return bytes; }
  std::string hex() const { return ToHex(bytes); }
  bool is_zero() const { return *this == FixedBytes{}; }
  friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
};

using Hash256 = FixedBytes<32, struct Hash256Tag>;
using VaultId = FixedBytes<32, struct VaultIdTag>;        // SHA-256 of the genesis
using PackId = FixedBytes<32, struct PackIdTag>;          // also the pack's salt
using ChunkId = FixedBytes<32, struct ChunkIdTag>;        // keyed hash of the plaintext
using SnapshotId = FixedBytes<32, struct SnapshotIdTag>;  // SHA-256 of the stored snapshot object
using DomainId = FixedBytes<16, struct DomainIdTag>;      // key domain
using WriterId = FixedBytes<16, struct WriterIdTag>;
using ProviderId = FixedBytes<16, struct ProviderIdTag>;
using RunId = FixedBytes<16, struct RunIdTag>;  // one backup run in one key domain

}  // namespace fenchi

template <std::size_t N, typename Tag>
struct std::hash<fenchi::FixedBytes<N, Tag>> {
  // Identifiers are random or hashes: their first bytes are a good hash already.
  std::size_t operator()(const fenchi::FixedBytes<N, Tag>& id) const noexcept {
    std::size_t out = 0;
    std::memcpy(&out, id.bytes.data(), N < sizeof(out) ? N : sizeof(out));
    return out;
  }
};
