// HKDF written out over HMAC: OpenSSL's own HKDF refuses an empty input key and, in 3.0, an info of
// more than 2,048 bytes.
#include <algorithm>
#include <cstring>

#include "crypto/hmac.h"
#include "crypto/libraries.h"
#include "fenchi/hash.h"

namespace fenchi {
namespace {

constexpr std::size_t HashSize(HmacDigest digest) {
  return digest == HmacDigest::kSha256 ? 32 : 64;
}

SecretBytes Extract(HmacDigest digest, ByteView ikm, ByteView salt) {
  SecretBytes prk(HashSize(digest));
  HmacState hmac(digest, salt);
  hmac.Update(ikm);
  hmac.Finish(prk.mutable_view());
  return prk;
}

// Block i = HMAC(prk, block i-1 | info | byte i), counted from 1; the blocks joined are the output.
SecretBytes Expand(HmacDigest digest, ByteView prk, ByteView info, std::size_t out_size) {
  const std::size_t hash_size = HashSize(digest);
  Require(out_size <= 255 * hash_size, "HKDF output is longer than RFC 5869 allows");
  SecretBytes out(out_size);
  std::uint8_t block[64];
  const MutableBytes view(block, hash_size);
  HmacState hmac(digest, prk);
  std::uint8_t counter = 0;
  for (std::size_t at = 0; at < out_size; at += hash_size) {
    if (counter > 0) hmac.Update(view);
    hmac.Update(info);
    hmac.Update(ByteView(&++counter, 1));
    hmac.Finish(view);
    std::memcpy(out.mutable_view().data() + at, block, std::min(hash_size, out_size - at));
  }
  Wipe(block);
  return out;
}

}  // namespace

SecretBytes HkdfExtractSha512(ByteView ikm, ByteView salt) {
  return Extract(HmacDigest::kSha512, ikm, salt);
}
SecretBytes HkdfExpandSha512(ByteView prk, ByteView info, std::size_t out_size) {
  return Expand(HmacDigest::kSha512, prk, info, out_size);
}
SecretBytes HkdfSha512(ByteView ikm, ByteView salt, ByteView info, std::size_t out_size) {
  return HkdfExpandSha512(HkdfExtractSha512(ikm, salt).view(), info, out_size);
}
SecretBytes HkdfExtractSha256(ByteView ikm, ByteView salt) {
  return Extract(HmacDigest::kSha256, ikm, salt);
}
SecretBytes HkdfExpandSha256(ByteView prk, ByteView info, std::size_t out_size) {
  return Expand(HmacDigest::kSha256, prk, info, out_size);
}
SecretBytes HkdfSha256(ByteView ikm, ByteView salt, ByteView info, std::size_t out_size) {
  return HkdfExpandSha256(HkdfExtractSha256(ikm, salt).view(), info, out_size);
}

}  // namespace fenchi
