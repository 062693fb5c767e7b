// Whatever a verify found, a repair mends it or says that it is left.
#include <algorithm>
#include <set>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Repair : public VaultTest {
 protected:
  void BackUp(Vault& vault) {
    WriteTree("srv");
    Need(vault.BackupTree(Path("srv")));
  }
};

TEST_F(Repair, LeavesWhatWasLostAndSaysIt) {
  Vault vault = MakeVault({.providers = 3});
  BackUp(vault);
  for (const int i : {0, 1, 2}) Lose(i, "d/");
  const VerifyReport health = Need(vault.Verify());
  ASSERT_FALSE(health.repairable());
  const RepairReport report = Need(vault.Repair(health));
  EXPECT_FALSE(report.complete());
  const auto lost = [](const std::vector<Damage>& items) {
    return std::ranges::count_if(items, [](const Damage& item) { return !item.repairable; });
  };
  EXPECT_GT(lost(health.damage), 0);
  EXPECT_EQ(lost(report.left), lost(health.damage));
}

TEST_F(Repair, AProviderThatIsBackForTheRepairWasNotLookedAt) {
  Vault vault = MakeVault();
  BackUp(vault);
  provider(1).SetAbsent(true);
  const VerifyReport health = Need(vault.Verify());
  ASSERT_THAT(health.unreachable, ElementsAre("p1"));
  HealAll();
  Lose(1, "d/");
  const RepairReport report = Need(vault.Repair(health));
  ASSERT_EQ(report.left.size(), 1u);
  EXPECT_EQ(report.left[0].provider, "p1");
  EXPECT_EQ(report.left[0].kind, DamageKind::kUnreachable);
  EXPECT_THAT(report.left[0].what, HasSubstr("unknown"));
  EXPECT_TRUE(report.left[0].repairable);
  EXPECT_TRUE(Need(vault.Repair(Need(vault.Verify()))).complete());
  EXPECT_TRUE(Need(vault.Verify()).healthy());
}

TEST_F(Repair, EveryItemOfAReportIsMendedOrLeft) {
  Vault vault = MakeVault();
  BackUp(vault);
  Lose(0, "d/");
  Lose(1, "r/");
  const VerifyReport health = Need(vault.Verify());
  ASSERT_TRUE(health.repairable());
  provider(0).SetAbsent(true);  // gone when it is its turn
  const RepairReport report = Need(vault.Repair(health));
  std::set<std::string> left;
  for (const Damage& item : report.left) {
    EXPECT_EQ(item.provider, "p0") << item.what;
    left.insert(item.object);
  }
  for (const Damage& item : health.damage) {
    EXPECT_EQ(left.contains(item.object), item.provider == "p0") << item.object;
  }
  HealAll();
  EXPECT_TRUE(Need(vault.Repair(Need(vault.Verify()))).complete());
  EXPECT_TRUE(Need(vault.Verify()).healthy());
}

}  // namespace
}  // namespace fenchi
