#include "crypto/libraries.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

namespace fenchi {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fenchi: the cryptographic library failed: %s\n", what);
  std::abort();
}

void StartSodium() {
  static const int started = sodium_init();
  Require(started >= 0, "start of libsodium");
}

const EVP_MD* FetchedSha256() {
  static EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Require(digest != nullptr, "fetch of SHA-256");
  return digest;
}

EVP_MAC* FetchedHmac() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Require(mac != nullptr, "fetch of HMAC");
  return mac;
}

const EVP_CIPHER* FetchedCipher(Suite suite) {
  static EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  static EVP_CIPHER* const chacha = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  const EVP_CIPHER* cipher = suite == Suite::kAes256Gcm ? aes : chacha;
  Require(cipher != nullptr, "fetch of the AEAD");
  return cipher;
}

}  // namespace fenchi
