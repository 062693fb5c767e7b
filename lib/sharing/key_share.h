// The bytes of a key share (on disk, never change, FORMAT.md "Key share"):
//
//   0    "fsh1"                        4
//   4    A: scheme 1, threshold        2
//   6    index                         1
//   7    0                             1
//   8    length t of the context       2, big-endian
//   10   context T                     t
//   +0   value S_index                 32
//   +32  ciphertext C                  64
//   +96  check value J                 32
//   +128 dealer's public key           32   these two all zeros: unsigned
//   +160 dealer's Ed25519 signature    64   over "fenchi/1/share" | 0 | all bytes before it
//   +224 checksum                      4    first bytes of SHA-256 of all bytes before it
#pragma once

#include "fenchi/bytes.h"
#include "fenchi/key_sharing.h"
#include "fenchi/status.h"

namespace fenchi {

// KeyShare::Parse; where it fails, `fault` says how RecoverKey reports it.
Result<KeyShare> ParseKeyShare(ByteView bytes, ShareFaultKind& fault);

// The index that an item claims, whether or not the rest of it is good; 0 where it is no key share.
int ClaimedIndex(ByteView bytes);

// Sets the dealer's public key and signature. Errors: what `dealer` returns.
Status SignKeyShare(KeyShare& share, const ShareSigner& dealer);

}  // namespace fenchi
