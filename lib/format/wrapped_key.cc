#include "format/wrapped_key.h"

#include "base/error.h"
#include "crypto/key_exchange.h"
#include "format/cbor.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kWrappedKeySizeMax = 4096;

std::size_t BoxSize(WrapForm form) {
  return kKeySize + (form == WrapForm::kPublicKey ? kPublicSealOverhead : kSealOverhead);
}

Result<WrappedKey> ReadWrappedKey(CborReader& reader) {
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "form and box").status());
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t form, reader.Uint());
  if (form < 1 || form > 2) return Unsupported("form {} is unknown to this build", form);
  WrappedKey key;
  key.form = static_cast<WrapForm>(form);
  const std::size_t size = BoxSize(key.form);
  FENCHI_ASSIGN_OR_RETURN(const ByteView box, reader.ByteString(size, size, "box"));
  key.box.assign(box.begin(), box.end());
  reader.Leave();
  return key;
}

}  // namespace

Result<Bytes> EncodeWrappedKey(const WrappedKey& key) {
  if (key.box.size() != BoxSize(key.form)) {
    return InvalidArgument("wrapped key: a box of {} bytes", key.box.size());
  }
  CborWriter writer;
  writer.Array(2).Uint(static_cast<std::uint64_t>(key.form)).ByteString(key.box);
  return writer.Take();
}

Result<WrappedKey> DecodeWrappedKey(ByteView bytes) {
  return DecodeWhole(bytes, kWrappedKeySizeMax, "wrapped key", ReadWrappedKey);
}

}  // namespace fenchi::format
