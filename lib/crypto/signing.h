// Ed25519 signatures: who wrote a log record, a policy or a key share.
//
// A signature binds the exact message bytes; what they mean is the caller's part, who puts a label
// and the vault id in front. Deterministic: one key and one message give one signature, no
// randomness is needed. A valid signature shows that a holder of the key made it; not when, and not
// that no other key would verify a chosen message, unless CheckPublicKey accepted the key before.
//
// Threads: const methods and functions from any thread.
//
//   SigningKey key = SigningKey::Generate(random);
//   Signature signature = key.Sign(message);
//   FENCHI_RETURN_IF_ERROR(VerifySignature(key.public_key().view(), message, signature.view()));
// Source: RFC 8032 (Ed25519, not Ed25519ph or Ed25519ctx).
#pragma once

#include <cstddef>

#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

inline constexpr std::size_t kSigningSeedSize = 32;

using SigningPublicKey = FixedBytes<32, struct SigningPublicKeyTag>;
using Signature = FixedBytes<64, struct SignatureTag>;

class SigningKey {
 public:
  static SigningKey Generate(Random& random);
  // seed: 32 bytes, uniformly random: all there is to keep.
  // Errors: kInvalidArgument when it has another size.
  static Result<SigningKey> FromSeed(ByteView seed);

  const SigningPublicKey& public_key() const { return public_key_; }
  ByteView seed() const { return expanded_.view().first(kSigningSeedSize); }
  // Empty is allowed.
  Signature Sign(ByteView message) const;

 private:
  SigningKey() = default;
  SecretBytes expanded_;  // seed | public key, as libsodium wants it
  SigningPublicKey public_key_;
};

// Errors: kDamaged when the signature is not one of this key for this message, or is not 64 bytes;
// kInvalidArgument when the public key is not 32 bytes.
Status VerifySignature(ByteView public_key, ByteView message, ByteView signature);

// To be called once when a key is accepted: refuses what is no canonical point of the prime-order
// group, small-order points among them, for which one signature can fit many messages.
// Errors: kInvalidArgument.
Status CheckPublicKey(ByteView public_key);

}  // namespace fenchi
