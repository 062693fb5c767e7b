// Do libsodium and our own interfaces (OpenSSL for AEADs and hashes) agree on random messages?
//
//   fenchi_crosscheck SEED COUNT [RECORD_FILE]
//
// Prints one JSON object: the seed, how many comparisons of each primitive were made, and how many
// differed. Exit code 1 when any did. With RECORD_FILE it also writes messages and a hash of our
// results, for crosscheck.py to repeat with Python's `cryptography`.
//
// Record file, big-endian: "FXC1" | be32(batches) | batches. A batch: key 32 | be16(messages) | for
// each message u8(size) u8(aad size) nonce 12 | message | aad | at the end of the batch SHA-256
// over all its results joined, which are for each message SHA-256 | HMAC-SHA-256 | AES-256-GCM box
// | ChaCha20-Poly1305 box, and at the end of the batch the extras over its last message: Ed25519
// public key and signature (seed = key) | X25519 secret of key and base-point multiple of
// SHA-256(key) | HKDF-SHA-512(key, salt = last nonce, info = last message, 80 bytes) | Seal boxes
// of both suites (type 2, vault = key, context = last nonce, salt = SHA-256(key)) of the last
// message.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/coding.h"
#include "crypto/key_exchange.h"
#include "crypto/signing.h"
#include "fenchi/aead.h"
#include "fenchi/hash.h"

namespace fenchi {
namespace {

constexpr std::size_t kBatch = 64;  // messages under one key
constexpr std::size_t kSizeMax = 64;

struct Count {
  const char* name;
  std::uint64_t compared = 0;
  std::uint64_t different = 0;
  void Add(bool same) {
    ++compared;
    different += same ? 0 : 1;
  }
};

struct Counts {
  Count sha256{"sha256"}, hmac{"hmac_sha256"}, gcm{"aes256gcm"}, chacha{"chacha20poly1305"},
      ed25519{"ed25519"}, x25519{"x25519"}, hkdf{"hkdf_sha512"};
};

// The random bytes of a run, drawn in large pieces: a draw per message would be most of the time.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : random_(SeededRandom(seed)), buffer_(1 << 16) {}
  ByteView Take(std::size_t size) {
    if (at_ + size > buffer_.size()) at_ = 0;
    if (at_ == 0) random_->Fill(buffer_);
    at_ += size;
    return ByteView(buffer_).subspan(at_ - size, size);
  }
  Bytes Copy(std::size_t size) {
    const ByteView view = Take(size);
    return {view.begin(), view.end()};
  }

 private:
  std::unique_ptr<Random> random_;
  Bytes buffer_;
  std::size_t at_ = 0;
};

struct Message {
  Bytes nonce, text, aad;
};

// Our box, compared with libsodium's, which also has to open ours.
Bytes CompareAead(Aead& ours, const Message& message, ByteView key, Count& count) {
  Bytes box(message.text.size() + kAeadTagSize), other(box.size()), back(message.text.size() + 1);
  bool same = ours.Encrypt(message.nonce, message.aad, message.text, box).ok();
  const bool gcm = ours.suite() == Suite::kAes256Gcm;
  const auto encrypt =
      gcm ? crypto_aead_aes256gcm_encrypt : crypto_aead_chacha20poly1305_ietf_encrypt;
  const auto decrypt =
      gcm ? crypto_aead_aes256gcm_decrypt : crypto_aead_chacha20poly1305_ietf_decrypt;
  if (gcm && crypto_aead_aes256gcm_is_available() == 0) return box;  // then nothing is compared
  unsigned long long size = 0;
  encrypt(other.data(), &size, message.text.data(), message.text.size(), message.aad.data(),
          message.aad.size(), nullptr, message.nonce.data(), key.data());
  same = same && other == box;
  same = same && decrypt(back.data(), &size, nullptr, box.data(), box.size(), message.aad.data(),
                         message.aad.size(), message.nonce.data(), key.data()) == 0;
  back.resize(message.text.size());
  count.Add(same && back == message.text);
  return box;
}

void CompareHashes(KeyedHash& keyed, const Message& message, ByteView key, Counts& counts,
                   Bytes& results) {
  const Hash256 sha = Sha256(message.text), hmac = keyed(message.text);
  Hash256 other;
  crypto_hash_sha256(other.bytes.data(), message.text.data(), message.text.size());
  counts.sha256.Add(other == sha);
  crypto_auth_hmacsha256(other.bytes.data(), message.text.data(), message.text.size(), key.data());
  counts.hmac.Add(other == hmac && HmacSha256(key, message.text) == hmac);
  Append(results, sha.view());
  Append(results, hmac.view());
}

// libsodium signs (our SigningKey); OpenSSL signs to the same bytes and verifies.
void CompareEd25519(ByteView seed, ByteView text, Count& count, Bytes& results) {
  const SigningKey ours = SigningKey::FromSeed(seed).value();
  const Signature signature = ours.Sign(text);
  Signature other;
  std::size_t size = other.bytes.size();
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool same = EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key) == 1 &&
              EVP_DigestSign(context, other.bytes.data(), &size, text.data(), text.size()) == 1 &&
              other == signature;
  EVP_MD_CTX_free(context);
  context = EVP_MD_CTX_new();
  same = same && EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context, signature.bytes.data(), signature.bytes.size(), text.data(),
                          text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  count.Add(same && VerifySignature(ours.public_key().view(), text, other.view()).ok());
  Append(results, ours.public_key().view());
  Append(results, signature.view());
}

void CompareX25519(ByteView secret, Count& count, Bytes& results) {
  const KeyPair pair = KeyPair::FromSecretKey(Sha256(secret).view()).value();
  const SecretBytes shared = ExchangeSecret(secret, pair.public_key.view()).value();
  std::uint8_t other[32];
  std::size_t size = sizeof(other);
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), 32);
  EVP_PKEY* peer =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, pair.public_key.bytes.data(), 32);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
  const bool derived = EVP_PKEY_derive_init(context) == 1 &&
                       EVP_PKEY_derive_set_peer(context, peer) == 1 &&
                       EVP_PKEY_derive(context, other, &size) == 1;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  EVP_PKEY_free(key);
  count.Add(derived && shared.Equals(other));
  Append(results, shared.view());
}

// Our HKDF is written over HMAC: the other side is OpenSSL's own HKDF.
void CompareHkdf(ByteView ikm, const Message& message, Count& count, Bytes& results) {
  const SecretBytes ours = HkdfSha512(ikm, message.nonce, message.text, 80);
  Bytes key(ikm.begin(), ikm.end()), salt = message.nonce, info = message.text, out(80);
  char digest[] = "SHA512";
  info.reserve(1);  // an empty info still needs an address
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  const bool derived = EVP_KDF_derive(context, out.data(), out.size(), parameters) == 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  count.Add(derived && ours.Equals(out));
  Append(results, ours.view());
}

void AppendSeals(ByteView key, const Message& message, Bytes& results) {
  const Hash256 salt = Sha256(key);
  for (Suite suite : {Suite::kAes256Gcm, Suite::kChaCha20Poly1305}) {
    const SealContext context{suite, SealType::kRecord, VaultId::From(key).value(), message.nonce};
    Append(results, Seal(context, key, message.text, salt.view()).value());
  }
}

Bytes RunBatch(Stream& stream, std::size_t messages, Counts& counts) {
  const Bytes key = stream.Copy(kAeadKeySize);
  Aead gcm = Aead::Create(Suite::kAes256Gcm, key).value();
  Aead chacha = Aead::Create(Suite::kChaCha20Poly1305, key).value();
  KeyedHash keyed = KeyedHash::Create(key).value();
  Bytes record = key, results;
  const std::uint8_t count[] = {static_cast<std::uint8_t>(messages >> 8),
                                static_cast<std::uint8_t>(messages)};
  Append(record, count);
  Message message;
  for (std::size_t i = 0; i < messages; ++i) {
    const Bytes sizes = stream.Copy(2);
    message.nonce = stream.Copy(kAeadNonceSize);
    message.text = stream.Copy(sizes[0] % (kSizeMax + 1));
    message.aad = stream.Copy(sizes[1] % 33);
    const std::uint8_t head[] = {static_cast<std::uint8_t>(message.text.size()),
                                 static_cast<std::uint8_t>(message.aad.size())};
    for (ByteView part :
         {ByteView(head), ByteView(message.nonce), ByteView(message.text), ByteView(message.aad)}) {
      Append(record, part);
    }
    CompareHashes(keyed, message, key, counts, results);
    Append(results, CompareAead(gcm, message, key, counts.gcm));
    Append(results, CompareAead(chacha, message, key, counts.chacha));
  }
  CompareEd25519(key, message.text, counts.ed25519, results);
  CompareX25519(key, counts.x25519, results);
  CompareHkdf(key, message, counts.hkdf, results);
  AppendSeals(key, message, results);
  Append(record, Sha256(results).view());
  return record;
}

int Run(std::uint64_t seed, std::uint64_t messages, const char* record_file) {
  if (sodium_init() < 0) return 1;
  Stream stream(seed);
  Counts counts;
  const std::uint64_t batches = (messages + kBatch - 1) / kBatch;
  std::ofstream out;
  if (record_file != nullptr) {
    out.open(record_file, std::ios::binary | std::ios::trunc);
    Bytes head;
    Append(head, AsBytes("FXC1"));
    AppendBe32(head, static_cast<std::uint32_t>(batches));
    out << AsText(head);
  }
  for (std::uint64_t done = 0; done < messages; done += kBatch) {
    const Bytes record = RunBatch(stream, std::min<std::uint64_t>(kBatch, messages - done), counts);
    if (out.is_open()) out << AsText(record);
  }
  bool good = record_file == nullptr || out.flush().good();
  std::printf("{\"seed\": %llu, \"messages\": %llu", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(messages));
  for (const Count* count : {&counts.sha256, &counts.hmac, &counts.gcm, &counts.chacha,
                             &counts.ed25519, &counts.x25519, &counts.hkdf}) {
    std::printf(", \"%s\": {\"compared\": %llu, \"different\": %llu}", count->name,
                static_cast<unsigned long long>(count->compared),
                static_cast<unsigned long long>(count->different));
    good = good && count->different == 0;
  }
  std::printf(", \"ok\": %s}\n", good ? "true" : "false");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace fenchi

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: fenchi_crosscheck SEED COUNT [RECORD_FILE]\n");
    return 2;
  }
  return fenchi::Run(std::strtoull(argv[1], nullptr, 10), std::strtoull(argv[2], nullptr, 10),
                     argc == 4 ? argv[3] : nullptr);
}
