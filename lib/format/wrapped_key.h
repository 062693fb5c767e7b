// Wrapped data and tag keys, FORMAT.md section 6: the array forms that headers copy verbatim.
#pragma once

#include <cstdint>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi::format {

enum class WrapForm : std::uint8_t {
  kSymmetric = 1,  // under WrapKey (derive.h), by a host with the read role
  kPublicKey = 2,  // sealed to an X25519 public key
};

struct WrappedKey {
  WrapForm form = WrapForm::kSymmetric;
  Bytes box;  // 116 bytes (kSymmetric) or 148 (kPublicKey)
  friend bool operator==(const WrappedKey&, const WrappedKey&) = default;
};

Result<Bytes> EncodeWrappedKey(const WrappedKey& key);
// Errors: kDamaged; kUnsupported for a form of later.
Result<WrappedKey> DecodeWrappedKey(ByteView bytes);

}  // namespace fenchi::format
