#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "format/cbor.h"
#include "format/ids.h"

namespace fenchi::format {
namespace {

Bytes Hex(std::string_view hex) { return FromHex(hex).value(); }

Status SkipAll(ByteView bytes) {
  CborReader reader(bytes);
  FENCHI_RETURN_IF_ERROR(reader.Skip().status());
  return reader.Finish("item");
}

// Examples of RFC 8949 appendix A that section 1.1 of the format allows.
TEST(Cbor, WritesIntegersAsTheRfcShows) {
  const std::vector<std::pair<std::uint64_t, const char*>> cases = {
      {0, "00"},
      {1, "01"},
      {10, "0a"},
      {23, "17"},
      {24, "1818"},
      {25, "1819"},
      {100, "1864"},
      {1000, "1903e8"},
      {1000000, "1a000f4240"},
      {1000000000000, "1b000000e8d4a51000"},
      {18446744073709551615u, "1bffffffffffffffff"}};
  for (const auto& [value, hex] : cases) {
    CborWriter writer;
    EXPECT_EQ(ToHex(writer.Uint(value).Take()), hex);
    const Bytes bytes = Hex(hex);
    EXPECT_EQ(CborReader(bytes).Uint().value(), value);
  }
}

TEST(Cbor, WritesNegativeIntegersStringsAndContainersAsTheRfcShows) {
  const std::vector<std::pair<std::int64_t, const char*>> negative = {
      {-1, "20"},
      {-10, "29"},
      {-100, "3863"},
      {-1000, "3903e7"},
      {std::numeric_limits<std::int64_t>::min(), "3b7fffffffffffffff"}};
  for (const auto& [value, hex] : negative) {
    CborWriter writer;
    EXPECT_EQ(ToHex(writer.Int(value).Take()), hex);
    const Bytes bytes = Hex(hex);
    EXPECT_EQ(CborReader(bytes).Int().value(), value);
  }
  EXPECT_EQ(ToHex(CborWriter().ByteString(Hex("01020304")).Take()), "4401020304");
  EXPECT_EQ(ToHex(CborWriter().ByteString(ByteView{}).Take()), "40");
  EXPECT_EQ(ToHex(CborWriter().Text("IETF").Take()), "6449455446");
  EXPECT_EQ(ToHex(CborWriter().Text("水").Take()), "63e6b0b4");
  EXPECT_EQ(ToHex(CborWriter().Bool(false).Take()), "f4");
  EXPECT_EQ(ToHex(CborWriter().Bool(true).Take()), "f5");
  EXPECT_EQ(ToHex(CborWriter().Array(3).Uint(1).Array(2).Uint(2).Uint(3).Array(0).Take()),
            "8301820203"
            "80");
  EXPECT_EQ(ToHex(CborWriter().Map(2).Key(1).Uint(2).Key(3).Uint(4).Take()), "a201020304");
}

TEST(Cbor, RefusesWhatIsNotDeterministic) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"1800", "0 in two bytes"},
      {"1817", "23 in two bytes"},
      {"190000", "0 in three bytes"},
      {"1900ff", "255 in three bytes"},
      {"1a0000ffff", "65535 in five bytes"},
      {"1b00000000ffffffff", "2^32 - 1 in nine bytes"},
      {"3817", "-24 in two bytes"},
      {"3900ff", "-256 in three bytes"},
      {"580100", "byte string of one byte with a length in two"},
      {"780161", "text of one byte with a length in two"},
      {"980100", "array of one item with a count in two bytes"},
      {"b8010000", "map of one item with a count in two bytes"},
      {"5f4100ff", "byte string of indefinite length"},
      {"7f6161ff", "text of indefinite length"},
      {"9f00ff", "array of indefinite length"},
      {"bf0000ff", "map of indefinite length"},
      {"ff", "break"},
      {"1c", "reserved argument"},
      {"1d", "reserved argument"},
      {"1e", "reserved argument"},
      {"1f", "indefinite integer"},
      {"5c", "reserved length"},
      {"a202000100", "keys that descend"},
      {"a201000100", "a key twice"},
      {"a218180017"
       "00",
       "keys sorted by length only"},
      {"a12000", "negative key"},
      {"a1410100", "byte string key"},
      {"a1616100", "text key"},
      {"a1f500", "key true"}};
  for (const auto& [hex, what] : cases) {
    EXPECT_EQ(SkipAll(Hex(hex)).code(), StatusCode::kDamaged) << what << ": " << hex;
  }
}

TEST(Cbor, RefusesWhatTheFormatDoesNotAllow) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"f6", "null"},
      {"f7", "undefined"},
      {"e0", "simple value 0"},
      {"f3", "simple value 19"},
      {"f814", "false in two bytes"},
      {"f820", "simple value 32"},
      {"f90000", "half float"},
      {"fa00000000", "float"},
      {"fb0000000000000000", "double"},
      {"c000", "tag 0"},
      {"c24101", "big number"},
      {"d9d9f700", "self-described CBOR"},
      {"3b8000000000000000", "-2^63 - 1"},
      {"3bffffffffffffffff", "-2^64"},
      {"61ff", "text that is not UTF-8"},
      {"62c080", "overlong NUL"},
      {"63eda080", "surrogate"},
      {"64f4908080", "beyond U+10FFFF"},
      {"62e6b0", "text cut inside a character"},
      {"0000", "a second item"}};
  for (const auto& [hex, what] : cases) {
    EXPECT_EQ(SkipAll(Hex(hex)).code(), StatusCode::kDamaged) << what << ": " << hex;
  }
}

TEST(Cbor, BelievesNoLengthThatTheInputCannotHold) {
  for (const char* major : {"5b", "7b", "9b", "bb"}) {
    for (const char* length :
         {"7fffffffffffffff", "8000000000000000", "ffffffffffffffff", "0000000100000000"}) {
      const Bytes bytes = Hex(std::string(major) + length + "00000000");
      EXPECT_EQ(SkipAll(bytes).code(), StatusCode::kDamaged) << major << length;
      EXPECT_FALSE(CborReader(bytes).Array().ok());
      EXPECT_FALSE(CborReader(bytes).Map().ok());
      EXPECT_FALSE(CborReader(bytes).ByteString().ok());
      EXPECT_FALSE(CborReader(bytes).Text().ok());
    }
  }
  EXPECT_EQ(SkipAll(Hex("8200")).code(), StatusCode::kDamaged);      // 2 items, 1 is there
  EXPECT_EQ(SkipAll(Hex("a2010000")).code(), StatusCode::kDamaged);  // 2 pairs, 1 and a half
}

TEST(Cbor, NestsSixteenDeepAndNoDeeper) {
  for (const std::uint8_t container : {std::uint8_t{0x81}, std::uint8_t{0xa1}}) {
    for (const int depth : {1, 15, 16, 17, 18, 100000}) {
      Bytes bytes;
      for (int i = 0; i < depth; ++i) {
        bytes.push_back(container);
        if (container == 0xa1) bytes.push_back(0x01);
      }
      bytes.push_back(0x00);
      EXPECT_EQ(SkipAll(bytes).ok(), depth <= kCborDepthMax) << depth;
    }
  }
}

TEST(Cbor, CountsDepthAcrossReadAndSkippedContainers) {
  const Bytes bytes =
      Hex("81818181818181818181818181818181"
          "80");  // 17 arrays
  CborReader reader(bytes);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(reader.Array().ok());
  EXPECT_EQ(reader.Skip().status().code(), StatusCode::kDamaged);
}

TEST(Cbor, TellsTypesApart) {
  const std::vector<std::pair<const char*, CborType>> items = {
      {"00", CborType::kUint}, {"20", CborType::kNegative}, {"40", CborType::kByteString},
      {"60", CborType::kText}, {"80", CborType::kArray},    {"a0", CborType::kMap},
      {"f4", CborType::kBool}};
  for (const auto& [hex, type] : items) {
    const Bytes bytes = Hex(hex);
    EXPECT_EQ(CborReader(bytes).Peek().value(), type) << hex;
    EXPECT_EQ(CborReader(bytes).Uint().ok(), type == CborType::kUint) << hex;
    EXPECT_EQ(CborReader(bytes).Int().ok(), type == CborType::kUint || type == CborType::kNegative)
        << hex;
    EXPECT_EQ(CborReader(bytes).ByteString().ok(), type == CborType::kByteString) << hex;
    EXPECT_EQ(CborReader(bytes).Text().ok(), type == CborType::kText) << hex;
    EXPECT_EQ(CborReader(bytes).Array().ok(), type == CborType::kArray) << hex;
    EXPECT_EQ(CborReader(bytes).Map().ok(), type == CborType::kMap) << hex;
    EXPECT_EQ(CborReader(bytes).Bool().ok(), type == CborType::kBool) << hex;
  }
  EXPECT_FALSE(CborReader(ByteView{}).Peek().ok());
}

TEST(Cbor, KeepsNanosecondsBelowASecond) {
  CborWriter writer;
  const Bytes good = writer.Time({-5, 999'999'999}).Take();
  EXPECT_EQ(CborReader(good).Time().value(), (Timestamp{-5, 999'999'999}));
  const Bytes bad = writer.Array(2).Int(-5).Uint(1'000'000'000).Take();
  EXPECT_EQ(CborReader(bad).Time().status().code(), StatusCode::kDamaged);
}

TEST(Cbor, NamesAFormatVersionOfLaterAsSuch) {
  for (const std::uint64_t version : {0, 1, 2, 99}) {
    const Bytes bytes = CborWriter().Map(1).Key(1).Uint(version).Take();
    CborReader reader(bytes);
    MapReader map(reader, "map");
    ASSERT_TRUE(map.Open().ok());
    const StatusCode code = ReadFormatVersion(map, reader, "object").code();
    EXPECT_EQ(code, version == 1   ? StatusCode::kOk
                    : version == 0 ? StatusCode::kDamaged
                                   : StatusCode::kUnsupported);
  }
}

TEST(Cbor, KeepsSecretsInLockedMemory) {
  CborWriter writer(CborWriter::Buffer::kWiped);
  Bytes key(5000, 0xab);
  writer.Array(2).ByteString(key).ByteString(key);
  const SecretBytes secret = writer.TakeSecret();
  EXPECT_EQ(secret.size(), 1 + 2 * 5003u);
  EXPECT_EQ(writer.size(), 0u);
}

TEST(Cbor, WritesTheSameIntoABufferThatIsWiped) {
  CborWriter plain;
  CborWriter wiped(CborWriter::Buffer::kWiped);
  for (CborWriter* const writer : {&plain, &wiped}) {
    for (std::size_t i = 0; i < 300; ++i) {
      writer->Map(2).Key(1).ByteString(Bytes(i, static_cast<std::uint8_t>(i)));
      writer->Key(2).Array(2).Uint(i << (i % 50)).Int(-static_cast<std::int64_t>(i) - 1);
    }
  }
  EXPECT_EQ(plain.size(), wiped.size());
  const SecretBytes secret = wiped.TakeSecret();
  EXPECT_TRUE(secret.Equals(plain.Take()));
  EXPECT_EQ(ToHex(wiped.Uint(7).Take()), "07");  // and begins anew
}

TEST(Cbor, TakesManyEncodedItemsAtOnce) {
  const Bytes items = CborWriter().Uint(1000).ByteString(Hex("0102")).Array(1).Uint(3).Take();
  EXPECT_EQ(ToHex(CborWriter().Array(2).Array(3).Raw(items, 3).Uint(4).Take()),
            "82831903e84201028103"
            "04");
  EXPECT_EQ(ToHex(CborWriter().Array(4).Raw(items, 3).Uint(4).Take()), "841903e8420102810304");
}

TEST(Cbor, AcceptsTheUtf8OfUnicodeAndNothingElse) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(
      IsUtf8("a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80"
             "\xf4\x8f\xbf\xbf"));
  for (const char* bad :
       {"\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xef\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe"}) {
    EXPECT_FALSE(IsUtf8(bad)) << ToHex(AsBytes(bad));
  }
}

}  // namespace
}  // namespace fenchi::format
