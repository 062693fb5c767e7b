// The calls to one provider: how many at once, and what is known of its speed.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/stop.h"
#include "repository/transfer_lane.h"
#include "unit/base/thread_limit.h"
#include "unit/storage/fake_time.h"

namespace fenchi {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMiB = 1u << 20;

// One call, which takes that long and ends so.
void RunOne(TransferLane& lane, FakeTime& time, milliseconds took, const Status& status,
            std::uint64_t bytes = kMiB) {
  lane.Submit(bytes, [&]() -> Moved {
    time.Advance(took);
    return {status, bytes};
  });
  lane.WaitUntilIdle();
}

TEST(TransferLane, RunsNoMoreAtOnceThanItsLimit) {
  std::atomic<int> running = 0;
  std::atomic<bool> too_many = false;
  std::atomic<int> ran = 0;
  {
    TransferLane lane(3);
    EXPECT_EQ(lane.limit(), kLaneLimitFirst);
    for (int i = 0; i < 200; ++i) {
      lane.Submit(kMiB, [&]() -> Moved {
        if (++running > 3) too_many = true;
        ++ran;
        --running;
        return {Status::Ok(), kMiB};
      });
    }
  }
  EXPECT_FALSE(too_many);
  EXPECT_EQ(ran, 200);
}

TEST(TransferLane, GrowsByOneWhileCallsAreGoodAndIsHalvedByOneThatFails) {
  FakeTime time;
  TransferLane lane(8, time.wait());
  int calls = 0;
  while (lane.limit() < 8 && calls < 100) {
    RunOne(lane, time, milliseconds(100), Status::Ok());
    ++calls;
  }
  EXPECT_EQ(lane.limit(), 8);
  EXPECT_GE(calls, 2 + 3 + 4 + 5 + 6 + 7);
  for (int i = 0; i < 20; ++i) RunOne(lane, time, milliseconds(100), Status::Ok());
  EXPECT_EQ(lane.limit(), 8);
  RunOne(lane, time, milliseconds(100), Unavailable("slow down"));
  EXPECT_EQ(lane.limit(), 4);
  RunOne(lane, time, milliseconds(100), Deadline("no answer"));
  RunOne(lane, time, milliseconds(100), Deadline("no answer"));
  RunOne(lane, time, milliseconds(100), Deadline("no answer"));
  EXPECT_EQ(lane.limit(), 1);
  // What is about an object says nothing about the line.
  RunOne(lane, time, milliseconds(100), NotFound("absent"));
  EXPECT_EQ(lane.limit(), 1);
}

TEST(TransferLane, GivesWayWhenMoreAtOnceOnlyWaitForEachOther) {
  FakeTime time;
  TransferLane lane(8, time.wait());
  for (int i = 0; i < 60; ++i) RunOne(lane, time, milliseconds(100), Status::Ok());
  ASSERT_EQ(lane.limit(), 8);
  for (int i = 0; i < 30; ++i) RunOne(lane, time, milliseconds(900), Status::Ok());
  EXPECT_EQ(lane.limit(), kLaneLimitFirst);
}

TEST(TransferLane, KnowsHowLongMoreWillTakeAndForgetsItSlowly) {
  FakeTime time;
  TransferLane lane(1, time.wait());
  EXPECT_EQ(lane.Expected(kMiB).count(), 0);
  EXPECT_FALSE(lane.BytesPerSecond().has_value());
  RunOne(lane, time, milliseconds(1000), Status::Ok());
  EXPECT_NEAR(*lane.BytesPerSecond(), kMiB, 1);
  EXPECT_NEAR(std::chrono::duration<double>(lane.Expected(4 * kMiB)).count(), 4, 0.01);
  time.Advance(std::chrono::minutes(2));
  EXPECT_NEAR(*lane.BytesPerSecond(), 4 * kMiB, 1);
}

TEST(TransferLane, ExpectsNothingSoonOfAProviderThatHangs) {
  FakeTime time;
  std::mutex mutex;
  std::condition_variable changed;
  bool begun = false;
  bool release = false;
  TransferLane lane(1, time.wait());
  lane.Submit(kMiB, [&]() -> Moved {
    std::unique_lock lock(mutex);
    begun = true;
    changed.notify_all();
    changed.wait(lock, [&] { return release; });
    return {};
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return begun; });
  }
  time.Advance(std::chrono::seconds(10));
  EXPECT_GE(lane.Expected(1), std::chrono::seconds(10));
  const std::lock_guard lock(mutex);
  release = true;
  changed.notify_all();
}

TEST(TransferLane, WorksForTheVerbOfWhoeverSubmits) {
  std::atomic<bool> stop = false;
  bool seen = false;
  {
    const StopScope scope([&] { return stop.load(); });
    TransferLane lane(1);
    stop = true;
    std::this_thread::sleep_for(kStopLook);
    EXPECT_TRUE(scope.requested());
    lane.Submit(1, [&]() -> Moved {
      seen = Stop::Current().requested();
      return {};
    });
  }
  EXPECT_TRUE(seen);
  EXPECT_FALSE(Stop::Current().requested());
}

// Each of them hands in another, as a piece of a shard does: that one must not run inside it.
TEST(TransferLane, RunsCallsOnTheThreadThatHandsThemInWhereTheSystemGivesNone) {
  const auto all = [] {
    int ran = 0;
    bool inside = false, nested = false;
    {
      TransferLane lane(4);
      const auto call = [&](auto& self, int left) -> Moved {
        nested = nested || inside;
        inside = true;
        ++ran;
        if (left > 0) lane.Submit(kMiB, [&self, left] { return self(self, left - 1); });
        inside = false;
        return {Status::Ok(), kMiB};
      };
      for (int i = 0; i < 10; ++i) lane.Submit(kMiB, [&] { return call(call, 9); });
      lane.WaitUntilIdle();
    }
    return ran == 100 && !nested;
  };
  EXPECT_EXIT(ExitWithoutThreads(all), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace fenchi
