// A provider that no line reaches: exported, carried, imported; and nothing counts before.

#include "fenchi/courier.h"

#include <fstream>

#include "unit/vault/vault_fixture.h"

namespace fenchi {
namespace {

class CourierTest : public VaultTest {
 protected:
  std::string Medium() { return Path("usb"); }
};

TEST_F(CourierTest, BringsAnAbsentProviderAllThatItMissed) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  const BackupReport first = Need(vault.BackupTree(Path("ledger")));
  provider(3).SetAbsent(true);
  WriteTree("minutes");
  const BackupReport second = Need(vault.BackupTree(Path("minutes")));
  EXPECT_EQ(second.providers_missed, std::vector<std::string>{"p3"});

  // From a host that has no line to it: everything that belongs there is written.
  Vault without = Need(TryOpen(Passphrase(), {0, 1, 2}, "other"));
  const CourierExportReport all = Need(without.ExportCourier("p3", Medium()));
  EXPECT_TRUE(all.complete());
  EXPECT_TRUE(all.medium.whole());
  EXPECT_GT(all.objects_written, 10u);
  EXPECT_EQ(all.objects_there, 0u);
  ASSERT_EQ(all.medium.cargo.size(), 1u);

  provider(3).SetAbsent(false);
  EXPECT_FALSE(Need(vault.Verify()).healthy()) << "what is on the way counts for nothing";
  const CourierImportReport in = Need(ImportCourier(Medium(), provider(3)));
  EXPECT_TRUE(in.complete());
  EXPECT_GT(in.objects_stored, 0u);
  EXPECT_GT(in.objects_there, 0u) << "what it had from the first backup";
  EXPECT_EQ(in.objects_stored + in.objects_there, all.objects_written);
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
  const CourierImportReport again = Need(ImportCourier(Medium(), provider(3)));
  EXPECT_EQ(again.objects_stored, 0u);
  EXPECT_TRUE(again.complete());
}

TEST_F(CourierTest, WritesOnlyWhatIsLackingWhereTheProviderAnswers) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  const CourierExportReport none = Need(vault.ExportCourier("p1", Medium()));
  EXPECT_EQ(none.objects_written, 0u);
  EXPECT_GT(none.objects_there, 10u);
  Lose(1, "d/");
  const CourierExportReport shards = Need(vault.ExportCourier("p1", Medium()));
  EXPECT_GT(shards.objects_written, 0u);
  EXPECT_TRUE(shards.medium.whole());
  // A second run finds them on the medium.
  EXPECT_EQ(Need(vault.ExportCourier("p1", Medium())).objects_written, 0u);
  EXPECT_TRUE(Objects(1, "d/").empty()) << "the provider itself is only read";
  ASSERT_TRUE(ImportCourier(Medium(), provider(1)).ok());
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(CourierTest, FillsAnEmptyPlaceWithOneDestinationOnly) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  Lose(2, "");
  Lose(3, "");
  Vault without = Need(TryOpen(Passphrase(), {0, 1}, "other"));
  ASSERT_TRUE(without.ExportCourier("p2", Medium()).ok());
  const std::shared_ptr<Provider> fresh = OpenMemoryProvider();
  const CourierReport seen = Need(CheckCourier(Medium()));
  ASSERT_TRUE(without.ExportCourier("p3", Medium()).ok());
  const auto refused = ImportCourier(Medium(), *fresh);
  EXPECT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
  ExpectHelpful(refused.status());
  const CourierImportReport in =
      Need(ImportCourier(Medium(), provider(2), {.destination = seen.cargo.front().provider}));
  EXPECT_TRUE(in.complete());
  // Now that its share is there it is known; the others' objects stay on the medium.
  EXPECT_EQ(Need(ImportCourier(Medium(), provider(2))).objects_stored, 0u);
  const VerifyReport health = Need(Reopen().Verify());
  for (const Damage& damage : health.damage) EXPECT_EQ(damage.provider, "p3") << damage.what;
}

TEST_F(CourierTest, TheWrongPlaceIsRefusedBeforeAnythingIsStored) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  Lose(1, "d/");
  ASSERT_TRUE(vault.ExportCourier("p1", Medium()).ok());
  const auto before = Objects(2);
  const auto refused = ImportCourier(Medium(), provider(2));
  EXPECT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
  ExpectHelpful(refused.status());
  EXPECT_EQ(Objects(2), before);
}

TEST_F(CourierTest, DamagedObjectsStayOutAndTheRestComesIn) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  Lose(1, "d/");
  Lose(1, "r/");
  const CourierExportReport out = Need(vault.ExportCourier("p1", Medium()));
  ASSERT_GT(out.objects_written, 1u);
  std::fstream file(Medium(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(5000);
  file.put('!');
  file.close();
  const CourierImportReport in = Need(ImportCourier(Medium(), provider(1)));
  EXPECT_FALSE(in.complete());
  EXPECT_FALSE(in.medium.damage.empty());
  EXPECT_EQ(in.objects_stored, out.objects_written - 1);
  // What is left is named by verify, and exported again to a fresh medium.
  EXPECT_FALSE(Need(vault.Verify()).healthy());
  ASSERT_TRUE(vault.ExportCourier("p1", Path("usb2")).ok());
  ASSERT_TRUE(ImportCourier(Path("usb2"), provider(1)).ok());
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(CourierTest, NothingThatIsThereIsOverwritten) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  const auto shards = Objects(1, "d/");
  Lose(1, "d/");
  ASSERT_TRUE(vault.ExportCourier("p1", Medium()).ok());
  const std::string name = shards.begin()->first;
  MemorySource other(AsBytes("of somebody else"));
  ASSERT_TRUE(inner(1).Put(name, other, {}).ok());
  const CourierImportReport in = Need(ImportCourier(Medium(), provider(1)));
  ASSERT_EQ(in.left.size(), 1u);
  EXPECT_EQ(in.left.front().object, name);
  EXPECT_EQ(AsText(Need(GetAll(inner(1), name, 100))), "of somebody else");
}

TEST_F(CourierTest, AProviderByCourierIsAbsentAndCountsTowardNoQuorum) {
  EXPECT_EQ(CodeOf(OpenProvider("courier:/media/usb")), StatusCode::kUnavailable);
  ExpectHelpful(OpenProvider("courier:/media/usb").status());
  Vault vault = MakeVault({.needed = 2, .providers = 3});  // W = 3
  WriteTree("ledger");
  Vault without = Need(TryOpen(Passphrase(), {0, 1}));
  EXPECT_EQ(CodeOf(without.BackupTree(Path("ledger"))), StatusCode::kTooFewProviders);
}

TEST_F(CourierTest, UnknownProvidersAreNamed) {
  Vault vault = MakeVault();
  const auto unknown = vault.ExportCourier("nowhere", Medium());
  EXPECT_EQ(CodeOf(unknown), StatusCode::kInvalidArgument);
  ExpectHelpful(unknown.status());
}

TEST_F(CourierTest, WorksWithTheVerifyRoleAlone) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  Lose(1, "d/");
  const SecretBytes credential = Need(vault.ExportCredential(Role::kVerify, {}));
  Vault guard = Need(TryOpen(Unlock::WithCredential(credential.Clone()), {}, "guard"));
  EXPECT_TRUE(Need(guard.ExportCourier("p1", Medium())).complete());
  ASSERT_TRUE(ImportCourier(Medium(), provider(1)).ok());
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(CourierTest, NothingIsWrittenForAPlaceThatDoesNotTellWhatItHolds) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  const auto fails = [&](StatusCode code) {
    int asked = 0;
    provider(1).FailBefore([&](Verb verb, std::string_view name, int) -> std::optional<Status> {
      // The vault is opened by the others; what it looks at of p1 while it does counts not.
      if (verb == Verb::kPut || verb == Verb::kList || name.empty()) return std::nullopt;
      ++asked;
      return Status(code, "nothing is told");
    });
    const auto refused = vault.ExportCourier("p1", Path("usb-" + std::to_string(int(code))));
    provider(1).Heal();
    EXPECT_EQ(CodeOf(refused), code);
    EXPECT_LE(asked, 100);
    if (code == StatusCode::kDenied) ExpectHelpful(refused.status());
    const CourierReport medium = Need(CheckCourier(Path("usb-" + std::to_string(int(code)))));
    EXPECT_EQ(medium.objects, 0u);
  };
  for (const StatusCode code :
       {StatusCode::kDenied, StatusCode::kUnavailable, StatusCode::kDeadline, StatusCode::kFull,
        StatusCode::kIo, StatusCode::kInternal}) {
    fails(code);
  }
}

TEST_F(CourierTest, AnObjectThatIsRefusedWhileOthersAreGivenIsLeftAndTold) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  const std::string shard = Objects(1, "d/").begin()->first;
  Lose(1, "r/");
  provider(1).FailBefore([&](Verb, std::string_view name, int) -> std::optional<Status> {
    if (name != shard) return std::nullopt;
    return Status(StatusCode::kDenied, "this key may not read it");
  });
  const CourierExportReport out = Need(vault.ExportCourier("p1", Medium()));
  EXPECT_FALSE(out.complete());
  ASSERT_EQ(out.left.size(), 1u);
  EXPECT_EQ(out.left[0].object, shard);
  EXPECT_EQ(out.left[0].kind, DamageKind::kUnreadable);
  EXPECT_TRUE(out.left[0].repairable);
  EXPECT_GT(out.objects_written, 0u) << "the records are on their way all the same";
}

TEST_F(CourierTest, APlaceThatListsLeafSharesWithoutEndIsNotFollowed) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  Lose(1, "d/");
  ASSERT_TRUE(vault.ExportCourier("p1", Medium()).ok());
  class Endless final : public ProviderWrapper {
   public:
    using ProviderWrapper::ProviderWrapper;
    std::uint64_t told = 0;
    Status List(std::string_view prefix, std::string_view,
                const std::function<bool(const ObjectInfo&)>& entry) override {
      while (told < 1'000'000 && entry({std::string(prefix) + std::to_string(told), 1})) ++told;
      return Status::Ok();
    }
  };
  Endless place(inner_[1]);
  const auto before = Objects(1);
  const auto refused = ImportCourier(Medium(), place);
  EXPECT_EQ(CodeOf(refused), StatusCode::kUnavailable);
  ExpectHelpful(refused.status());
  EXPECT_LE(place.told, 4096u);
  EXPECT_EQ(Objects(1), before);
}

TEST_F(CourierTest, AnObjectThatMayNotBeComparedIsLeftAndTheRestComesIn) {
  Vault vault = MakeVault();
  WriteTree("ledger");
  ASSERT_TRUE(vault.BackupTree(Path("ledger")).ok());
  Vault without = Need(TryOpen(Passphrase(), {0, 2, 3}, "other"));
  const CourierExportReport out = Need(without.ExportCourier("p1", Medium()));
  const std::string taken = Objects(1, "d/").begin()->first;
  Lose(1, "r/");
  provider(1).FailBefore([&](Verb verb, std::string_view name, int) -> std::optional<Status> {
    if (verb != Verb::kGet || name != taken) return std::nullopt;
    return Status(StatusCode::kDenied, "this key may not read it");
  });
  const CourierImportReport in = Need(ImportCourier(Medium(), provider(1)));
  ASSERT_EQ(in.left.size(), 1u);
  EXPECT_EQ(in.left[0].object, taken);
  EXPECT_GT(in.objects_stored, 0u);
  EXPECT_EQ(in.objects_stored + in.objects_there + 1, out.objects_written);
}

}  // namespace
}  // namespace fenchi
