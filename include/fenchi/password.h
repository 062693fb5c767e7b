// Argon2id: turns a passphrase into a key at a price that each guess has to pay as well.
//
// The salt is fresh random bytes for each slot; salt and cost are stored openly. The price slows
// guessing down and cannot make a weak passphrase strong. Cost read from storage is checked against
// the limits below before any memory is taken, so a planted slot cannot exhaust the host.
//
// Threads: from any thread; each call takes cost.memory_bytes while it runs.
//
//   FENCHI_ASSIGN_OR_RETURN(SecretBytes key, StretchPassword(passphrase, salt, Argon2Cost{}));
// Source: RFC 9106 (Argon2id version 0x13).
#pragma once

#include <cstddef>
#include <cstdint>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

inline constexpr std::size_t kPasswordSaltSize = 16;
inline constexpr std::size_t kStretchedKeySize = 32;
inline constexpr std::size_t kPasswordSizeMax = 65535;
inline constexpr std::uint32_t kArgon2PassesMax = 20;
inline constexpr std::uint64_t kArgon2MemoryBytesMin = 8 * 1024;
inline constexpr std::uint64_t kArgon2MemoryBytesMax = std::uint64_t{4} << 30;

struct Argon2Cost {
  std::uint32_t passes = 4;                              // 1..20
  std::uint64_t memory_bytes = std::uint64_t{64} << 20;  // 8 KiB..4 GiB, whole KiB
  std::uint32_t lanes = 1;                               // only 1
  friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

// The cheapest allowed cost: for tests, and for secrets that are random already.
inline constexpr Argon2Cost kArgon2CheapestCost{1, kArgon2MemoryBytesMin, 1};

// Errors: kInvalidArgument when the cost is outside its limits.
FENCHI_EXPORT Status CheckArgon2Cost(const Argon2Cost& cost);

// 32 bytes. password: 1..65,535 bytes (an empty one is nearly always an unset variable). salt: 16
// bytes. Cost: passes * memory_bytes of memory traffic, about 0.2 s with the defaults.
// Errors: kInvalidArgument when password, salt or cost are outside their limits; kFull when the
// host has not cost.memory_bytes of memory to give.
FENCHI_EXPORT Result<SecretBytes> StretchPassword(ByteView password, ByteView salt,
                                                  const Argon2Cost& cost);

}  // namespace fenchi
