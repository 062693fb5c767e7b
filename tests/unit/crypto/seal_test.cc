#include <gtest/gtest.h>

#include <string>

#include "fenchi/aead.h"
#include "fenchi/random.h"

namespace fenchi {
namespace {

constexpr Suite kSuites[] = {Suite::kAes256Gcm, Suite::kChaCha20Poly1305};

Bytes CountingFrom(std::uint8_t first, std::size_t size = 32) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

class SealOfEachSuite : public testing::TestWithParam<Suite> {
 protected:
  SealContext Context(SealType type = SealType::kRecord, std::string_view context = "log/7") {
    return {GetParam(), type, VaultId::From(CountingFrom(64)).value(), AsBytes(context)};
  }
  Bytes Box(std::string_view plaintext = "fenchi") {
    return Seal(Context(), key_, AsBytes(plaintext), ByteView(salt_)).value();
  }
  const Bytes key_ = CountingFrom(0);
  const Bytes salt_ = CountingFrom(32);
};
INSTANTIATE_TEST_SUITE_P(Suites, SealOfEachSuite, testing::ValuesIn(kSuites),
                         [](const auto& param) { return std::string(SuiteName(param.param)); });

// Source: computed from FORMAT.md section "Seal" with Python's `cryptography`.
TEST_P(SealOfEachSuite, BoxesAreTheBytesOfTheFormat) {
  const std::string salt = ToHex(salt_);
  const std::string expected =
      GetParam() == Suite::kAes256Gcm
          ? "01010200" + salt +
                "68c951fc1a4a8c9dc9b0af375858a98aed861a6e9f0cb60881c810f990d93adc"
                "dc8636c43ac767a4e01bf6090b4dea8e081d5a2e5b67"
          : "01020200" + salt +
                "63b39a0f610d6e1add65c8504470704a4702248003d29709158048fda7f3296c"
                "a2accbe2539fd501b81091578c7170d155dc68cf8d5d";
  EXPECT_EQ(ToHex(Box()), expected);
}

TEST_P(SealOfEachSuite, EveryLengthRoundTrips) {
  const std::uint64_t seed = 4711;
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto random = SeededRandom(seed);
  for (std::size_t size : {0, 1, 15, 16, 17, 100, 4096, 70000}) {
    const SecretBytes plain = SecretBytes::Random(size, *random);
    const Bytes box = Seal(Context(), key_, plain.view(), *random).value();
    EXPECT_EQ(box.size(), size + kSealOverhead);
    EXPECT_TRUE(OpenSealed(Context(), key_, box).value().Equals(plain.view()));
  }
}

TEST_P(SealOfEachSuite, TheBoxSaysItsSuite) {
  SealContext other = Context();
  other.suite = GetParam() == kSuites[0] ? kSuites[1] : kSuites[0];
  EXPECT_TRUE(OpenSealed(other, key_, Box()).ok());
}

TEST_P(SealOfEachSuite, FreshSaltsGiveFreshBoxes) {
  auto random = SeededRandom(1);
  const Bytes a = Seal(Context(), key_, AsBytes("x"), *random).value();
  const Bytes b = Seal(Context(), key_, AsBytes("x"), *random).value();
  EXPECT_NE(Bytes(a.begin() + 4, a.begin() + 36), Bytes(b.begin() + 4, b.begin() + 36));
}

TEST_P(SealOfEachSuite, EveryChangedByteIsRefusedWithTheStatedReason) {
  const Bytes box = Box();
  for (std::size_t at = 0; at < box.size(); ++at) {
    for (int change = 1; change < 256; ++change) {
      Bytes bad = box;
      bad[at] ^= static_cast<std::uint8_t>(change);
      const Result<SecretBytes> opened = OpenSealed(Context(), key_, bad);
      ASSERT_FALSE(opened.ok()) << "byte " << at << " changed by " << change;
      const StatusCode code = opened.status().code();
      if (at == 0) {
        EXPECT_EQ(code, StatusCode::kUnsupported);
      } else if (at == 1) {
        const bool known = SuiteFromNumber(bad[1]).ok();
        EXPECT_EQ(code, known ? StatusCode::kWrongKey : StatusCode::kUnsupported);
      } else if (at < 4 || at >= 68) {
        EXPECT_EQ(code, StatusCode::kDamaged);
      } else {
        EXPECT_EQ(code, StatusCode::kWrongKey);
      }
    }
  }
}

TEST_P(SealOfEachSuite, EveryTruncationAndExtensionIsRefused) {
  const Bytes box = Box("some longer text, to have a few bytes to cut");
  for (std::size_t size = 0; size < box.size(); ++size) {
    EXPECT_EQ(OpenSealed(Context(), key_, ByteView(box).first(size)).status().code(),
              StatusCode::kDamaged)
        << size;
  }
  Bytes longer = box;
  longer.push_back(0);
  EXPECT_EQ(OpenSealed(Context(), key_, longer).status().code(), StatusCode::kDamaged);
}

TEST_P(SealOfEachSuite, AnotherKeyVaultOrContextIsAWrongKey) {
  const Bytes box = Box();
  const auto code = [&](const SealContext& context, ByteView key) {
    return OpenSealed(context, key, box).status().code();
  };
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Bytes key = key_;
    key[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(code(Context(), key), StatusCode::kWrongKey);
    SealContext other_vault = Context();
    other_vault.vault.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(code(other_vault, key_), StatusCode::kWrongKey);
  }
  for (const char* context : {"", "log/8", "log/", "log/70"}) {
    EXPECT_EQ(code(Context(SealType::kRecord, context), key_), StatusCode::kWrongKey);
  }
}

// The type byte is refused as it stands; rewritten to what the reader expects, the commitment
// fails.
TEST_P(SealOfEachSuite, NoTypeOpensAsAnother) {
  Bytes box = Box();
  for (std::uint8_t type = 1; type <= 14; ++type) {
    if (type == static_cast<std::uint8_t>(SealType::kRecord)) continue;
    const SealContext other = Context(static_cast<SealType>(type));
    EXPECT_EQ(OpenSealed(other, key_, Box()).status().code(), StatusCode::kDamaged);
    box[2] = type;
    EXPECT_EQ(OpenSealed(other, key_, box).status().code(), StatusCode::kWrongKey);
  }
}

TEST_P(SealOfEachSuite, WrongSizesAreRefused) {
  EXPECT_EQ(Seal(Context(), Bytes(31), {}, ByteView(salt_)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Seal(Context(), key_, {}, ByteView(salt_).first(31)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenSealed(Context(), Bytes(33), Box()).status().code(), StatusCode::kInvalidArgument);
}

TEST(Seal, UnknownSuitesAreRefused) {
  const SealContext context{static_cast<Suite>(9), SealType::kRecord, {}, {}};
  EXPECT_EQ(Seal(context, Bytes(32), {}, ByteView(Bytes(32))).status().code(),
            StatusCode::kUnsupported);
}

}  // namespace
}  // namespace fenchi
