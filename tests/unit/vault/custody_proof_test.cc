// What custody promises of whole vaults: which people open them, what a provider can plant, what
// rotation costs, and what those who were taken out can still read.
#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdlib>

#include "fenchi/custody.h"
#include "format/names.h"
#include "format/snapshot.h"
#include "format/wrapped_key.h"
#include "operations/commit.h"
#include "operations/session.h"
#include "repository/policy_chain.h"
#include "repository/policy_signing.h"
#include "unit/repository/custody_testing.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CustodyProof : public VaultTest {
 protected:
  CustodyPlan BoardPlan(int threshold, int count) {
    CustodyPlan plan;
    plan.open = fmt::format("{} of board", threshold);
    plan.custodians["board"] = Holders("board", count);
    shares_.clear();
    KeepShares(plan, shares_);
    return plan;
  }
  Vault MakeWith(const CustodyPlan& plan) {
    MakePlaces({});
    CreateOptions options;
    options.state_directory = HostDirectory("host");
    options.environment = TestEnvironment();
    Vault vault = Need(Vault::Create(Named(), plan, options));
    vault_id_ = vault.id();
    return vault;
  }
  static Unlock WithShares(const std::vector<CustodianShare>& shares, unsigned mask) {
    Unlock unlock;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (mask >> i & 1) unlock.AddShare(shares[i].custodian.holder, shares[i].bytes.Clone());
    }
    return unlock;
  }
  // Puts an object at a provider, in place of what is there.
  void Plant(int number, const std::string& name, const Bytes& bytes) {
    MemorySource source(bytes);
    const Status put = inner(number).Put(name, source, {.replace = true});
    ASSERT_TRUE(put.ok()) << put.ToString();
  }
  Bytes ObjectAt(int number, const std::string& name) {
    return Need(GetAll(inner(number), name, 1 << 20));
  }

  std::vector<CustodianShare> shares_;
};

// ---- Which people open a vault

TEST_F(CustodyProof, EveryThresholdOfCustodiansOpensTheVaultAndOneFewerIsToldToBringOneMore) {
  for (const auto& [threshold, count] : {std::pair{3, 5}, {5, 9}}) {
    const std::string folder = fmt::format("srv{}", count), source = Path(folder);
    WriteTree(folder);
    Vault made = MakeWith(BoardPlan(threshold, count));
    const SnapshotId snapshot = Need(made.BackupTree(source)).snapshot;
    int opened = 0, refused = 0;
    for (unsigned mask = 0; mask < 1u << count; ++mask) {
      const int have = std::popcount(mask);
      if (have != threshold && have != threshold - 1) continue;
      Result<Vault> vault = TryOpen(WithShares(shares_, mask));
      if (have == threshold) {
        ASSERT_TRUE(vault.ok()) << mask << ": " << vault.status().ToString();
        EXPECT_EQ(vault->role(), Role::kRead);
        if (opened++ == 0) ExpectRestores(*vault, snapshot, source);
        continue;
      }
      ++refused;
      ASSERT_EQ(CodeOf(vault), StatusCode::kWrongKey) << mask;
      ASSERT_THAT(vault.status().message(),
                  HasSubstr(fmt::format("needs 1 more of {} key shares of board", threshold)));
    }
    EXPECT_EQ(opened, count == 5 ? 10 : 126);
    EXPECT_EQ(refused, count == 5 ? 10 : 126);
  }
}

// ---- What a provider can plant

// Keys of the provider's own, under the names of the vault's, at three of four providers.
TEST_F(CustodyProof, APlantedKeyringIsRefusedByReadersAndWriters) {
  Vault vault = MakeVault();
  MakeVault();  // another vault, whose providers took the names over
  const Bytes foreign = ObjectAt(0, format::KeyringName(1, 0));
  const VaultId other = vault_id_;
  vault = MakeVault();
  ASSERT_NE(vault_id_, other);
  const Bytes own = ObjectAt(3, format::KeyringName(1, 0));
  for (int liar = 0; liar < 3; ++liar) Plant(liar, format::KeyringName(1, 0), foreign);
  Vault reader = Need(TryOpen(Passphrase(), {}, "reader"));
  EXPECT_THAT(reader.warnings(), ::testing::Contains(HasSubstr("keyring")));
  WriteTree("srv");
  const SnapshotId snapshot = Need(reader.BackupTree(Path("srv"))).snapshot;
  ExpectRestores(reader, snapshot, Path("srv"));
  // At all four there is no keyring of this vault any more: nothing opens.
  Plant(3, format::KeyringName(1, 0), foreign);
  const Result<Vault> none = TryOpen(Passphrase(), {}, "none");
  EXPECT_FALSE(none.ok());
  Plant(3, format::KeyringName(1, 0), own);
  EXPECT_TRUE(TryOpen(Passphrase(), {}, "none").ok());
}

// A write-only host trusts the policy alone for the public key that it seals to: a key that a
// provider planted there must never be used, or the provider reads the next backup.
TEST_F(CustodyProof, APlantedEpochKeyIsRefusedByReadersAndByAWriterThatIsOpenAlready) {
  WriteTree("srv");
  Vault vault = MakeVault();
  PolicyEdit edit;
  edit.add_writers.push_back({Role::kWrite, {}, "host"});
  const SecretBytes credential = std::move(Need(vault.ChangePolicy(edit)).credentials.at(0));
  Vault writer = Need(TryOpen(Unlock::WithCredential(credential.Clone()), {}, "writer"));

  const Access access = OpenAccess();
  const KeyPair evil = KeyPair::Generate(*random_);
  const SigningKey attacker = SigningKey::Generate(*random_);
  format::Policy planted = access.policy;
  planted.version += 1;
  planted.previous = access.policy_hash;
  planted.domains.front().read_public_key = evil.public_key;
  const SignedVersion version =
      Need(SignPolicy(planted, access.details, access.outer_key.view(), attacker, *random_));
  for (int i = 0; i < providers(); ++i) {
    Plant(i, format::PolicyName(planted.version, 0), version.object);
  }
  const SnapshotId by_writer = Need(writer.BackupTree(Path("srv"))).snapshot;
  Vault fresh = Need(TryOpen(Unlock::WithCredential(credential.Clone()), {}, "fresh"));
  Vault reader = Need(TryOpen(Passphrase(), {}, "reader"));
  EXPECT_THAT(reader.warnings(),
              ::testing::Contains(AllOf(HasSubstr("policy"), HasSubstr("refused"))));
  // Sealed to the vault's key, then: the reader opens what the writer wrote.
  ExpectRestores(reader, by_writer, Path("srv"));
  for (const format::PolicyDomain& domain : OpenAccess().policy.domains) {
    EXPECT_NE(domain.read_public_key, evil.public_key);
  }
}

// All providers serve the policy of before a rotation: who has seen the newer one goes on with it,
// or says so, and never writes for the old epoch again.
TEST_F(CustodyProof, AnOlderPolicyIsRefusedByReadersAndWritersThatHaveSeenTheNewer) {
  WriteTree("srv");
  Vault vault = MakeVault();
  PolicyEdit edit;
  edit.add_writers.push_back({Role::kWrite, {}, "host"});
  const SecretBytes credential = std::move(Need(vault.ChangePolicy(edit)).credentials.at(0));
  ASSERT_TRUE(Need(vault.Rotate(PassphrasePlan("correct horse"))).published);
  const std::uint32_t newest = OpenAccess().policy.version;
  const Unlock as_writer = Unlock::WithCredential(credential.Clone());
  Vault writer = Need(TryOpen(as_writer, {}, "writer"));
  Need(writer.Snapshots());  // both hosts look, and remember what they have seen
  Vault reader = Need(TryOpen(Passphrase(), {}, "reader"));
  Need(reader.Snapshots());

  for (int i = 0; i < providers(); ++i) provider(i).Hide(format::PolicyName(newest, 0));
  const Unlock as_reader = Passphrase();
  for (const auto& [host, unlock] : {std::pair{"writer", &as_writer}, {"reader", &as_reader}}) {
    const Result<Vault> opened = TryOpen(*unlock, {}, host);
    EXPECT_EQ(CodeOf(opened), StatusCode::kDamaged) << host;
    EXPECT_THAT(opened.status().message(), HasSubstr(fmt::format("this host has seen {}", newest)));
  }
  HealAll();
  EXPECT_TRUE(TryOpen(as_writer, {}, "writer").ok());
}

// ---- What rotation costs

std::size_t PacksOfALargeVault() {
  return std::getenv("FENCHI_TEST_REDUCED") == nullptr ? 1'000'000 : 20'000;
}

// A sealed commit that adds that many packs, whose shards are nowhere: rotation must not ask.
void CommitPacks(Access access, const std::string& folder, std::size_t count, Random& random,
                 Clock& clock) {
  Session session(std::move(access), folder, random, clock);
  WriterState writer = Need(WriterState::Acquire(folder, session.access, random));
  ASSERT_TRUE(EnsureWriter(session.access, writer, clock, random).ok());
  Need(session.Refresh());
  format::SnapshotObject object;
  object.domain = session.access.domains.front().id;
  random.Fill(object.run.mutable_view());
  object.epoch = 1;
  format::WrappedKey wrapped;
  wrapped.box = Bytes(32 + kSealOverhead, 1);
  object.wrapped_data_key = Need(format::EncodeWrappedKey(wrapped));
  object.box = Bytes(1024, 2);
  CommitPlan plan;
  plan.snapshots.push_back(Need(format::EncodeSnapshotObject(object)));
  Bytes ids(count * PackId::kSize);
  random.Fill(ids);
  for (std::size_t i = 0; i < count; ++i) {
    format::PackListEntry entry;
    entry.pack = PackId::From(ByteView(ids).subspan(i * PackId::kSize, PackId::kSize)).value();
    entry.segments = 240;
    entry.needed = 2;
    plan.added.emplace(entry.pack, entry);
  }
  ASSERT_TRUE(Need(CommitSnapshot(session, writer, plan)).buried.empty());
  const History history = Need(session.ReadHistory());
  std::vector<Status> lost;
  EXPECT_GE(Need(history.LivePacks(lost)).size(), count);
}

TEST_F(CustodyProof, RotatingAVaultOfAMillionPacksTakesUnderTenSecondsAndTouchesNoPack) {
  WriteTree("srv");
  Vault vault = MakeWith(BoardPlan(3, 5));
  const SnapshotId snapshot = Need(vault.BackupTree(Path("srv"))).snapshot;
  OpenOptions options;
  options.vault_id = vault_id_;
  Access access = Need(OpenVault(Named(), WithShares(shares_, 0b111), options,
                                 std::make_shared<Executor>(2), nullptr));
  CommitPacks(std::move(access), HostDirectory("large"), PacksOfALargeVault(), *random_, *clock_);

  std::vector<std::map<std::string, std::uint64_t>> before;
  for (int i = 0; i < providers(); ++i) before.push_back(Objects(i, "d/"));
  auto touched = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < providers(); ++i) {
    provider(i).FailBefore([=](Verb, std::string_view name, int) -> std::optional<Status> {
      if (name.starts_with("d")) ++*touched;
      return std::nullopt;
    });
  }
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(Need(vault.Rotate(BoardPlan(3, 5))).published);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  RecordProperty("seconds", fmt::format("{:.3f}", seconds));
  fmt::print("rotated in {:.3f} s beside {} packs\n", seconds, PacksOfALargeVault());
  EXPECT_LT(seconds, 10);
  EXPECT_EQ(*touched, 0);
  HealAll();
  for (int i = 0; i < providers(); ++i) {
    EXPECT_EQ(Objects(i, "d/"), before[static_cast<std::size_t>(i)]);
  }
  Vault opened = Need(TryOpen(WithShares(shares_, 0b10011), {}, "other"));
  ExpectRestores(opened, snapshot, Path("srv"));
}

// ---- What those who were taken out can still read

// The old set has all it ever had: its shares, all providers, and a vault that it opened before.
TEST_F(CustodyProof, AfterACustodianIsRevokedTheOldSetOpensNothingWrittenSince) {
  WriteTree("srv");
  Vault vault = MakeWith(BoardPlan(2, 3));
  const SnapshotId before = Need(vault.BackupTree(Path("srv"))).snapshot;
  const std::vector<CustodianShare> old = std::move(shares_);
  Vault stale = Need(TryOpen(WithShares(old, 0b011), {}, "stale"));
  Need(stale.Snapshots());

  CustodyPlan without = BoardPlan(2, 3);
  without.custodians["board"][0] = {"successor", ""};
  ASSERT_TRUE(Need(vault.Rotate(without)).published);
  WriteFile("srv/later", "only the new set may read this");
  const SnapshotId after = Need(vault.BackupTree(Path("srv"))).snapshot;

  for (unsigned mask = 1; mask < 8; ++mask) {
    EXPECT_EQ(CodeOf(TryOpen(WithShares(old, mask), {}, "old set")), StatusCode::kWrongKey);
    // One share of the new set and one of the old are not two.
    Unlock mixed = WithShares(old, mask);
    mixed.AddShare("new", shares_[0].bytes.Clone());
    EXPECT_EQ(CodeOf(TryOpen(mixed, {}, "old set")), StatusCode::kWrongKey);
  }
  EXPECT_FALSE(stale.Restore(after, NewTarget()).ok());
  EXPECT_FALSE(stale.Cat(after, "srv/later", [](ByteView) { return Status::Ok(); }).ok());
  EXPECT_FALSE(stale.BackupTree(Path("srv")).ok());
  // Said truthfully elsewhere: what was written before, it reads for ever.
  EXPECT_TRUE(Need(stale.Restore(before, NewTarget())).complete());
  for (const unsigned mask : {0b011u, 0b101u, 0b110u}) {
    Vault opened = Need(TryOpen(WithShares(shares_, mask), {}, "new set"));
    EXPECT_TRUE(Need(opened.Restore(after, NewTarget())).complete());
  }
}

}  // namespace
}  // namespace fenchi
