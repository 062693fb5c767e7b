// Bad lines: slow, hanging and flaky providers beside good ones; and the wish to stop.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <thread>
#include <tuple>

#include "fenchi/provider_wrappers.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;

constexpr std::uint64_t kMiB = 1u << 20;

// Holds back calls until it is opened. Gives up after a minute, so that a failing test ends.
class Gate {
 public:
  void Wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    if (!changed_.wait_for(lock, seconds(60), [&] { return open_; })) timed_out_ = true;
    --waiting_;
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool timed_out() const { return timed_out_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
  std::atomic<bool> timed_out_ = false;
};

bool IsShard(std::string_view name) { return name.starts_with("d/"); }

class Transfers : public VaultTest {
 protected:
  // Puts (or Gets) of shards at a provider wait at the gate.
  void Hold(int number, Verb held, Gate& gate) {
    provider(number).FailBefore(
        [&gate, held](Verb verb, std::string_view name, int) -> std::optional<Status> {
          if (verb == held && IsShard(name)) gate.Wait();
          return std::nullopt;
        });
  }
  Result<BackupReport> BackUpRandom(Vault& vault, std::uint64_t size,
                                    const BackupOptions& options = {}) {
    auto left = std::make_shared<std::uint64_t>(size);
    return vault.BackupStream(
        [this, left](MutableBytes out) -> Result<std::size_t> {
          const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(*left, out.size()));
          random_->Fill(out.first(count));
          *left -= count;
          return count;
        },
        "dump", options);
  }
};

TEST_F(Transfers, AProviderThatHangsHoldsBackNoneOfTheOthers) {
  Vault vault = MakeVault({.needed = 2, .providers = 4});
  Gate gate;
  Hold(3, Verb::kPut, gate);
  // It goes on only once the first one has the shards of four packs: twice as many as are in front.
  std::atomic<int> stored = 0;
  provider(0).FailAfter([&](Verb verb, std::string_view name, int) -> std::optional<Status> {
    if (verb == Verb::kPut && IsShard(name) && ++stored == 4) gate.Open();
    return std::nullopt;
  });
  const BackupReport report = Need(BackUpRandom(vault, 62 * kMiB));
  EXPECT_FALSE(gate.timed_out()) << "the others waited for it";
  EXPECT_GE(report.packs_added, 4u);
  EXPECT_THAT(report.providers_missed, IsEmpty());
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kTags})).healthy());
}

TEST_F(Transfers, WhatWaitsForASlowProviderIsBounded) {
  Vault vault = MakeVault({.needed = 1, .providers = 3});
  Gate gate;
  Hold(2, Verb::kPut, gate);
  std::atomic<int> stored = 0;
  std::atomic<bool> open = false;
  std::atomic<int> most_ahead = 0;
  std::thread opener;
  provider(0).FailAfter([&](Verb verb, std::string_view name, int) -> std::optional<Status> {
    if (verb != Verb::kPut || !IsShard(name)) return std::nullopt;
    const int now = ++stored;
    if (!open) most_ahead = std::max<int>(most_ahead, now);
    if (now == 4) {
      // Time to run away, for one that would.
      opener = std::thread([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        open = true;
        gate.Open();
      });
    }
    return std::nullopt;
  });
  Need(BackUpRandom(vault, 140 * kMiB));
  opener.join();
  EXPECT_FALSE(gate.timed_out());
  // 48 MiB of shards of 15 MiB each may wait, and two packs are in front.
  EXPECT_LE(most_ahead, 7);
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kTags})).healthy());
}

TEST_F(Transfers, ARestoreDoesNotWaitForAProviderThatHangs) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(6 * kMiB));
  for (int hanging = 0; hanging < 3; ++hanging) {
    SCOPED_TRACE(hanging);
    Gate gate;  // outlives the vaults, whose lanes may wait at it
    Vault vault = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
    const BackupReport report = Need(vault.BackupTree(Path("srv")));
    Vault again = Reopen("host" + std::to_string(hanging));
    Hold(hanging, Verb::kGet, gate);
    const std::string target = NewTarget();
    const RestoreReport restored = Need(again.Restore(report.snapshot, target));
    EXPECT_FALSE(gate.timed_out()) << "the restore waited for it";
    gate.Open();
    EXPECT_TRUE(restored.complete());
    EXPECT_EQ(Describe(Path("srv")), Describe(target + "/srv"));
  }
}

TEST_F(Transfers, ARestoreTakesTheFastestProviders) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(40 * kMiB));
  Vault vault = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  std::vector<std::shared_ptr<Meter>> meters;
  std::vector<NamedProvider> shaped = Named();
  for (int i = 0; i < 3; ++i) {
    provider(i).SetLatency({.bytes_per_second = i == 1 ? 1'000'000u : 40'000'000u, .shared = true},
                           WaitClock{});
    meters.push_back(std::make_shared<Meter>());
    auto& place = shaped[static_cast<std::size_t>(i)].provider;
    place = OpenMeteredProvider(place, meters.back());
  }
  OpenOptions options{.vault_id = vault_id_,
                      .state_directory = HostDirectory("other"),
                      .environment = TestEnvironment()};
  Vault over_lines = Need(Vault::Open(shaped, Passphrase(), options));
  ExpectRestores(over_lines, report.snapshot, Path("srv"));
  // Its share would be two thirds of 20 MiB, if it were asked like the others.
  EXPECT_LT(meters[1]->Read().bytes_got, 4 * kMiB);
  EXPECT_GT(meters[0]->Read().bytes_got, 18 * kMiB);
  EXPECT_GT(meters[2]->Read().bytes_got, 18 * kMiB);
}

// What was fetched of a shard is kept when its line breaks, also where no retry is around it.
TEST_F(Transfers, AShardIsReadOnFromWhereItsLineBroke) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(14 * kMiB));
  Vault vault = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  provider(2).SetAbsent(true);
  std::vector<std::shared_ptr<Meter>> meters;
  std::vector<NamedProvider> named = Named();
  for (int i = 0; i < 2; ++i) {
    // Two reads break: fewer than a shard is tried.
    auto reads = std::make_shared<std::atomic<int>>(0);
    provider(i).FailBefore([reads](Verb verb, std::string_view name, int) -> std::optional<Status> {
      if (verb != Verb::kGet || !IsShard(name)) return std::nullopt;
      const int number = ++*reads;
      if (number != 3 && number != 5) return std::nullopt;
      return Status(StatusCode::kUnavailable, "line cut");
    });
    meters.push_back(std::make_shared<Meter>());
    auto& place = named[static_cast<std::size_t>(i)].provider;
    place = OpenMeteredProvider(place, meters.back());
  }
  OpenOptions options{.vault_id = vault_id_,
                      .state_directory = HostDirectory("other"),
                      .environment = TestEnvironment()};
  Vault over_lines = Need(Vault::Open(named, Passphrase(), options));
  ExpectRestores(over_lines, report.snapshot, Path("srv"));
  // 14 MiB in k = 2 shards of at most 7.5 MiB, and what surrounds them: nothing came twice.
  for (const auto& meter : meters) EXPECT_LT(meter->Read().bytes_got, 10 * kMiB);
}

// Remembers which bytes of which shards were read.
class Recording final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    const Status status = inner().Get(name, offset, out);
    const std::lock_guard lock(mutex_);
    if (!status.ok() || !IsShard(name)) return status;
    for (const auto& [read, from, size] : reads_) {
      if (read != name || from >= offset + out.size() || offset >= from + size) continue;
      ++twice_;
      std::cout << name << ": " << from << "+" << size << ", then " << offset << "+" << out.size()
                << "\n";
    }
    reads_.emplace_back(name, offset, out.size());
    bytes_ += out.size();
    return status;
  }
  int twice() const { return twice_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::mutex mutex_;
  std::vector<std::tuple<std::string, std::uint64_t, std::size_t>> reads_;
  int twice_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
};

TEST_F(Transfers, ARestoreThatWasCutFetchesNothingTwice) {
  MakeDir("srv");
  WriteFile("srv/large", RandomText(50 * kMiB));
  WriteFile("srv/small", RandomText(100'000));
  Vault made = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
  const BackupReport report = Need(made.BackupTree(Path("srv")));
  for (int i = 0; i < 3; ++i) {
    provider(i).SetLatency({.bytes_per_second = 16'000'000u, .shared = true}, WaitClock{});
  }
  for (const int percent : {30, 60, 90}) {
    SCOPED_TRACE(percent);
    std::vector<std::shared_ptr<Recording>> recorded;
    std::vector<NamedProvider> places = Named();
    for (NamedProvider& place : places) {
      recorded.push_back(std::make_shared<Recording>(place.provider));
      place.provider = recorded.back();
    }
    const auto bytes = [&] {
      std::uint64_t sum = 0;
      for (const auto& one : recorded) sum += one->bytes();
      return sum;
    };
    const OpenOptions options{.vault_id = vault_id_,
                              .state_directory = HostDirectory("cut" + std::to_string(percent)),
                              .environment = TestEnvironment()};
    const std::string target = NewTarget();
    {
      Vault first = Need(Vault::Open(places, Passphrase(), options));
      RestoreOptions restore;
      restore.observer.cancelled = [&] { return bytes() > 50 * kMiB * percent / 100; };
      EXPECT_EQ(CodeOf(first.Restore(report.snapshot, target, restore)), StatusCode::kCancelled);
    }
    EXPECT_GT(bytes(), 50 * kMiB * percent / 100);
    Vault second = Need(Vault::Open(places, Passphrase(), options));
    const RestoreReport restored = Need(second.Restore(report.snapshot, target));
    EXPECT_TRUE(restored.complete());
    EXPECT_EQ(Describe(Path("srv")), Describe(target + "/srv"));
    for (const auto& one : recorded) EXPECT_EQ(one->twice(), 0);
    // What lacked, and at most some of shards that were raced against.
    EXPECT_LT(restored.bytes_fetched, 50 * kMiB * (100 - percent) / 100 + 24 * kMiB);
    EXPECT_FALSE(Exists(HostDirectory("cut" + std::to_string(percent)) + "/" +
                        ToHex(vault_id_.view().first(8)) + "/fetched"));
  }
}

// ---- Packs that come up again ----

TEST_F(Transfers, AChunkOfAPackThatHasBeenReadCostsItsRangeAndNotThePackOnceMore) {
  MakeDir("srv");
  for (int i = 0; i < 4; ++i) WriteFile("srv/a" + std::to_string(i), RandomText(15 * kMiB));
  std::vector<std::string> early;
  for (int i = 0; i < 8; ++i) {
    early.push_back(RandomText(100'000));
    WriteFile("srv/a0-" + std::to_string(i), early.back());
    WriteFile("srv/z" + std::to_string(i),
              early.back());  // the same, when others have come between
  }
  Vault vault = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  const std::uint64_t packs = report.bytes_uploaded * 2 / 3;  // k of n shards of each
  for (const bool one_lost : {false, true}) {
    SCOPED_TRACE(one_lost);
    if (one_lost) Lose(0, "d/");
    const std::string target = NewTarget();
    const RestoreReport restored = Need(vault.Restore(report.snapshot, target));
    EXPECT_TRUE(restored.complete());
    EXPECT_EQ(Describe(Path("srv")), Describe(target + "/srv"));
    // Each of the eight: two to four blocks, and as many again to decode them from.
    EXPECT_LT(restored.bytes_fetched, packs + 8 * 8 * 65'536);
  }
}

TEST_F(Transfers, AShardThatLiesInPlaceOfOneThatIsLostIsCountedToo) {
  MakeDir("srv");
  WriteFile("srv/large", RandomText(40 * kMiB));
  Vault vault = MakeVault({.needed = 2, .providers = 4});
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  Lose(0, "d/");
  const std::uint64_t lost = Need(vault.Restore(report.snapshot, NewTarget())).shards_replaced;
  for (const auto& [name, size] : Objects(1, "d/")) {
    for (std::uint64_t at = 10'000; at < size; at += 65'552) provider(1).FlipByte(name, at, 1);
  }
  const RestoreReport restored = Need(vault.Restore(report.snapshot, NewTarget()));
  EXPECT_TRUE(restored.complete());
  EXPECT_GT(lost, 0u);
  EXPECT_GT(restored.shards_replaced, lost);
  HealAll();
}

// ---- Stopping ----

// Asks to stop once `begun` says so, and says how long it took until the verb ended.
struct Stopper {
  std::atomic<bool> begun = false;
  Observer observer() {
    return {.cancelled = [this] { return begun.load(); }};
  }
};

TEST_F(Transfers, ABackupThatWaitsInARetryStopsWhenItIsAskedTo) {
  Vault made = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
  Stopper stopper;
  std::vector<NamedProvider> patient = Named();
  for (NamedProvider& named : patient) {
    named.provider = OpenRetryingProvider(named.provider, {.first_wait = std::chrono::hours(1),
                                                           .wait_max = std::chrono::hours(1),
                                                           .deadline = std::chrono::hours(24)});
  }
  OpenOptions options{.vault_id = vault_id_,
                      .state_directory = HostDirectory("host"),
                      .environment = TestEnvironment()};
  Vault vault = Need(Vault::Open(patient, Passphrase(), options));
  for (int i = 0; i < 3; ++i) {
    provider(i).FailBefore([&](Verb verb, std::string_view name, int) -> std::optional<Status> {
      if (verb != Verb::kPut || !IsShard(name)) return std::nullopt;
      stopper.begun = true;
      return Status(StatusCode::kUnavailable, "down").WithRetryAfter(std::chrono::hours(1));
    });
  }
  BackupOptions backup;
  backup.observer = stopper.observer();
  EXPECT_EQ(CodeOf(BackUpRandom(vault, 40 * kMiB, backup)), StatusCode::kCancelled);
  HealAll();
  EXPECT_TRUE(BackUpRandom(vault, 1 * kMiB).ok());
}

TEST_F(Transfers, ARestoreThatWaitsForARateStopsWhenItIsAskedTo) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(8 * kMiB));
  Vault made = MakeVault({.needed = 2, .providers = 3, .policy = {.liars = 0}});
  const BackupReport report = Need(made.BackupTree(Path("srv")));
  Stopper stopper;
  const auto limit = std::make_shared<RateLimit>(
      RateLimitOptions{.schedule = Need(ParseRateSchedule("1 kB/s")), .burst_bytes = 2 * kMiB});
  std::vector<NamedProvider> slow = Named();
  for (NamedProvider& named : slow) {
    named.provider = OpenRateLimitedProvider(named.provider, limit);
  }
  OpenOptions options{.vault_id = vault_id_,
                      .state_directory = HostDirectory("other"),
                      .environment = TestEnvironment()};
  Vault vault = Need(Vault::Open(slow, Passphrase(), options));
  RestoreOptions restore;
  restore.observer = stopper.observer();
  std::thread asker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    stopper.begun = true;
  });
  EXPECT_EQ(CodeOf(vault.Restore(report.snapshot, NewTarget(), restore)), StatusCode::kCancelled);
  asker.join();
}

}  // namespace
}  // namespace fenchi
