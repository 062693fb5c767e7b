#include "format/access.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "format/cbor.h"
#include "format/ids.h"
#include "format/slots.h"

namespace fenchi::format {
namespace {

using Kind = AccessTerm::Kind;

constexpr std::size_t kNestingMax = 32;  // of parentheses, before anything is simplified

struct Token {
  std::string_view text;  // empty: the end
  std::size_t at = 0;     // character, from 1
};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsMark(char c) { return c == '(' || c == ')' || c == ','; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameByte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.';
}

// "AND", "and", "And": keywords are known in any case.
bool IsWord(const Token& token, std::string_view upper) {
  return std::ranges::equal(token.text, upper, [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}
bool IsKeyword(const Token& token) {
  return IsWord(token, "AND") || IsWord(token, "OR") || IsWord(token, "OF") || IsWord(token, "NOT");
}

std::string Show(const Token& token) {
  return token.text.empty() ? "the end" : "'" + EscapeForDisplay(token.text) + "'";
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { Next(); }
  Result<std::vector<AccessTerm>> Parse();

 private:
  void Next();
  template <typename... Args>
  Status Fail(const Token& token, fmt::format_string<Args...> format, Args&&... args) const {
    return InvalidArgument("access expression, character {}: {}", token.at,
                           fmt::format(format, std::forward<Args>(args)...))
        .WithHint("for example: 3 of custodians AND passphrase, OR escrow");
  }
  Result<AccessTerm> Either();
  Result<AccessTerm> Both();
  Result<AccessTerm> Joined(Kind kind, std::string_view word, Result<AccessTerm> (Parser::*part)());
  Result<AccessTerm> Factor();
  Result<AccessTerm> Shares();
  Result<AccessTerm> Group();
  Status CheckName(const Token& token) const;

  std::string_view text_;
  std::size_t position_ = 0;   // in bytes
  std::size_t character_ = 1;  // of position_
  std::size_t nesting_ = 0;
  Token now_;
};

void Parser::Next() {
  const auto step = [&] {
    // A byte that continues a UTF-8 sequence is no character of its own.
    character_ += (static_cast<unsigned char>(text_[position_]) & 0xc0) != 0x80;
    ++position_;
  };
  while (position_ < text_.size() && IsSpace(text_[position_])) step();
  const std::size_t start = position_;
  now_.at = character_;
  if (position_ < text_.size() && IsMark(text_[position_])) {
    step();
  } else {
    while (position_ < text_.size() && !IsSpace(text_[position_]) && !IsMark(text_[position_])) {
      step();
    }
  }
  now_.text = text_.substr(start, position_ - start);
}

Status Parser::CheckName(const Token& token) const {
  if (token.text.empty()) return Fail(token, "a factor is missing here");
  if (IsKeyword(token) || IsMark(token.text.front())) {
    return Fail(token, "a factor is missing before {}", Show(token));
  }
  const auto bad = std::ranges::find_if_not(token.text, IsNameByte);
  if (bad != token.text.end() || IsDigit(token.text.front())) {
    return Fail(token, "{} is no name: letters, digits, '-', '_' and '.', not a digit first",
                Show(token));
  }
  if (token.text.size() > kFactorNameSizeMax) {
    return Fail(token, "a name has at most {} bytes", kFactorNameSizeMax);
  }
  return Status::Ok();
}

Result<AccessTerm> Parser::Shares() {
  const Token number = now_;
  int threshold = 0;
  for (const char c : number.text) {
    if (!IsDigit(c)) return Fail(number, "{} is neither a number nor a name", Show(number));
    threshold = std::min(threshold * 10 + (c - '0'), 1000);
  }
  Next();
  if (!IsWord(now_, "OF")) {
    return Fail(now_, "'{} of' and a group is meant, not {}", number.text, Show(now_));
  }
  Next();
  FENCHI_RETURN_IF_ERROR(CheckName(now_));
  const int most = now_.text == kProvidersGroup ? kSeatsMax : kCustodiansMax;
  if (threshold < 1 || threshold > most) {
    return Fail(number, "{} of {}: it takes 1 to {}", number.text, Show(now_), most);
  }
  AccessTerm term{Kind::kShares, std::string(now_.text), threshold, {}};
  Next();
  return term;
}

Result<AccessTerm> Parser::Group() {
  const Token open = now_;
  if (++nesting_ > kNestingMax) return Fail(open, "too many parentheses inside one another");
  Next();
  FENCHI_ASSIGN_OR_RETURN(AccessTerm term, Either());
  if (now_.text == ",") return Fail(now_, "', OR' stands between alternatives, not in parentheses");
  if (now_.text != ")") return Fail(now_, "')' is missing for the '(' at {}", open.at);
  --nesting_;
  Next();
  return term;
}

Result<AccessTerm> Parser::Factor() {
  if (now_.text == "(") return Group();
  if (!now_.text.empty() && IsDigit(now_.text.front())) return Shares();
  FENCHI_RETURN_IF_ERROR(CheckName(now_));
  if (now_.text == kProvidersGroup) {
    return Fail(now_, "say how many: '2 of providers', as many as the vault needs shards");
  }
  AccessTerm term{Kind::kName, std::string(now_.text), 0, {}};
  Next();
  return term;
}

Result<AccessTerm> Parser::Joined(Kind kind, std::string_view word,
                                  Result<AccessTerm> (Parser::*part)()) {
  const Token start = now_;
  AccessTerm all{kind, "", 0, {}};
  for (;;) {
    FENCHI_ASSIGN_OR_RETURN(AccessTerm term, (this->*part)());
    // A AND (B AND C) is A AND B AND C.
    std::vector<AccessTerm> parts;
    if (term.kind == kind) {
      parts = std::move(term.children);
    } else {
      parts.push_back(std::move(term));
    }
    for (AccessTerm& one : parts) {
      if (std::ranges::find(all.children, one) != all.children.end()) {
        return Fail(start, "'{}' stands twice beside itself", AccessText(one));
      }
      all.children.push_back(std::move(one));
    }
    if (!IsWord(now_, word)) break;
    Next();
  }
  if (all.children.size() == 1) return std::move(all.children.front());
  if (all.children.size() > kSlotChildrenMax) {
    return Fail(start, "{} joins {} factors, at most {}", word, all.children.size(),
                kSlotChildrenMax);
  }
  return all;
}

Result<AccessTerm> Parser::Both() { return Joined(Kind::kAnd, "AND", &Parser::Factor); }
Result<AccessTerm> Parser::Either() { return Joined(Kind::kOr, "OR", &Parser::Both); }

int DepthOf(const AccessTerm& term) {
  int below = 0;
  for (const AccessTerm& child : term.children) below = std::max(below, DepthOf(child));
  return below + 1;
}

Result<std::vector<AccessTerm>> Parser::Parse() {
  std::vector<AccessTerm> alternatives;
  for (;;) {
    const Token start = now_;
    FENCHI_ASSIGN_OR_RETURN(AccessTerm term, Either());
    if (DepthOf(term) > kSlotDepthMax) {
      return Fail(start, "'{}' is more than {} levels deep", AccessText(term), kSlotDepthMax)
          .WithHint("write it as several alternatives with ', OR'");
    }
    if (std::ranges::find(alternatives, term) != alternatives.end()) {
      return Fail(start, "the alternative '{}' stands twice", AccessText(term));
    }
    alternatives.push_back(std::move(term));
    if (now_.text != ",") break;
    Next();
    if (!IsWord(now_, "OR")) {
      return Fail(now_, "a comma is followed by OR, not by {}: use parentheses to group",
                  Show(now_));
    }
    Next();
  }
  if (!now_.text.empty()) {
    return Fail(now_, "AND, OR or ', OR' is missing before {}", Show(now_));
  }
  if (alternatives.size() > kSlotsMax) {
    return InvalidArgument("access expression: {} alternatives, at most {}", alternatives.size(),
                           kSlotsMax);
  }
  return alternatives;
}

}  // namespace

Result<std::vector<AccessTerm>> ParseAccess(std::string_view text) {
  if (text.size() > kAccessSizeMax) {
    return InvalidArgument("access expression: {} bytes, at most {}", text.size(), kAccessSizeMax);
  }
  if (!IsUtf8(text)) return InvalidArgument("access expression: it is not UTF-8");
  return Parser(text).Parse();
}

std::string AccessText(const AccessTerm& term) {
  if (term.kind == Kind::kName) return term.name;
  if (term.kind == Kind::kShares) return fmt::format("{} of {}", term.threshold, term.name);
  std::string out;
  for (const AccessTerm& child : term.children) {
    if (!out.empty()) out += term.kind == Kind::kAnd ? " AND " : " OR ";
    out += child.children.empty() ? AccessText(child) : "(" + AccessText(child) + ")";
  }
  return out;
}

std::string AccessText(std::span<const AccessTerm> alternatives) {
  std::string out;
  for (const AccessTerm& term : alternatives) {
    out += (out.empty() ? "" : ", OR ") + AccessText(term);
  }
  return out;
}

}  // namespace fenchi::format
