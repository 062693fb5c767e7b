// X25519: sealing to somebody's public key, with a fresh key pair for each box.
//
// Only the holder of the secret key opens such a box, the sender cannot. Who the sender was is not
// shown: anybody can seal to a public key. Not safe against a later quantum computer.
//
// Threads: functions from any thread.
//
//   KeyPair pair = KeyPair::Generate(random);
//   FENCHI_ASSIGN_OR_RETURN(Bytes box,
//                           SealToPublicKey(context, pair.public_key.view(), secret, random));
//   FENCHI_ASSIGN_OR_RETURN(SecretBytes back, OpenWithSecretKey(context, pair, box));
// Source: RFC 7748.
#pragma once

#include <cstddef>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

inline constexpr std::size_t kExchangeKeySize = 32;
inline constexpr std::size_t kPublicSealOverhead = kExchangeKeySize + kSealOverhead;

using ExchangePublicKey = FixedBytes<32, struct ExchangePublicKeyTag>;

struct KeyPair {
  SecretBytes secret_key;
  ExchangePublicKey public_key;

  static KeyPair Generate(Random& random);
  // secret_key: 32 bytes, uniformly random. Errors: kInvalidArgument when it has another size.
  static Result<KeyPair> FromSecretKey(ByteView secret_key);
};

// The raw shared secret, 32 bytes: to be hashed with both public keys before use.
// Errors: kInvalidArgument when a size is wrong, or when the result is all zeros because the public
// key has small order.
Result<SecretBytes> ExchangeSecret(ByteView secret_key, ByteView public_key);

// On disk, never change: FORMAT.md section "Seal".
//   box = e 32 | Seal(context, key, plaintext), where (e, its secret) is a fresh pair and
//   key = HKDF-SHA-512(ikm = X25519(secret of e, public_key), salt = e | public_key,
//   info = "fenchi/1/x25519", 32 bytes)
// The box is plaintext.size() + kPublicSealOverhead bytes.
// Errors: as ExchangeSecret and Seal.
Result<Bytes> SealToPublicKey(const SealContext& context, ByteView public_key, ByteView plaintext,
                              Random& random);

// Errors: kDamaged when the box is too short or `e` has small order; otherwise as OpenSealed.
Result<SecretBytes> OpenWithSecretKey(const SealContext& context, const KeyPair& pair,
                                      ByteView box);

}  // namespace fenchi
