// Any stack of wrappers reads what was written through it, whatever goes wrong underneath.
#include <gtest/gtest.h>

#include <map>

#include "base/coding.h"
#include "contract/temporary_directory.h"
#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "unit/storage/fake_time.h"

namespace fenchi {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(SeededRandom(seed)) {}
  std::size_t Below(std::size_t limit) {
    Bytes raw(8);
    random_->Fill(raw);
    return static_cast<std::size_t>(GetBe64(raw) % limit);
  }
  Bytes Some(std::size_t size) {
    Bytes out(size);
    random_->Fill(out);
    return out;
  }
  Random& random() { return *random_; }

 private:
  std::unique_ptr<Random> random_;
};

// A few wrappers in any order, over a place that fails at random; retry is the last but for a
// cache, so that no failure comes through.
std::shared_ptr<Provider> DrawStack(const std::shared_ptr<Provider>& place, Dice& dice,
                                    FakeTime& time, const std::string& directory) {
  auto faulty = std::make_shared<FaultProvider>(place);
  faulty->SetRandomFaults(
      RandomFaults{.seed = dice.Below(1000), .fail_before = 0.05, .fail_after = 0.05});
  faulty->SetLatency({.per_call = std::chrono::milliseconds(5),
                      .bytes_per_second = 1'000'000,
                      .jitter = std::chrono::milliseconds(20),
                      .shared = dice.Below(2) == 0},
                     time.wait());
  std::shared_ptr<Provider> out = faulty;
  const auto retry = [&] {
    out = OpenRetryingProvider(
        out, {.attempts_max = 20, .budget = 1000, .random = &dice.random(), .clock = time.wait()});
  };
  for (std::size_t i = dice.Below(5); i-- > 0;) {
    switch (dice.Below(5)) {
      case 0:
        out = OpenMeteredProvider(out, std::make_shared<Meter>(), time.wait());
        break;
      case 1: {
        RateLimitOptions options{.burst_bytes = 1000, .clock = &time, .wait = time.wait()};
        options.schedule = *ParseRateSchedule("300 kB/s Mo-We 08-18, 2 MB/s");
        out = OpenRateLimitedProvider(out, std::make_shared<RateLimit>(options));
        break;
      }
      case 2: {
        std::vector<Line> lines;
        for (const char* name : {"one", "two"}) {
          lines.push_back({name, [out]() -> Result<std::shared_ptr<Provider>> { return out; }});
        }
        auto spare = OpenSpareLines(lines, {.random = &dice.random(), .clock = time.wait()});
        if (spare.ok()) out = *spare;
        break;
      }
      case 3:
        retry();
        break;
      default: {
        auto cached = OpenCachedProvider(out, {.bytes_max = 20'000});
        EXPECT_TRUE(cached.ok());
        out = *cached;
      }
    }
  }
  retry();
  if (dice.Below(2) == 0) {
    out = *OpenCachedProvider(
        out, {.bytes_max = 10'000, .directory = dice.Below(2) == 0 ? "" : directory + "/cache"});
  }
  return out;
}

class ProviderStack : public testing::TestWithParam<int> {};

TEST_P(ProviderStack, ReadsWhatWasWrittenThroughIt) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  SCOPED_TRACE("seed " + std::to_string(seed));
  Dice dice(seed);
  FakeTime time;
  const TemporaryDirectory directory;
  const auto place = OpenMemoryProvider();
  const auto stack = DrawStack(place, dice, time, directory.path());
  std::map<std::string, Bytes> written;
  for (int step = 0; step < 200; ++step) {
    const std::string name = "n/" + std::to_string(dice.Below(40));
    const auto at = written.find(name);
    if (at == written.end()) {
      const Bytes bytes = dice.Some(dice.Below(5000));
      MemorySource source(bytes);
      const Status put = stack->Put(name, source, {});
      ASSERT_TRUE(put.ok()) << put.ToString();
      written[name] = bytes;
    } else if (dice.Below(6) == 0) {
      const std::vector<std::string> names = {name};
      const auto deleted = stack->Delete(names);
      ASSERT_TRUE(deleted.ok() && deleted->front().ok());
      written.erase(at);
    } else {
      const std::size_t offset = dice.Below(at->second.size() + 1);
      Bytes out(dice.Below(at->second.size() - offset + 1));
      const Status got = stack->Get(name, offset, out);
      ASSERT_TRUE(got.ok()) << got.ToString();
      EXPECT_TRUE(
          std::equal(out.begin(), out.end(), at->second.begin() + static_cast<long>(offset)));
    }
  }
  std::vector<std::string> names;
  const Status listed = stack->List("n/", "", [&](const ObjectInfo& info) {
    names.push_back(info.name);
    EXPECT_EQ(info.size_bytes, written[info.name].size());
    return true;
  });
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(names.size(), written.size());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProviderStack, testing::Range(1, 41));

TEST(FaultLatency, JitterIsDrawnFromTheSeed) {
  const auto waits = [](std::uint64_t seed) {
    FakeTime time;
    FaultProvider slow(OpenMemoryProvider());
    slow.SetLatency({.per_call = std::chrono::milliseconds(10),
                     .jitter = std::chrono::milliseconds(5),
                     .seed = seed},
                    time.wait());
    for (int i = 0; i < 20; ++i) (void)slow.Get("a", 0, {});
    return time.slept();
  };
  EXPECT_EQ(waits(1), waits(1));
  EXPECT_NE(waits(1), waits(2));
  for (const auto wait : waits(3)) {
    EXPECT_GE(wait, std::chrono::milliseconds(10));
    EXPECT_LT(wait, std::chrono::milliseconds(15));
  }
}

TEST(FaultLatency, ASharedLineSendsTheBytesOfAllCallsOneAfterAnother) {
  // A clock that stands still: what each call would wait for if all were made at once.
  std::vector<std::chrono::nanoseconds> slept;
  WaitClock still{.elapsed = [] { return std::chrono::nanoseconds(1000); },
                  .sleep = [&](std::chrono::nanoseconds time) { slept.push_back(time); }};
  FaultProvider slow(OpenMemoryProvider());
  const Bytes bytes(1000);
  MemorySource source(bytes);
  slow.SetLatency({.bytes_per_second = 1000, .shared = true}, still);
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(slow.Put(name, source, {}).ok());
  using std::chrono::seconds;
  EXPECT_EQ(slept, (std::vector<std::chrono::nanoseconds>{seconds(1), seconds(2), seconds(3)}));
}

TEST(FaultClock, ShowsATimeThatIsWrong) {
  FakeTime time;
  FaultProvider place(OpenMemoryProvider());
  EXPECT_EQ(place.PlaceTime().status().code(), StatusCode::kUnsupported);
  place.SetPlaceClock(time, std::chrono::minutes(20));
  ASSERT_TRUE(place.PlaceTime().ok());
  EXPECT_EQ(place.PlaceTime()->seconds, time.Now().seconds + 1200);
}

TEST(FaultChance, StrikesABatchOfManyNamesOnce) {
  FaultProvider faulty(OpenMemoryProvider());
  faulty.SetRandomFaults(RandomFaults{.seed = 3, .fail_before = 0.05});
  const std::vector<std::string> names(100, "absent");
  int failed = 0;
  for (int i = 0; i < 200; ++i) failed += faulty.Stat(names).ok() ? 0 : 1;
  EXPECT_GT(failed, 0);
  EXPECT_LT(failed, 30);
}

}  // namespace
}  // namespace fenchi
