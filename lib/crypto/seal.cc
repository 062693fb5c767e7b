// Seal and OpenSealed: FORMAT.md section "Seal".
#include <cstring>

#include "base/coding.h"
#include "base/error.h"
#include "base/told.h"
#include "fenchi/aead.h"

namespace fenchi {
namespace {

// On disk, never change: FORMAT.md section "Seal".
constexpr std::uint8_t kSealVersion = 1;
constexpr std::string_view kSealLabel = "fenchi/1/seal";
constexpr std::size_t kSaltAt = 4;
constexpr std::size_t kCommitmentAt = kSaltAt + kSealSaltSize;
constexpr std::size_t kCiphertextAt = kCommitmentAt + Hash256::kSize;
static_assert(kCiphertextAt + kAeadTagSize == kSealOverhead);

Status CheckKeySize(ByteView key) {
  if (key.size() == kAeadKeySize) return Status::Ok();
  return InvalidArgument("sealing key has {} bytes, needs {}", key.size(), kAeadKeySize);
}

Result<StreamKeys> BoxKeys(const SealContext& context, Suite suite, ByteView key, ByteView salt) {
  Bytes info;
  Append(info, AsBytes(kSealLabel));
  const std::uint8_t head[] = {0, kSealVersion, static_cast<std::uint8_t>(suite),
                               static_cast<std::uint8_t>(context.type)};
  Append(info, head);
  Append(info, context.vault.view());
  AppendPrefixed(info, context.context);
  return DeriveStreamKeys(key, salt, info);
}

}  // namespace

Result<Bytes> Seal(const SealContext& context, ByteView key, ByteView plaintext, ByteView salt) {
  FENCHI_RETURN_IF_ERROR(CheckKeySize(key));
  if (salt.size() != kSealSaltSize) {
    return InvalidArgument("seal salt has {} bytes, needs {}", salt.size(), kSealSaltSize);
  }
  FENCHI_RETURN_IF_ERROR(SuiteFromNumber(static_cast<std::uint8_t>(context.suite)).status());
  FENCHI_ASSIGN_OR_RETURN(StreamKeys keys, BoxKeys(context, context.suite, key, salt));
  FENCHI_ASSIGN_OR_RETURN(SegmentCipher cipher,
                          SegmentCipher::Create(context.suite, keys.key.view()));
  Bytes box(plaintext.size() + kSealOverhead);
  box[0] = kSealVersion;
  box[1] = static_cast<std::uint8_t>(context.suite);
  box[2] = static_cast<std::uint8_t>(context.type);
  box[3] = 0;
  std::memcpy(box.data() + kSaltAt, salt.data(), kSealSaltSize);
  std::memcpy(box.data() + kCommitmentAt, keys.commitment.bytes.data(), Hash256::kSize);
  FENCHI_RETURN_IF_ERROR(
      cipher.SealSegment(0, true, plaintext, MutableBytes(box).subspan(kCiphertextAt)));
  return box;
}

Result<Bytes> Seal(const SealContext& context, ByteView key, ByteView plaintext, Random& random) {
  std::array<std::uint8_t, kSealSaltSize> salt;
  random.Fill(salt);
  return Seal(context, key, plaintext, ByteView(salt));
}

Result<SecretBytes> OpenSealed(const SealContext& context, ByteView key, ByteView box) {
  FENCHI_RETURN_IF_ERROR(CheckKeySize(key));
  if (box.size() < kSealOverhead) {
    return Damaged("sealed box has {} bytes, needs at least {}", box.size(), kSealOverhead);
  }
  if (box[0] != kSealVersion) {
    return Unsupported("sealed box has version {}, this build knows {}", box[0], kSealVersion);
  }
  FENCHI_ASSIGN_OR_RETURN(Suite suite, SuiteFromNumber(box[1]));
  if (box[2] != static_cast<std::uint8_t>(context.type)) {
    return Damaged("sealed box has type {}, expected {}", box[2],
                   static_cast<std::uint8_t>(context.type));
  }
  if (box[3] != 0) return Damaged("sealed box has a nonzero reserved byte");
  FENCHI_ASSIGN_OR_RETURN(StreamKeys keys,
                          BoxKeys(context, suite, key, box.subspan(kSaltAt, kSealSaltSize)));
  const ByteView stored = box.subspan(kCommitmentAt, Hash256::kSize);
  if (!Told(ConstantTimeEquals(keys.commitment.view(), stored))) {
    return WrongKey("this key does not open the sealed box");
  }
  FENCHI_ASSIGN_OR_RETURN(SegmentCipher cipher, SegmentCipher::Create(suite, keys.key.view()));
  SecretBytes plaintext(box.size() - kSealOverhead);
  FENCHI_RETURN_IF_ERROR(
      cipher.OpenSegment(0, true, box.subspan(kCiphertextAt), plaintext.mutable_view()));
  return plaintext;
}

}  // namespace fenchi
