// How many round trips many objects cost: a server that answers in waves, each 50 ms long.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "unit/storage/mini_s3.h"

namespace fenchi {
namespace {

constexpr int kObjects = 1000;
constexpr int kParallel = 16;
constexpr int kRoundTrips = (kObjects + kParallel - 1) / kParallel;
constexpr std::chrono::milliseconds kLatency{50};

// Holds each request until as many are there as may be, or as are left; then all are answered
// after the latency. A client that sends fewer at once fills no wave, and is let through after a
// while, one wave for each time.
class Waves {
 public:
  void Arrive() {
    std::unique_lock lock(mutex_);
    const int mine = waves_;
    ++arrived_;
    ++waiting_;
    if (waiting_ < kParallel && arrived_ < kObjects) {
      if (changed_.wait_for(lock, std::chrono::seconds(5), [&] { return waves_ != mine; })) return;
    }
    if (waves_ != mine) return;
    waiting_ = 0;
    ++waves_;
    lock.unlock();
    std::this_thread::sleep_for(kLatency);
    changed_.notify_all();
  }
  int count() const { return waves_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  int waiting_ = 0;
  std::atomic<int> waves_ = 0;
};

std::string Name(int i) { return "d/" + std::to_string(100'000 + i); }

class S3Waves : public testing::Test {
 protected:
  void SetUp() override {
    S3Options options = s3_.Options();
    options.parallel_max = kParallel;
    options.stall_timeout = std::chrono::seconds(60);
    const auto opened = OpenS3Provider(options);
    ASSERT_TRUE(opened.ok());
    provider_ = *opened;
  }

  // The requests of this method to objects go in waves.
  void WatchWaves(const std::string& method, Waves& waves) {
    s3_.SetFault([&waves, method](const SeenRequest& seen, LoopbackLine&) {
      if (seen.method == method && seen.path().find("/d/") != std::string::npos) waves.Arrive();
      return false;
    });
  }

  void PutAll() {
    std::atomic<int> next = 0;
    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kParallel; ++i) {
      threads.emplace_back([&] {
        for (int object = next++; object < kObjects; object = next++) {
          MemorySource source(AsBytes("shard"));
          if (!provider_->Put(Name(object), source, {}).ok()) ++failed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failed, 0);
  }

  MiniS3 s3_;
  std::shared_ptr<Provider> provider_;
};

TEST_F(S3Waves, AThousandPutsCostNoMoreRoundTripsThanTheyMust) {
  MemorySource first(AsBytes("the first Put also tries the server"));
  ASSERT_TRUE(provider_->Put("first", first, {}).ok());
  Waves waves;
  WatchWaves("PUT", waves);
  const auto began = std::chrono::steady_clock::now();
  PutAll();
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  std::printf("%d Puts, %d at once, 50 ms each: %d round trips, %lld ms\n", kObjects, kParallel,
              waves.count(), static_cast<long long>(taken.count()));
  EXPECT_LE(waves.count(), kRoundTrips);
  EXPECT_LE(s3_.server().connections(), kParallel);
  EXPECT_EQ(s3_.objects().size(), kObjects + 2u);
}

TEST_F(S3Waves, AThousandStatsCostNoMoreRoundTripsThanTheyMust) {
  PutAll();
  Waves waves;
  WatchWaves("HEAD", waves);
  std::vector<std::string> names;
  for (int i = 0; i < kObjects; ++i) names.push_back(Name(i));
  const auto infos = provider_->Stat(names);
  ASSERT_TRUE(infos.ok()) << infos.status().ToString();
  for (const auto& info : *infos) EXPECT_TRUE(info.has_value());
  EXPECT_LE(waves.count(), kRoundTrips);
  EXPECT_LE(s3_.server().connections(), kParallel);
}

TEST_F(S3Waves, AThousandDeletesAndAListingAreOneRequestEach) {
  PutAll();
  const std::size_t before = s3_.server().seen().size();
  std::vector<std::string> names;
  ASSERT_TRUE(provider_
                  ->List("d/", "",
                         [&](const ObjectInfo& info) {
                           names.push_back(info.name);
                           return true;
                         })
                  .ok());
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kObjects));
  ASSERT_TRUE(provider_->Delete(names).ok());
  EXPECT_EQ(s3_.server().seen().size(), before + 2);
  EXPECT_EQ(s3_.objects().size(), 1u);  // the probe
}

}  // namespace
}  // namespace fenchi
