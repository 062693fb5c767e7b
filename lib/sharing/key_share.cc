#include "sharing/key_share.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "base/told.h"
#include "crypto/signing.h"
#include "fenchi/hash.h"
#include "sharing/adept.h"

namespace fenchi {
namespace {

constexpr std::string_view kMagic = "fsh1";
constexpr std::string_view kSignatureLabel = "fenchi/1/share";
constexpr std::size_t kIndexAt = 6;
constexpr std::size_t kHeadSize = 10;
constexpr std::size_t kSignatureSize = 64;
constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kSizeWithoutContext = 238;

// Cuts a view into fields from front to back.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : rest_(bytes) {}
  ByteView Take(std::size_t size) {
    const ByteView field = rest_.first(size);
    rest_ = rest_.subspan(size);
    return field;
  }

 private:
  ByteView rest_;
};

bool HasMagic(ByteView bytes) {
  return bytes.size() >= kMagic.size() && AsText(bytes.first(kMagic.size())) == kMagic;
}

bool AllZero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

// label | 0 | the share up to its signature, in locked memory: the share's value is in it.
SecretBytes SignedMessage(ByteView share_bytes) {
  const ByteView body = share_bytes.first(share_bytes.size() - kSignatureSize - kChecksumSize);
  SecretBytes message(kSignatureLabel.size() + 1 + body.size());
  const auto end = std::ranges::copy(AsBytes(kSignatureLabel), message.mutable_view().begin()).out;
  std::ranges::copy(body, end + 1);
  return message;
}

Status CheckForm(ByteView bytes, ShareFaultKind& fault) {
  fault = ShareFaultKind::kDamaged;
  if (bytes.size() < kSizeWithoutContext) {
    return Damaged("a key share has at least {} bytes, this has {}", kSizeWithoutContext,
                   bytes.size());
  }
  if (!HasMagic(bytes)) return Damaged("not a key share");
  const ByteView body = bytes.first(bytes.size() - kChecksumSize);
  const Hash256 hash = Sha256(body);
  const ByteView checksum = bytes.last(kChecksumSize);
  if (!Told(ConstantTimeEquals(hash.view().first(kChecksumSize), checksum))) {
    return Damaged("checksum is wrong: misread or decayed");
  }
  if (bytes[4] != kAdeptScheme) {
    fault = ShareFaultKind::kForeign;
    return Unsupported("key share of scheme {}, this version knows {}", bytes[4], kAdeptScheme);
  }
  if (bytes[5] == 0 || bytes[6] == 0) {
    fault = ShareFaultKind::kBadIndex;
    return Damaged("threshold {} or index {} is not in 1..255", bytes[5], bytes[6]);
  }
  if (bytes[7] != 0 || bytes.size() != kSizeWithoutContext + GetBe16(bytes.subspan(8))) {
    return Damaged("checksum is right, but the form is not that of a key share");
  }
  return Status::Ok();
}

Result<KeyShare> ParseFields(ByteView bytes, ShareFaultKind& fault) {
  FENCHI_RETURN_IF_ERROR(CheckForm(bytes, fault));
  KeyShare share;
  share.threshold = bytes[5];
  share.index = bytes[6];
  FieldReader fields(bytes.subspan(kHeadSize));
  const ByteView context = fields.Take(bytes.size() - kSizeWithoutContext);
  share.context.assign(context.begin(), context.end());
  share.value = SecretBytes::CopyOf(fields.Take(kAdeptPartSize));
  std::ranges::copy(fields.Take(share.ciphertext.size()), share.ciphertext.begin());
  std::ranges::copy(fields.Take(share.check.size()), share.check.begin());
  std::ranges::copy(fields.Take(share.dealer_public_key.size()), share.dealer_public_key.begin());
  std::ranges::copy(fields.Take(share.signature.size()), share.signature.begin());
  if (share.is_signed()) {
    const SecretBytes message = SignedMessage(bytes);
    if (!VerifySignature(share.dealer_public_key, message.view(), share.signature).ok()) {
      fault = ShareFaultKind::kDamaged;
      return Damaged("the dealer's signature is wrong");
    }
  }
  return share;
}

}  // namespace

bool KeyShare::is_signed() const { return !AllZero(dealer_public_key) || !AllZero(signature); }

SecretBytes KeyShare::Serialize() const {
  assert(value.size() == kAdeptPartSize && context.size() <= kShareContextSizeBytesMax);
  SecretBytes bytes(kSizeWithoutContext + context.size());
  const MutableBytes out = bytes.mutable_view();
  std::ranges::copy(AsBytes(kMagic), out.begin());
  out[4] = kAdeptScheme;
  out[5] = static_cast<std::uint8_t>(threshold);
  out[6] = static_cast<std::uint8_t>(index);
  PutBe16(out.subspan(8), static_cast<std::uint16_t>(context.size()));
  auto end = out.begin() + kHeadSize;
  for (const ByteView field : {ByteView(context), value.view(), ByteView(ciphertext),
                               ByteView(check), ByteView(dealer_public_key), ByteView(signature)}) {
    end = std::ranges::copy(field, end).out;
  }
  const Hash256 hash = Sha256(out.first(out.size() - kChecksumSize));
  std::ranges::copy(hash.view().first(kChecksumSize), end);
  return bytes;
}

int ClaimedIndex(ByteView bytes) {
  return HasMagic(bytes) && bytes.size() > kIndexAt ? bytes[kIndexAt] : 0;
}

Result<KeyShare> ParseKeyShare(ByteView bytes, ShareFaultKind& fault) {
  Result<KeyShare> share = ParseFields(bytes, fault);
  const int index = ClaimedIndex(bytes);
  if (share.ok() || index == 0) return share;
  return Status(share.status().code(),
                fmt::format("claims index {}: {}", index, share.status().message()));
}

Result<KeyShare> KeyShare::Parse(ByteView bytes) {
  ShareFaultKind fault;
  return ParseKeyShare(bytes, fault);
}

Status SignKeyShare(KeyShare& share, const ShareSigner& dealer) {
  share.dealer_public_key = dealer.PublicKey();
  share.signature = {};
  const SecretBytes unsigned_bytes = share.Serialize();
  const SecretBytes message = SignedMessage(unsigned_bytes.view());
  FENCHI_ASSIGN_OR_RETURN(share.signature, dealer.Sign(message.view()));
  return Status::Ok();
}

}  // namespace fenchi
