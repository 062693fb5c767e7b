#include "base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "unit/base/thread_limit.h"

namespace fenchi {
namespace {

TEST(Executor, RunsEveryIndexExactlyOnce) {
  Executor executor(3);
  std::vector<std::atomic<int>> runs(1000);
  executor.ForEach(runs.size(), [&](std::size_t i) { ++runs[i]; });
  for (const auto& run : runs) EXPECT_EQ(run.load(), 1);
}

TEST(Executor, NestedCallsFinishEvenWithoutThreads) {
  for (std::size_t threads : {0u, 1u, 4u}) {
    Executor executor(threads);
    std::atomic<int> total{0};
    executor.ForEach(8, [&](std::size_t) { executor.ForEach(8, [&](std::size_t) { ++total; }); });
    EXPECT_EQ(total.load(), 64);
  }
}

TEST(Executor, RunsWhatIsQueuedBeforeItEnds) {
  std::atomic<int> total{0};
  {
    Executor executor(1);
    for (int i = 0; i < 100; ++i) executor.Submit([&] { ++total; });
  }
  EXPECT_EQ(total.load(), 100);
}

TEST(Executor, RunsEverythingOnTheCallersThreadWhereTheSystemGivesNone) {
  const auto all = [] {
    int total = 0;  // one thread
    {
      Executor executor(4);
      executor.ForEach(8, [&](std::size_t) { executor.ForEach(8, [&](std::size_t) { ++total; }); });
      for (int i = 0; i < 36; ++i) executor.Submit([&] { ++total; });
    }
    return total == 100;
  };
  EXPECT_EXIT(ExitWithoutThreads(all), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace fenchi
