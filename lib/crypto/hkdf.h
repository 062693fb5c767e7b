// HKDF-SHA-512 into the caller's memory: for short-lived keys on the stack, where locked memory
// would cost more than the derivation itself (a SecretBytes is several system calls).
#pragma once

#include "fenchi/bytes.h"

namespace fenchi {

// As HkdfSha512 in fenchi/hash.h. The caller wipes `out`.
void HkdfSha512Into(ByteView ikm, ByteView salt, ByteView info, MutableBytes out);

}  // namespace fenchi
