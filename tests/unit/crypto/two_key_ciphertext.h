// Ciphertexts that two keys open, to different plaintexts, both with a right tag: what AEADs allow
// to whoever knows both keys, and what a key commitment is for.
// Source of the attack: Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018 ("invisible salamanders").
#pragma once

#include "fenchi/aead.h"

namespace fenchi {

// Ciphertext and tag over `plain_size` bytes: a multiple of 16, 32 at the least. AES-256-GCM: the
// last block is solved for in GF(2^128). ChaCha20-Poly1305: the last two, modulo 2^130 - 5.
// Deterministic. The keys differ.
Bytes CiphertextOfTwoKeys(Suite suite, ByteView key_a, ByteView key_b, const AeadNonce& nonce,
                          std::size_t plain_size = 32);

}  // namespace fenchi
