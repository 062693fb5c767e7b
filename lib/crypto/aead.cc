#include "fenchi/aead.h"

#include <array>
#include <cstring>

#include "base/coding.h"
#include "base/error.h"
#include "crypto/hkdf.h"
#include "crypto/libraries.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace fenchi {
namespace {

Status CheckKeySize(ByteView key) {
  if (key.size() == kAeadKeySize) return Status::Ok();
  return InvalidArgument("AEAD key has {} bytes, needs {}", key.size(), kAeadKeySize);
}

Status CheckCall(ByteView nonce, ByteView aad, std::size_t plain_size) {
  if (nonce.size() != kAeadNonceSize) {
    return InvalidArgument("AEAD nonce has {} bytes, needs {}", nonce.size(), kAeadNonceSize);
  }
  if (aad.size() > kAeadMessageSizeMax || plain_size > kAeadMessageSizeMax) {
    return InvalidArgument("AEAD message is longer than {} bytes", kAeadMessageSizeMax);
  }
  return Status::Ok();
}

Status Failed(const char* what) { return Internal("OpenSSL refused: {}", what); }

}  // namespace

std::string_view SuiteName(Suite suite) {
  switch (suite) {
    case Suite::kAes256Gcm:
      return "aes256gcm";
    case Suite::kChaCha20Poly1305:
      return "chacha20poly1305";
  }
  return "unknown";
}

Result<Suite> SuiteFromNumber(std::uint8_t number) {
  switch (static_cast<Suite>(number)) {
    case Suite::kAes256Gcm:
    case Suite::kChaCha20Poly1305:
      return static_cast<Suite>(number);
  }
  return Unsupported("cipher suite {} is not known to this version", number);
}

Result<Suite> SuiteFromName(std::string_view name) {
  for (Suite suite : {Suite::kAes256Gcm, Suite::kChaCha20Poly1305}) {
    if (name == SuiteName(suite)) return suite;
  }
  return Unsupported("cipher suite \"{}\" is not known to this version", name)
      .WithHint("use aes256gcm or chacha20poly1305");
}

bool HostHasAes() {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
  const unsigned long features = getauxval(AT_HWCAP);
  return (features & HWCAP_AES) != 0 && (features & HWCAP_PMULL) != 0;
#else
  return false;
#endif
}

Suite DefaultSuite() { return HostHasAes() ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305; }

// One context for each direction: some of OpenSSL's implementations fix the direction with the key.
struct Aead::State {
  Suite suite = Suite::kAes256Gcm;
  CipherContext encrypt{EVP_CIPHER_CTX_new()};
  CipherContext decrypt{EVP_CIPHER_CTX_new()};

  Status SetKey(const EVP_CIPHER* cipher, ByteView key) {
    if (EVP_CipherInit_ex2(encrypt.get(), cipher, key.data(), nullptr, 1, nullptr) != 1 ||
        EVP_CipherInit_ex2(decrypt.get(), cipher, key.data(), nullptr, 0, nullptr) != 1) {
      return Failed("AEAD key");
    }
    return Status::Ok();
  }

  // Sets the nonce on the kept key and feeds the AAD.
  static bool Start(EVP_CIPHER_CTX* context, int direction, ByteView nonce, ByteView aad) {
    int size = 0;
    return EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), direction, nullptr) == 1 &&
           (aad.empty() || EVP_CipherUpdate(context, nullptr, &size, aad.data(),
                                            static_cast<int>(aad.size())) == 1);
  }

  // False when the tag does not fit. `out` then holds what must not be read.
  bool Open(ByteView nonce, ByteView aad, ByteView cipher, ByteView tag, MutableBytes out) {
    EVP_CIPHER_CTX* context = decrypt.get();
    std::array<std::uint8_t, kAeadTagSize> expected;
    std::memcpy(expected.data(), tag.data(), expected.size());
    std::uint8_t rest[EVP_MAX_BLOCK_LENGTH];
    int size = 0;
    return Start(context, 0, nonce, aad) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, expected.data()) ==
               1 &&
           (cipher.empty() || EVP_CipherUpdate(context, out.data(), &size, cipher.data(),
                                               static_cast<int>(cipher.size())) == 1) &&
           EVP_CipherFinal_ex(context, rest, &size) == 1;
  }
};

Aead::Aead(std::unique_ptr<State> state) : state_(std::move(state)) {}
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;
Aead::~Aead() = default;

Suite Aead::suite() const { return state_->suite; }

Result<Aead> Aead::Create(Suite suite, ByteView key) {
  FENCHI_RETURN_IF_ERROR(CheckKeySize(key));
  FENCHI_RETURN_IF_ERROR(SuiteFromNumber(static_cast<std::uint8_t>(suite)).status());
  auto state = std::make_unique<State>();
  Require(state->encrypt != nullptr && state->decrypt != nullptr, "memory for the AEAD");
  state->suite = suite;
  FENCHI_RETURN_IF_ERROR(state->SetKey(FetchedCipher(suite), key));
  return Aead(std::move(state));
}

Status Aead::Rekey(ByteView key) {
  FENCHI_RETURN_IF_ERROR(CheckKeySize(key));
  return state_->SetKey(nullptr, key);
}

Status Aead::Encrypt(ByteView nonce, ByteView aad, ByteView plaintext, MutableBytes out) {
  FENCHI_RETURN_IF_ERROR(CheckCall(nonce, aad, plaintext.size()));
  if (out.size() != plaintext.size() + kAeadTagSize) {
    return InvalidArgument("room for {} bytes of ciphertext, needs {}", out.size(),
                           plaintext.size() + kAeadTagSize);
  }
  EVP_CIPHER_CTX* context = state_->encrypt.get();
  std::uint8_t rest[EVP_MAX_BLOCK_LENGTH];
  int size = 0;
  const bool done =
      State::Start(context, 1, nonce, aad) &&
      (plaintext.empty() || EVP_CipherUpdate(context, out.data(), &size, plaintext.data(),
                                             static_cast<int>(plaintext.size())) == 1) &&
      EVP_CipherFinal_ex(context, rest, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize,
                          out.data() + plaintext.size()) == 1;
  if (done) return Status::Ok();
  Wipe(out);
  return Failed("AEAD encryption");
}

Status Aead::Decrypt(ByteView nonce, ByteView aad, ByteView ciphertext_and_tag, MutableBytes out) {
  if (ciphertext_and_tag.size() < kAeadTagSize) {
    return InvalidArgument("{} bytes are shorter than an AEAD tag", ciphertext_and_tag.size());
  }
  const std::size_t size = ciphertext_and_tag.size() - kAeadTagSize;
  FENCHI_RETURN_IF_ERROR(CheckCall(nonce, aad, size));
  if (out.size() != size) {
    return InvalidArgument("room for {} bytes of plaintext, needs {}", out.size(), size);
  }
  if (state_->Open(nonce, aad, ciphertext_and_tag.first(size), ciphertext_and_tag.subspan(size),
                   out)) {
    return Status::Ok();
  }
  Wipe(out);
  return Damaged("the authentication tag does not fit: changed bytes, or another key");
}

Status Aead::Tag(ByteView nonce, ByteView message, MutableBytes tag) {
  return Encrypt(nonce, message, {}, tag);
}

Status Aead::CheckTag(ByteView nonce, ByteView message, ByteView tag) {
  if (tag.size() != kAeadTagSize) {
    return InvalidArgument("tag has {} bytes, needs {}", tag.size(), kAeadTagSize);
  }
  return Decrypt(nonce, message, tag, {});
}

Result<StreamKeys> DeriveStreamKeys(ByteView secret, ByteView salt, ByteView info) {
  if (secret.size() < 32) {
    return InvalidArgument("stream secret has {} bytes, needs at least 32", secret.size());
  }
  std::uint8_t okm[kAeadKeySize + Hash256::kSize];
  HkdfSha512Into(secret, salt, info, okm);
  StreamKeys keys;
  keys.key = SecretBytes::CopyOf(ByteView(okm).first(kAeadKeySize));
  std::memcpy(keys.commitment.bytes.data(), okm + kAeadKeySize, Hash256::kSize);
  Wipe(okm);
  return keys;
}

AeadNonce SegmentNonce(std::uint64_t segment, bool final) {
  AeadNonce nonce;
  PutBe32(MutableBytes(nonce).first(4), final ? 1 : 0);
  PutBe64(MutableBytes(nonce).subspan(4), segment);
  return nonce;
}

Result<SegmentCipher> SegmentCipher::Create(Suite suite, ByteView key) {
  FENCHI_ASSIGN_OR_RETURN(Aead aead, Aead::Create(suite, key));
  return SegmentCipher(std::move(aead));
}

Status SegmentCipher::SealSegment(std::uint64_t segment, bool final, ByteView plaintext,
                                  MutableBytes out) {
  return aead_.Encrypt(SegmentNonce(segment, final), {}, plaintext, out);
}

Status SegmentCipher::OpenSegment(std::uint64_t segment, bool final, ByteView sealed,
                                  MutableBytes out) {
  return aead_.Decrypt(SegmentNonce(segment, final), {}, sealed, out);
}

}  // namespace fenchi
