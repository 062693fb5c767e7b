// What a host or a recovery card knows of the logs, against what providers serve: it is told.
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class KnownHead : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    Vault vault = MakeVault();
    Need(vault.BackupTree(Path("srv")));
    card_ = Need(vault.DescribeStatus()).head;
    ASSERT_EQ(card_.logs.size(), 1u);
    ASSERT_GT(card_.logs[0].seq, 1u);
  }
  Vault OpenWith(const VaultHead& card, const std::string& host = "clean") {
    OpenOptions options;
    options.vault_id = vault_id_;
    options.environment = TestEnvironment();
    options.state_directory = HostDirectory(host);
    options.known_head = card;
    return Need(Vault::Open(Named(), Passphrase(), options));
  }
  void ExpectNoAlarm(Vault vault) {
    Need(vault.Snapshots());
    EXPECT_THAT(vault.warnings(), Not(Contains(HasSubstr("than this host has seen"))));
    EXPECT_THAT(vault.warnings(), Not(Contains(HasSubstr("two different records"))));
  }

  VaultHead card_;
};

TEST_F(KnownHead, ATrueCardRaisesNoAlarmAlsoWhenTheVaultHasGoneOn) {
  ExpectNoAlarm(OpenWith(card_));
  Vault vault = Reopen();
  Need(vault.BackupTree(Path("srv")));
  ExpectNoAlarm(OpenWith(card_, "later"));
}

TEST_F(KnownHead, LogsThatEndEarlierThanTheCardSaysAreToldAndTheCardIsNotRemembered) {
  VaultHead forged = card_;
  forged.logs[0].seq += 7;
  Vault vault = OpenWith(forged);
  Need(vault.Snapshots());
  EXPECT_THAT(vault.warnings(), Contains(HasSubstr("older state than this host has seen")));
  ExpectNoAlarm(OpenWith(card_));
  ExpectNoAlarm(Reopen("clean"));
}

TEST_F(KnownHead, AnotherRecordThanTheCardKnowsIsRefusedWhereverItStandsInTheLog) {
  for (const std::uint64_t seq : {card_.logs[0].seq, card_.logs[0].seq - 1}) {
    VaultHead forged = card_;
    forged.logs[0].seq = seq;
    forged.logs[0].hash.bytes[0] ^= 1;
    const std::string host = "host " + std::to_string(seq);
    Vault vault = OpenWith(forged, host);
    EXPECT_EQ(CodeOf(vault.Snapshots()), StatusCode::kDamaged);
    ExpectNoAlarm(Reopen(host));
  }
}

TEST_F(KnownHead, AWriterThatTheVaultDoesNotKnowIsNotRemembered) {
  VaultHead forged = card_;
  forged.logs.push_back({WriterId{{9}}, 5, {}});
  ExpectNoAlarm(OpenWith(forged));
  ExpectNoAlarm(Reopen("clean"));
}

// The providers serve the state of before the second backup to a host that has seen it.
TEST_F(KnownHead, AHostTellsThatItIsServedOlderLogsThanItHasSeen) {
  Vault vault = Reopen();
  std::vector<std::map<std::string, std::uint64_t>> before;
  for (int i = 0; i < providers(); ++i) before.push_back(Objects(i, "r/"));
  Need(vault.BackupTree(Path("srv")));
  for (int i = 0; i < providers(); ++i) {
    for (const auto& [name, size] : Objects(i, "r/")) {
      if (!before[static_cast<std::size_t>(i)].contains(name)) provider(i).Hide(name);
    }
  }
  Vault again = Reopen();
  Need(again.Snapshots());
  EXPECT_THAT(again.warnings(), Contains(HasSubstr("older state than this host has seen")));
  Need(again.Snapshots());
  const auto alarms = std::ranges::count_if(again.warnings(), [](const std::string& one) {
    return one.find("older state") != std::string::npos;
  });
  EXPECT_EQ(alarms, 1);  // once for an opening
}

}  // namespace
}  // namespace fenchi
