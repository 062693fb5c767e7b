#include "repository/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Providers = std::vector<std::pair<std::string, Domain>>;
constexpr std::int64_t kToday = 1'790'000'000;  // 2026-09-21
constexpr std::int64_t kDay = 24 * 3600;

PlacementVerdict Check(const Providers& providers, int needed, const PlacementRules& rules = {}) {
  return CheckPlacement(providers, needed, rules, {kToday, 0});
}
Relaxation Relax(std::string axis, std::int64_t expires = 0) {
  return {std::move(axis), "no other offers yet", "the board", expires};
}

const Providers& ThreeClouds() {
  static const Providers clouds = {
      {"aws", {.vendor = "Amazon", .vendor_home = "US", .country = "JP"}},
      {"azure", {.vendor = "Microsoft", .vendor_home = "US", .country = "SG"}},
      {"google", {.vendor = "Google", .vendor_home = "US", .country = "DE"}}};
  return clouds;
}

TEST(Placement, ThreeVendorsWithOneLegalHomeAreRefusedInWords) {
  const PlacementVerdict verdict = Check(ThreeClouds(), 2);
  EXPECT_THAT(verdict.violations,
              ElementsAre(AllOf(HasSubstr("legal home US (aws, azure, google)"),
                                HasSubstr("3 vendors with one legal home"),
                                HasSubstr("holds 3 of 3 shards, and 2 are enough"))));
  EXPECT_THAT(verdict.axes, ElementsAre("vendor_home"));
  const Status refused = PlacementStatus(verdict);
  EXPECT_EQ(refused.code(), StatusCode::kPolicy);
  EXPECT_THAT(refused.message(), HasSubstr("3 vendors with one legal home"));
  EXPECT_THAT(refused.hint(), HasSubstr("[[policy.relax]] axis = \"vendor_home\""));
}

TEST(Placement, ARelaxationByNameAllowsItAndStaysVisible) {
  const PlacementVerdict verdict = Check(ThreeClouds(), 2, {.relaxations = {Relax("vendor_home")}});
  EXPECT_TRUE(verdict.ok());
  EXPECT_TRUE(PlacementStatus(verdict).ok());
  EXPECT_THAT(verdict.notes,
              Contains(AllOf(HasSubstr("relaxed by the board"), HasSubstr("one legal home"))));
}

TEST(Placement, ARelaxationOfAnotherAxisAllowsNothing) {
  EXPECT_FALSE(Check(ThreeClouds(), 2, {.relaxations = {Relax("vendor")}}).ok());
}

TEST(Placement, ARelaxationWithoutGroundOrApproverOrOfAnUnknownAxisIsRefused) {
  PlacementRules rules{.relaxations = {{"vendor_home", "", "the board", 0}}};
  EXPECT_THAT(Check(ThreeClouds(), 2, rules).violations,
              Contains(HasSubstr("needs a ground and an approver")));
  rules.relaxations = {{"vendor_home", "because", "", 0}};
  EXPECT_EQ(Check(ThreeClouds(), 2, rules).violations.size(), 2u);
  rules.relaxations = {Relax("vendor-home")};
  EXPECT_THAT(Check(ThreeClouds(), 2, rules).violations,
              Contains(HasSubstr("unknown axis 'vendor-home'")));
}

TEST(Placement, AnExpiredRelaxationRefusesAndOneThatExpiresSoonWarns) {
  const auto with_expiry = [](std::int64_t expires) {
    return Check(ThreeClouds(), 2, {.relaxations = {Relax("vendor_home", expires)}});
  };
  EXPECT_THAT(with_expiry(kToday).violations,
              ElementsAre(HasSubstr("the relaxation by the board expired on 2026-09-21")));
  EXPECT_FALSE(with_expiry(kToday - 1).ok());
  EXPECT_TRUE(with_expiry(kToday + 1).ok());
  EXPECT_THAT(with_expiry(kToday + kDay).notes,
              Contains(HasSubstr("expires on 2026-09-22: new backups are refused")));
  EXPECT_THAT(with_expiry(kToday + 60 * kDay).notes, Not(Contains(HasSubstr("expires on"))));
}

TEST(Placement, AnAxisThatNobodyDeclaresIsANote) {
  const PlacementVerdict verdict = Check({{"a", {}}, {"b", {}}, {"c", {}}}, 2);
  EXPECT_TRUE(verdict.ok());
  for (const char* axis : {"vendor", "vendor_home", "country", "account"}) {
    EXPECT_THAT(verdict.notes, Contains(HasSubstr(std::string("declares its ") + axis + ":")));
  }
}

TEST(Placement, WhereSomeDeclareTheSilentOnesCountAsOneParty) {
  const Providers providers = {{"a", {.vendor = "A"}}, {"b", {}}, {"c", {}}};
  EXPECT_THAT(Check(providers, 2).violations,
              ElementsAre(HasSubstr("vendor not declared (b, c) holds 2 of 3 shards")));
  EXPECT_TRUE(Check({{"a", {.vendor = "A"}}, {"b", {.vendor = "B"}}, {"c", {}}}, 2).ok());
}

TEST(Placement, SpellingDoesNotMakeOneVendorTwo) {
  const Providers providers = {
      {"a", {.vendor = "Amazon"}}, {"b", {.vendor = " amazon "}}, {"c", {.vendor = "Other"}}};
  EXPECT_THAT(Check(providers, 2).violations, ElementsAre(HasSubstr("(a, b) holds 2 of 3")));
}

TEST(Placement, AnAccountNumberMeansSomethingWithinItsVendorOnly) {
  const Providers apart = {{"a", {.vendor = "A", .account = "1"}},
                           {"b", {.vendor = "B", .account = "1"}},
                           {"c", {.vendor = "C", .account = "1"}}};
  EXPECT_TRUE(Check(apart, 2).ok());
  const Providers together = {{"a", {.vendor = "A", .account = "1"}},
                              {"b", {.vendor = "A", .account = "1"}},
                              {"c", {.vendor = "C", .account = "2"}}};
  EXPECT_THAT(Check(together, 2, {.relaxations = {Relax("vendor")}}).axes, ElementsAre("account"));
}

TEST(Placement, LosingAnyPartyMustLeaveEnough) {
  // Nobody holds 3, but without A only 2 of the needed 3 are left.
  const Providers providers = {{"a", {.vendor = "A"}},
                               {"b", {.vendor = "A"}},
                               {"c", {.vendor = "B"}},
                               {"d", {.vendor = "C"}}};
  EXPECT_THAT(Check(providers, 3).violations,
              ElementsAre(HasSubstr("without vendor A (a, b) 2 of 4 shards are left")));
  EXPECT_EQ(Check(providers, 4).violations.size(), 3u);
}

Providers InCountries(const std::vector<std::string>& countries) {
  Providers out;
  for (std::size_t i = 0; i < countries.size(); ++i) {
    out.push_back({std::string(1, static_cast<char>('a' + i)), {.country = countries[i]}});
  }
  return out;
}

TEST(Placement, TheHomeCountryMayBeLost) {
  PlacementRules rules{.home_country = "TW", .abroad_min = 0};
  EXPECT_TRUE(Check(InCountries({"TW", "TW", "JP", "DE", "SG"}), 3, rules).ok());
  const PlacementVerdict verdict = Check(InCountries({"TW", "tw", "JP", "DE"}), 3, rules);
  EXPECT_THAT(verdict.violations,
              ElementsAre(HasSubstr("if the home country TW is lost (a, b), 2 of 4")));
  EXPECT_THAT(verdict.axes, ElementsAre("home_country"));
  rules.relaxations = {Relax("home_country")};
  EXPECT_TRUE(Check(InCountries({"TW", "tw", "JP", "DE"}), 3, rules).ok());
}

TEST(Placement, AProviderOfUnknownCountryMayBeAtHome) {
  const PlacementRules rules{.home_country = "TW", .abroad_min = 0};
  EXPECT_THAT(Check(InCountries({"TW", "", "JP", "DE"}), 3, rules).axes, Contains("home_country"));
}

TEST(Placement, ThreeProvidersAreAbroadUnlessTheRulesSayOtherwise) {
  PlacementRules rules{.home_country = "TW"};
  EXPECT_EQ(AbroadMin(rules), 3);
  EXPECT_EQ(AbroadMin({}), 0);
  EXPECT_TRUE(Check(InCountries({"TW", "JP", "DE", "SG"}), 2, rules).ok());
  const PlacementVerdict verdict = Check(InCountries({"TW", "JP", "DE"}), 2, rules);
  EXPECT_THAT(verdict.violations,
              ElementsAre(HasSubstr("2 of 3 providers are outside TW, at least 3 must be")));
  EXPECT_THAT(verdict.axes, ElementsAre("abroad"));
  rules.abroad_min = 2;
  EXPECT_TRUE(Check(InCountries({"TW", "JP", "DE"}), 2, rules).ok());
  rules.abroad_min = 4;
  rules.relaxations = {Relax("abroad")};
  EXPECT_TRUE(Check(InCountries({"TW", "JP", "DE"}), 2, rules).ok());
  EXPECT_THAT(Check(InCountries({"TW", "JP", "DE"}), 2, {.abroad_min = 1}).violations,
              ElementsAre(HasSubstr("abroad needs home_country")));
}

TEST(Placement, DeniedCountriesAreRefusedByPlaceAndByLegalHome) {
  const PlacementRules rules{.deny_countries = {"CN", "hk"}};
  const Providers providers = {{"a", {.vendor_home = "US", .country = "HK"}},
                               {"b", {.vendor_home = "cn", .country = "JP"}},
                               {"c", {.vendor_home = "DE", .country = "DE"}}};
  const PlacementVerdict verdict = Check(providers, 2, rules);
  EXPECT_THAT(verdict.violations, ElementsAre(HasSubstr("a is in HK, which is denied"),
                                              HasSubstr("b's vendor has its legal home in cn")));
  EXPECT_THAT(verdict.axes, ElementsAre("deny_countries"));
  EXPECT_THAT(Check({{"a", {}}, {"b", {}}}, 1, rules).notes,
              Contains(HasSubstr("a does not declare its country")));
}

TEST(Placement, WhatIsNoCountryCodeIsRefusedInsteadOfNeverMatching) {
  EXPECT_THAT(Check(InCountries({"Japan", "DE", "SG"}), 2).violations,
              Contains(HasSubstr("'Japan' is not a two-letter country code")));
  EXPECT_FALSE(Check({}, 1, {.home_country = "Taiwan"}).ok());
  EXPECT_FALSE(Check({}, 1, {.deny_countries = {"China"}}).ok());
  EXPECT_FALSE(Check({}, 1, {.deny_countries = {""}}).ok());
}

TEST(Placement, EveryViolationIsNamedAtOnce) {
  const Providers providers = {{"a", {.vendor = "A", .country = "TW"}},
                               {"b", {.vendor = "A", .country = "TW"}}};
  const PlacementVerdict verdict = Check(providers, 2, {.home_country = "TW"});
  EXPECT_THAT(verdict.axes, ElementsAre("vendor", "country", "home_country", "abroad"));
  const Status status = PlacementStatus(verdict);
  for (const std::string& axis : verdict.axes) {
    EXPECT_THAT(status.hint(), HasSubstr("axis = \"" + axis + "\""));
  }
}

TEST(Placement, WithoutRulesAndDeclarationsNothingIsRefused) {
  EXPECT_THAT(Check({{"only", {}}}, 1).violations, IsEmpty());
}

}  // namespace
}  // namespace fenchi
