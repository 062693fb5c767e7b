// Names of objects at a provider, FORMAT.md section 2.
//
// `d/`, `r/`, `l/` and `x/` names are keyed hashes: without K_name they cannot be linked between
// providers. `k/` names are plain. generation: 0..7; a reader tries all of them in order.
// name_key: K_name, 32 bytes. Pure functions: any thread.
//
//   std::string name = ShardName(name_key, provider, pack, needed, /*generation=*/0);
#pragma once

#include <cstdint>
#include <string>

#include "fenchi/bytes.h"

namespace fenchi::format {

std::string GenesisName(int generation);
std::string PolicyName(std::uint32_t version, int generation);  // version: 1..99,999,999
std::string SlotsName(std::uint32_t version, int generation);
std::string KeyringName(std::uint32_t version, int generation);
std::string LeafName(std::uint32_t version, int generation);
std::string CheckpointName(const WriterId& writer, std::uint64_t seq, int generation);
std::string FormatDocName(int generation);
std::string ReaderName(int generation);

std::string ShardName(ByteView name_key, const ProviderId& provider, const PackId& pack, int needed,
                      int generation);
std::string RecordName(ByteView name_key, const ProviderId& provider, const WriterId& writer,
                       std::uint64_t seq, int generation);
// object: SHA-256 of the sealed list or index object.
std::string ListName(ByteView name_key, const ProviderId& provider, const Hash256& object,
                     int generation);
std::string IndexName(ByteView name_key, const ProviderId& provider, const Hash256& object,
                      int generation);

}  // namespace fenchi::format
