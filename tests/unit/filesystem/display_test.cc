#include "base/display.h"

#include <gtest/gtest.h>

#include <set>

#include "fenchi/bytes.h"
#include "fenchi/random.h"

namespace fenchi {
namespace {

TEST(Display, PrintableTextIsKept) {
  EXPECT_EQ(EscapeForDisplay(""), "");
  EXPECT_EQ(EscapeForDisplay("ledger 2026.db"), "ledger 2026.db");
  EXPECT_EQ(EscapeForDisplay("帳冊/ñandú/😀"), "帳冊/ñandú/😀");
  EXPECT_EQ(EscapeForDisplay("\ue000"), "\ue000");  // private use: characters an agency defined
}

TEST(Display, ControlsAndEscapeCodesAreDisarmed) {
  EXPECT_EQ(EscapeForDisplay("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(EscapeForDisplay("\x1b[2J\x07\x7f"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(EscapeForDisplay(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(EscapeForDisplay("\xc2\x9b"), "\\xc2\\x9b");  // C1: starts a control sequence
  EXPECT_EQ(EscapeForDisplay("back\\slash"), "back\\\\slash");
  EXPECT_EQ(QuoteForDisplay("say \"x\""), "\"say \\\"x\\\"\"");
}

TEST(Display, InvisibleAndBidirectionalCharactersAreShown) {
  EXPECT_EQ(EscapeForDisplay("photo\u202egpj.exe"), "photo\\xe2\\x80\\xaegpj.exe");
  for (const char* hidden : {"\u200b", "\u200e", "\u2028", "\u2066", "\u2069", "\ufeff", "\u061c",
                             "\u00ad", "\U000e0041", "\uffff"}) {
    EXPECT_EQ(EscapeForDisplay(hidden).substr(0, 2), "\\x") << EscapeForDisplay(hidden);
  }
}

// Source: Unicode 15, table 3-7 (well-formed byte sequences): each of these breaks one row.
TEST(Display, MalformedUtf8IsShownByteByByte) {
  EXPECT_EQ(EscapeForDisplay("\xa4\xa4\xa4\xe5"), "\\xa4\\xa4\\xa4\\xe5");  // Big5
  EXPECT_EQ(EscapeForDisplay("\xc0\xaf"), "\\xc0\\xaf");                    // overlong '/'
  EXPECT_EQ(EscapeForDisplay("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(EscapeForDisplay("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf");
  EXPECT_EQ(EscapeForDisplay("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(EscapeForDisplay("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(EscapeForDisplay("\xe5\xb8"), "\\xe5\\xb8");                    // cut short
  EXPECT_EQ(EscapeForDisplay("\xe5\xb8z"), "\\xe5\\xb8z");
}

// Undoes the escaping: that this is possible proves that no two names look alike.
std::string Unescape(const std::string& shown) {
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != '\\') {
      out += shown[i];
      continue;
    }
    const char kind = shown[++i];
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(shown.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : '\\';
    }
  }
  return out;
}

TEST(Display, EveryNameCanBeReadBackAndHoldsNoControl) {
  constexpr std::uint64_t kSeed = 20261121;
  SCOPED_TRACE(kSeed);
  const auto random = SeededRandom(kSeed);
  for (int i = 0; i < 20000; ++i) {
    std::uint8_t raw[25];
    random->Fill(raw);
    const std::string name(reinterpret_cast<const char*>(raw), raw[24] % 24u);
    const std::string shown = EscapeForDisplay(name);
    ASSERT_EQ(Unescape(shown), name);
    for (const char c : shown) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

}  // namespace
}  // namespace fenchi
