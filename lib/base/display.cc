#include "base/display.h"

#include <cstdint>

namespace fenchi {
namespace {

// Length in bytes of the well-formed UTF-8 character at the start of `text`, and its code point; 0
// for anything else: overlong forms, surrogates, above U+10FFFF, cut short (Unicode 3.9, D92).
std::size_t DecodeOne(std::string_view text, char32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  code = lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return overlong || surrogate || code > 0x10ffff ? 0 : length;
}

// Characters that move text, hide it, or end a line, though they are well-formed. Private-use
// characters are kept: agencies name files with characters that they defined themselves.
bool IsPrintable(char32_t c) {
  struct Range {
    char32_t first, last;
  };
  static constexpr Range kHidden[] = {
      {0x0000, 0x001f},    // C0 controls, escape among them
      {0x007f, 0x009f},    // DEL and C1 controls; 9b starts a control sequence
      {0x00ad, 0x00ad},    // soft hyphen
      {0x034f, 0x034f},    // combining grapheme joiner
      {0x061c, 0x061c},    // Arabic letter mark
      {0x115f, 0x1160},    // Hangul fillers
      {0x17b4, 0x17b5},    // Khmer invisible vowels
      {0x180b, 0x180f},    // Mongolian variation selectors and vowel separator
      {0x200b, 0x200f},    // zero-width characters, left-to-right and right-to-left marks
      {0x2028, 0x202e},    // line and paragraph separators, bidirectional embeddings, overrides
      {0x2060, 0x206f},    // word joiner, invisible operators, bidirectional isolates
      {0x3164, 0x3164},    // Hangul filler
      {0xfdd0, 0xfdef},    // noncharacters
      {0xfe00, 0xfe0f},    // variation selectors
      {0xfeff, 0xfeff},    // byte order mark
      {0xffa0, 0xffa0},    // half-width Hangul filler
      {0xfff0, 0xfffb},    // interlinear annotation and unassigned specials
      {0xe0000, 0xe0fff},  // tags, more variation selectors
  };
  if ((c & 0xfffe) == 0xfffe) return false;  // the last two of each plane are noncharacters
  for (const Range& range : kHidden) {
    if (c >= range.first && c <= range.last) return false;
  }
  return true;
}

void AppendHexByte(std::string& out, char raw) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto byte = static_cast<std::uint8_t>(raw);
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

std::string Escape(std::string_view name, bool quotes) {
  std::string out;
  out.reserve(name.size() + 2);
  while (!name.empty()) {
    char32_t code = 0;
    const std::size_t length = DecodeOne(name, code);
    if (length == 0 || (!IsPrintable(code) && code != '\n' && code != '\r' && code != '\t')) {
      const std::size_t bytes = length == 0 ? 1 : length;
      for (std::size_t i = 0; i < bytes; ++i) AppendHexByte(out, name[i]);
      name.remove_prefix(bytes);
      continue;
    }
    if (code == '\n') {
      out += "\\n";
    } else if (code == '\r') {
      out += "\\r";
    } else if (code == '\t') {
      out += "\\t";
    } else if (code == '\\') {
      out += "\\\\";
    } else if (code == '"' && quotes) {
      out += "\\\"";
    } else {
      out += name.substr(0, length);
    }
    name.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string EscapeForDisplay(std::string_view name) { return Escape(name, false); }

std::string QuoteForDisplay(std::string_view name) { return '"' + Escape(name, true) + '"'; }

}  // namespace fenchi
