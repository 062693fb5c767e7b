// P-256: sealing to the public key of a token, which keeps the secret key and never gives it out.
//
// As key_exchange.h does with X25519, which few tokens know. What opens a box is the secret that
// the token agrees on with the box's ephemeral key, so the secret key itself is not needed here;
// P256KeyPair is the half of whoever seals, and of tests. Not safe against a later quantum
// computer.
//
// Threads: functions from any thread.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes box, SealToP256Key(context, token_key.view(), secret, random));
//   FENCHI_ASSIGN_OR_RETURN(P256PublicKey ephemeral, EphemeralKeyOfBox(box));
//   FENCHI_ASSIGN_OR_RETURN(SecretBytes agreed, token.Agree(ephemeral.bytes));
//   FENCHI_ASSIGN_OR_RETURN(SecretBytes back, OpenWithAgreedSecret(context, token_key.view(),
//                                                                  agreed.view(), box));
// Source: SP 800-56A section 5.7.1.2 (ECC CDH, cofactor 1), SEC 1 section 2.3.3, SP 800-186.
#pragma once

#include <cstddef>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

inline constexpr std::size_t kP256SecretSize = 32;
inline constexpr std::size_t kP256PointSize = 65;
inline constexpr std::size_t kP256SealOverhead = kP256PointSize + kSealOverhead;

// 0x04 | x 32 | y 32, big-endian.
using P256PublicKey = FixedBytes<kP256PointSize, struct P256PublicKeyTag>;

struct P256KeyPair {
  SecretBytes secret_key;  // 1..n-1, 32 bytes, big-endian
  P256PublicKey public_key;

  // Draws 32 bytes, and again where they are no secret key, which is so once in 2^32.
  static P256KeyPair Generate(Random& random);
  // Errors: kInvalidArgument when it has another size or is not in 1..n-1.
  static Result<P256KeyPair> FromSecretKey(ByteView secret_key);
};

// Errors: kInvalidArgument when it is not 65 bytes that begin with 0x04 and name a point of the
// curve. All of these but infinity, which has no such form, are of the curve's prime order.
Status CheckP256Key(ByteView public_key);

// The x-coordinate of the product, 32 bytes: to be hashed with both public keys before use.
// Errors: kInvalidArgument for either key, as above, or when the result is all zeros.
Result<SecretBytes> P256Secret(ByteView secret_key, ByteView public_key);

// On disk, never change: FORMAT.md section "Seal".
//   box = e 65 | Seal(context, key, plaintext), where (e, its secret) is a fresh pair and
//   key = HKDF-SHA-512(ikm = P256Secret(secret of e, public_key), salt = e | public_key,
//   info = "fenchi/1/p256", 32 bytes)
// The box is plaintext.size() + kP256SealOverhead bytes.
// Errors: as P256Secret and Seal.
Result<Bytes> SealToP256Key(const SealContext& context, ByteView public_key, ByteView plaintext,
                            Random& random);

// What the holder of the secret key has to agree with.
// Errors: kDamaged when the box is too short or does not begin with a point of the curve.
Result<P256PublicKey> EphemeralKeyOfBox(ByteView box);

// agreed: P256Secret(the secret key, the box's ephemeral key), from whoever has the secret key.
// Errors: kDamaged as EphemeralKeyOfBox; kInvalidArgument when `agreed` is not 32 bytes or is all
// zeros; otherwise as OpenSealed: kWrongKey also where `agreed` is something else.
Result<SecretBytes> OpenWithAgreedSecret(const SealContext& context, ByteView public_key,
                                         ByteView agreed, ByteView box);

}  // namespace fenchi
