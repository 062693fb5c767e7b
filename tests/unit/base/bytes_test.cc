#include "fenchi/bytes.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/clock.h"

namespace fenchi {
namespace {

TEST(Bytes, HexRoundTripsAndRefusesOtherText) {
  const Bytes raw = {0x00, 0x9f, 0xff};
  EXPECT_EQ(ToHex(raw), "009fff");
  EXPECT_EQ(FromHex("009FfF").value(), raw);
  EXPECT_EQ(FromHex("0").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FromHex("0g").status().code(), StatusCode::kInvalidArgument);
}

// Source: RFC 4648 section 10, in lower case without padding.
TEST(Coding, Base32MatchesTheRfcVectors) {
  const char* const kVectors[][2] = {{"", ""},
                                     {"f", "my"},
                                     {"fo", "mzxq"},
                                     {"foo", "mzxw6"},
                                     {"foob", "mzxw6yq"},
                                     {"fooba", "mzxw6ytb"},
                                     {"foobar", "mzxw6ytboi"}};
  for (const auto& [plain, encoded] : kVectors) EXPECT_EQ(ToBase32(AsBytes(plain)), encoded);
}

TEST(Coding, BigEndianRoundTrips) {
  std::uint8_t raw[8];
  PutBe64(raw, 0x0102030405060708u);
  EXPECT_EQ(raw[0], 1);
  EXPECT_EQ(GetBe64(raw), 0x0102030405060708u);
  EXPECT_EQ(GetBe32(ByteView(raw).subspan(4)), 0x05060708u);
}

TEST(Clock, PrintsUtc) {
  EXPECT_EQ(ToIso8601({0, 0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(ToIso8601({-62167219201, 0}), "@-62167219201");
  for (const char* const text : {"2026-11-28T18:20:01Z", "2026-11-28T18:20:01.999Z",
                                 "2026-11-28T18:20:01.5+00:00", "2026-11-28T18:20:01+00:00"}) {
    EXPECT_EQ(FromIso8601(text), (Timestamp{.seconds = 1795890001})) << text;
  }
  for (const char* const text :
       {"", "2026-11-28", "2026-11-28T18:20:01", "2026-11-28T18:20:01+08:00",
        "2026-13-28T18:20:01Z", "2026-11-28T18:20:01Z ", "@1795890001"}) {
    EXPECT_EQ(FromIso8601(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace fenchi
