// How this module meets OpenSSL and libsodium: algorithms fetched once, failures that end the
// process.
//
// OpenSSL looks an algorithm up by name on every implicit use, which costs more than hashing a
// short message; here each is fetched once for the process and never freed. A call that can only
// fail for lack of memory or a broken library has no answer that a caller could use: Require ends
// the process rather than go on with a key or hash that was not computed.
#pragma once

#include <openssl/evp.h>

#include "fenchi/aead.h"

namespace fenchi {

// Ends the process with a message that names `what` unless `ok`.
void Require(bool ok, const char* what);

// Starts libsodium, once for the process. Thread-safe.
void StartSodium();

const EVP_MD* FetchedSha256();
EVP_MAC* FetchedHmac();
const EVP_CIPHER* FetchedCipher(Suite suite);  // suite: one that this build knows

struct MacContextFree {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
struct DigestContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct CipherContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, MacContextFree>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestContextFree>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextFree>;

}  // namespace fenchi
