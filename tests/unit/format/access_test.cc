#include "format/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fenchi/random.h"

namespace fenchi::format {
namespace {

using ::testing::HasSubstr;

std::string Canonical(std::string_view text) {
  const Result<std::vector<AccessTerm>> terms = ParseAccess(text);
  if (!terms.ok()) return terms.status().message();
  return AccessText(*terms);
}

TEST(AccessExpression, HasOneFormForEachMeaning) {
  for (const auto& [text, form] : std::vector<std::pair<std::string, std::string>>{
           {"passphrase", "passphrase"},
           {"  3   of custodians\tAND passphrase ,OR escrow",
            "3 of custodians AND passphrase, OR escrow"},
           {"3 of custodians and 2 OF providers, or escrow",
            "3 of custodians AND 2 of providers, OR escrow"},
           {"a AND b OR c", "(a AND b) OR c"},
           {"a OR b AND c", "a OR (b AND c)"},
           {"a AND (b OR c)", "a AND (b OR c)"},
           {"a OR b, OR c AND d", "a OR b, OR c AND d"},
           {"((a))", "a"},
           {"a AND (b AND (c AND d))", "a AND b AND c AND d"},
           {"2 of 金鑰保管人, OR 院長", "2 of 金鑰保管人, OR 院長"},
           {"3 of board AND passphrase OR 2 of board AND escrow",
            "(3 of board AND passphrase) OR (2 of board AND escrow)"}}) {
    EXPECT_EQ(Canonical(text), form) << text;
    EXPECT_EQ(Canonical(form), form);
  }
}

TEST(AccessExpression, AlternativesBindLoosest) {
  const auto terms = ParseAccess("a AND b, OR c OR d");
  ASSERT_TRUE(terms.ok());
  ASSERT_EQ(terms->size(), 2u);
  EXPECT_EQ((*terms)[0].kind, AccessTerm::Kind::kAnd);
  EXPECT_EQ((*terms)[1].kind, AccessTerm::Kind::kOr);
}

TEST(AccessExpression, WhatIsWrongIsSaidWithItsPlace) {
  for (const auto& [text, what] : std::vector<std::pair<std::string, std::string>>{
           {"", "character 1: a factor is missing here"},
           {"a AND", "character 6: a factor is missing"},
           {"a AND OR b", "character 7: a factor is missing before 'OR'"},
           {"a b", "character 3: AND, OR or ', OR' is missing before 'b'"},
           {"a, b", "character 4: a comma is followed by OR"},
           {"a, AND b", "character 4: a comma is followed by OR"},
           {"(a OR b", "character 8: ')' is missing for the '(' at 1"},
           {"(a, OR b)", "character 3: ', OR' stands between alternatives"},
           {"a)", "character 2"},
           {"3 custodians", "character 3: '3 of' and a group is meant"},
           {"3 of", "character 5: a factor is missing"},
           {"0 of board", "character 1: 0 of 'board': it takes 1 to 16"},
           {"17 of board", "it takes 1 to 16"},
           {"99999999999999999999 of board", "it takes 1 to 16"},
           {"3x of board", "'3x' is neither a number nor a name"},
           {"providers", "say how many"},
           {"pass phrase", "character 6"},
           {"a$b", "'a$b' is no name"},
           {"不 AND\x1b[2J", "character 3"},
           {"a AND a", "'a' stands twice"},
           {"a, OR a", "the alternative 'a' stands twice"},
           {"a OR (b AND (c OR (d AND e)))", "more than 3 levels"},
           {std::string(65, 'n'), "at most 64 bytes"},
           {"a AND b AND c AND d AND e AND f AND g AND h AND i", "joins 9 factors, at most 8"},
           {"\xff", "not UTF-8"}}) {
    const auto terms = ParseAccess(text);
    ASSERT_FALSE(terms.ok()) << text;
    EXPECT_EQ(terms.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(terms.status().message(), HasSubstr(what));
    EXPECT_EQ(terms.status().message().find('\x1b'), std::string::npos);
  }
  EXPECT_FALSE(ParseAccess(std::string(4097, 'a')).ok());
  EXPECT_FALSE(ParseAccess(std::string(4000, '(')).ok());
}

// Any sequence of the language's tokens is refused, or has a form that means the same.
TEST(AccessExpression, WhatParsesHasAFormThatParsesToTheSame) {
  constexpr std::uint64_t kSeed = 20261128;
  const std::unique_ptr<Random> random = SeededRandom(kSeed);
  const std::vector<std::string> tokens = {"a",  "b",    "passphrase", "AND", "AND",    "OR",
                                           "OR", ", OR", "(",          ")",   "2 of g", "1 of h"};
  int parsed = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::array<std::uint8_t, 16> draws{};
    random->Fill(draws);
    std::string text;
    for (int j = 0; j < 1 + draws[15] % 11; ++j) {
      text += tokens[draws[static_cast<std::size_t>(j)] % tokens.size()] + " ";
    }
    const auto terms = ParseAccess(text);
    if (!terms.ok()) continue;
    ++parsed;
    const auto again = ParseAccess(AccessText(*terms));
    ASSERT_TRUE(again.ok()) << text << "seed " << kSeed;
    ASSERT_EQ(*again, *terms) << text << "seed " << kSeed;
  }
  EXPECT_GT(parsed, 1000);
}

}  // namespace
}  // namespace fenchi::format
