#include <gtest/gtest.h>

#include <thread>

#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "unit/storage/fake_time.h"

namespace fenchi {
namespace {

Status PutBytes(Provider& provider, std::string_view name, std::size_t size) {
  const Bytes bytes(size);
  MemorySource source(bytes);
  return provider.Put(name, source, {});
}

const VerbUsage& Of(const Usage& usage, Verb verb) {
  return usage.verbs[static_cast<std::size_t>(verb)];
}

TEST(Metering, CountsCallsBytesAndErrors) {
  const auto faulty = std::make_shared<FaultProvider>(OpenMemoryProvider());
  const auto meter = std::make_shared<Meter>();
  const auto provider = OpenMeteredProvider(faulty, meter);
  EXPECT_TRUE(PutBytes(*provider, "a", 1000).ok());
  EXPECT_TRUE(PutBytes(*provider, "b", 500).ok());
  EXPECT_EQ(PutBytes(*provider, "a", 7).code(), StatusCode::kAlreadyExists);
  Bytes out(300);
  EXPECT_TRUE(provider->Get("a", 0, out).ok());
  EXPECT_EQ(provider->Get("absent", 0, out).code(), StatusCode::kNotFound);
  const std::vector<std::string> names = {"a", "b", "absent"};
  EXPECT_TRUE(provider->Stat(names).ok());
  EXPECT_TRUE(provider->List("", "", [](const ObjectInfo&) { return true; }).ok());
  EXPECT_TRUE(provider->Delete(names).ok());
  faulty->SetAbsent(true);
  EXPECT_FALSE(PutBytes(*provider, "c", 100).ok());

  const Usage usage = meter->Read();
  EXPECT_EQ(Of(usage, Verb::kPut).calls, 4u);
  EXPECT_EQ(Of(usage, Verb::kPut).errors, 1u);
  EXPECT_EQ(Of(usage, Verb::kGet).calls, 2u);
  EXPECT_EQ(Of(usage, Verb::kGet).errors, 0u);
  EXPECT_EQ(Of(usage, Verb::kStat).calls, 1u);
  EXPECT_EQ(Of(usage, Verb::kStat).requests, 3u);
  EXPECT_EQ(Of(usage, Verb::kDelete).requests, 3u);
  EXPECT_EQ(Of(usage, Verb::kList).requests, 1u);
  EXPECT_EQ(usage.bytes_put, 1500u);
  EXPECT_EQ(usage.bytes_got, 300u);
}

TEST(Metering, ErrorsOfSingleDeletesCount) {
  const auto faulty = std::make_shared<FaultProvider>(OpenMemoryProvider());
  faulty->FailBefore([](Verb, std::string_view name, int) -> std::optional<Status> {
    if (name != "b") return std::nullopt;
    return Status(StatusCode::kLocked, "object lock");
  });
  const auto meter = std::make_shared<Meter>();
  const std::vector<std::string> names = {"a", "b"};
  EXPECT_TRUE(OpenMeteredProvider(faulty, meter)->Delete(names).ok());
  EXPECT_EQ(Of(meter->Read(), Verb::kDelete).errors, 1u);
}

TEST(Metering, MoneyFollowsThePriceTable) {
  const Prices prices{.currency = "TWD",
                      .put_per_1000 = 5,
                      .get_per_1000 = 0.4,
                      .list_per_1000 = 50,
                      .delete_per_1000 = 1,
                      .gb_in = 10,
                      .gb_out = 90,
                      .gb_month = 23};
  const auto meter = std::make_shared<Meter>(prices);
  const auto provider = OpenMeteredProvider(OpenMemoryProvider(), meter);
  EXPECT_EQ(meter->Read().money, 0);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(PutBytes(*provider, "n/" + std::to_string(i), 100'000).ok());
  }
  Bytes out(50'000);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(provider->Get("n/1", 0, out).ok());
  EXPECT_TRUE(provider->List("", "", [](const ObjectInfo&) { return true; }).ok());
  const std::vector<std::string> names = {"n/1", "n/2"};
  EXPECT_TRUE(provider->Stat(names).ok());
  EXPECT_TRUE(provider->Delete(names).ok());
  const Usage usage = meter->Read();
  EXPECT_EQ(usage.currency, "TWD");
  // 10 puts, 4 + 2 gets, 1 list, 2 deletes, 1 MB in, 200 kB out.
  EXPECT_DOUBLE_EQ(usage.money, 0.05 + 0.0024 + 0.05 + 0.002 + 0.01 + 0.018);
  EXPECT_DOUBLE_EQ(usage.money_per_month, 0.023);
}

TEST(Metering, WaitingIsTheTimeThatCallsTook) {
  FakeTime time;
  const auto slow = std::make_shared<FaultProvider>(OpenMemoryProvider());
  slow->SetLatency({.per_call = std::chrono::milliseconds(30), .bytes_per_second = 1000},
                   time.wait());
  const auto meter = std::make_shared<Meter>();
  const auto provider = OpenMeteredProvider(slow, meter, time.wait());
  EXPECT_TRUE(PutBytes(*provider, "a", 2000).ok());
  EXPECT_EQ(Of(meter->Read(), Verb::kPut).waiting, std::chrono::milliseconds(2030));
}

TEST(Metering, ALongListingIsPaidByTheThousandNames) {
  const auto place = OpenMemoryProvider();
  for (int i = 0; i < 2500; ++i) ASSERT_TRUE(PutBytes(*place, "n" + std::to_string(i), 1).ok());
  const auto meter = std::make_shared<Meter>();
  const auto provider = OpenMeteredProvider(place, meter);
  EXPECT_TRUE(provider->List("", "", [](const ObjectInfo&) { return true; }).ok());
  EXPECT_EQ(Of(meter->Read(), Verb::kList).requests, 3u);
}

TEST(Metering, IsReadWhileThreadsAreAtWork) {
  const auto meter = std::make_shared<Meter>();
  const auto provider = OpenMeteredProvider(OpenMemoryProvider(), meter);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&provider, i] {
      for (int j = 0; j < 200; ++j) {
        (void)PutBytes(*provider, std::to_string(i) + "/" + std::to_string(j), 10);
      }
    });
  }
  std::uint64_t before = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = meter->Read().bytes_put;
    EXPECT_GE(now, before);
    before = now;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(meter->Read().bytes_put, 8000u);
  EXPECT_EQ(Of(meter->Read(), Verb::kPut).calls, 800u);
}

}  // namespace
}  // namespace fenchi
