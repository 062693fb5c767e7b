#include "fenchi/password.h"

#include <sodium.h>

#include "base/error.h"
#include "crypto/libraries.h"

namespace fenchi {

static_assert(kPasswordSaltSize == crypto_pwhash_argon2id_SALTBYTES);

Status CheckArgon2Cost(const Argon2Cost& cost) {
  if (cost.passes < 1 || cost.passes > kArgon2PassesMax) {
    return InvalidArgument("Argon2 passes {} are outside 1..{}", cost.passes, kArgon2PassesMax);
  }
  if (cost.memory_bytes < kArgon2MemoryBytesMin || cost.memory_bytes > kArgon2MemoryBytesMax ||
      cost.memory_bytes % 1024 != 0) {
    return InvalidArgument("Argon2 memory of {} bytes is outside {}..{} or not whole KiB",
                           cost.memory_bytes, kArgon2MemoryBytesMin, kArgon2MemoryBytesMax);
  }
  if (cost.lanes != 1) {
    return InvalidArgument("Argon2 lanes {} are not supported, only 1", cost.lanes);
  }
  return Status::Ok();
}

Result<SecretBytes> StretchPassword(ByteView password, ByteView salt, const Argon2Cost& cost) {
  FENCHI_RETURN_IF_ERROR(CheckArgon2Cost(cost));
  if (password.empty() || password.size() > kPasswordSizeMax) {
    return InvalidArgument("passphrase has {} bytes, needs 1..{}", password.size(),
                           kPasswordSizeMax);
  }
  if (salt.size() != kPasswordSaltSize) {
    return InvalidArgument("passphrase salt has {} bytes, needs {}", salt.size(),
                           kPasswordSaltSize);
  }
  StartSodium();
  SecretBytes key(kStretchedKeySize);
  const int result = crypto_pwhash_argon2id(
      key.mutable_view().data(), key.size(), reinterpret_cast<const char*>(password.data()),
      password.size(), salt.data(), cost.passes, static_cast<std::size_t>(cost.memory_bytes),
      crypto_pwhash_argon2id_ALG_ARGON2ID13);
  if (result != 0) {
    return Status(StatusCode::kFull,
                  fmt::format("no {} MiB of memory to stretch the passphrase",
                              (cost.memory_bytes + (1 << 20) - 1) >> 20),
                  "free memory, or run on a larger host");
  }
  return key;
}

}  // namespace fenchi
