#include <gtest/gtest.h>

#include <thread>

#include "fenchi/provider_wrappers.h"
#include "storage/rate_schedule.h"
#include "unit/storage/fake_time.h"

namespace fenchi {
namespace {

constexpr std::int64_t kMonday = 1'750'032'000;  // 2025-06-16T00:00:00Z
constexpr int kHour = 60;

RateSchedule Schedule(std::string_view text) {
  Result<RateSchedule> parsed = ParseRateSchedule(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
  return parsed.ok() ? *parsed : RateSchedule{};
}

std::uint64_t At(std::string_view text, int weekday, int hour, int minute = 0) {
  return RateAt(Schedule(text), {weekday, hour * kHour + minute});
}

TEST(RateSchedule, TheDocumentedFormsMeanWhatTheySay) {
  for (const char* text : {"2 Mbit/s 08-18, unlimited", "2 Mbit/s 08-18, unlimited at night",
                           "2Mbit/s 08:00-18:00", "2 Mbit/s 08-18, unlimited otherwise"}) {
    EXPECT_EQ(At(text, 0, 8), 250'000u) << text;
    EXPECT_EQ(At(text, 6, 17, 59), 250'000u) << text;
    EXPECT_EQ(At(text, 3, 18), 0u) << text;
    EXPECT_EQ(At(text, 3, 7, 59), 0u) << text;
  }
  constexpr const char* kOffice = "2 Mbit/s Mo-Fr 08-18, 20 Mbit/s Sa Su, 50 Mbit/s";
  EXPECT_EQ(At(kOffice, 4, 12), 250'000u);
  EXPECT_EQ(At(kOffice, 5, 12), 2'500'000u);
  EXPECT_EQ(At(kOffice, 4, 20), 6'250'000u);
}

TEST(RateSchedule, UnitsAreDecimalUnlessTheySayOtherwise) {
  const std::pair<const char*, std::uint64_t> rows[] = {
      {"8 bit/s", 1},    {"64 kbit/s", 8000},  {"1.5 Mbit/s", 187'500}, {"1 Gbit/s", 125000000},
      {"10 B/s", 10},    {"10 kB/s", 10'000},  {"10 MB/s", 10'000'000}, {"1 GB/s", 1'000'000'000},
      {"2 KiB/s", 2048}, {"3 MiB/s", 3 << 20}, {"1 GiB/s", 1ull << 30}, {"unlimited", 0},
  };
  for (const auto& [text, rate] : rows) EXPECT_EQ(At(text, 2, 3), rate) << text;
}

TEST(RateSchedule, HoursMayGoOverMidnightAndBelongToTheDayTheyBeginOn) {
  constexpr const char* kNight = "1 MB/s Fr 22-06, 5 MB/s";
  EXPECT_EQ(At(kNight, 4, 21, 59), 5'000'000u);
  EXPECT_EQ(At(kNight, 4, 22), 1'000'000u);
  EXPECT_EQ(At(kNight, 5, 5, 59), 1'000'000u);
  EXPECT_EQ(At(kNight, 5, 6), 5'000'000u);
  EXPECT_EQ(At(kNight, 4, 3), 5'000'000u);  // that night began on Thursday
  EXPECT_EQ(At("1 MB/s Su 22-06, 5 MB/s", 0, 1), 1'000'000u);
  EXPECT_EQ(At("1 MB/s 18-24, 5 MB/s", 0, 23, 59), 1'000'000u);
  EXPECT_EQ(At("1 MB/s 18-00, 5 MB/s", 1, 0), 5'000'000u);
}

TEST(RateSchedule, RangesOfDaysMayGoOverTheWeekend) {
  for (const int day : {4, 5, 6, 0}) EXPECT_EQ(At("1 MB/s Fr-Mo, 5 MB/s", day, 0), 1'000'000u);
  for (const int day : {1, 2, 3}) EXPECT_EQ(At("1 MB/s Fr-Mo, 5 MB/s", day, 0), 5'000'000u);
}

TEST(RateSchedule, WhatIsNotUnderstoodIsRefusedInWords) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "empty"},
      {"2 Mbit/s 08-18,", "rule 2"},
      {"fast", "'fast' is no rate"},
      {"2", "'2' is no rate"},
      {"2 Mb/s", "'2 Mb/s' is no rate"},
      {"-2 Mbit/s", "less than one byte"},
      {"0 Mbit/s", "less than one byte"},
      {"nan B/s", "less than one byte"},
      {"1e300 GB/s", "too much"},
      {"2 Mbit/s Mon-Fri", "'Mon-Fri' is neither a day"},
      {"2 Mbit/s mo-fr", "neither a day"},
      {"2 Mbit/s 8-18", "no hours"},
      {"2 Mbit/s 08-25", "no hours"},
      {"2 Mbit/s 08:60-18", "no hours"},
      {"2 Mbit/s 24-08", "no hours"},
      {"2 Mbit/s 08-08", "no hours"},
      {"2 Mbit/s 08", "no hours"},
      {"2 Mbit/s 08-18 Mo", "after the hours"},
      {"unlimited otherwise, 2 Mbit/s", "only the last rule"},
      {"2 Mbit/s at", "neither a day"},
  };
  for (const auto& [text, why] : rows) {
    const Result<RateSchedule> parsed = ParseRateSchedule(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(parsed.status().message().find(why), std::string::npos)
        << text << ": " << parsed.status().message();
    EXPECT_FALSE(parsed.status().hint().empty());
  }
}

TEST(WeekMinute, IsLocalTime) {
  const auto at = [](std::int64_t seconds, int offset) {
    const WeekMinute found = WeekMinuteOf({seconds, 0}, offset);
    return std::pair(found.weekday, found.minute);
  };
  EXPECT_EQ(at(kMonday, 0), std::pair(0, 0));
  EXPECT_EQ(at(kMonday, 8 * 60), std::pair(0, 480));
  EXPECT_EQ(at(kMonday, -1), std::pair(6, 1439));
  EXPECT_EQ(at(0, 0), std::pair(3, 0));            // 1970-01-01 was a Thursday
  EXPECT_EQ(at(-86'400 * 4, 0), std::pair(6, 0));  // and so the Sunday before
}

class RateLimiting : public testing::Test {
 protected:
  std::shared_ptr<RateLimit> Limit(std::string_view text, std::uint64_t burst = 0,
                                   std::optional<std::uint64_t> budget = {}) {
    return std::make_shared<RateLimit>(RateLimitOptions{.schedule = Schedule(text),
                                                        .bytes_max = budget,
                                                        .burst_bytes = burst,
                                                        .clock = &time_,
                                                        .utc_offset_minutes = 0,
                                                        .wait = time_.wait()});
  }
  FakeTime time_{kMonday + 3600 * 12};  // Monday noon
};

TEST_F(RateLimiting, BytesTakeTheTimeThatTheRateSays) {
  const auto provider = OpenRateLimitedProvider(OpenMemoryProvider(), Limit("100 kB/s"));
  const Bytes bytes(500'000, 7);
  MemorySource source(bytes);
  ASSERT_TRUE(provider->Put("a", source, {}).ok());
  EXPECT_NEAR(time_.seconds(), 5, 0.01);
  Bytes back(250'000);
  ASSERT_TRUE(provider->Get("a", 0, back).ok());
  EXPECT_NEAR(time_.seconds(), 7.5, 0.01);
}

TEST_F(RateLimiting, ABurstGoesAtOnceAndIsSavedUpOnlyOnce) {
  const auto limit = Limit("100 kB/s", 200'000);
  limit->Wait(200'000);
  EXPECT_EQ(time_.seconds(), 0);
  time_.Advance(std::chrono::hours(1));
  limit->Wait(300'000);
  EXPECT_NEAR(time_.seconds(), 3601, 0.01);
}

TEST_F(RateLimiting, AScheduleThatChangesIsFollowedWhileWaiting) {
  const auto limit = Limit("1 kB/s 08-18, unlimited");
  time_.Advance(std::chrono::hours(5) + std::chrono::minutes(59));
  limit->Wait(10'000'000);  // would take three hours
  EXPECT_NEAR(time_.seconds(), 6 * 3600, 2);
  time_.Advance(std::chrono::hours(14));  // 08:00 on Tuesday
  const double before = time_.seconds();
  limit->Wait(5'000);
  EXPECT_NEAR(time_.seconds() - before, 5, 0.1);
}

TEST_F(RateLimiting, ThreadsShareOneLine) {
  const auto limit = Limit("1 MB/s", 100'000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) limit->Wait(10'000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  // 2 MB at 1 MB/s, of which the burst is free. Sleeps of several threads add up in this clock, so
  // more may pass, never less.
  EXPECT_GE(time_.seconds(), 1.899);
}

TEST_F(RateLimiting, TheByteBudgetIsNeverOverrun) {
  const auto limit = Limit("unlimited", 0, 1000);
  const auto provider = OpenRateLimitedProvider(OpenMemoryProvider(), limit);
  const Bytes bytes(600);
  MemorySource source(bytes);
  ASSERT_TRUE(provider->Put("a", source, {}).ok());
  const Status refused = provider->Put("b", source, {});
  EXPECT_EQ(refused.code(), StatusCode::kFull);
  EXPECT_NE(refused.message().find("budget of 1000 bytes"), std::string::npos);
  EXPECT_FALSE(refused.hint().empty());
  Bytes part(400);
  EXPECT_TRUE(provider->Get("a", 0, part).ok());
  EXPECT_EQ(provider->Get("a", 0, MutableBytes(part).first(1)).code(), StatusCode::kFull);
  EXPECT_TRUE(provider->Get("a", 0, {}).ok());
  EXPECT_EQ(limit->bytes_reserved(), 1000u);
  EXPECT_EQ(Limit("unlimited", 0, 10)->Reserve(~0ull).code(), StatusCode::kFull);
}

}  // namespace
}  // namespace fenchi
