// What a vault refuses to be, and that it says why and what would do.
#include <filesystem>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Policies : public VaultTest {
 protected:
  Status Making(const Shape& shape) {
    const Status status = TryMakeVault(shape).status();
    for (int i = 0; i < providers(); ++i) {
      EXPECT_TRUE(status.ok() || Objects(i).empty()) << status.ToString();
    }
    return status;
  }
};

TEST_F(Policies, UnsafeTuplesAreRefusedInWords) {
  struct Case {
    Shape shape;
    const char* why;
  };
  const auto with = [](int needed, int providers, auto change) {
    Shape shape{.needed = needed, .providers = providers};
    change(shape.policy);
    return shape;
  };
  const auto nothing = [](VaultPolicy&) {};
  const std::vector<Case> cases = {
      {with(3, 2, nothing), "3 shards are needed of 2 providers"},
      {with(0, 3, nothing), "choose 1 to 3"},
      {with(-1, 3, nothing), "choose 1 to 3"},
      {with(2, 4, [](VaultPolicy& p) { p.write_quorum = 2; }), "a write reaches 2 providers"},
      {with(2, 4, [](VaultPolicy& p) { p.write_quorum = 5; }), "1 to 4"},
      {with(2, 4, [](VaultPolicy& p) { p.read_quorum = 2; }), "a look could miss a write"},
      {with(2, 4, [](VaultPolicy& p) { p.liars = 3; }), "more than 4 providers"},
      {with(2, 4, [](VaultPolicy& p) { p.liars = -1; }), "liars (-1)"},
      {with(2, 4, [](VaultPolicy& p) { p.spare_losses = 2; }), "more than 4 providers"},
  };
  for (const Case& one : cases) {
    const Status status = Making(one.shape);
    EXPECT_EQ(status.code(), StatusCode::kPolicy) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(one.why));
    ExpectHelpful(status);
  }
}

TEST_F(Policies, TwoHundredFiftyFiveProvidersAreManyAndMoreAreRefused) {
  const Status status = Making({.needed = 2, .providers = 256});
  EXPECT_EQ(status.code(), StatusCode::kPolicy);
  EXPECT_THAT(status.message(), HasSubstr("255"));
  WriteTree("srv");
  Vault vault = MakeVault({.needed = 100, .providers = 255});
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  std::vector<int> last;
  for (int i = 155; i < 255; ++i) last.push_back(i);
  Vault few = Need(TryOpen(Passphrase(), last));
  ExpectRestores(few, id, Path("srv"));
}

TEST_F(Policies, NoProviderAndNamelessOnesAreRefused) {
  CreateOptions options;
  options.state_directory = HostDirectory("host");
  options.environment = TestEnvironment();
  options.passphrase_cost = {1, 8};
  EXPECT_EQ(CodeOf(Vault::Create({}, Passphrase(), options)), StatusCode::kInvalidArgument);
  const auto place = [] { return OpenMemoryProvider(); };
  const std::vector<NamedProvider> twins = {{"a", place()}, {"a", place()}, {"c", place()}};
  EXPECT_EQ(CodeOf(Vault::Create(twins, Passphrase(), options)), StatusCode::kInvalidArgument);
  const std::vector<NamedProvider> nameless = {{"", place()}, {"b", place()}, {"c", place()}};
  EXPECT_EQ(CodeOf(Vault::Create(nameless, Passphrase(), options)), StatusCode::kInvalidArgument);
  const std::vector<NamedProvider> null = {{"a", nullptr}, {"b", place()}, {"c", place()}};
  EXPECT_EQ(CodeOf(Vault::Create(null, Passphrase(), options)), StatusCode::kInvalidArgument);
  const std::vector<NamedProvider> good = {{"a", place()}, {"b", place()}, {"c", place()}};
  EXPECT_EQ(CodeOf(Vault::Create(good, Passphrase(""), options)), StatusCode::kInvalidArgument);
  options.policy.key_domains = {"x", "x"};
  EXPECT_EQ(CodeOf(Vault::Create(good, Passphrase(), options)), StatusCode::kInvalidArgument);
}

TEST_F(Policies, TwoProvidersAtOnePlaceAreRefusedAndNothingStays) {
  const auto shared = OpenMemoryProvider();
  const auto other = OpenMemoryProvider();
  CreateOptions options;
  options.state_directory = HostDirectory("host");
  options.environment = TestEnvironment();
  options.passphrase_cost = {1, 8};
  const Result<Vault> refused =
      Vault::Create({{"a", shared}, {"b", other}, {"c", shared}}, Passphrase(), options);
  EXPECT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("a"));
  EXPECT_THAT(refused.status().message(), HasSubstr("c"));
  for (const auto& place : {shared, other}) {
    int left = 0;
    ASSERT_TRUE(place->List("", "", [&](const ObjectInfo&) { return ++left > 0; }).ok());
    EXPECT_EQ(left, 0);
  }
}

TEST_F(Policies, TheSameFolderUnderTwoPathsIsOnePlace) {
  MakeDir("disk");
  MakeDir("disk/x");
  ASSERT_EQ(::symlink(Path("disk").c_str(), Path("alias").c_str()), 0);
  const auto one = Need(OpenLocalProvider(Path("disk/x"), {.sync = false}));
  const auto two = Need(OpenLocalProvider(Path("alias/x"), {.sync = false}));
  CreateOptions options;
  options.state_directory = HostDirectory("host");
  options.environment = TestEnvironment();
  options.passphrase_cost = {1, 8};
  const Result<Vault> refused =
      Vault::Create({{"a", one}, {"b", two}, {"c", OpenMemoryProvider()}}, Passphrase(), options);
  EXPECT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
}

TEST_F(Policies, AVaultIsNotMadeOverAnother) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  CreateOptions options;
  options.state_directory = HostDirectory("second");
  options.environment = TestEnvironment();
  options.passphrase_cost = {1, 8};
  const Result<Vault> second = Vault::Create(Named(), Passphrase(), options);
  EXPECT_EQ(CodeOf(second), StatusCode::kAlreadyExists);
  ExpectHelpful(second.status());
  ExpectRestores(vault, id, Path("srv"));
}

TEST_F(Policies, AFullOrAbsentProviderAtTheStartLeavesNothing) {
  // A vault that is whole first, so that the providers are there; then a second set.
  const auto a = std::make_shared<FaultProvider>(OpenMemoryProvider());
  const auto b = std::make_shared<FaultProvider>(OpenMemoryProvider());
  const auto c = std::make_shared<FaultProvider>(OpenMemoryProvider());
  CreateOptions options;
  options.state_directory = HostDirectory("host");
  options.environment = TestEnvironment();
  options.passphrase_cost = {1, 8};
  const std::vector<NamedProvider> all = {{"a", a}, {"b", b}, {"c", c}};
  c->SetAbsent(true);
  EXPECT_EQ(CodeOf(Vault::Create(all, Passphrase(), options)), StatusCode::kTooFewProviders);
  c->Heal();
  c->SetQuota(10);
  EXPECT_EQ(CodeOf(Vault::Create(all, Passphrase(), options)), StatusCode::kFull);
  c->Heal();
  EXPECT_TRUE(Vault::Create(all, Passphrase(), options).ok());
}

TEST_F(Policies, OpeningTheWrongPlacesSaysWhat) {
  MakeVault();
  OpenOptions options;
  options.state_directory = HostDirectory("host");
  options.environment = TestEnvironment();
  const Result<Vault> nothing = Vault::Open({{"x", OpenMemoryProvider()}}, Passphrase(), options);
  EXPECT_EQ(CodeOf(nothing), StatusCode::kNotFound);
  ExpectHelpful(nothing.status());
  options.vault_id = VaultId{};
  const Result<Vault> other = Vault::Open(Named(), Passphrase(), options);
  EXPECT_EQ(CodeOf(other), StatusCode::kNotFound);
  EXPECT_THAT(other.status().message(), HasSubstr(vault_id_.hex()));
  options.vault_id.reset();
  const Vault trusted = Need(Vault::Open(Named(), Passphrase(), options));
  EXPECT_FALSE(trusted.warnings().empty());
  EXPECT_EQ(trusted.id(), vault_id_);
}

// ---- Placement ----

Domain Cloud(const std::string& vendor, const std::string& home, const std::string& country) {
  return {.vendor = vendor, .vendor_home = home, .country = country, .account = vendor + "-1"};
}

Shape ThreeAmericanClouds() {
  Shape shape;
  shape.domains = {Cloud("Amazon", "US", "JP"), Cloud("Microsoft", "US", "SG"),
                   Cloud("Google", "US", "NL"), Cloud("OVH", "FR", "FR")};
  return shape;
}

TEST_F(Policies, ThreeVendorsWithOneLegalHomeAreRefusedAndTheRelaxationOffered) {
  Shape shape = ThreeAmericanClouds();
  const Status refused = Making(shape);
  EXPECT_EQ(refused.code(), StatusCode::kPolicy);
  EXPECT_THAT(refused.message(), HasSubstr("US"));
  EXPECT_THAT(refused.message(), HasSubstr("p0, p1, p2"));
  EXPECT_THAT(refused.hint(), HasSubstr("axis = \"vendor_home\""));
  shape.policy.placement.relaxations = {
      {.axis = "vendor_home", .ground = "nothing else is offered", .approver = "CISO"}};
  Vault vault = MakeVault(shape);
  WriteTree("srv");
  ExpectRestores(vault, Need(vault.BackupTree(Path("srv"))).snapshot, Path("srv"));
  EXPECT_THAT(Need(vault.DescribeStatus()).placement_notes, ::testing::Contains(HasSubstr("CISO")));
}

TEST_F(Policies, AnExpiredRelaxationStopsBackupsAndNeverARestore) {
  Shape shape = ThreeAmericanClouds();
  shape.policy.placement.relaxations = {{.axis = "vendor_home",
                                         .ground = "until the tender is done",
                                         .approver = "CISO",
                                         .expires_seconds = 1'700'100'000}};
  Vault vault = MakeVault(shape);
  WriteTree("srv");
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  clock_ = SteppingClock({1'700'200'000, 0});
  Vault later = Reopen();
  const Result<BackupReport> refused = later.BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(refused), StatusCode::kPolicy);
  EXPECT_THAT(refused.status().message(), HasSubstr("2023-11-16"));
  ExpectRestores(later, id, Path("srv"));
  EXPECT_TRUE(Need(later.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(Policies, DeniedCountriesAndTheHomeCountryAreKept) {
  Shape denied{.domains = {Cloud("A", "JP", "JP"), Cloud("B", "CN", "SG"), Cloud("C", "FR", "FR"),
                           Cloud("D", "DE", "DE")}};
  denied.policy.placement.deny_countries = {"CN", "HK", "MO"};
  Status refused = Making(denied);
  EXPECT_EQ(refused.code(), StatusCode::kPolicy);
  EXPECT_THAT(refused.message(), HasSubstr("p1"));
  EXPECT_THAT(refused.hint(), HasSubstr("deny_countries"));

  Shape home{.domains = {Cloud("A", "TW", "TW"), Cloud("B", "JP", "TW"), Cloud("C", "FR", "FR"),
                         Cloud("D", "DE", "DE")}};
  home.policy.placement.home_country = "TW";
  refused = Making(home);
  EXPECT_EQ(refused.code(), StatusCode::kPolicy);
  EXPECT_THAT(refused.hint(), HasSubstr("abroad"));
}

}  // namespace
}  // namespace fenchi
