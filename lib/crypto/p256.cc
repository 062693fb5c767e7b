#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <sodium.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "base/told.h"
#include "crypto/hkdf.h"
#include "crypto/libraries.h"

namespace fenchi {
namespace {

// On disk, never change: FORMAT.md section "Seal".
constexpr std::string_view kP256Label = "fenchi/1/p256";
constexpr std::uint8_t kUncompressed = 0x04;

struct NumberFree {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
};
struct PointFree {
  void operator()(EC_POINT* point) const { EC_POINT_clear_free(point); }
};
struct WorkFree {
  void operator()(BN_CTX* work) const { BN_CTX_free(work); }
};
using Number = std::unique_ptr<BIGNUM, NumberFree>;
using Point = std::unique_ptr<EC_POINT, PointFree>;
using Work = std::unique_ptr<BN_CTX, WorkFree>;  // wipes what it lent

// Never freed, as the algorithms of libraries.h.
const EC_GROUP* Curve() {
  static const EC_GROUP* const curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  Require(curve != nullptr, "P-256");
  return curve;
}

Work NewWork() {
  Work work(BN_CTX_secure_new());
  Require(work != nullptr, "memory for P-256");
  return work;
}

Point NewPoint() {
  Point point(EC_POINT_new(Curve()));
  Require(point != nullptr, "memory for P-256");
  return point;
}

// Null: not in 1..n-1. The number is worked with in constant time.
Number ScalarOf(ByteView secret_key) {
  if (secret_key.size() != kP256SecretSize) return nullptr;
  Number scalar(BN_secure_new());
  Require(
      scalar != nullptr && BN_bin2bn(secret_key.data(), kP256SecretSize, scalar.get()) != nullptr,
      "memory for P-256");
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  const bool fits =
      Told(!BN_is_zero(scalar.get()) && BN_cmp(scalar.get(), EC_GROUP_get0_order(Curve())) < 0);
  return fits ? std::move(scalar) : nullptr;
}

// Null: no point of the curve in this form.
Point PointOf(ByteView public_key, BN_CTX* work) {
  if (public_key.size() != kP256PointSize || public_key[0] != kUncompressed) return nullptr;
  Point point = NewPoint();
  // Refuses coordinates beyond the field and points beside the curve; asked again, so that no later
  // version of it can change what is refused here.
  if (EC_POINT_oct2point(Curve(), point.get(), public_key.data(), public_key.size(), work) != 1 ||
      EC_POINT_is_on_curve(Curve(), point.get(), work) != 1 ||
      EC_POINT_is_at_infinity(Curve(), point.get()) != 0) {
    return nullptr;
  }
  return point;
}

Status NoPoint(ByteView public_key) {
  return InvalidArgument(
      "P-256 public key {} is not a point of the curve: it takes {} bytes, "
      "04 | x | y",
      ToHex(public_key.first(std::min<std::size_t>(public_key.size(), 9))), kP256PointSize);
}

Status NoScalar() { return InvalidArgument("P-256 secret key is not in 1..n-1, 32 bytes"); }

Status CheckAgreed(ByteView agreed) {
  if (agreed.size() != kP256SecretSize) {
    return InvalidArgument("P-256 secret that was agreed on has {} bytes, needs {}", agreed.size(),
                           kP256SecretSize);
  }
  if (Told(sodium_is_zero(agreed.data(), agreed.size()) == 1)) {
    return InvalidArgument("P-256 secret that was agreed on is all zeros");
  }
  return Status::Ok();
}

SecretBytes BoxKey(ByteView agreed, ByteView ephemeral, ByteView recipient) {
  return KeyOfAgreement(agreed, ephemeral, recipient, AsBytes(kP256Label));
}

}  // namespace

P256KeyPair P256KeyPair::Generate(Random& random) {
  while (true) {
    Result<P256KeyPair> pair = FromSecretKey(SecretBytes::Random(kP256SecretSize, random).view());
    if (pair.ok()) return std::move(pair).value();
  }
}

Result<P256KeyPair> P256KeyPair::FromSecretKey(ByteView secret_key) {
  const Number scalar = ScalarOf(secret_key);
  if (scalar == nullptr) return NoScalar();
  const Work work = NewWork();
  const Point point = NewPoint();
  P256KeyPair pair;
  pair.secret_key = SecretBytes::CopyOf(secret_key);
  Require(EC_POINT_mul(Curve(), point.get(), scalar.get(), nullptr, nullptr, work.get()) == 1 &&
              EC_POINT_point2oct(Curve(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                 pair.public_key.bytes.data(), kP256PointSize,
                                 work.get()) == kP256PointSize,
          "P-256 key pair");
  return pair;
}

Status CheckP256Key(ByteView public_key) {
  return PointOf(public_key, NewWork().get()) != nullptr ? Status::Ok() : NoPoint(public_key);
}

Result<SecretBytes> P256Secret(ByteView secret_key, ByteView public_key) {
  const Number scalar = ScalarOf(secret_key);
  if (scalar == nullptr) return NoScalar();
  const Work work = NewWork();
  const Point peer = PointOf(public_key, work.get());
  if (peer == nullptr) return NoPoint(public_key);
  const Point product = NewPoint();
  const Number x(BN_secure_new());
  SecretBytes agreed(kP256SecretSize);
  // No product of such a point and scalar is infinity: the order is prime.
  Require(x != nullptr &&
              EC_POINT_mul(Curve(), product.get(), nullptr, peer.get(), scalar.get(), work.get()) ==
                  1 &&
              EC_POINT_get_affine_coordinates(Curve(), product.get(), x.get(), nullptr,
                                              work.get()) == 1 &&
              BN_bn2binpad(x.get(), agreed.mutable_view().data(), kP256SecretSize) ==
                  static_cast<int>(kP256SecretSize),
          "P-256 agreement");
  FENCHI_RETURN_IF_ERROR(CheckAgreed(agreed.view()));
  return agreed;
}

Result<Bytes> SealToP256Key(const SealContext& context, ByteView public_key, ByteView plaintext,
                            Random& random) {
  FENCHI_RETURN_IF_ERROR(CheckP256Key(public_key));
  const P256KeyPair ephemeral = P256KeyPair::Generate(random);
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes agreed,
                          P256Secret(ephemeral.secret_key.view(), public_key));
  const SecretBytes key = BoxKey(agreed.view(), ephemeral.public_key.view(), public_key);
  FENCHI_ASSIGN_OR_RETURN(const Bytes sealed, Seal(context, key.view(), plaintext, random));
  Bytes box(ephemeral.public_key.bytes.begin(), ephemeral.public_key.bytes.end());
  Append(box, sealed);
  return box;
}

Result<P256PublicKey> EphemeralKeyOfBox(ByteView box) {
  if (box.size() < kP256SealOverhead) {
    return Damaged("sealed box has {} bytes, needs at least {}", box.size(), kP256SealOverhead);
  }
  const ByteView ephemeral = box.first(kP256PointSize);
  if (!CheckP256Key(ephemeral).ok()) {
    return Damaged("sealed box names an ephemeral key that is no point of P-256");
  }
  return P256PublicKey::From(ephemeral);
}

Result<SecretBytes> OpenWithAgreedSecret(const SealContext& context, ByteView public_key,
                                         ByteView agreed, ByteView box) {
  FENCHI_ASSIGN_OR_RETURN(const P256PublicKey ephemeral, EphemeralKeyOfBox(box));
  FENCHI_RETURN_IF_ERROR(CheckAgreed(agreed));
  const SecretBytes key = BoxKey(agreed, ephemeral.view(), public_key);
  return OpenSealed(context, key.view(), box.subspan(kP256PointSize));
}

}  // namespace fenchi
