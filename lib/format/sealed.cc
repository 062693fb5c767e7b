#include "format/sealed.h"

#include <algorithm>

#include "base/coding.h"
#include "base/error.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kPaddingOverhead = kLengthSize + kSealOverhead;

// The smallest power of two, from 2^min_exponent on, that holds a box over `size` bytes.
std::size_t PaddedBoxSize(std::size_t size, int min_exponent) {
  std::size_t box = std::size_t{1} << min_exponent;
  while (box < size + kPaddingOverhead) box <<= 1;
  return box;
}

}  // namespace

Result<SecretBytes> PadTo(ByteView bytes, int min_exponent, std::size_t limit) {
  if (bytes.size() > limit || PaddedBoxSize(bytes.size(), min_exponent) > limit) {
    return InvalidArgument("an object of {} bytes does not fit into a box of {} bytes",
                           bytes.size(), limit);
  }
  SecretBytes padded(PaddedBoxSize(bytes.size(), min_exponent) - kSealOverhead);  // zeros
  PutBe32(padded.mutable_view(), static_cast<std::uint32_t>(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), padded.mutable_view().begin() + kLengthSize);
  return padded;
}

Result<ByteView> Unpad(ByteView padded, int min_exponent) {
  if (padded.size() < kLengthSize) return Damaged("padded box: it holds no length");
  const std::size_t size = GetBe32(padded);
  if (size > padded.size() - kLengthSize) {
    return Damaged("padded box: length {} does not fit into {} bytes", size, padded.size());
  }
  if (PaddedBoxSize(size, min_exponent) != padded.size() + kSealOverhead) {
    return Damaged("padded box: {} bytes are not the size for a length of {}",
                   padded.size() + kSealOverhead, size);
  }
  const ByteView zeros = padded.subspan(kLengthSize + size);
  if (std::any_of(zeros.begin(), zeros.end(), [](std::uint8_t b) { return b != 0; })) {
    return Damaged("padded box: padding is not zero");
  }
  return padded.subspan(kLengthSize, size);
}

Result<Bytes> SealPadded(const SealContext& context, ByteView key, ByteView bytes, int min_exponent,
                         std::size_t limit, Random& random) {
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes padded, PadTo(bytes, min_exponent, limit));
  return Seal(context, key, padded.view(), random);
}

Result<Bytes> SealPadded(const SealContext& context, ByteView key, ByteView bytes, int min_exponent,
                         std::size_t limit, ByteView salt) {
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes padded, PadTo(bytes, min_exponent, limit));
  return Seal(context, key, padded.view(), salt);
}

Result<SecretBytes> OpenPadded(const SealContext& context, ByteView key, ByteView box,
                               int min_exponent, std::size_t limit) {
  if (box.size() > limit) {
    return Damaged("padded box: {} bytes are more than the limit of {}", box.size(), limit);
  }
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes padded, OpenSealed(context, key, box));
  FENCHI_ASSIGN_OR_RETURN(const ByteView bytes, Unpad(padded.view(), min_exponent));
  return SecretBytes::CopyOf(bytes);
}

}  // namespace fenchi::format
