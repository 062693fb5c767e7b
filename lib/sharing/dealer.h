// The dealer whose Ed25519 key is in memory. Keeps a reference: `key` outlives it.
#pragma once

#include "crypto/signing.h"
#include "fenchi/key_sharing.h"

namespace fenchi {

class Dealer final : public ShareSigner {
 public:
  explicit Dealer(const SigningKey& key) : key_(key) {}
  std::array<std::uint8_t, 32> PublicKey() const override { return key_.public_key().bytes; }
  Result<std::array<std::uint8_t, 64>> Sign(ByteView message) const override {
    return key_.Sign(message).bytes;
  }

 private:
  const SigningKey& key_;
};

}  // namespace fenchi
