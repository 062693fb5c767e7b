#include "repository/log.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "unit/repository/fixture.h"

namespace fenchi {
namespace {

using testing::HasSubstr;

Freshness Refreshed(Log& log) {
  SeenState seen;
  return Need(log.Refresh(seen));
}

Result<format::RecordRef> AppendTo(TestVault& vault, Log& log, WriterState& writer, int mark = 0) {
  return log.Append(writer, EmptyCommit(vault, mark), *vault.clock, *vault.random);
}

// Another host's view of the log.
struct Reader {
  explicit Reader(const TestVault& vault) : log(vault.access, vault.access.seats) {}
  Freshness Read() { return Refreshed(log); }
  std::size_t Count(const WriterId& writer) const {
    const auto records = log.records().find(writer);
    return records == log.records().end() ? 0 : records->second.size();
  }
  Log log;
};

TEST(Log, AnotherHostReadsWhatWasAppended) {
  TestVault vault(2, 4, 1);
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  Reader reader(vault);
  Hash256 previous;
  for (std::uint64_t seq = 1; seq <= 20; ++seq) {
    const format::RecordRef ref = Need(AppendTo(vault, log, writer, static_cast<int>(seq)));
    EXPECT_EQ(ref.seq, seq);
    ASSERT_NE(log.Find(writer.id(), seq), nullptr);
    EXPECT_EQ(log.Find(writer.id(), seq)->hash, ref.hash);
    if (seq % 7 != 0) continue;
    const Freshness freshness = reader.Read();
    EXPECT_TRUE(freshness.proven);
    EXPECT_EQ(freshness.answered, 4);
    EXPECT_TRUE(freshness.warnings.empty()) << Joined(freshness.warnings);
    ASSERT_EQ(reader.Count(writer.id()), seq);
  }
  reader.Read();
  ASSERT_EQ(reader.Count(writer.id()), 20u);
  for (std::uint64_t seq = 1; seq <= 20; ++seq) {
    const format::OpenedRecord* record = reader.log.Find(writer.id(), seq);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->hash, log.Find(writer.id(), seq)->hash);
    EXPECT_EQ(record->record.previous, previous);
    EXPECT_EQ(std::get<format::CommitBody>(record->record.body),
              EmptyCommit(vault, static_cast<int>(seq)));
    previous = record->hash;
  }
  EXPECT_EQ(reader.log.Find(writer.id(), 0), nullptr);
  EXPECT_EQ(reader.log.Find(writer.id(), 21), nullptr);
  EXPECT_TRUE(reader.log.forks().empty());
}

TEST(Log, AVaultWithoutWritersIsFresh) {
  TestVault vault(2, 4, 2);
  Reader reader(vault);
  const Freshness freshness = reader.Read();
  EXPECT_TRUE(freshness.proven);
  EXPECT_TRUE(reader.log.records().empty());
}

TEST(Log, AppendMovesNoRecord) {
  TestVault vault(2, 4, 3);
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  ASSERT_TRUE(AppendTo(vault, log, writer).ok());
  const format::OpenedRecord* first = log.Find(writer.id(), 1);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(AppendTo(vault, log, writer).ok());
  EXPECT_EQ(log.Find(writer.id(), 1), first);
}

TEST(Log, OneAbsentProviderStopsNeitherWritingNorReading) {
  for (int absent = 0; absent < 4; ++absent) {
    SCOPED_TRACE(absent);
    TestVault vault(2, 4, 10 + static_cast<std::uint64_t>(absent));
    ASSERT_EQ(vault.access.policy.quorums.write_quorum, 3);
    WriterState writer = vault.Writer();
    Log log(vault.access, vault.access.seats);
    vault.provider(absent).SetAbsent(true);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendTo(vault, log, writer).ok());
    Reader reader(vault);
    const Freshness freshness = reader.Read();
    EXPECT_EQ(reader.Count(writer.id()), 3u);
    EXPECT_EQ(freshness.answered, 3);
    EXPECT_TRUE(freshness.proven);
    ASSERT_EQ(freshness.warnings.size(), 1u) << Joined(freshness.warnings);
    EXPECT_THAT(freshness.warnings[0], HasSubstr("p" + std::to_string(absent)));
  }
}

TEST(Log, FewerThanWIsAFailureThatTheNextCallMends) {
  TestVault vault(2, 4, 20);
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  vault.provider(0).SetAbsent(true);
  vault.provider(1).SetAbsent(true);
  const auto failed = AppendTo(vault, log, writer, 1);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.status().code(), StatusCode::kTooFewProviders);
  EXPECT_THAT(failed.status().message(), HasSubstr("p0"));
  ASSERT_TRUE(writer.pending());
  const Bytes object = writer.pending()->object;
  EXPECT_EQ(log.Find(writer.id(), 1), nullptr);
  // A record may already be read by others; the writer must not make another of that number.
  const auto again = AppendTo(vault, log, writer, 2);
  EXPECT_EQ(again.status().code(), StatusCode::kTooFewProviders);
  EXPECT_EQ(writer.pending()->object, object);

  vault.HealAll();
  const format::RecordRef second = Need(AppendTo(vault, log, writer, 2));
  EXPECT_EQ(second.seq, 2u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(vault.StoredAt(i, vault.RecordNameAt(i, writer.id(), 1)), object);
  }
  Reader reader(vault);
  reader.Read();
  EXPECT_EQ(reader.Count(writer.id()), 2u);
}

TEST(Log, AfterACrashBeforeTheUploadTheSameBytesAreUploaded) {
  // The process ends after the record is durable and `uploaded` providers have it.
  for (int uploaded = 0; uploaded <= 2; ++uploaded) {
    SCOPED_TRACE(uploaded);
    TestVault vault(2, 4, 30 + static_cast<std::uint64_t>(uploaded));
    Bytes object;
    WriterId id;
    {
      WriterState writer = vault.Writer();
      id = writer.id();
      Log log(vault.access, vault.access.seats);
      for (int i = uploaded; i < 4; ++i) vault.provider(i).SetAbsent(true);
      ASSERT_FALSE(AppendTo(vault, log, writer).ok());
      object = writer.pending()->object;
    }
    vault.HealAll();
    WriterState writer = vault.Writer();
    ASSERT_EQ(writer.id(), id);
    Log log(vault.access, vault.access.seats);
    Refreshed(log);
    EXPECT_FALSE(log.WentOnElsewhere(writer));
    ASSERT_TRUE(log.FinishPending(writer).ok());
    EXPECT_FALSE(writer.pending());
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(vault.StoredAt(i, vault.RecordNameAt(i, id, 1)), object);
      EXPECT_TRUE(vault.StoredAt(i, vault.RecordNameAt(i, id, 1, 1)).empty());
    }
    EXPECT_EQ(Need(AppendTo(vault, log, writer)).seq, 2u);
    Reader reader(vault);
    const Freshness freshness = reader.Read();
    EXPECT_EQ(reader.Count(id), 2u);
    EXPECT_TRUE(freshness.warnings.empty()) << Joined(freshness.warnings);
    EXPECT_TRUE(reader.log.forks().empty());
  }
}

TEST(Log, AnUploadWhoseAnswerWasLostIsCountedWhenItIsFound) {
  TestVault vault(2, 4, 35);
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  for (int i = 0; i < 4; ++i) {
    vault.provider(i).FailAfter([](Verb verb, std::string_view, int) -> std::optional<Status> {
      if (verb != Verb::kPut) return std::nullopt;
      return Status(StatusCode::kUnavailable, "line cut");
    });
  }
  EXPECT_FALSE(AppendTo(vault, log, writer).ok());
  vault.HealAll();
  ASSERT_TRUE(log.FinishPending(writer).ok());
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(vault.StoredAt(i, vault.RecordNameAt(i, writer.id(), 1, 1)).empty());
  }
}

TEST(Log, AClonedHostIsDetectedBeforeItWrites) {
  TestVault vault(2, 4, 40);
  const TemporaryFolder clone;
  WriterId id;
  {
    WriterState writer = vault.Writer();
    id = writer.id();
    Log log(vault.access, vault.access.seats);
    ASSERT_TRUE(AppendTo(vault, log, writer, 1).ok());
  }
  std::filesystem::copy(vault.host.path(), clone.path(), std::filesystem::copy_options::recursive);
  {
    WriterState writer = vault.Writer();
    Log log(vault.access, vault.access.seats);
    ASSERT_TRUE(AppendTo(vault, log, writer, 2).ok());
  }
  WriterState cloned = vault.Writer(clone.path());
  ASSERT_EQ(cloned.id(), id);
  Log log(vault.access, vault.access.seats);
  EXPECT_FALSE(log.WentOnElsewhere(cloned));  // nothing was read yet
  Refreshed(log);
  EXPECT_TRUE(log.WentOnElsewhere(cloned));
  EXPECT_EQ(AppendTo(vault, log, cloned, 3).status().code(), StatusCode::kConflict);
  EXPECT_FALSE(cloned.pending());
  ASSERT_TRUE(cloned.Renew(*vault.random).ok());
  vault.List(cloned);
  EXPECT_FALSE(log.WentOnElsewhere(cloned));
  ASSERT_TRUE(AppendTo(vault, log, cloned, 3).ok());
  Reader reader(vault);
  reader.Read();
  EXPECT_EQ(reader.Count(id), 2u);
  EXPECT_EQ(reader.Count(cloned.id()), 1u);
  EXPECT_TRUE(reader.log.forks().empty());
}

TEST(Log, AClonedHostWithAPendingRecordIsDetectedToo) {
  TestVault vault(2, 4, 41);
  const TemporaryFolder clone;
  {
    WriterState writer = vault.Writer();
    Log log(vault.access, vault.access.seats);
    for (int i = 0; i < 4; ++i) vault.provider(i).SetAbsent(true);
    ASSERT_FALSE(AppendTo(vault, log, writer, 1).ok());
  }
  std::filesystem::copy(vault.host.path(), clone.path(), std::filesystem::copy_options::recursive);
  vault.HealAll();
  {
    WriterState writer = vault.Writer();
    Log log(vault.access, vault.access.seats);
    ASSERT_TRUE(AppendTo(vault, log, writer, 2).ok());  // finishes 1, makes 2
  }
  WriterState cloned = vault.Writer(clone.path());
  ASSERT_TRUE(cloned.pending());
  Log log(vault.access, vault.access.seats);
  Refreshed(log);
  EXPECT_TRUE(log.WentOnElsewhere(cloned));
  EXPECT_EQ(log.FinishPending(cloned).code(), StatusCode::kConflict);
}

TEST(Log, OnlyAnActiveWriterOfThePolicyMayAppend) {
  TestVault vault(2, 4, 50);
  Log log(vault.access, vault.access.seats);
  WriterState unknown = Need(WriterState::Acquire(vault.host.path(), vault.access, *vault.random));
  EXPECT_EQ(AppendTo(vault, log, unknown).status().code(), StatusCode::kDenied);
  EXPECT_FALSE(unknown.pending());
  vault.List(unknown);
  ASSERT_TRUE(AppendTo(vault, log, unknown).ok());
  vault.Revoke(unknown.id());
  EXPECT_EQ(AppendTo(vault, log, unknown).status().code(), StatusCode::kDenied);
  // What it wrote before is still read.
  Reader reader(vault);
  EXPECT_TRUE(reader.Read().proven);
  EXPECT_EQ(reader.Count(unknown.id()), 1u);
}

TEST(Log, AWriterMakesNoRecordThatItHasNoRightTo) {
  TestVault vault(2, 4, 50);
  WriterState writer = vault.Writer();
  vault.access.policy.writers[0].rights = format::kRightAttest;
  Log log(vault.access, vault.access.seats);
  EXPECT_EQ(AppendTo(vault, log, writer).status().code(), StatusCode::kDenied);
  EXPECT_FALSE(writer.pending());
  vault.access.policy.writers[0].rights = format::kRightBackup;
  EXPECT_TRUE(AppendTo(vault, log, writer).ok());
}

TEST(Log, RecordsOfAWriterThatThePolicyDoesNotListAreNotRead) {
  TestVault vault(2, 4, 51);
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  ASSERT_TRUE(AppendTo(vault, log, writer).ok());
  vault.access.policy.writers.clear();
  vault.access.writers.clear();
  Reader reader(vault);
  reader.Read();
  EXPECT_TRUE(reader.log.records().empty());
}

TEST(Log, ARecordSignedByAnotherKeyIsNoRecord) {
  TestVault vault(2, 4, 52);
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  ASSERT_TRUE(AppendTo(vault, log, writer).ok());
  // The policy says another key: as if somebody with K_outer, but not the key, had written it.
  vault.access.writers[0].public_key = SigningKey::Generate(*vault.random).public_key();
  Reader reader(vault);
  const Freshness freshness = reader.Read();
  EXPECT_EQ(reader.Count(writer.id()), 0u);
  EXPECT_EQ(freshness.warnings.size(), 4u);
  EXPECT_THAT(Joined(freshness.warnings), HasSubstr(vault.RecordNameAt(2, writer.id(), 1)));
}

TEST(Log, ReadingWithoutAnyProviderIsAFailure) {
  TestVault vault(2, 4, 53);
  vault.access.seats = Need(vault.access.seats.Without({"p0", "p1", "p2", "p3"}));
  Log log(vault.access, vault.access.seats);
  SeenState seen;
  EXPECT_EQ(log.Refresh(seen).status().code(), StatusCode::kTooFewProviders);
}

TEST(Log, WithFewerThanRAnswersTheRecordsAreReadButFreshnessIsNotProven) {
  TestVault vault(2, 4, 54);
  WriterState writer = vault.Writer();
  {
    Log log(vault.access, vault.access.seats);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendTo(vault, log, writer).ok());
  }
  vault.access.seats = Need(vault.access.seats.Without({"p0"}));
  vault.provider(3).SetAbsent(true);
  Reader reader(vault);
  const Freshness freshness = reader.Read();
  EXPECT_EQ(freshness.answered, 2);
  EXPECT_FALSE(freshness.proven);
  EXPECT_EQ(reader.Count(writer.id()), 3u);
}

TEST(Log, WhatThisHostHasSeenMovesOnWithTheLog) {
  TestVault vault(2, 4, 60);
  WriterState writer = vault.Writer();
  Log log(vault.access, vault.access.seats);
  SeenState seen;
  ASSERT_TRUE(log.Refresh(seen).ok());
  EXPECT_TRUE(seen.heads.empty());
  format::RecordRef ref;
  for (int i = 0; i < 3; ++i) ref = Need(AppendTo(vault, log, writer));
  const Freshness freshness = Need(log.Refresh(seen));
  EXPECT_TRUE(freshness.warnings.empty()) << Joined(freshness.warnings);
  EXPECT_EQ(seen.heads.at(writer.id()), std::pair(std::uint64_t{3}, ref.hash));
}

TEST(Log, AnOlderStateThanSeenIsNamed) {
  TestVault vault(2, 4, 61);
  WriterState writer = vault.Writer();
  SeenState seen;
  {
    Log log(vault.access, vault.access.seats);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendTo(vault, log, writer).ok());
    ASSERT_TRUE(log.Refresh(seen).ok());
  }
  const auto before = seen.heads;
  for (int i = 0; i < 4; ++i) vault.provider(i).Hide(vault.RecordNameAt(i, writer.id(), 3));
  vault.provider(2).SetAbsent(true);
  Log log(vault.access, vault.access.seats);
  const Freshness freshness = Need(log.Refresh(seen));
  const std::string warnings = Joined(freshness.warnings);
  EXPECT_THAT(warnings, HasSubstr("older state than this host has seen"));
  EXPECT_THAT(warnings, HasSubstr("p0, p1, p3"));
  EXPECT_EQ(seen.heads, before);
}

}  // namespace
}  // namespace fenchi
