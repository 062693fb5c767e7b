#include "repository/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "fenchi/hash.h"
#include "format/genesis.h"
#include "format/names.h"
#include "repository/documents.h"
#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Shape {
  int needed;
  int providers;
};
constexpr Shape kShapes[] = {{1, 1}, {1, 2}, {2, 2}, {2, 3}, {2, 4}, {3, 5}, {5, 5}};

TEST(Bootstrap, EveryChoiceOfNeededProvidersOpensTheVault) {
  for (const auto& [needed, providers] : kShapes) {
    SCOPED_TRACE(testing::Message() << needed << " of " << providers);
    VaultRig rig(providers);
    const Result<Access> made = rig.Create(needed);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    for (unsigned mask = 1; mask < 1u << providers; ++mask) {
      if (std::popcount(mask) != needed) continue;
      const Result<Access> opened = rig.Open(rig.Some(mask), made->vault);
      ASSERT_TRUE(opened.ok()) << mask << ": " << opened.status().ToString();
      ExpectSameVault(*made, *opened);
      EXPECT_TRUE(opened->root->Equals(made->root->view()));
      EXPECT_EQ(opened->seats.present().size(), static_cast<std::size_t>(needed));
      EXPECT_EQ(opened->warnings.size(), static_cast<std::size_t>(providers - needed));
    }
  }
}

TEST(Bootstrap, FewerProvidersAndThePassphraseOpenNothing) {
  for (const auto& [needed, providers] : kShapes) {
    VaultRig rig(providers);
    const Result<Access> made = rig.Create(needed);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    for (unsigned mask = 1; mask < 1u << providers; ++mask) {
      if (std::popcount(mask) >= needed) continue;
      const Result<Access> opened = rig.Open(rig.Some(mask), made->vault);
      EXPECT_EQ(opened.status().code(), StatusCode::kTooFewProviders) << mask;
    }
  }
}

TEST(Bootstrap, TheMessageOfTooFewProvidersSaysWhoAnsweredAndWhoDidNot) {
  VaultRig rig(3);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  rig.faults[1]->SetAbsent(true);
  const Result<Access> opened = rig.Open(rig.Some(0b011), made->vault);
  EXPECT_EQ(opened.status().code(), StatusCode::kTooFewProviders);
  EXPECT_THAT(opened.status().message(), AllOf(HasSubstr("tokyo"), HasSubstr("oslo")));
  rig.faults[0]->SetAbsent(true);
  EXPECT_EQ(rig.Open(rig.Some(0b011), made->vault).status().code(), StatusCode::kTooFewProviders);
}

TEST(Bootstrap, AWrongPassphraseIsToldFromDamage) {
  VaultRig rig(3);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const std::string right(VaultRig::kPassphrase);
  for (const std::string& wrong :
       {std::string("password"), right + " ", right + std::string(1, '\0'),
        right.substr(0, right.size() - 1), "C" + right.substr(1)}) {
    const Result<Access> opened = rig.Open(rig.All(), made->vault, nullptr, wrong);
    EXPECT_EQ(opened.status().code(), StatusCode::kWrongKey) << opened.status().ToString();
    EXPECT_THAT(opened.status().hint(), HasSubstr("caps lock"));
  }
  EXPECT_EQ(rig.Open(rig.All(), made->vault, nullptr, "").status().code(),
            StatusCode::kInvalidArgument);
}

TEST(Bootstrap, ANewVaultHoldsExactlyTheObjectsOfTheFormat) {
  VaultRig rig(3);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const std::map<std::string, Bytes> first = rig.Objects(0);
  std::vector<std::string> object_names;
  for (const auto& [name, bytes] : first) object_names.push_back(name);
  EXPECT_THAT(object_names, ElementsAre("k/fenchi_reader.0.py", "k/format.0.md", "k/genesis.0",
                                        "k/keyring-00000001.0", "k/leaf-00000001.0",
                                        "k/policy-00000001.0", "k/slots-00000001.0"));
  EXPECT_EQ(Sha256(first.at("k/genesis.0")).bytes, made->vault.bytes);
  EXPECT_EQ(AsText(first.at("k/format.0.md")), FormatDocument());
  EXPECT_THAT(std::string(FormatDocument()), HasSubstr("# The fenchi vault format"));
  EXPECT_THAT(std::string(ReaderProgram()), testing::StartsWith("#!/usr/bin/env python3"));
  for (std::size_t i = 1; i < 3; ++i) {
    for (const auto& [name, bytes] : rig.Objects(i)) {
      // Each provider has a leaf share of its own, and everything else in common.
      EXPECT_EQ(bytes == first.at(name), name != "k/leaf-00000001.0") << name;
    }
  }
}

TEST(Bootstrap, NothingThatAProviderHoldsShowsTheKeysOrThePassphrase) {
  VaultRig rig(3);
  CreateOptions options = rig.Options(2);
  options.policy.name = "land-register";
  options.policy.key_domains = {"ledger-of-1987"};
  const Result<Access> made = rig.Create(options);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  for (const auto& [name, bytes] : rig.Objects(0)) {
    const auto holds = [&](ByteView secret) { return !std::ranges::search(bytes, secret).empty(); };
    EXPECT_FALSE(holds(made->outer_key.view())) << name;
    EXPECT_FALSE(holds(made->name_key.view())) << name;
    EXPECT_FALSE(holds(made->root->view())) << name;
    EXPECT_FALSE(holds(made->admin->seed())) << name;
    EXPECT_FALSE(holds(made->verify->secret_key.view())) << name;
    EXPECT_FALSE(holds(AsBytes(VaultRig::kPassphrase))) << name;
    EXPECT_FALSE(holds(AsBytes("land-register"))) << name;
    EXPECT_FALSE(holds(AsBytes("ledger-of-1987"))) << name;
    EXPECT_FALSE(holds(AsBytes("tokyo"))) << name;
  }
}

TEST(Bootstrap, WithoutAVaultIdTheProvidersAreTrustedAndThatIsSaid) {
  VaultRig rig(3);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const Result<Access> trusting = rig.Open(rig.All(), std::nullopt);
  ASSERT_TRUE(trusting.ok()) << trusting.status().ToString();
  EXPECT_THAT(trusting->warnings, ElementsAre(HasSubstr("taken on trust")));
  const Result<Access> pinned = rig.Open(rig.All(), made->vault);
  ASSERT_TRUE(pinned.ok()) << pinned.status().ToString();
  EXPECT_THAT(pinned->warnings, IsEmpty());
}

TEST(Bootstrap, ProvidersThatAreAbsentOrEmptyKeepTheirSeats) {
  VaultRig rig(5);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  std::vector<NamedProvider> given = rig.Some(0b01111);  // quito is not given
  given[2].provider = OpenMemoryProvider();              // lima was replaced by an empty place
  rig.faults[3]->SetAbsent(true);                        // cairo does not answer
  const Result<Access> opened = rig.Open(given, made->vault);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  ExpectSameVault(*made, *opened);
  EXPECT_THAT(opened->seats.present(), ElementsAre(0, 1, 2));
  EXPECT_THAT(opened->warnings, Contains(AllOf(HasSubstr("lima"), HasSubstr("holds nothing"))));
  EXPECT_THAT(opened->warnings, Contains(AllOf(HasSubstr("cairo"), HasSubstr("not reachable"))));
  EXPECT_THAT(opened->warnings, Contains(AllOf(HasSubstr("quito"), HasSubstr("not given"))));
  EXPECT_FALSE(opened->seats.FindByName("cairo")->absent_reason.empty());
}

TEST(Bootstrap, APlaceIsKnownByItsLeafShareAndNotByItsName) {
  VaultRig rig(3);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  std::vector<NamedProvider> swapped = rig.All();
  std::swap(swapped[0].provider, swapped[1].provider);
  const Result<Access> opened = rig.Open(swapped, made->vault);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->seats.FindByName("tokyo")->provider, rig.faults[0]);
  EXPECT_EQ(opened->seats.FindByName("oslo")->provider, rig.faults[1]);
  EXPECT_THAT(opened->warnings,
              Contains(HasSubstr("given as tokyo is the one that the vault calls oslo")));
}

TEST(Bootstrap, NamesThatTheVaultDoesNotKnowAreRefusedWithThoseThatItKnows) {
  VaultRig rig(3);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  std::vector<NamedProvider> given = rig.All();
  given[1].name = "osaka";
  const Result<Access> opened = rig.Open(given, made->vault);
  EXPECT_EQ(opened.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(opened.status().message(), AllOf(HasSubstr("osaka"), HasSubstr("tokyo, oslo, lima")));
}

TEST(Bootstrap, NoProviderNoVaultAndAnUnfinishedVaultAreToldApart) {
  VaultRig rig(3);
  EXPECT_EQ(rig.Open({}, std::nullopt).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(rig.Open(rig.All(), std::nullopt).status().code(), StatusCode::kNotFound);
  rig.faults[0]->SetAbsent(true);
  EXPECT_EQ(rig.Open(rig.All(), std::nullopt).status().code(), StatusCode::kTooFewProviders);
  rig.faults[0]->SetAbsent(false);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  for (const auto& provider : rig.faults) provider->Hide(format::PolicyName(1, 0));
  const Result<Access> unfinished = rig.Open(rig.All(), made->vault);
  EXPECT_EQ(unfinished.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(unfinished.status().message(), HasSubstr("never finished"));
}

// ---- What repair needs ----

TEST(BootstrapObjects, AreThoseThatInitWroteAtEachSeat) {
  VaultRig rig(4);
  Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const SigningKey key = SigningKey::Generate(*rig.random);
  ASSERT_TRUE(EnsureWriter(*made, WriterId{{1}}, key.public_key(), *rig.clock, *rig.random).ok());
  for (std::size_t position = 0; position < 4; ++position) {
    std::map<std::string, Bytes> expected;
    for (const BootstrapObject& object : BootstrapObjectsFor(*made, position)) {
      const Result<Bytes> bytes = object.fetch();
      ASSERT_TRUE(bytes.ok()) << object.what << ": " << bytes.status().ToString();
      EXPECT_EQ(Sha256(*bytes), object.hash) << object.what;
      EXPECT_LE(bytes->size(), object.size_max) << object.what;
      expected[object.name(made->seats.all()[position], 0)] = *bytes;
    }
    EXPECT_EQ(expected, rig.Objects(position));
  }
}

TEST(BootstrapObjects, ALostLeafShareIsMadeAgainFromAnyOthersIdentically) {
  VaultRig rig(4);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const Bytes original = rig.Objects(0).at("k/leaf-00000001.0");
  const auto leaf_of = [](const Access& access) {
    for (const BootstrapObject& object : BootstrapObjectsFor(access, 0)) {
      if (object.what == "leaf share") return object.fetch();
    }
    return Result<Bytes>(Status(StatusCode::kInternal, "no leaf share in the list"));
  };
  for (const unsigned others : {0b0110u, 0b1100u, 0b1010u, 0b1110u}) {
    const Result<Access> opened = rig.Open(rig.Some(others), made->vault);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    const Result<Bytes> again = leaf_of(*opened);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_EQ(*again, original);
  }
  // tokyo's own share does not count for itself.
  const Result<Access> opened = rig.Open(rig.Some(0b0011), made->vault);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(leaf_of(*opened).status().code(), StatusCode::kTooFewProviders);
  for (const std::size_t i : {2u, 3u}) rig.faults[i]->Hide("k/leaf-00000001.0");
  const Result<Access> whole = rig.Open(rig.All(), made->vault);
  ASSERT_TRUE(whole.ok()) << whole.status().ToString();
  EXPECT_EQ(leaf_of(*whole).status().code(), StatusCode::kDataLoss);
}

TEST(BootstrapObjects, WhatIsAtNoProviderAnyMoreIsLost) {
  VaultRig rig(3);
  const Result<Access> made = rig.Create(2);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  for (const auto& provider : rig.faults) provider->FlipByte("k/keyring-00000001.0", 99, 1);
  int lost = 0;
  for (const BootstrapObject& object : BootstrapObjectsFor(*made, 0)) {
    const Result<Bytes> bytes = object.fetch();
    if (bytes.ok()) continue;
    ++lost;
    EXPECT_EQ(object.what, "keyring");
    EXPECT_EQ(bytes.status().code(), StatusCode::kDataLoss);
  }
  EXPECT_EQ(lost, 1);
}

}  // namespace
}  // namespace fenchi
