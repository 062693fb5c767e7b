// Names of files that are not objects yet: random, in a folder that no object name can reach.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fenchi {

// Below the root of a place made of folders. Begins with '.': never listed, never an object.
inline constexpr std::string_view kTemporaryFolder = ".tmp";

// What a dead process left there is removed by the next one when it is as old as this.
inline constexpr std::int64_t kLeftoverAgeSeconds = 24 * 60 * 60;

std::string NewTemporaryName();               // "fenchi-<32 hexadecimal digits>.tmp"
bool IsTemporaryName(std::string_view name);  // whether NewTemporaryName makes names like it

}  // namespace fenchi
