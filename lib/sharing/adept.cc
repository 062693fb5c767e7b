#include "sharing/adept.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/coding.h"
#include "crypto/hmac.h"
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

namespace {

constexpr std::size_t kHashSize = 64;  // SHA-512

// HKDF-Expand to at most one block.
void ExpandBlock(ByteView prk, std::string_view info, MutableBytes out64) {
  constexpr std::uint8_t kFirstBlock = 1;
  HmacState hmac(HmacDigest::kSha512, prk);
  hmac.Update(AsBytes(info));
  hmac.Update({&kFirstBlock, 1});
  hmac.Finish(out64);
}

void UpdatePrefixed(HmacState& hmac, ByteView field) {
  std::uint8_t length[4];
  PutBe32(length, static_cast<std::uint32_t>(field.size()));
  hmac.Update(length);
  hmac.Update(field);
}

}  // namespace

AdeptChecker::AdeptChecker(int threshold, ByteView context, ByteView ciphertext, ByteView check)
    : threshold_(threshold),
      context_(context),
      ciphertext_(ciphertext),
      check_(check),
      scratch_(3 * kHashSize) {}

bool AdeptChecker::Fits(ByteView base) {
  const MutableBytes payload = scratch_.mutable_view().first(kPayloadSize);
  const MutableBytes prk = scratch_.mutable_view().subspan(kPayloadSize, kHashSize);
  const MutableBytes block = scratch_.mutable_view().last(kHashSize);
  ExpandBlock(base, "enc", payload);
  for (std::size_t i = 0; i < kPayloadSize; ++i) payload[i] ^= ciphertext_[i];

  const std::uint8_t access[2] = {kAdeptScheme, static_cast<std::uint8_t>(threshold_)};
  HmacState extract(HmacDigest::kSha512, AsBytes(kSalt));
  for (const ByteView field : {ByteView(access), ByteView(payload).first(kAdeptPartSize),
                               ByteView(payload).last(kAdeptPartSize), context_}) {
    UpdatePrefixed(extract, field);
  }
  extract.Finish(prk);

  ExpandBlock(prk, "J", block);
  if (!ConstantTimeEquals(block.first(kAdeptPartSize), check_)) return false;
  ExpandBlock(prk, "K", block);
  return ConstantTimeEquals(block.first(kAdeptPartSize), base);
}

SecretBytes OpenCiphertext(ByteView base, ByteView ciphertext) {
  assert(ciphertext.size() == kPayloadSize);
  SecretBytes payload = EncryptionPad(base);
  const MutableBytes out = payload.mutable_view();
  for (std::size_t i = 0; i < kPayloadSize; ++i) out[i] ^= ciphertext[i];
  return payload;
}

}  // namespace fenchi
