// Locks: what a snapshot needs outlives somebody who may delete everything, everywhere.
#include <mutex>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A place with object locks, which nobody can take off.
class LockingPlace final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  bool can_lock = true;
  bool refuses = false;  // to lock what is there
  int makes_up = 0;      // so many names below k/
  int told = 0;          // of them

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    const Status put = inner().Put(name, source, options);
    const std::lock_guard lock(mutex_);
    if (put.ok() && can_lock && options.retain_until)
      until_[std::string(name)] = *options.retain_until;
    return put;
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    std::vector<Status> answers;
    for (const std::string& name : names) {
      if (RetainedUntil(name)->has_value()) {
        answers.push_back(Status(StatusCode::kLocked, "it is locked"));
      } else {
        answers.push_back(inner().Delete(std::span(&name, 1))->front());
      }
    }
    return answers;
  }
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    bool more = true;
    const Status listed = inner().List(prefix, after, [&](const ObjectInfo& info) {
      more = entry(info);
      return more;
    });
    for (int i = 0; listed.ok() && more && prefix == "k/" && i < makes_up; ++i) {
      ++told;
      more = entry({"k/z" + std::to_string(i), 1});
    }
    return listed;
  }
  Capability capability() const override {
    Capability capability = inner().capability();
    capability.retention = can_lock;
    return capability;
  }
  Status ExtendRetention(std::string_view name, Timestamp until) override {
    if (refuses) return Status(StatusCode::kDenied, "this key may not lock");
    const Status there = inner().Get(name, 0, {});
    if (!there.ok()) return there;
    const std::lock_guard lock(mutex_);
    Timestamp& now = until_[std::string(name)];
    now = std::max(now, until);
    return Status::Ok();
  }
  Result<std::optional<Timestamp>> RetainedUntil(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    const auto found = until_.find(std::string(name));
    return found == until_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Timestamp> until_;
};

// Four places, k = 2; the first three can lock.
class Locks : public VaultTest {
 protected:
  static constexpr std::size_t kLocking = 3;

  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    MakeVault();
    named_ = Named();
    for (std::size_t i = 0; i < kLocking; ++i) {
      places_.push_back(std::make_shared<LockingPlace>(named_[i].provider));
      named_[i].provider = places_.back();
    }
    until_ = {.seconds = clock_->Now().seconds + 86'400};
  }
  Vault Open() {
    return Need(Vault::Open(named_, Passphrase(),
                            {.vault_id = vault_id_,
                             .state_directory = HostDirectory("host"),
                             .environment = TestEnvironment()}));
  }
  // Somebody with every credential deletes all that can be deleted.
  void DeleteEverything() {
    for (const NamedProvider& one : named_) {
      std::vector<std::string> names;
      const Status listed = one.provider->List("", "", [&](const ObjectInfo& info) {
        names.push_back(info.name);
        return true;
      });
      ASSERT_TRUE(listed.ok());
      ASSERT_TRUE(one.provider->Delete(names).ok());
    }
  }

  std::vector<NamedProvider> named_;
  std::vector<std::shared_ptr<LockingPlace>> places_;
  Timestamp until_;
};

TEST_F(Locks, ASnapshotOutlivesWhoDeletesEverythingAlsoWhereItReusesOldPacks) {
  Vault vault = Open();
  Need(vault.BackupTree(Path("srv"), {.label = "unlocked"}));
  const std::string text = RandomText(300'000);
  WriteFile("srv/new", text);
  const BackupReport report =
      Need(vault.BackupTree(Path("srv"), {.label = "locked", .lock_until = until_}));
  ASSERT_TRUE(report.locks.has_value());
  EXPECT_TRUE(report.locks->complete());
  EXPECT_TRUE(report.complete());
  EXPECT_GE(report.locks->packs, 2u);  // of both backups
  EXPECT_EQ(report.locks->until, until_);
  ASSERT_THAT(report.locks->places, SizeIs(4));
  EXPECT_FALSE(report.locks->places[3].can_lock);
  DeleteEverything();
  EXPECT_TRUE(Objects(3).empty());
  Vault after = Open();
  ExpectRestores(after, report.snapshot, Path("srv"));
  EXPECT_EQ(CatText(after, report.snapshot, "srv/new"), text);
}

TEST_F(Locks, WithoutThemNothingIsLeft) {
  Vault vault = Open();
  EXPECT_FALSE(Need(vault.BackupTree(Path("srv"))).locks.has_value());
  DeleteEverything();
  for (int i = 0; i < providers(); ++i) EXPECT_TRUE(Objects(i).empty());
}

TEST_F(Locks, AreAskedForByEachBackupAnew) {
  Vault vault = Open();
  Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  WriteFile("srv/new", RandomText(300'000));
  const auto before = Objects(0, "d/");
  Need(vault.BackupTree(Path("srv")));
  int unlocked = 0;
  for (const auto& [name, size] : Objects(0, "d/")) {
    const bool is_locked = places_[0]->RetainedUntil(name)->has_value();
    EXPECT_EQ(is_locked, before.contains(name)) << name;
    unlocked += is_locked ? 0 : 1;
  }
  EXPECT_GE(unlocked, 1);
  // And the next one that asks locks what this one left open, until a later date.
  const Timestamp later{.seconds = until_.seconds + 86'400};
  EXPECT_TRUE(Need(vault.BackupTree(Path("srv"), {.lock_until = later})).locks->complete());
  for (const auto& [name, size] : Objects(0, "k/")) {
    EXPECT_EQ(*places_[0]->RetainedUntil(name), later) << name;
  }
}

TEST_F(Locks, TooFewOfThemAreAnAlarmAndTheBackupIsSavedAllTheSame) {
  Vault vault = Open();
  Need(vault.BackupTree(Path("srv")));
  places_[0]->refuses = true;
  const BackupReport one = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_TRUE(one.locks->complete()) << "two of the four still lock";
  EXPECT_GE(one.locks->places[0].failed, 2u);
  EXPECT_THAT(one.locks->places[0].message, HasSubstr("may not lock"));
  places_[1]->refuses = true;
  const BackupReport two = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_FALSE(two.complete());
  EXPECT_FALSE(two.locks->complete());
  EXPECT_FALSE(two.locks->opening_locked);
  EXPECT_GE(two.locks->packs_unlocked, 1u);
  ExpectRestores(vault, two.snapshot, Path("srv"));
}

TEST_F(Locks, APlaceThatListsWithoutEndIsNamedAndNotFollowed) {
  Vault vault = Open();
  places_[0]->makes_up = places_[1]->makes_up = 200'000;
  const BackupReport report = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_LE(places_[0]->told, 16'385);
  EXPECT_GT(places_[0]->told, 16'000);
  EXPECT_FALSE(report.locks->opening_locked) << "one of four keeps what opens the vault";
  EXPECT_GE(report.locks->places[0].failed, 1u);
  ExpectRestores(vault, report.snapshot, Path("srv"));
}

TEST_F(Locks, PlacesThatCannotLockAreAnAlarmToo) {
  Vault vault = Open();
  places_[0]->can_lock = places_[1]->can_lock = false;
  const BackupReport report = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_FALSE(report.locks->complete());
  EXPECT_EQ(report.locks->packs_unlocked, report.locks->packs);
  EXPECT_THAT(report.locks->places,
              Each(AllOf(Field(&PlaceLocks::failed, 0u), Field(&PlaceLocks::message, ""))));
}

TEST_F(Locks, CannotEndInThePast) {
  Vault vault = Open();
  const auto refused = vault.BackupTree(Path("srv"), {.lock_until = Timestamp{.seconds = 1}});
  EXPECT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
  ExpectHelpful(refused.status());
}

}  // namespace
}  // namespace fenchi
