#include "crypto/signing.h"

#include <sodium.h>

#include "base/error.h"
#include "crypto/libraries.h"

namespace fenchi {
namespace {

// libsodium leaves the last blocks of what it hashed on the stack, and a share's signature covers
// its value. Its functions need less than this.
void WipeStack() { sodium_stackzero(std::size_t{16} << 10); }

}  // namespace

static_assert(SigningPublicKey::kSize == crypto_sign_PUBLICKEYBYTES);
static_assert(Signature::kSize == crypto_sign_BYTES);
static_assert(kSigningSeedSize == crypto_sign_SEEDBYTES);

SigningKey SigningKey::Generate(Random& random) {
  Result<SigningKey> key = FromSeed(SecretBytes::Random(kSigningSeedSize, random).view());
  Require(key.ok(), "Ed25519 key pair");
  return std::move(key).value();
}

Result<SigningKey> SigningKey::FromSeed(ByteView seed) {
  if (seed.size() != kSigningSeedSize) {
    return InvalidArgument("signing seed has {} bytes, needs {}", seed.size(), kSigningSeedSize);
  }
  StartSodium();
  SigningKey key;
  key.expanded_ = SecretBytes(crypto_sign_SECRETKEYBYTES);
  Require(crypto_sign_seed_keypair(key.public_key_.bytes.data(),
                                   key.expanded_.mutable_view().data(), seed.data()) == 0,
          "Ed25519 key pair");
  return key;
}

Signature SigningKey::Sign(ByteView message) const {
  Signature signature;
  Require(crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(),
                               expanded_.view().data()) == 0,
          "Ed25519 signature");
  WipeStack();
  return signature;
}

Status VerifySignature(ByteView public_key, ByteView message, ByteView signature) {
  if (public_key.size() != SigningPublicKey::kSize) {
    return InvalidArgument("signing public key has {} bytes, needs {}", public_key.size(),
                           SigningPublicKey::kSize);
  }
  StartSodium();
  if (signature.size() != Signature::kSize) return Damaged("the signature does not fit");
  const bool fits = crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                                public_key.data()) == 0;
  WipeStack();
  return fits ? Status::Ok() : Damaged("the signature does not fit");
}

Status CheckPublicKey(ByteView public_key) {
  if (public_key.size() != SigningPublicKey::kSize) {
    return InvalidArgument("signing public key has {} bytes, needs {}", public_key.size(),
                           SigningPublicKey::kSize);
  }
  StartSodium();
  if (crypto_core_ed25519_is_valid_point(public_key.data()) != 1) {
    return InvalidArgument("signing public key {} is not a safe point", ToHex(public_key));
  }
  return Status::Ok();
}

}  // namespace fenchi
