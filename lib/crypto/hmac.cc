#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

namespace fenchi {

HmacState::HmacState(HmacDigest digest, ByteView key) : context_(EVP_MAC_CTX_new(FetchedHmac())) {
  Require(context_ != nullptr, "memory for HMAC");
  char name[] = "SHA256";
  char name_512[] = "SHA512";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       digest == HmacDigest::kSha256 ? name : name_512, 0),
      OSSL_PARAM_construct_end()};
  // A null key would mean "the key from before": an empty key needs an address as well.
  const std::uint8_t empty = 0;
  Require(
      EVP_MAC_init(context_.get(), key.empty() ? &empty : key.data(), key.size(), parameters) == 1,
      "start of HMAC");
}

void HmacState::Update(ByteView piece) {
  if (piece.empty()) return;
  Require(EVP_MAC_update(context_.get(), piece.data(), piece.size()) == 1, "HMAC");
}

void HmacState::Finish(MutableBytes out) {
  std::size_t size = 0;
  Require(EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1 && size == out.size(),
          "end of HMAC");
  Require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1, "restart of HMAC");
}

}  // namespace fenchi
