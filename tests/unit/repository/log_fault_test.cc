// The log where providers lag, lie, tear and lose, and where writers break the rules.
#include <gmock/gmock.h>

#include <filesystem>
#include <random>

#include "repository/log.h"
#include "unit/repository/fixture.h"

namespace fenchi {
namespace {

using testing::HasSubstr;

struct Written {
  WriterId id;
  std::vector<format::RecordRef> records;
};

// Appends `count` records to the log of this host's writer.
Written Write(TestVault& vault, int count) {
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  Written out{writer.id(), {}};
  for (int i = 0; i < count; ++i) {
    out.records.push_back(
        Need(log.Append(writer, EmptyCommit(vault, i), *vault.clock, *vault.random)));
  }
  return out;
}

struct Reader {
  explicit Reader(const TestVault& vault) : log(vault.access, vault.access.seats) {
    SeenState seen;
    freshness = Need(log.Refresh(seen));
  }
  std::size_t Count(const WriterId& writer) const {
    const auto records = log.records().find(writer);
    return records == log.records().end() ? 0 : records->second.size();
  }
  Log log;
  Freshness freshness;
};

TEST(LogFaults, AGapAtOneProviderHidesNoLaterRecord) {
  for (int position = 0; position < 4; ++position) {
    SCOPED_TRACE(position);
    TestVault vault(2, 4, 100 + static_cast<std::uint64_t>(position));
    const Written log = Write(vault, 6);
    vault.provider(position).Hide(vault.RecordNameAt(position, log.id, 2));
    vault.provider(position).Hide(vault.RecordNameAt(position, log.id, 3));
    const Reader reader(vault);
    EXPECT_EQ(reader.Count(log.id), 6u);
    EXPECT_TRUE(reader.freshness.proven);
  }
}

// n = 4, f = 1, W = R = 3: whoever was absent at the writing, whoever lies, whoever is absent at
// the reading: an acknowledged record is seen as long as R answer.
TEST(LogFaults, ALiarThatServesAnOlderStateHidesNoAcknowledgedRecord) {
  int proven = 0;
  for (int absent = 0; absent < 4; ++absent) {
    TestVault vault(2, 4, 110 + static_cast<std::uint64_t>(absent));
    ASSERT_EQ(vault.access.policy.quorums.read_quorum, 3);
    vault.provider(absent).SetAbsent(true);
    const Written log = Write(vault, 3);
    for (int liar = 0; liar < 4; ++liar) {
      for (int away = 0; away < 4; ++away) {
        vault.HealAll();
        vault.provider(liar).Hide(vault.RecordNameAt(liar, log.id, 3));
        vault.provider(away).SetAbsent(true);
        const Reader reader(vault);
        EXPECT_TRUE(reader.freshness.proven);
        EXPECT_EQ(reader.Count(log.id), 3u) << absent << liar << away;
        ++proven;
      }
    }
  }
  EXPECT_EQ(proven, 64);
}

// The seat that is asked first for a record: where damage is met for certain.
int FirstAsked(TestVault& vault, const WriterId& writer, std::uint64_t seq) {
  for (int i = 0; i < vault.providers(); ++i) {
    vault.HealAll();
    vault.provider(i).FlipByte(vault.RecordNameAt(i, writer, seq), 100, 1);
    const Reader reader(vault);
    if (!reader.freshness.warnings.empty()) {
      vault.HealAll();
      return i;
    }
  }
  ADD_FAILURE() << "no provider's copy is read";
  return 0;
}

TEST(LogFaults, EveryBitFlipOfACopyIsHarmlessAndNamed) {
  TestVault vault(2, 4, 120);
  const Written log = Write(vault, 1);
  const int position = FirstAsked(vault, log.id, 1);
  const std::string name = vault.RecordNameAt(position, log.id, 1);
  const std::size_t size = vault.StoredAt(position, name).size();
  ASSERT_EQ(size, 4096u);
  for (std::size_t byte = 0; byte < size; ++byte) {
    // All bits of the box's open fields, one of each byte behind them.
    for (int bit = 0; bit < 8; ++bit) {
      if (byte >= 84 && bit != static_cast<int>(byte % 8)) continue;
      vault.provider(position).Heal();
      vault.provider(position).FlipByte(name, byte, static_cast<std::uint8_t>(1 << bit));
      const Reader reader(vault);
      ASSERT_EQ(reader.Count(log.id), 1u) << byte << " " << bit;
      ASSERT_EQ(reader.log.Find(log.id, 1)->hash, log.records[0].hash);
      ASSERT_TRUE(reader.freshness.proven);
      const std::string warnings = Joined(reader.freshness.warnings);
      ASSERT_THAT(warnings, HasSubstr("p" + std::to_string(position))) << byte << " " << bit;
      ASSERT_THAT(warnings, HasSubstr(name)) << byte << " " << bit;
    }
  }
}

TEST(LogFaults, ATornCopyIsHarmlessAndNamed) {
  TestVault vault(2, 4, 121);
  const Written log = Write(vault, 1);
  const int position = FirstAsked(vault, log.id, 1);
  const std::string name = vault.RecordNameAt(position, log.id, 1);
  for (const std::uint64_t size : {0, 1, 83, 84, 2048, 4095, 4097, 8192, 2'000'000}) {
    vault.provider(position).Heal();
    vault.provider(position).Resize(name, size);
    const Reader reader(vault);
    EXPECT_EQ(reader.Count(log.id), 1u) << size;
    EXPECT_THAT(Joined(reader.freshness.warnings), HasSubstr(name)) << size;
  }
}

TEST(LogFaults, AnotherRecordUnderTheNameIsNotTaken) {
  TestVault vault(2, 4, 122);
  const Written log = Write(vault, 3);
  for (int i = 0; i < 3; ++i) {  // three liars, one honest provider
    vault.provider(i).ReadAs(vault.RecordNameAt(i, log.id, 2), vault.RecordNameAt(i, log.id, 3));
    vault.provider(i).ReadAs(vault.RecordNameAt(i, log.id, 3), vault.RecordNameAt(i, log.id, 1));
  }
  const Reader reader(vault);
  ASSERT_EQ(reader.Count(log.id), 3u);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    EXPECT_EQ(reader.log.Find(log.id, seq)->hash, log.records[seq - 1].hash);
  }
}

TEST(LogFaults, ACopyRepairedUnderTheNextGenerationIsRead) {
  TestVault vault(2, 4, 123);
  const Written log = Write(vault, 2);
  for (int i = 0; i < 4; ++i) {
    const std::string name = vault.RecordNameAt(i, log.id, 1);
    vault.provider(i).FlipByte(name, 500, 4);
    if (i == 1) {
      const Bytes good = vault.StoredAt(i, name);
      MemorySource repaired(good);
      ASSERT_TRUE(vault.provider(i).Put(vault.RecordNameAt(i, log.id, 1, 1), repaired, {}).ok());
    }
  }
  const Reader reader(vault);
  EXPECT_EQ(reader.Count(log.id), 2u);
}

TEST(LogFaults, ARecordThatAllLostCutsTheLogAndIsSaid) {
  TestVault vault(2, 4, 124);
  const Written log = Write(vault, 6);
  for (int i = 0; i < 4; ++i) vault.provider(i).Hide(vault.RecordNameAt(i, log.id, 5));
  const Reader reader(vault);
  EXPECT_EQ(reader.Count(log.id), 4u);
  EXPECT_THAT(Joined(reader.freshness.warnings), HasSubstr("record 5"));
}

TEST(LogFaults, ADeadProviderIsNotAskedForEveryRecord) {
  TestVault vault(2, 4, 125);
  const Written log = Write(vault, 60);
  vault.provider(2).SetAbsent(true);
  const int before = vault.provider(2).calls(Verb::kGet) + vault.provider(2).calls(Verb::kStat);
  const Reader reader(vault);
  EXPECT_EQ(reader.Count(log.id), 60u);
  EXPECT_EQ(reader.freshness.answered, 3);
  const int asked =
      vault.provider(2).calls(Verb::kGet) + vault.provider(2).calls(Verb::kStat) - before;
  EXPECT_GE(asked, 1);
  EXPECT_LE(asked, 12);
}

TEST(LogFaults, ManyDamagedCopiesAreCountedNotListed) {
  TestVault vault(2, 4, 126);
  const Written log = Write(vault, 40);
  vault.provider(1).ChangeReads([](std::string_view, std::uint64_t, MutableBytes bytes) {
    if (!bytes.empty()) bytes[bytes.size() / 2] ^= 1;
  });
  const Reader reader(vault);
  EXPECT_EQ(reader.Count(log.id), 40u);
  EXPECT_LE(reader.freshness.warnings.size(), 4u);
  EXPECT_THAT(reader.freshness.warnings.back(), HasSubstr("more log records"));
}

// A clone that writes without looking: after `common` records, two different ones. The first lies
// at p0..p2 and is followed by another, the clone's lies at p3 only.
struct Forked {
  explicit Forked(TestVault& vault, int common = 0) {
    Write(vault, common);
    std::filesystem::copy(vault.host.path(), clone.path(),
                          std::filesystem::copy_options::recursive);
    {
      WriterState writer = vault.Writer();
      Log log(vault.access, vault.access.seats);
      vault.provider(3).SetAbsent(true);
      for (int i = 0; i < 2; ++i) {
        right.push_back(
            Need(log.Append(writer, EmptyCommit(vault, i), *vault.clock, *vault.random)));
      }
    }
    WriterState writer = vault.Writer(clone.path());
    id = writer.id();
    Log log(vault.access, vault.access.seats);
    vault.HealAll();
    for (int i = 0; i < 3; ++i) vault.provider(i).SetAbsent(true);
    EXPECT_FALSE(log.Append(writer, EmptyCommit(vault, 9), *vault.clock, *vault.random).ok());
    wrong = writer.pending()->hash;
  }
  TemporaryFolder clone;
  WriterId id;
  std::vector<format::RecordRef> right;
  Hash256 wrong;
};

TEST(LogFaults, AForkIsReportedAndTheLongerBranchCounts) {
  TestVault vault(2, 4, 130);
  const Forked fork(vault);
  // Only p3 is there: its record 1 is valid, nothing follows.
  Reader reader(vault);
  ASSERT_EQ(reader.Count(fork.id), 1u);
  EXPECT_EQ(reader.log.Find(fork.id, 1)->hash, fork.wrong);
  EXPECT_TRUE(reader.log.forks().empty());
  vault.HealAll();
  SeenState seen;
  seen.heads[fork.id] = {1, fork.wrong};
  const Freshness freshness = Need(reader.log.Refresh(seen));
  ASSERT_EQ(reader.Count(fork.id), 2u);
  EXPECT_EQ(reader.log.Find(fork.id, 1)->hash, fork.right[0].hash);
  EXPECT_EQ(reader.log.Find(fork.id, 2)->hash, fork.right[1].hash);
  ASSERT_EQ(reader.log.forks().size(), 1u);
  const Fork& found = reader.log.forks()[0];
  EXPECT_EQ(found.writer, fork.id);
  EXPECT_EQ(found.seq, 1u);
  EXPECT_EQ(found.first, fork.wrong);
  EXPECT_EQ(found.second, fork.right[0].hash);
  EXPECT_THAT(Joined(freshness.warnings), HasSubstr("two different records 1"));
  // Said once.
  SeenState later;
  const Freshness again = Need(reader.log.Refresh(later));
  EXPECT_EQ(reader.log.forks().size(), 1u);
  EXPECT_TRUE(again.warnings.empty()) << Joined(again.warnings);
}

TEST(LogFaults, AForkedLogIsReadTheSameWhicheverProviderIsAskedFirst) {
  for (std::uint64_t seed = 131; seed < 143; ++seed) {
    SCOPED_TRACE(seed);
    TestVault vault(2, 4, seed);
    const Forked fork(vault);
    vault.HealAll();
    const Reader reader(vault);
    ASSERT_EQ(reader.Count(fork.id), 2u);
    EXPECT_EQ(reader.log.Find(fork.id, 1)->hash, fork.right[0].hash);
    EXPECT_TRUE(reader.freshness.proven);
  }
}

// Records are asked for ahead: the fork may be met in the middle of what was fetched.
TEST(LogFaults, AForkAnywhereInTheLogIsReadTheSame) {
  for (int common = 1; common <= 12; ++common) {
    SCOPED_TRACE(common);
    TestVault vault(2, 4, 150 + static_cast<std::uint64_t>(common));
    const Forked fork(vault, common);
    vault.HealAll();
    const Reader reader(vault);
    const auto first = static_cast<std::uint64_t>(common) + 1;
    ASSERT_EQ(reader.Count(fork.id), first + 1);
    EXPECT_EQ(reader.log.Find(fork.id, first)->hash, fork.right[0].hash);
    EXPECT_EQ(reader.log.Find(fork.id, first + 1)->record.previous, fork.right[0].hash);
  }
}

TEST(LogFaults, AHeadThatDiffersFromTheOneSeenIsAFork) {
  TestVault vault(2, 4, 144);
  const Forked fork(vault);
  vault.HealAll();
  vault.provider(3).SetAbsent(true);
  SeenState seen;
  seen.heads[fork.id] = {1, fork.wrong};
  Log log(vault.access, vault.access.seats);
  const Freshness freshness = Need(log.Refresh(seen));
  ASSERT_EQ(log.forks().size(), 1u);
  EXPECT_EQ(log.forks()[0].first, fork.wrong);
  EXPECT_EQ(log.forks()[0].second, fork.right[0].hash);
  EXPECT_THAT(Joined(freshness.warnings), HasSubstr("two different records 1"));
}

// Writers append and crash, one provider at a time misbehaves; every acknowledged record is read by
// everyone who hears R.
TEST(LogFaults, WhatWasAcknowledgedIsReadWhateverOneProviderDoes) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 dice(seed);
    TestVault vault(2, 4, 1000 + seed);
    std::map<WriterId, std::vector<Hash256>> acknowledged;
    for (int step = 0; step < 12; ++step) {
      vault.HealAll();
      const int bad = static_cast<int>(dice() % 4);
      const int away = static_cast<int>(dice() % 4);
      switch (dice() % 4) {
        case 0:
          vault.provider(bad).SetAbsent(true);
          break;
        case 1:
          vault.provider(bad).SetRandomFaults(RandomFaults{dice(), 0.2, 0.2, 0.3});
          break;
        case 2:
          vault.provider(bad).ChangeReads([](std::string_view, std::uint64_t, MutableBytes bytes) {
            for (std::uint8_t& byte : bytes) byte = 0;
          });
          break;
        default:
          for (const auto& [writer, hashes] : acknowledged) {
            for (std::uint64_t seq = 1 + dice() % 4; seq <= hashes.size(); ++seq) {
              vault.provider(bad).Hide(vault.RecordNameAt(bad, writer, seq));
            }
          }
      }
      if (dice() % 3 != 0) {
        // Another process crashed before; its pending record is finished first.
        WriterState writer = vault.Writer();
        Log log(vault.access, vault.access.seats);
        SeenState seen;
        ASSERT_TRUE(log.Refresh(seen).ok());
        ASSERT_FALSE(log.WentOnElsewhere(writer));
        const std::optional<PendingRecord> pending = writer.pending();
        const auto ref = log.Append(writer, EmptyCommit(vault, step), *vault.clock, *vault.random);
        auto& hashes = acknowledged[writer.id()];
        if (pending && (ref.ok() || writer.next_seq() > pending->seq)) {
          hashes.push_back(pending->hash);
        }
        if (ref.ok()) hashes.push_back(ref->hash);
      }
      if (away != bad && dice() % 2 == 0) {
        // Two of four: fewer than R answer in the cases above, so only one misbehaves.
        vault.provider(bad).Heal();
        vault.provider(away).SetAbsent(true);
      }
      const Reader reader(vault);
      if (!reader.freshness.proven) continue;
      for (const auto& [writer, hashes] : acknowledged) {
        ASSERT_GE(reader.Count(writer), hashes.size());
        for (std::uint64_t seq = 1; seq <= hashes.size(); ++seq) {
          ASSERT_EQ(reader.log.Find(writer, seq)->hash, hashes[seq - 1]);
        }
      }
      EXPECT_TRUE(reader.log.forks().empty());
    }
  }
}

}  // namespace
}  // namespace fenchi
