// HMAC under a kept key, over either SHA-2: what hash.h and HKDF are made from.
#pragma once

#include <cstddef>

#include "crypto/libraries.h"
#include "fenchi/bytes.h"

namespace fenchi {

enum class HmacDigest { kSha256, kSha512 };

// Movable; one thread at a time. OpenSSL wipes the key when the object dies.
class HmacState {
 public:
  HmacState(HmacDigest digest, ByteView key);  // key: any size, empty included

  void Update(ByteView piece);
  // Writes the HMAC to `out` (32 or 64 bytes, by digest) and starts again under the same key.
  void Finish(MutableBytes out);

 private:
  MacContext context_;
};

}  // namespace fenchi
