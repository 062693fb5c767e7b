// The packs that a restore has in memory are counted, and no more than four whoever holds them.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/stop.h"
#include "operations/operations.h"
#include "operations/snapshot_view.h"
#include "repository/pack_writer.h"
#include "repository/run_keys.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

constexpr std::size_t kMiB = 1u << 20;

// Another thread that lets go of what it is given, when it comes to it.
class Holder {
 public:
  explicit Holder(PackReader& packs) {
    packs.set_let_go([this] {
      ++asked;
      const std::lock_guard lock(mutex_);
      for (PackBytes& view : held) given_.push_back(std::move(view));
      held.clear();
      changed_.notify_all();
    });
    thread_ = std::thread([this] { Work(); });
  }
  ~Holder() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }

  std::vector<PackBytes> held;  // by the reader's thread
  int asked = 0;

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !given_.empty(); });
      if (given_.empty()) return;
      std::vector<PackBytes> given = std::move(given_);
      given_.clear();
      lock.unlock();
      given.clear();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<PackBytes> given_;
  bool ending_ = false;
  std::thread thread_;
};

class PacksInMemory : public VaultTest {
 protected:
  // A snapshot as a restore opens it.
  SnapshotView& View(const SnapshotId& snapshot, const std::vector<std::string>& absent = {},
                     std::size_t threads = 2) {
    OpenOptions options;
    options.vault_id = vault_id_;
    view_.reset();
    session_ =
        std::make_unique<Session>(Need(OpenVault(Named(), Passphrase(), options,
                                                 std::make_shared<Executor>(threads), nullptr)),
                                  HostDirectory("host"), *random_, *clock_);
    view_ = std::make_unique<SnapshotView>(Need(OpenSnapshotView(*session_, snapshot, absent)));
    view_->packs->set_whole_packs(true);
    return *view_;
  }

  // One file of many packs, and where its chunks lie, in order.
  SnapshotId BackUpPacks(std::size_t bytes) {
    MakeDir("srv");
    WriteFile("srv/large", RandomText(bytes));
    Vault vault = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
    return Need(vault.BackupTree(Path("srv"))).snapshot;
  }
  std::vector<format::Reference> Chunks(SnapshotView& view) {
    std::vector<format::Reference> chunks;
    const format::Entry entry = Need(FindEntry(view, "srv/large"));
    EXPECT_TRUE(view.chunks
                    ->WalkContent(entry.content,
                                  [&](const format::ContentItem& item) -> Result<bool> {
                                    chunks.push_back(item.chunk);
                                    return true;
                                  })
                    .ok());
    return chunks;
  }
  std::vector<PackId> PacksOf(const std::vector<format::Reference>& chunks) {
    std::vector<PackId> packs;
    for (const format::Reference& chunk : chunks) {
      for (const format::Piece& piece : chunk.pieces) {
        if (std::ranges::find(packs, piece.pack) == packs.end()) packs.push_back(piece.pack);
      }
    }
    return packs;
  }
  // Full packs that say they are lists.
  std::vector<PackId> StoreLists(std::size_t count) {
    const Access& access = session_->access;
    StageClock stages;
    const WriteKeys domain = Need(WriteKeysFor(access, ""));
    const RunKeys keys = Need(NewRunKeys(access, domain, {}, *random_));
    PackWriter writer(access, keys, format::PackType::kMetadata, *random_, stages);
    constexpr std::size_t kChunk = 1 << 20;
    std::vector<StoredPack> stored;
    while (stored.size() < count) {
      ChunkId id;
      random_->Fill(id.bytes);
      Bytes chunk(1 + kChunk);
      random_->Fill(chunk);
      EXPECT_TRUE(
          writer.Add(id, kChunk, OwnChunk(std::move(chunk)), std::make_shared<ChunkTicket>()).ok());
      for (StoredPack& pack : writer.TakeStored()) stored.push_back(std::move(pack));
    }
    EXPECT_TRUE(writer.Wait().ok());
    std::vector<PackId> packs;
    for (std::size_t i = 0; i < count; ++i) packs.push_back(stored[i].entry.pack);
    return packs;
  }
  static std::size_t Most(const SnapshotView& view) {
    return view.packs->memory().most_taken(PackMemory::Kind::kWhole);
  }
  static std::size_t Bound(const SnapshotView& view) {
    return kWholePacksMax * view.packs->memory().pack_bytes();
  }

  std::unique_ptr<Session> session_;
  std::unique_ptr<SnapshotView> view_;
};

TEST_F(PacksInMemory, AReaderIsBoundedWhileItsViewsAreHeld) {
  const SnapshotId snapshot = BackUpPacks(110 * kMiB);
  for (const bool one_lost : {false, true}) {
    for (const bool announced : {true, false}) {
      SCOPED_TRACE(one_lost ? "one lost" : "all there");
      SCOPED_TRACE(announced ? "announced" : "not announced");
      const std::size_t threads = one_lost == announced ? 2 : one_lost ? 1 : 0;
      SnapshotView& view =
          View(snapshot, one_lost ? std::vector<std::string>{"p0"} : std::vector<std::string>{},
               threads);
      const std::vector<format::Reference> chunks = Chunks(view);
      const std::vector<PackId> packs = PacksOf(chunks);
      ASSERT_GE(packs.size(), 7u);
      Holder holder(*view.packs);
      if (announced) view.packs->Expect(packs);
      // Twice: the second time from ranges, pack after pack.
      for (std::size_t turn = 0; turn < 2; ++turn) {
        for (std::size_t i = 0; i < chunks.size(); ++i) {
          const format::Reference& chunk = chunks[turn == 0 ? i : i * 37 % chunks.size()];
          const ChunkReader::Fetched fetched = Need(view.chunks->Fetch(chunk));
          Decompressor decompressor;
          Bytes room;
          ASSERT_TRUE(ChunkReader::OpenFetched(fetched, decompressor, room).ok());
          holder.held.push_back(fetched.stored);
        }
      }
      EXPECT_GT(holder.asked, 0);
      EXPECT_LE(Most(view), Bound(view));
      EXPECT_GT(Most(view), Bound(view) / 2) << "what is counted is what there is";
      EXPECT_LE(view.packs->memory().most_taken(PackMemory::Kind::kRange), 40 * kMiB);
      view_.reset();  // while the holder still has some
    }
  }
}

TEST_F(PacksInMemory, ViewsOutliveTheirReader) {
  SnapshotView& view = View(BackUpPacks(20 * kMiB));
  std::vector<ChunkReader::Fetched> fetched;
  for (const format::Reference& chunk : Chunks(view)) {
    fetched.push_back(Need(view.chunks->Fetch(chunk)));
  }
  view_.reset();
  Decompressor decompressor;
  for (const ChunkReader::Fetched& one : fetched) {
    Bytes room;
    EXPECT_TRUE(ChunkReader::OpenFetched(one, decompressor, room).ok());
  }
}

// Holds back the shards of one pack until some of another are asked for.
class OneAfterTheOther {
 public:
  OneAfterTheOther(std::set<std::string> held, std::set<std::string> awaited)
      : held_(std::move(held)), awaited_(std::move(awaited)) {}
  std::optional<Status> operator()(Verb verb, std::string_view name) {
    if (verb != Verb::kGet) return std::nullopt;
    std::unique_lock lock(mutex_);
    if (awaited_.contains(std::string(name))) {
      asked_ = true;
      changed_.notify_all();
    } else if (held_.contains(std::string(name))) {
      if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return asked_; })) {
        timed_out_ = true;
      }
    }
    return std::nullopt;
  }
  bool timed_out() const { return timed_out_; }

 private:
  const std::set<std::string> held_;
  const std::set<std::string> awaited_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  std::atomic<bool> timed_out_ = false;
};

// Slow lines: while one pack is on its way, the next is asked for, although views of packs that
// were read are held; whether the first is on its way before it is waited for, or begun only then.
TEST_F(PacksInMemory, TheNextIsAskedForWhileOneIsOnItsWay) {
  const SnapshotId snapshot = BackUpPacks(80 * kMiB);
  for (const bool begun : {true, false}) {
    SCOPED_TRACE(begun);
    SnapshotView& view = View(snapshot);
    const std::vector<PackId> packs = PacksOf(Chunks(view));
    ASSERT_GE(packs.size(), 5u);
    const auto names = [&](const PackId& pack) {
      std::set<std::string> all;
      for (const Seat& seat : view.seats->all()) {
        all.insert(ShardNameAt(session_->access, pack, 2)(seat, 0));
      }
      return all;
    };
    OneAfterTheOther order(names(packs[3]), names(packs[4]));
    Holder holder(*view.packs);
    const auto read = [&](std::size_t pack) {
      holder.held.push_back(Need(view.packs->View(packs[pack], 0, 1000)));
    };
    for (const std::size_t pack : {0, 1, 2}) read(pack);
    if (begun) holder.held.erase(holder.held.begin());  // there is room for two more
    for (int i = 0; i < providers(); ++i) {
      provider(i).FailBefore(
          [&](Verb verb, std::string_view name, int) { return order(verb, name); });
    }
    view.packs->Expect(std::vector<PackId>{packs[3], packs[4]});
    read(3);
    EXPECT_FALSE(order.timed_out());
    read(4);
    HealAll();
    EXPECT_LE(Most(view), Bound(view));
    view_.reset();
    session_.reset();  // with the lanes, on which a provider that came late may still be in `order`
  }
}

// A file's chunks may claim to lie in them: whoever writes to the vault can say so.
TEST_F(PacksInMemory, PacksThatSayTheyAreListsKeepNoOtherFromBeingRead) {
  SnapshotView& view = View(BackUpPacks(65 * kMiB));
  std::vector<PackId> packs = StoreLists(2);
  const std::vector<PackId> data = PacksOf(Chunks(view));
  ASSERT_GE(data.size(), 3u);
  packs.insert(packs.end(), data.begin(), data.end());
  Holder holder(*view.packs);
  view.packs->Expect(packs);
  for (const PackId& pack : packs) {
    holder.held.push_back(Need(view.packs->View(pack, 0, 1000)));
  }
  EXPECT_LE(Most(view), Bound(view));
  EXPECT_GE(view.packs->memory().most_taken(PackMemory::Kind::kList),
            2 * format::PackPlainSize(format::kPackClasses.back()))
      << "else they were not read as lists";
  view_.reset();
}

// Many runs, of which each has added a file: all in packs of their own, and one batch has them all.
class RestoreOfManyPacks : public PacksInMemory {
 protected:
  static constexpr int kRuns = 100;
  SnapshotId BackUpRuns() {
    MakeDir("srv");
    Vault vault = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
    SnapshotId last;
    for (int i = 0; i < kRuns; ++i) {
      WriteFile("srv/" + std::to_string(i), RandomText(2000));
      last = Need(vault.BackupTree(Path("srv"))).snapshot;
    }
    return last;
  }
};

TEST_F(RestoreOfManyPacks, IsBoundedWithAllPlacesAndWithOneLost) {
  const SnapshotId snapshot = BackUpRuns();
  for (const std::vector<std::string>& absent : {std::vector<std::string>{}, {"p1"}}) {
    SnapshotView& view = View(snapshot, absent);
    RestoreReport report;
    const std::string target = NewTarget();
    ASSERT_TRUE(RestoreView(view, target, {}, report).ok());
    EXPECT_TRUE(report.complete());
    EXPECT_EQ(report.files, static_cast<std::uint64_t>(kRuns));
    EXPECT_EQ(Describe(Path("srv")), Describe(target + "/srv"));
    EXPECT_LE(Most(view), Bound(view));
    EXPECT_GT(kRuns * format::PackPlainSize(format::kPackClasses.front()), Bound(view))
        << "else nothing is shown: they all fit";
  }
}

TEST_F(RestoreOfManyPacks, EndsWhenItIsCancelledAnywhere) {
  const SnapshotId snapshot = BackUpRuns();
  for (int looks = 1; looks < 300; looks = looks * 2 + 1) {
    SCOPED_TRACE(looks);
    SnapshotView& view = View(
        snapshot, looks % 3 == 0 ? std::vector<std::string>{"p1"} : std::vector<std::string>{});
    int left = looks;
    const std::function<bool()> cancelled = [&] { return --left <= 0; };
    const StopScope scope(cancelled);
    RestoreOptions options;
    options.observer.cancelled = cancelled;
    RestoreReport report;
    const Status status = RestoreView(view, NewTarget(), options, report);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCancelled) << status.ToString();
    if (looks < kRuns) {
      EXPECT_EQ(status.code(), StatusCode::kCancelled);  // each file is a look
    }
    EXPECT_LE(Most(view), Bound(view));
  }
}

}  // namespace
}  // namespace fenchi
