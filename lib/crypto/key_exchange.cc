#include "crypto/key_exchange.h"

#include <sodium.h>

#include "base/coding.h"
#include "base/error.h"
#include "crypto/hkdf.h"
#include "crypto/libraries.h"

namespace fenchi {
namespace {

// On disk, never change: FORMAT.md section "Seal".
constexpr std::string_view kExchangeLabel = "fenchi/1/x25519";

Status CheckExchangeKey(ByteView key, const char* which) {
  if (key.size() == kExchangeKeySize) return Status::Ok();
  return InvalidArgument("X25519 {} key has {} bytes, needs {}", which, key.size(),
                         kExchangeKeySize);
}

SecretBytes BoxKey(ByteView shared, ByteView ephemeral, ByteView recipient) {
  return KeyOfAgreement(shared, ephemeral, recipient, AsBytes(kExchangeLabel));
}

}  // namespace

KeyPair KeyPair::Generate(Random& random) {
  Result<KeyPair> pair = FromSecretKey(SecretBytes::Random(kExchangeKeySize, random).view());
  Require(pair.ok(), "X25519 key pair");
  return std::move(pair).value();
}

Result<KeyPair> KeyPair::FromSecretKey(ByteView secret_key) {
  FENCHI_RETURN_IF_ERROR(CheckExchangeKey(secret_key, "secret"));
  StartSodium();
  KeyPair pair;
  pair.secret_key = SecretBytes::CopyOf(secret_key);
  Require(crypto_scalarmult_base(pair.public_key.bytes.data(), secret_key.data()) == 0,
          "X25519 key pair");
  return pair;
}

Result<SecretBytes> ExchangeSecret(ByteView secret_key, ByteView public_key) {
  FENCHI_RETURN_IF_ERROR(CheckExchangeKey(secret_key, "secret"));
  FENCHI_RETURN_IF_ERROR(CheckExchangeKey(public_key, "public"));
  StartSodium();
  SecretBytes shared(kExchangeKeySize);
  const int result =
      crypto_scalarmult(shared.mutable_view().data(), secret_key.data(), public_key.data());
  // libsodium's answer for small order is -1; the zeros are looked for again, so that no later
  // version of it can change what is refused here.
  if (result != 0 || sodium_is_zero(shared.view().data(), shared.size()) == 1) {
    return InvalidArgument("X25519 public key {} has small order", ToHex(public_key));
  }
  return shared;
}

Result<Bytes> SealToPublicKey(const SealContext& context, ByteView public_key, ByteView plaintext,
                              Random& random) {
  const KeyPair ephemeral = KeyPair::Generate(random);
  FENCHI_ASSIGN_OR_RETURN(SecretBytes shared,
                          ExchangeSecret(ephemeral.secret_key.view(), public_key));
  const SecretBytes key = BoxKey(shared.view(), ephemeral.public_key.view(), public_key);
  FENCHI_ASSIGN_OR_RETURN(Bytes sealed, Seal(context, key.view(), plaintext, random));
  Bytes box(ephemeral.public_key.bytes.begin(), ephemeral.public_key.bytes.end());
  Append(box, sealed);
  return box;
}

Result<SecretBytes> OpenWithSecretKey(const SealContext& context, const KeyPair& pair,
                                      ByteView box) {
  if (box.size() < kPublicSealOverhead) {
    return Damaged("sealed box has {} bytes, needs at least {}", box.size(), kPublicSealOverhead);
  }
  FENCHI_RETURN_IF_ERROR(CheckExchangeKey(pair.secret_key.view(), "secret"));
  const ByteView ephemeral = box.first(kExchangeKeySize);
  Result<SecretBytes> shared = ExchangeSecret(pair.secret_key.view(), ephemeral);
  if (!shared.ok()) return Damaged("sealed box names a public key of small order");
  const SecretBytes key = BoxKey(shared->view(), ephemeral, pair.public_key.view());
  return OpenSealed(context, key.view(), box.subspan(kExchangeKeySize));
}

}  // namespace fenchi
