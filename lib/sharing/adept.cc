#include "sharing/adept.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/coding.h"
#include "fenchi/hash.h"
#include "sharing/shamir.h"

namespace fenchi {
namespace {

constexpr std::string_view kSalt = "fenchi/1/adss";
constexpr std::size_t kPayloadSize = 2 * kAdeptPartSize;  // M | R

SecretBytes EncryptionPad(ByteView base) {
  return HkdfExpandSha512(base, AsBytes("enc"), kPayloadSize);
}

// lp(A) lp(M) lp(R) lp(T), in locked memory.
SecretBytes ExtractInput(int threshold, ByteView key, ByteView randomness, ByteView context) {
  const std::uint8_t access[2] = {kAdeptScheme, static_cast<std::uint8_t>(threshold)};
  const ByteView fields[] = {access, key, randomness, context};
  std::size_t size = 0;
  for (const ByteView field : fields) size += 4 + field.size();
  SecretBytes input(size);
  MutableBytes rest = input.mutable_view();
  for (const ByteView field : fields) {
    PutBe32(rest, static_cast<std::uint32_t>(field.size()));
    std::ranges::copy(field, rest.begin() + 4);
    rest = rest.subspan(4 + field.size());
  }
  return input;
}

}  // namespace

AdeptSharing DeriveSharing(int threshold, ByteView key, ByteView randomness, ByteView context) {
  assert(threshold >= 1 && threshold <= 255);
  assert(key.size() == kAdeptPartSize && randomness.size() == kAdeptPartSize);
  const SecretBytes input = ExtractInput(threshold, key, randomness, context);
  const SecretBytes prk = HkdfExtractSha512(input.view(), AsBytes(kSalt));
  AdeptSharing sharing;
  sharing.key = SecretBytes::CopyOf(key);
  sharing.base = HkdfExpandSha512(prk.view(), AsBytes("K"), kAdeptPartSize);
  sharing.coins = HkdfExpandSha512(prk.view(), AsBytes("L"),
                                   kAdeptPartSize * static_cast<std::size_t>(threshold - 1));
  const SecretBytes check = HkdfExpandSha512(prk.view(), AsBytes("J"), kAdeptPartSize);
  std::ranges::copy(check.view(), sharing.check.begin());
  const SecretBytes pad = EncryptionPad(sharing.base.view());
  for (std::size_t i = 0; i < kAdeptPartSize; ++i) {
    sharing.ciphertext[i] = pad.view()[i] ^ key[i];
    sharing.ciphertext[kAdeptPartSize + i] = pad.view()[kAdeptPartSize + i] ^ randomness[i];
  }
  return sharing;
}

SecretBytes AdeptSharing::ValueAt(int index) const {
  assert(index >= 1 && index <= 255);
  SecretBytes value(kAdeptPartSize);
  ShamirEvaluate(base.view(), coins.view(), static_cast<std::uint8_t>(index), value.mutable_view());
  return value;
}

SecretBytes OpenCiphertext(ByteView base, ByteView ciphertext) {
  assert(ciphertext.size() == kPayloadSize);
  SecretBytes payload = EncryptionPad(base);
  const MutableBytes out = payload.mutable_view();
  for (std::size_t i = 0; i < kPayloadSize; ++i) out[i] ^= ciphertext[i];
  return payload;
}

}  // namespace fenchi
