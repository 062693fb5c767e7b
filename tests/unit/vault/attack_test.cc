// Attacks on whole vaults: hostile source trees, snapshots planted by a writer whose keys leaked,
// providers with keys of their own.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>

#include "base/error.h"
#include "crypto/key_exchange.h"
#include "fenchi/random.h"
#include "format/derive.h"
#include "format/names.h"
#include "format/shard_header.h"
#include "format/snapshot.h"
#include "format/wrapped_key.h"
#include "operations/backup_run.h"
#include "operations/commit.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using filesystem::BecomeNobody;
using filesystem::InChild;

class Attack : public VaultTest {};

// ---- Hostile source trees

TEST_F(Attack, ATreeDeeperThanTheStackIsBackedUpAndRestored) {
  constexpr int kDepth = 6000;
  UseMemoryFileSystem();
  MakeDir("deep");
  int at = ::open(Path("deep").c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(at, "a", 0755), 0);
    const int next = ::openat(at, "a", O_RDONLY | O_DIRECTORY);
    ::close(at);
    at = next;
  }
  ::close(at);
  WriteFile("deep/last", "behind all of them");
  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(Path("deep")));
  EXPECT_EQ(report.directories, kDepth + 1u);
  EXPECT_EQ(report.unreadable, 0u);
  const std::string target = NewTarget();
  const RestoreReport restored = Need(vault.Restore(report.snapshot, target));
  EXPECT_EQ(restored.directories, kDepth + 1u);
  EXPECT_TRUE(restored.problems.empty());
  EXPECT_EQ(ReadFile(target + "/deep/last"), "behind all of them");
}

// ---- A writer whose keys leaked

// Writes what no honest writer would.
class HostileWriter {
 public:
  HostileWriter(Access access, const std::string& folder, Random& random, Clock& clock)
      : session_(std::move(access), folder, random, clock),
        writer_(Need(WriterState::Acquire(folder, session_.access, random))),
        index_(Need(ChunkIndex::Open(writer_.index_path()))) {
    EXPECT_TRUE(EnsureWriter(session_.access, writer_, clock, random).ok());
    Need(session_.Refresh());
    history_ = std::make_unique<History>(Need(session_.ReadHistory()));
    domain_ = Need(WriteKeysFor(session_.access, ""));
    run_ = Need(BackupRun::Start(session_, writer_, index_, domain_, *history_, 3));
  }

  template <typename List>
  format::Reference Store(const List& node) {
    const NodeStore nodes = run_->nodes();
    const TicketPtr ticket = Need(nodes.store(Need(format::EncodeNode(node))));
    EXPECT_TRUE(nodes.place().ok());
    EXPECT_TRUE(ticket->placed());
    return ticket->reference();
  }
  SnapshotId Commit(format::TreeList root) {
    EXPECT_TRUE(run_->Finish().ok());
    const RunKeys& keys = run_->keys();
    format::SnapshotObject object;
    object.domain = keys.domain;
    object.run = keys.run;
    object.epoch = keys.epoch;
    object.wrapped_data_key = keys.wrapped_data_key;
    format::SnapshotContent content;
    content.root = std::move(root);
    EXPECT_TRUE(format::SealSnapshot(session_.access.suite(), session_.access.vault,
                                     keys.data_key.view(), content, session_.random, object)
                    .ok());
    CommitPlan plan;
    plan.added = run_->AddedInUse();
    plan.snapshots.push_back(Need(format::EncodeSnapshotObject(object)));
    EXPECT_TRUE(Need(CommitSnapshot(session_, writer_, plan)).buried.empty());
    return format::SnapshotIdOf(plan.snapshots.front());
  }
  // A sealed snapshot that nobody can open, over a pack list that is nowhere.
  void CommitNonsense() {
    Random& random = session_.random;
    format::SnapshotObject object;
    object.domain = session_.access.domains.front().id;
    random.Fill(object.run.mutable_view());
    object.epoch = 1;
    format::WrappedKey wrapped;
    wrapped.box = Bytes(32 + kSealOverhead, 1);
    object.wrapped_data_key = Need(format::EncodeWrappedKey(wrapped));
    object.box = Bytes(1024, 2);
    format::CommitBody body;
    body.policy_version = session_.access.policy.version;
    body.seats = 4;
    body.snapshots.push_back(Need(format::EncodeSnapshotObject(object)));
    body.added.count = 9000;
    random.Fill(body.added.objects.emplace_back(format::ObjectRef{{}, 4096}).hash.mutable_view());
    const format::RecordRef commit =
        Need(session_.log.Append(writer_, std::move(body), session_.clock, random));
    Need(session_.log.Append(writer_, format::SealBody{commit.seq, commit.hash}, session_.clock,
                             random));
  }

 private:
  Session session_;
  WriterState writer_;
  ChunkIndex index_;
  WriteKeys domain_;
  std::unique_ptr<History> history_;
  std::unique_ptr<BackupRun> run_;
};

constexpr int kLevels = 8;
constexpr int kLinks = 40;  // 40^8 items, were they walked

format::Entry EmptyFile(const std::string& path) {
  format::Entry entry;
  entry.path = path;
  entry.attributes.type = EntryType::kFile;
  return entry;
}

// Stops whoever walks on.
Observer Patience(std::shared_ptr<int> asked) {
  Observer observer;
  observer.cancelled = [asked] { return ++*asked > 5000; };
  return observer;
}

TEST_F(Attack, ATreeThatNamesItsNodesAgainAndAgainIsRefused) {
  Vault vault = MakeVault();
  HostileWriter writer(OpenAccess(), HostDirectory("hostile"), *random_, *clock_);
  format::TreeList list;
  list.items.push_back(EmptyFile("a"));
  for (int level = 1; level <= kLevels; ++level) {
    const format::Reference below = writer.Store(list);
    list = {};
    list.level = level;
    for (int i = 0; i < kLinks; ++i) list.links.push_back({below, 1, fmt::format("a{:02}", i)});
    list.links.front().last_path = "a";
  }
  const SnapshotId bomb = writer.Commit(list);

  int shown = 0;
  const Status listed =
      vault.List(bomb, "", true, [&](const ListedEntry&) { return ++shown < 1000; });
  EXPECT_EQ(CodeOf(listed), StatusCode::kDamaged);
  EXPECT_LE(shown, 1);
  const auto asked = std::make_shared<int>(0);
  RestoreOptions options;
  options.observer = Patience(asked);
  const RestoreReport report = Need(vault.Restore(bomb, NewTarget(), options));
  EXPECT_FALSE(report.complete());
  EXPECT_LE(report.lost.size(), kLevels * kLinks);
  VerifyOptions depth{.depth = VerifyDepth::kData, .observer = Patience(asked)};
  EXPECT_FALSE(Need(vault.Verify(depth)).healthy());
}

TEST_F(Attack, EntriesOfOneNumberAreOneFileOnlyWhereTheyAgreeInTheRest) {
  Vault vault = MakeVault();
  HostileWriter writer(OpenAccess(), HostDirectory("hostile"), *random_, *clock_);
  format::TreeList any;
  any.items.push_back(EmptyFile("x"));
  const format::Reference chunk = writer.Store(any);
  format::TreeList root;
  for (const char* path : {"a", "b", "content", "mode", "size", "time"}) {
    format::Entry entry = EmptyFile(path);
    entry.attributes.mode = 0640;
    entry.attributes.size = 500;
    entry.attributes.hard_link = HardLinkKey{1, 2};
    root.items.push_back(entry);
  }
  root.items[1].flags = format::kEntryChanged;
  root.items[2].content.items.push_back({0, chunk});
  root.items[3].attributes.mode = 0600;
  root.items[4].attributes.size = 501;
  root.items[5].attributes.modified = {7, 8};
  const std::string target = NewTarget();
  EXPECT_TRUE(Need(vault.Restore(writer.Commit(root), target)).complete());
  std::map<ino_t, std::string> names;
  for (const format::Entry& entry : root.items) {
    const struct stat status = Stat(target + "/" + entry.path);
    names[status.st_ino] += entry.path + " ";
    EXPECT_EQ(static_cast<std::uint64_t>(status.st_size), entry.attributes.size) << entry.path;
    EXPECT_EQ(status.st_mode & 07777, entry.attributes.mode) << entry.path;
    EXPECT_EQ(status.st_mtim.tv_sec, entry.attributes.modified.seconds) << entry.path;
  }
  EXPECT_EQ(names.size(), 5u);
  EXPECT_EQ(names[Stat(target + "/a").st_ino], "a b ");
}

TEST_F(Attack, AFileThatNamesItsNodesAgainAndAgainIsRefused) {
  Vault vault = MakeVault();
  HostileWriter writer(OpenAccess(), HostDirectory("hostile"), *random_, *clock_);
  format::TreeList any;
  any.items.push_back(EmptyFile("x"));
  format::ContentList list;
  list.items.push_back({0, writer.Store(any)});
  std::uint64_t end = list.items.front().chunk.plain_size;
  for (int level = 1; level <= kLevels; ++level) {
    const format::Reference below = writer.Store(list);
    list = {};
    list.level = level;
    for (int i = 0; i < kLinks; ++i) list.links.push_back({below, 1, end + i});
    end += kLinks - 1;
  }
  format::Entry file = EmptyFile("big");
  file.attributes.size = end;
  file.content = list;
  format::TreeList root;
  root.items.push_back(file);
  const SnapshotId bomb = writer.Commit(root);

  int pieces = 0;
  const Status read = vault.Cat(bomb, "big", [&](ByteView) {
    return ++pieces < 1000 ? Status::Ok() : Status(StatusCode::kCancelled, "endless");
  });
  EXPECT_EQ(CodeOf(read), StatusCode::kDamaged);
  RestoreOptions options;
  options.observer = Patience(std::make_shared<int>(0));
  const RestoreReport report = Need(vault.Restore(bomb, NewTarget(), options));
  ASSERT_EQ(report.lost.size(), 1u);
  EXPECT_EQ(report.lost.front().path, "big");
}

TEST_F(Attack, ASealedSnapshotThatNobodyCanOpenDoesNotHideTheOthers) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId good = Need(vault.BackupTree(Path("srv"))).snapshot;
  HostileWriter(OpenAccess(), HostDirectory("hostile"), *random_, *clock_).CommitNonsense();
  const SnapshotList list = Need(vault.Snapshots());
  ASSERT_EQ(list.snapshots.size(), 1u);
  EXPECT_EQ(list.unreadable, 1u);
  EXPECT_EQ(Need(vault.FindSnapshot("latest")), good);

  Lose(2, "d/");
  const VerifyReport health = Need(vault.Verify({.depth = VerifyDepth::kTags}));
  EXPECT_FALSE(health.healthy());
  const RepairReport repaired = Need(vault.Repair(health));
  EXPECT_GT(repaired.shards_written, 0u);
  EXPECT_FALSE(repaired.complete());  // the planted list is nowhere
  Vault two = Need(TryOpen(Passphrase(), {2, 3}));
  ExpectRestores(two, good, Path("srv"));
}

// ---- A provider that has the outer key, from a reader of another key domain

TEST_F(Attack, HeadersThatOneProviderSealedWithKeysOfItsOwnChangeNothing) {
  WriteTree("srv");
  WriteFile("srv/more", RandomText(2'000'000));
  Vault vault = MakeVault();
  const SnapshotId snapshot = Need(vault.BackupTree(Path("srv"))).snapshot;
  const Access access = OpenAccess();
  const SecretBytes own_key = SecretBytes::Random(32, *random_);
  for (const auto& [name, size] : Objects(0, "d/")) {
    Bytes shard = Need(GetAll(inner(0), name, size));
    const Bytes box(shard.begin(), shard.begin() + format::kHeaderSize);
    format::ShardHeader header =
        Need(format::OpenShardHeader(access.vault, access.outer_key.view(), box));
    const Bytes context = format::RunContext(header.run, header.domain);
    format::WrappedKey wrapped;
    wrapped.form = format::WrapForm::kPublicKey;
    wrapped.box = Need(SealToPublicKey(
        {access.suite(), SealType::kWrappedDataKey, access.vault, context},
        access.policy.domains.front().read_public_key.view(), own_key.view(), *random_));
    header.wrapped_data_key = Need(format::EncodeWrappedKey(wrapped));
    header.commitment =
        Need(format::PackKeys(own_key.view(), header.identity(access.vault))).commitment;
    const Bytes planted =
        Need(format::SealShardHeader(access.vault, access.outer_key.view(), header));
    std::copy(planted.begin(), planted.end(), shard.begin());
    MemorySource source(shard);
    ASSERT_TRUE(inner(0).Put(name, source, {.replace = true}).ok());
  }
  ExpectRestores(vault, snapshot, Path("srv"));
}

// ---- A liar among many, met by who cannot check tags

TEST_F(Attack, OneLiarAmongSixteenDoesNotKeepADomainReaderFromDecoding) {
  WriteTree("srv");
  WriteFile("srv/more", RandomText(400'000));
  Shape shape;
  shape.needed = 8;
  shape.providers = 16;
  shape.policy.key_domains = {"a", "b"};
  Vault vault = MakeVault(shape);
  const BackupReport report = Need(vault.BackupTree(Path("srv"), {.key_domain = "a"}));
  const std::vector<std::string> only = {"a"};
  const SecretBytes credential = Need(vault.ExportCredential(Role::kRead, only));
  for (const auto& [name, size] : Objects(0, "d/")) {
    for (std::uint64_t at = 5000; at < size; at += 20'000) provider(0).FlipByte(name, at, 0x40);
  }
  Vault reader = Need(TryOpen(Unlock::WithCredential(credential.Clone()), {}, "reader"));
  RestoreOptions options;
  options.absent_providers = {"p1", "p2", "p3"};
  ExpectRestores(reader, report.snapshot, Path("srv"), options);
}

// ---- Plaintext that stays behind

TEST_F(Attack, ADrillRemovesDirectoriesThatWereRestoredReadOnly) {
  MakeDir("srv");
  MakeDir("srv/sealed");
  WriteFile("srv/sealed/secret", "plaintext");
  ASSERT_EQ(::chmod(Path("srv/sealed").c_str(), 0500), 0);
  SnapshotId snapshot;
  {
    Shape shape;
    shape.on_disk = true;
    Vault vault = MakeVault(shape);
    snapshot = Need(vault.BackupTree(Path("srv"))).snapshot;
  }
  for (const auto& item : std::filesystem::recursive_directory_iterator(scratch_)) {
    std::filesystem::permissions(item, std::filesystem::perms::others_all,
                                 std::filesystem::perm_options::add);
  }
  ASSERT_EQ(::chmod(scratch_.c_str(), 0777), 0);
  MakeDir("scratch", 0777);
  ASSERT_EQ(::chmod(Path("scratch").c_str(), 0777), 0);
  EXPECT_EQ(InChild([&]() -> std::string {
              if (std::string failed = BecomeNobody(); !failed.empty()) return failed;
              Result<Vault> vault = TryOpen(Passphrase(), {}, "nobody");
              if (!vault.ok()) return vault.status().ToString();
              DrillOptions options;
              options.scratch_directory = Path("scratch");
              const Result<DrillReport> report = vault->Drill(snapshot, options);
              if (!report.ok()) return report.status().ToString();
              return std::filesystem::is_empty(Path("scratch")) ? "" : "something stayed";
            }),
            "");
}

}  // namespace
}  // namespace fenchi
