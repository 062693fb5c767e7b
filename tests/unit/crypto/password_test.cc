#include "fenchi/password.h"

#include <gtest/gtest.h>

#include <limits>

namespace fenchi {
namespace {

Bytes Salt() {
  Bytes salt(kPasswordSaltSize);
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<std::uint8_t>(i);
  return salt;
}

// Source: the Argon2 authors' reference implementation, through Python's `argon2-cffi`:
// hash_secret_raw(b"correct horse", bytes(range(16)), t, m_kib, 1, 32, Type.ID, 19).
TEST(Password, MatchesTheReferenceImplementation) {
  const ByteView password = AsBytes("correct horse");
  EXPECT_EQ(ToHex(StretchPassword(password, Salt(), {2, 64 << 10, 1}).value().view()),
            "9c87c06898bc18516669b54a8b95d36e622946494d7a55c26f391a0406068c19");
  EXPECT_EQ(ToHex(StretchPassword(password, Salt(), Argon2Cost{}).value().view()),
            "842b17a58f6a6c4a721da4861ff0ef937cd6dec280d12ad33f319e6eed6e0f38");
}

TEST(Password, EveryInputChangesTheKey) {
  const SecretBytes key = StretchPassword(AsBytes("pass"), Salt(), kArgon2CheapestCost).value();
  const auto differs = [&](std::string_view password, const Bytes& salt, const Argon2Cost& cost) {
    const SecretBytes other = StretchPassword(AsBytes(password), salt, cost).value();
    EXPECT_FALSE(other.Equals(key.view()));
  };
  EXPECT_TRUE(
      StretchPassword(AsBytes("pass"), Salt(), kArgon2CheapestCost).value().Equals(key.view()));
  differs("pasS", Salt(), kArgon2CheapestCost);
  differs("pass ", Salt(), kArgon2CheapestCost);
  differs("pass", Bytes(16, 1), kArgon2CheapestCost);
  differs("pass", Salt(), {2, kArgon2MemoryBytesMin, 1});
  differs("pass", Salt(), {1, 2 * kArgon2MemoryBytesMin, 1});
}

TEST(Password, CostsOutsideTheLimitsAreRefusedBeforeAnyWork) {
  const Argon2Cost kRefused[] = {
      {0, 64 << 20, 1},
      {21, 64 << 20, 1},
      {std::numeric_limits<std::uint32_t>::max(), 64 << 20, 1},
      {4, 0, 1},
      {4, kArgon2MemoryBytesMin - 1024, 1},
      {4, kArgon2MemoryBytesMin + 1, 1},
      {4, kArgon2MemoryBytesMax + 1024, 1},
      {4, std::numeric_limits<std::uint64_t>::max(), 1},
      {4, 64 << 20, 0},
      {4, 64 << 20, 2},
  };
  for (const Argon2Cost& cost : kRefused) {
    EXPECT_EQ(StretchPassword(AsBytes("pass"), Salt(), cost).status().code(),
              StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(CheckArgon2Cost({20, kArgon2MemoryBytesMax, 1}).ok());
}

TEST(Password, EmptyPasswordsAndOtherSaltSizesAreRefused) {
  EXPECT_EQ(StretchPassword({}, Salt(), kArgon2CheapestCost).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(StretchPassword(Bytes(kPasswordSizeMax + 1, 'a'), Salt(), kArgon2CheapestCost)
                .status()
                .code(),
            StatusCode::kInvalidArgument);
  for (std::size_t size : {0, 8, 15, 17, 32}) {
    EXPECT_EQ(StretchPassword(AsBytes("pass"), Bytes(size), kArgon2CheapestCost).status().code(),
              StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fenchi
