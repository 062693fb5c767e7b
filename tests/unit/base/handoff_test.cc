#include "base/handoff.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace fenchi {
namespace {

// So that another thread most likely waits by then; where it does not, no test fails for it.
void LetItWait() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

TEST(Handoff, GivesAllInOrderThenTellsHowItEnded) {
  Handoff<std::unique_ptr<int>> items(2);
  std::thread giver([&] {
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(items.Put(std::make_unique<int>(i)));
    items.Finish(Damaged("the last of it"));
  });
  for (int i = 0; i < 1000; ++i) {
    auto item = items.Take();
    ASSERT_TRUE(item.ok());
    ASSERT_TRUE(item->has_value());
    EXPECT_EQ(***item, i);
  }
  EXPECT_EQ(items.Take().status().code(), StatusCode::kDamaged);
  EXPECT_EQ(items.Take().status().code(), StatusCode::kDamaged);
  giver.join();
}

TEST(Handoff, EndsWithNothingWhereAllWentWell) {
  Handoff<int> items(1);
  items.Finish(Status::Ok());
  auto item = items.Take();
  ASSERT_TRUE(item.ok());
  EXPECT_FALSE(item->has_value());
}

TEST(Handoff, LetsNoMoreBytesWaitThanItWasMadeForOrOneItem) {
  Handoff<int> items(10, 100);
  std::atomic<int> put = 0;
  const std::vector<std::size_t> sizes = {40, 60, 1, 500, 100, 100};
  std::thread giver([&] {
    for (const std::size_t size : sizes) {
      if (!items.Put(put, size)) return;
      ++put;
    }
    items.Finish(Status::Ok());
  });
  const std::vector<int> waiting = {2, 3, 3, 4, 5, 6};  // put in all, when so many were taken
  for (int taken = 0; taken < 6; ++taken) {
    while (put < waiting[taken]) std::this_thread::yield();
    LetItWait();  // or put one too many
    EXPECT_EQ(put, waiting[taken]);
    EXPECT_EQ(**items.Take(), taken);
  }
  EXPECT_FALSE(items.Take()->has_value());
  giver.join();
}

TEST(Handoff, LetsNoMoreWaitThanItWasMadeFor) {
  Handoff<int> items(3);
  std::atomic<int> put = 0;
  std::thread giver([&] {
    while (items.Put(put)) ++put;
  });
  while (put < 3) std::this_thread::yield();
  LetItWait();  // or put one too many
  EXPECT_EQ(put, 3);
  int taken = 0;
  for (; taken < 100; ++taken) {
    EXPECT_EQ(**items.Take(), taken);
    EXPECT_LE(put, taken + 1 + 3);  // what was taken, and what waits
  }
  items.Close();
  giver.join();
  EXPECT_LE(put, taken + 3);
}

TEST(Handoff, ClosedFromEitherSideItKeepsNobodyWaiting) {
  Handoff<int> full(1);
  ASSERT_TRUE(full.Put(1));
  std::thread giver([&] { EXPECT_FALSE(full.Put(2)); });
  LetItWait();
  full.Close();
  giver.join();
  EXPECT_FALSE(full.Take()->has_value());

  Handoff<int> empty(1);
  std::thread taker([&] { EXPECT_FALSE(empty.Take()->has_value()); });
  LetItWait();
  empty.Close();
  taker.join();
  EXPECT_FALSE(empty.Put(1));
}

TEST(Handoff, WhoWaitsLooksWhetherToStop) {
  std::atomic<int> asked = 0;
  Handoff<int> items(1);
  const StopScope scope([&] {
    if (++asked == 2) items.Close();
    return asked >= 2;
  });
  EXPECT_FALSE(items.Take()->has_value());
  EXPECT_GE(asked, 2);
}

}  // namespace
}  // namespace fenchi
