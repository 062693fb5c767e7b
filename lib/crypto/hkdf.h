// HKDF-SHA-512 into the caller's memory: for short-lived keys on the stack, where locked memory
// would cost more than the derivation itself (a SecretBytes is several system calls).
#pragma once

#include "fenchi/bytes.h"
#include "fenchi/secret.h"

namespace fenchi {

// As HkdfSha512 in fenchi/hash.h. The caller wipes `out`.
void HkdfSha512Into(ByteView ikm, ByteView salt, ByteView info, MutableBytes out);

// Opens a box sealed to a public key (FORMAT.md section 3): 32 bytes from the secret agreed on, the
// two public keys, and the label of their curve.
SecretBytes KeyOfAgreement(ByteView agreed, ByteView ephemeral, ByteView recipient, ByteView label);

}  // namespace fenchi
