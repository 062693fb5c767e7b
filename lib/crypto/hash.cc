#include "fenchi/hash.h"

#include "base/error.h"
#include "crypto/hmac.h"
#include "crypto/libraries.h"

namespace fenchi {

Hash256 Sha256(ByteView message) {
  Hash256 out;
  Require(EVP_Digest(message.data(), message.size(), out.bytes.data(), nullptr, FetchedSha256(),
                     nullptr) == 1,
          "SHA-256");
  return out;
}

struct Sha256Hasher::State {
  DigestContext context{EVP_MD_CTX_new()};
  void Start() {
    Require(context != nullptr && EVP_DigestInit_ex2(context.get(), FetchedSha256(), nullptr) == 1,
            "start of SHA-256");
  }
};

Sha256Hasher::Sha256Hasher() : state_(std::make_unique<State>()) { state_->Start(); }
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;
Sha256Hasher::~Sha256Hasher() = default;

void Sha256Hasher::Update(ByteView piece) {
  if (piece.empty()) return;
  Require(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()) == 1, "SHA-256");
}

Hash256 Sha256Hasher::Finish() {
  Hash256 out;
  Require(EVP_DigestFinal_ex(state_->context.get(), out.bytes.data(), nullptr) == 1,
          "end of SHA-256");
  state_->Start();
  return out;
}

struct HmacSha256Hasher::State {
  HmacState hmac;
};

HmacSha256Hasher::HmacSha256Hasher(ByteView key)
    : state_(std::make_unique<State>(State{HmacState(HmacDigest::kSha256, key)})) {}
HmacSha256Hasher::HmacSha256Hasher(HmacSha256Hasher&&) noexcept = default;
HmacSha256Hasher& HmacSha256Hasher::operator=(HmacSha256Hasher&&) noexcept = default;
HmacSha256Hasher::~HmacSha256Hasher() = default;

void HmacSha256Hasher::Update(ByteView piece) { state_->hmac.Update(piece); }

Hash256 HmacSha256Hasher::Finish() {
  Hash256 out;
  state_->hmac.Finish(out.bytes);
  return out;
}

Hash256 HmacSha256(ByteView key, ByteView message) { return HmacSha256(key, {message}); }

Hash256 HmacSha256(ByteView key, std::initializer_list<ByteView> parts) {
  HmacSha256Hasher hasher(key);
  for (ByteView part : parts) hasher.Update(part);
  return hasher.Finish();
}

Result<KeyedHash> KeyedHash::Create(ByteView key) {
  if (key.size() != 32) return InvalidArgument("hash key has {} bytes, needs 32", key.size());
  return KeyedHash(HmacSha256Hasher(key));
}

Hash256 KeyedHash::operator()(ByteView message) {
  hasher_.Update(message);
  return hasher_.Finish();
}

}  // namespace fenchi
