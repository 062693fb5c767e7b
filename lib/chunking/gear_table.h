// The Gear table: one 64-bit word for each byte value, the content-defined chunker's only
// constants.
//
// Word i = the first 8 bytes, big-endian, of SHA-256("fenchi/1/gear" | byte i). Never change it:
// other words move all cut points, and nothing deduplicates against older backups any more (which
// stay readable). FORMAT.md, "Chunking".
#pragma once

#include <array>
#include <cstdint>

namespace fenchi::chunking {

extern const std::array<std::uint64_t, 256> kGearTable;

}  // namespace fenchi::chunking
