#include "sharing/adept.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/coding.h"
#include "base/told.h"
#include "crypto/hmac.h"
#include "fenchi/hash.h"
#include "sharing/shamir.h"

namespace fenchi {
namespace {

constexpr std::string_view kSalt = "fenchi/1/adss";
constexpr std::size_t kPayloadSize = 2 * kAdeptPartSize;  // M | R
constexpr std::size_t kHashSize = 64;                     // SHA-512

void UpdatePrefixed(HmacState& hmac, ByteView field) {
  std::uint8_t length[4];
  PutBe32(length, static_cast<std::uint32_t>(field.size()));
  hmac.Update(length);
  hmac.Update(field);
}

// HKDF-Extract over lp(A) lp(M) lp(R) lp(T), which are hashed where they lie.
void Extract(int threshold, ByteView key, ByteView randomness, ByteView context, MutableBytes prk) {
  const std::uint8_t access[2] = {kAdeptScheme, static_cast<std::uint8_t>(threshold)};
  HmacState hmac(HmacDigest::kSha512, AsBytes(kSalt));
  UpdatePrefixed(hmac, access);
  UpdatePrefixed(hmac, key);
  UpdatePrefixed(hmac, randomness);
  UpdatePrefixed(hmac, context);
  hmac.Finish(prk);
}

// The first block of HKDF-Expand: 64 bytes, of which shorter outputs are the beginning.
void ExpandBlock(ByteView prk, std::string_view info, MutableBytes block) {
  constexpr std::uint8_t kFirstBlock = 1;
  HmacState hmac(HmacDigest::kSha512, prk);
  hmac.Update(AsBytes(info));
  hmac.Update({&kFirstBlock, 1});
  hmac.Finish(block);
}

}  // namespace

AdeptSharing DeriveSharing(int threshold, ByteView key, ByteView randomness, ByteView context) {
  assert(threshold >= 1 && threshold <= 255);
  assert(key.size() == kAdeptPartSize && randomness.size() == kAdeptPartSize);
  SecretBytes scratch(2 * kHashSize);
  const MutableBytes prk = scratch.mutable_view().first(kHashSize);
  const MutableBytes block = scratch.mutable_view().last(kHashSize);
  Extract(threshold, key, randomness, context, prk);

  AdeptSharing sharing;
  sharing.key = SecretBytes::CopyOf(key);
  ExpandBlock(prk, "J", block);
  std::ranges::copy(block.first(kAdeptPartSize), sharing.check.begin());
  ExpandBlock(prk, "K", block);
  sharing.base = SecretBytes::CopyOf(block.first(kAdeptPartSize));
  sharing.coins =
      HkdfExpandSha512(prk, AsBytes("L"), kAdeptPartSize * static_cast<std::size_t>(threshold - 1));
  ExpandBlock(sharing.base.view(), "enc", block);
  for (std::size_t i = 0; i < kAdeptPartSize; ++i) {
    sharing.ciphertext[i] = block[i] ^ key[i];
    sharing.ciphertext[kAdeptPartSize + i] = block[kAdeptPartSize + i] ^ randomness[i];
  }
  return sharing;
}

SecretBytes AdeptSharing::ValueAt(int index) const {
  assert(index >= 1 && index <= 255);
  SecretBytes value(kAdeptPartSize);
  ShamirEvaluate(base.view(), coins.view(), static_cast<std::uint8_t>(index), value.mutable_view());
  return value;
}

AdeptChecker::AdeptChecker(int threshold, ByteView context, ByteView ciphertext, ByteView check)
    : threshold_(threshold),
      context_(context),
      ciphertext_(ciphertext),
      check_(check),
      scratch_(kPayloadSize + 2 * kHashSize) {
  assert(ciphertext.size() == kPayloadSize && check.size() == kAdeptPartSize);
}

bool AdeptChecker::Fits(ByteView base) {
  const MutableBytes payload = scratch_.mutable_view().first(kPayloadSize);
  const MutableBytes prk = scratch_.mutable_view().subspan(kPayloadSize, kHashSize);
  const MutableBytes block = scratch_.mutable_view().last(kHashSize);
  ExpandBlock(base, "enc", payload);
  for (std::size_t i = 0; i < kPayloadSize; ++i) payload[i] ^= ciphertext_[i];
  Extract(threshold_, key(), randomness(), context_, prk);
  ExpandBlock(prk, "J", block);
  if (!Told(ConstantTimeEquals(block.first(kAdeptPartSize), check_))) return false;
  ExpandBlock(prk, "K", block);
  return Told(ConstantTimeEquals(block.first(kAdeptPartSize), base));
}

}  // namespace fenchi
