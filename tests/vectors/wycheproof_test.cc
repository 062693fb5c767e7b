// Project Wycheproof's vectors against our own interfaces. The files are not part of this
// repository: they are looked for in $FENCHI_VECTORS, then in shared/vectors beside the checkout or
// one of the folders above it; where they are absent the tests are skipped.
// Source: https://github.com/C2SP/wycheproof (Apache-2.0), testvectors_v1.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "crypto/key_exchange.h"
#include "crypto/p256.h"
#include "crypto/signing.h"
#include "fenchi/aead.h"
#include "fenchi/hash.h"

namespace fenchi {
namespace {

using nlohmann::json;

std::optional<std::filesystem::path> VectorFile(const std::string& name) {
  const std::filesystem::path below = std::filesystem::path("wycheproof") / name;
  if (const char* folder = std::getenv("FENCHI_VECTORS")) {
    const std::filesystem::path file = std::filesystem::path(folder) / below;
    if (std::filesystem::exists(file)) return file;
  }
  for (std::filesystem::path at = FENCHI_SOURCE_DIR;; at = at.parent_path()) {
    const std::filesystem::path file = at / "shared" / "vectors" / below;
    if (std::filesystem::exists(file)) return file;
    if (at == at.parent_path()) return std::nullopt;
  }
}

Bytes Field(const json& object, const char* name) {
  return FromHex(object.at(name).get<std::string>()).value();
}

// Runs `check` over every case of the wanted groups; `wanted` is a lower bound for their number, so
// that a file that was cut short, or a filter that lost cases, fails.
class Wycheproof : public testing::Test {
 protected:
  using Check = std::function<void(const json& group, const json& test, bool valid)>;

  void RunFile(const std::string& name, int wanted, const Check& check,
               const std::function<bool(const json&)>& group_wanted = {}) {
    const auto file = VectorFile(name);
    if (!file) GTEST_SKIP() << name << " not found: set FENCHI_VECTORS";
    std::ifstream in(*file);
    const json all = json::parse(in);
    int count = 0;
    for (const json& group : all.at("testGroups")) {
      if (group_wanted && !group_wanted(group)) continue;
      for (const json& test : group.at("tests")) {
        SCOPED_TRACE(name + " case " + std::to_string(test.at("tcId").get<int>()) + ": " +
                     test.at("comment").get<std::string>());
        check(group, test, test.at("result") == "valid");
        ++count;
      }
    }
    std::printf("%s: %d cases\n", name.c_str(), count);
    RecordProperty("cases", count);
    EXPECT_GE(count, wanted);
  }

  void RunAead(const std::string& name, Suite suite, int wanted) {
    Aead kept = Aead::Create(suite, Bytes(kAeadKeySize)).value();
    const auto check = [&](const json&, const json& test, bool valid) {
      const Bytes nonce = Field(test, "iv"), aad = Field(test, "aad"), plain = Field(test, "msg");
      Bytes sealed = Field(test, "ct");
      const Bytes tag = Field(test, "tag");
      sealed.insert(sealed.end(), tag.begin(), tag.end());
      ASSERT_TRUE(kept.Rekey(Field(test, "key")).ok());
      Bytes back(plain.size(), 0xee);
      ASSERT_EQ(sealed.size(), plain.size() + kAeadTagSize);
      const Status opened = kept.Decrypt(nonce, aad, sealed, back);
      if (!valid) {
        EXPECT_EQ(opened.code(), StatusCode::kDamaged);
        EXPECT_EQ(back, Bytes(plain.size(), 0));
        return;
      }
      ASSERT_TRUE(opened.ok());
      EXPECT_EQ(back, plain);
      Bytes out(sealed.size());
      ASSERT_TRUE(kept.Encrypt(nonce, aad, plain, out).ok());
      EXPECT_EQ(out, sealed);
    };
    RunFile(name, wanted, check, [](const json& group) {
      return group.at("keySize") == 256 && group.at("ivSize") == 96 && group.at("tagSize") == 128;
    });
  }
};

TEST_F(Wycheproof, Aes256Gcm) { RunAead("aes_gcm_test.json", Suite::kAes256Gcm, 66); }

TEST_F(Wycheproof, ChaCha20Poly1305) {
  RunAead("chacha20_poly1305_test.json", Suite::kChaCha20Poly1305, 316);
}

// Nonces of other sizes have no place in this interface: all are refused.
TEST_F(Wycheproof, OtherNonceSizesAreRefused) {
  const auto check = [](const json& group, const json& test, bool) {
    Aead aead = Aead::Create(Suite::kChaCha20Poly1305, Field(test, "key")).value();
    Bytes sealed = Field(test, "ct");
    const Bytes tag = Field(test, "tag");
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    Bytes out(Field(test, "msg").size());
    EXPECT_EQ(aead.Decrypt(Field(test, "iv"), Field(test, "aad"), sealed, out).code(),
              StatusCode::kInvalidArgument)
        << group.at("ivSize");
  };
  RunFile("chacha20_poly1305_test.json", 9, check,
          [](const json& group) { return group.at("ivSize") != 96; });
}

// Lengths that RFC 5869 forbids are a programmer's error here, shown by a death test elsewhere.
TEST_F(Wycheproof, HkdfSha256) {
  RunFile("hkdf_sha256_test.json", 86, [](const json&, const json& test, bool valid) {
    const std::size_t size = test.at("size").get<std::size_t>();
    EXPECT_EQ(valid, size <= 255 * 32);
    if (!valid) return;
    const SecretBytes okm =
        HkdfSha256(Field(test, "ikm"), Field(test, "salt"), Field(test, "info"), size);
    EXPECT_TRUE(okm.Equals(Field(test, "okm")));
  });
}

TEST_F(Wycheproof, HkdfSha512) {
  RunFile("hkdf_sha512_test.json", 83, [](const json&, const json& test, bool valid) {
    const std::size_t size = test.at("size").get<std::size_t>();
    EXPECT_EQ(valid, size <= 255 * 64);
    if (!valid) return;
    const SecretBytes okm =
        HkdfSha512(Field(test, "ikm"), Field(test, "salt"), Field(test, "info"), size);
    EXPECT_TRUE(okm.Equals(Field(test, "okm")));
  });
}

// Some vectors carry the first half of the tag only.
void CheckHmac(const json& test, ByteView full, bool valid) {
  const Bytes tag = Field(test, "tag");
  ASSERT_LE(tag.size(), full.size());
  EXPECT_EQ(ConstantTimeEquals(full.first(tag.size()), tag), valid);
}

TEST_F(Wycheproof, HmacSha256) {
  RunFile("hmac_sha256_test.json", 174, [](const json&, const json& test, bool valid) {
    const Bytes key = Field(test, "key"), message = Field(test, "msg");
    const Hash256 whole = HmacSha256(key, message);
    CheckHmac(test, whole.view(), valid);
    if (key.size() != 32) return;
    EXPECT_EQ(KeyedHash::Create(key).value()(message), whole);
  });
}

// HKDF's extract step is HMAC with the salt as key.
TEST_F(Wycheproof, HmacSha512) {
  RunFile("hmac_sha512_test.json", 174, [](const json&, const json& test, bool valid) {
    CheckHmac(test, HkdfExtractSha512(Field(test, "msg"), Field(test, "key")).view(), valid);
  });
}

// "Acceptable" covers small-order points, whose all-zero secret we refuse, and odd encodings.
TEST_F(Wycheproof, X25519) {
  int refused = 0;
  RunFile("x25519_test.json", 518, [&](const json&, const json& test, bool valid) {
    const Bytes shared = Field(test, "shared");
    const auto got = ExchangeSecret(Field(test, "private"), Field(test, "public"));
    const bool zero = std::all_of(shared.begin(), shared.end(), [](auto b) { return b == 0; });
    EXPECT_EQ(got.ok(), !zero);
    EXPECT_TRUE(got.ok() || !valid);
    if (got.ok()) {
      EXPECT_TRUE(got.value().Equals(shared));
    } else {
      ++refused;
    }
  });
  if (IsSkipped()) return;
  EXPECT_EQ(refused, 31);
}

// We take points in their long form only, and no secret of zeros.
TEST_F(Wycheproof, EcdhP256) {
  RunFile("ecdh_secp256r1_ecpoint_test.json", 355, [](const json&, const json& test, bool valid) {
    Bytes secret = Field(test, "private");
    while (secret.size() > kP256SecretSize && secret.front() == 0) secret.erase(secret.begin());
    while (secret.size() < kP256SecretSize) secret.insert(secret.begin(), 0);
    const Bytes shared = Field(test, "shared"), point = Field(test, "public");
    const bool zero = std::all_of(shared.begin(), shared.end(), [](auto b) { return b == 0; });
    const auto got = P256Secret(secret, point);
    EXPECT_EQ(got.ok(), valid && point.size() == kP256PointSize && !zero);
    if (got.ok()) {
      EXPECT_TRUE(got.value().Equals(shared));
    }
  });
}

TEST_F(Wycheproof, Ed25519) {
  RunFile("ed25519_test.json", 151, [](const json& group, const json& test, bool valid) {
    const Bytes public_key = Field(group.at("publicKey"), "pk");
    EXPECT_TRUE(CheckPublicKey(public_key).ok());
    EXPECT_EQ(VerifySignature(public_key, Field(test, "msg"), Field(test, "sig")).code(),
              valid ? StatusCode::kOk : StatusCode::kDamaged);
  });
}

}  // namespace
}  // namespace fenchi
