// HKDF written out over HMAC: OpenSSL's own HKDF refuses an empty input key and, in 3.0, an info of
// more than 2,048 bytes.
#include "crypto/hkdf.h"

#include <algorithm>
#include <cstring>

#include "base/coding.h"
#include "crypto/hmac.h"
#include "crypto/libraries.h"
#include "fenchi/aead.h"
#include "fenchi/hash.h"

namespace fenchi {
namespace {

constexpr std::size_t HashSize(HmacDigest digest) {
  return digest == HmacDigest::kSha256 ? 32 : 64;
}

void Extract(HmacDigest digest, ByteView ikm, ByteView salt, MutableBytes prk) {
  HmacState hmac(digest, salt);
  hmac.Update(ikm);
  hmac.Finish(prk);
}

// Block i = HMAC(prk, block i-1 | info | byte i), counted from 1; the blocks joined are the output.
void Expand(HmacDigest digest, ByteView prk, ByteView info, MutableBytes out) {
  const std::size_t hash_size = HashSize(digest);
  Require(out.size() <= 255 * hash_size, "HKDF output is longer than RFC 5869 allows");
  std::uint8_t block[64];
  const MutableBytes view(block, hash_size);
  HmacState hmac(digest, prk);
  std::uint8_t counter = 0;
  for (std::size_t at = 0; at < out.size(); at += hash_size) {
    if (counter > 0) hmac.Update(view);
    hmac.Update(info);
    hmac.Update(ByteView(&++counter, 1));
    hmac.Finish(view);
    std::memcpy(out.data() + at, block, std::min(hash_size, out.size() - at));
  }
  Wipe(block);
}

SecretBytes Extracted(HmacDigest digest, ByteView ikm, ByteView salt) {
  SecretBytes prk(HashSize(digest));
  Extract(digest, ikm, salt, prk.mutable_view());
  return prk;
}

SecretBytes Expanded(HmacDigest digest, ByteView prk, ByteView info, std::size_t out_size) {
  SecretBytes out(out_size);
  Expand(digest, prk, info, out.mutable_view());
  return out;
}

void Derive(HmacDigest digest, ByteView ikm, ByteView salt, ByteView info, MutableBytes out) {
  std::uint8_t prk[64];
  const MutableBytes view(prk, HashSize(digest));
  Extract(digest, ikm, salt, view);
  Expand(digest, view, info, out);
  Wipe(prk);
}

SecretBytes Derived(HmacDigest digest, ByteView ikm, ByteView salt, ByteView info,
                    std::size_t out_size) {
  SecretBytes out(out_size);
  Derive(digest, ikm, salt, info, out.mutable_view());
  return out;
}

}  // namespace

void HkdfSha512Into(ByteView ikm, ByteView salt, ByteView info, MutableBytes out) {
  Derive(HmacDigest::kSha512, ikm, salt, info, out);
}

SecretBytes HkdfExtractSha512(ByteView ikm, ByteView salt) {
  return Extracted(HmacDigest::kSha512, ikm, salt);
}
SecretBytes HkdfExpandSha512(ByteView prk, ByteView info, std::size_t out_size) {
  return Expanded(HmacDigest::kSha512, prk, info, out_size);
}
SecretBytes HkdfSha512(ByteView ikm, ByteView salt, ByteView info, std::size_t out_size) {
  return Derived(HmacDigest::kSha512, ikm, salt, info, out_size);
}
SecretBytes HkdfExtractSha256(ByteView ikm, ByteView salt) {
  return Extracted(HmacDigest::kSha256, ikm, salt);
}
SecretBytes HkdfExpandSha256(ByteView prk, ByteView info, std::size_t out_size) {
  return Expanded(HmacDigest::kSha256, prk, info, out_size);
}
SecretBytes HkdfSha256(ByteView ikm, ByteView salt, ByteView info, std::size_t out_size) {
  return Derived(HmacDigest::kSha256, ikm, salt, info, out_size);
}

SecretBytes KeyOfAgreement(ByteView agreed, ByteView ephemeral, ByteView recipient,
                           ByteView label) {
  Bytes salt;
  Append(salt, ephemeral);
  Append(salt, recipient);
  return HkdfSha512(agreed, salt, label, kAeadKeySize);
}

}  // namespace fenchi
