// Courier media as bytes, FORMAT.md section 16. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "fenchi/bytes.h"
#include "fenchi/hash.h"
#include "fenchi/status.h"

namespace fenchi::format {

using CourierId = FixedBytes<16, struct CourierIdTag>;

// On disk, never change.
inline constexpr std::size_t kCourierHeaderSize = 68;  // without the hash behind it
inline constexpr std::size_t kCourierHashSize = 32;
inline constexpr std::size_t kCourierHeadSizeMax = 1024;
inline constexpr std::uint64_t kCourierObjectSizeMax = 64ull << 20;  // larger than any of a vault

// At the beginning of each file.
struct CourierHeader {
  CourierId courier;       // the same in all files of one medium
  std::uint32_t part = 1;  // from 1
  Hash256 before;          // the hash that ends the file before; zeros in the first
  friend bool operator==(const CourierHeader&, const CourierHeader&) = default;
};

struct CourierObject {
  ProviderId destination;
  std::string name;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const CourierObject&, const CourierObject&) = default;
};

// Of all records before it, in all files.
struct CourierManifest {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const CourierManifest&, const CourierManifest&) = default;
};

using CourierHead = std::variant<CourierObject, CourierManifest>;

Bytes EncodeCourierHeader(const CourierHeader& header);
// Errors: kDamaged when it is none; kUnsupported for another version.
Result<CourierHeader> DecodeCourierHeader(ByteView bytes);

// be32 size, then the head. Errors: kInvalidArgument for a name or size beyond the limits.
Result<Bytes> EncodeCourierHead(const CourierHead& head);
// `bytes`: without the size before it.
Result<CourierHead> DecodeCourierHead(ByteView bytes);

// The hash behind a header or record: of the hash before it, and of its own bytes.
Hash256 CourierHash(const Hash256& before, ByteView head, ByteView payload);

}  // namespace fenchi::format
