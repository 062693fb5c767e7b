#include "fenchi/testing/fault_provider.h"

#include <gtest/gtest.h>

#include <mutex>

#include "fenchi/random.h"

namespace fenchi {
namespace {

Status PutText(Provider& provider, std::string_view name, std::string_view text,
               bool replace = false) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {.replace = replace});
}

std::string Text(Provider& provider, std::string_view name) {
  const Result<Bytes> bytes = GetAll(provider, name, 1 << 20);
  return bytes.ok() ? std::string(AsText(*bytes))
                    : std::string(StatusCodeName(bytes.status().code()));
}

std::vector<std::string> Names(Provider& provider) {
  std::vector<std::string> names;
  EXPECT_TRUE(provider
                  .List("", "",
                        [&](const ObjectInfo& info) {
                          names.push_back(info.name);
                          return true;
                        })
                  .ok());
  return names;
}

// Fails call number `number` of `verb`.
FaultHook Nth(Verb verb, int number) {
  return [=](Verb called, std::string_view, int call) -> std::optional<Status> {
    if (called != verb || call != number) return std::nullopt;
    return Status(StatusCode::kUnavailable, "on purpose");
  };
}

class FaultProviderTest : public testing::Test {
 protected:
  std::shared_ptr<Provider> inner_ = OpenMemoryProvider();
  FaultProvider faulty_{inner_};
};

TEST_F(FaultProviderTest, AFailureBeforeDoesNothing) {
  faulty_.FailBefore(Nth(Verb::kPut, 2));
  EXPECT_TRUE(PutText(faulty_, "a", "1").ok());
  EXPECT_EQ(PutText(faulty_, "b", "2").code(), StatusCode::kUnavailable);
  EXPECT_EQ(Names(*inner_), std::vector<std::string>{"a"});
  EXPECT_TRUE(PutText(faulty_, "b", "2").ok());
  EXPECT_EQ(faulty_.calls(Verb::kPut), 3);
}

TEST_F(FaultProviderTest, AFailureAfterLeavesTheObjectThere) {
  faulty_.FailAfter(Nth(Verb::kPut, 1));
  EXPECT_EQ(PutText(faulty_, "a", "1").code(), StatusCode::kUnavailable);
  EXPECT_EQ(Text(*inner_, "a"), "1");
  EXPECT_EQ(PutText(faulty_, "a", "1").code(), StatusCode::kAlreadyExists);
}

TEST_F(FaultProviderTest, DeleteFailsForSingleNames) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(PutText(*inner_, name, "x").ok());
  const auto only = [](std::string_view which) {
    return [=](Verb, std::string_view name, int) -> std::optional<Status> {
      if (name != which) return std::nullopt;
      return Status(StatusCode::kLocked, "object lock");
    };
  };
  faulty_.FailBefore(only("a"));
  faulty_.FailAfter(only("c"));
  const std::vector<std::string> names = {"a", "b", "c"};
  const auto answers = faulty_.Delete(names);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ((*answers)[0].code(), StatusCode::kLocked);
  EXPECT_TRUE((*answers)[1].ok());
  EXPECT_EQ((*answers)[2].code(), StatusCode::kLocked);
  EXPECT_EQ(Names(*inner_), std::vector<std::string>{"a"});
}

TEST_F(FaultProviderTest, EveryVerbCanFailBeforeAndAfter) {
  ASSERT_TRUE(PutText(*inner_, "a", "x").ok());
  const std::vector<std::string> names = {"a"};
  Bytes out(1);
  const auto nothing = [](const ObjectInfo&) { return true; };
  const FaultHook always = [](Verb, std::string_view, int) {
    return std::optional(Status(StatusCode::kDeadline, "slow"));
  };
  for (const bool before : {true, false}) {
    faulty_.Heal();
    before ? faulty_.FailBefore(always) : faulty_.FailAfter(always);
    EXPECT_EQ(faulty_.Get("a", 0, out).code(), StatusCode::kDeadline);
    EXPECT_EQ(faulty_.Stat(names).status().code(), StatusCode::kDeadline);
    EXPECT_EQ(faulty_.List("", "", nothing).code(), StatusCode::kDeadline);
    EXPECT_EQ(PutText(faulty_, "b", "x").code(), StatusCode::kDeadline);
    EXPECT_EQ(faulty_.Delete(names)->front().code(), StatusCode::kDeadline);
    EXPECT_EQ(Names(*inner_), std::vector<std::string>{before ? "a" : "b"});
  }
}

TEST_F(FaultProviderTest, FlippedBytesAreWrongInEveryRangeThatHoldsThem) {
  ASSERT_TRUE(PutText(*inner_, "a", "0000000000").ok());
  faulty_.FlipByte("a", 3, 1);
  faulty_.FlipByte("a", 9, 2);
  EXPECT_EQ(Text(faulty_, "a"), "0001000002");
  Bytes out(3);
  ASSERT_TRUE(faulty_.Get("a", 3, out).ok());
  EXPECT_EQ(AsText(out), "100");
  ASSERT_TRUE(faulty_.Get("a", 4, out).ok());
  EXPECT_EQ(AsText(out), "000");
  EXPECT_EQ(Text(*inner_, "a"), "0000000000");
  faulty_.Heal();
  EXPECT_EQ(Text(faulty_, "a"), "0000000000");
}

TEST_F(FaultProviderTest, AReadHookSeesNameAndOffset) {
  ASSERT_TRUE(PutText(*inner_, "a", "0000000000").ok());
  faulty_.ChangeReads([](std::string_view name, std::uint64_t offset, MutableBytes bytes) {
    if (name == "a" && offset <= 5 && offset + bytes.size() > 5) bytes[5 - offset] = '!';
  });
  Bytes out(4);
  ASSERT_TRUE(faulty_.Get("a", 4, out).ok());
  EXPECT_EQ(AsText(out), "0!00");
}

TEST_F(FaultProviderTest, TruncatedObjectsAreShorterEverywhere) {
  ASSERT_TRUE(PutText(*inner_, "a", "0123456789").ok());
  faulty_.Resize("a", 4);
  EXPECT_EQ(Text(faulty_, "a"), "0123");
  Bytes out(5);
  EXPECT_EQ(faulty_.Get("a", 0, out).code(), StatusCode::kDamaged);
  EXPECT_EQ(faulty_.Get("a", ~0ull, out).code(), StatusCode::kDamaged);
  std::uint64_t listed = 99;
  ASSERT_TRUE(faulty_
                  .List("", "",
                        [&](const ObjectInfo& info) {
                          listed = info.size_bytes;
                          return true;
                        })
                  .ok());
  EXPECT_EQ(listed, 4u);
}

TEST_F(FaultProviderTest, ExtendedObjectsEndInZeros) {
  ASSERT_TRUE(PutText(*inner_, "a", "01").ok());
  faulty_.Resize("a", 4);
  faulty_.FlipByte("a", 3, '!');
  EXPECT_EQ(Text(faulty_, "a"), std::string("01\0!", 4));
  Bytes out(1);
  ASSERT_TRUE(faulty_.Get("a", 2, out).ok());
  EXPECT_EQ(out[0], 0);
}

TEST_F(FaultProviderTest, SwappedObjectsShowEachOther) {
  ASSERT_TRUE(PutText(*inner_, "a", "one").ok());
  ASSERT_TRUE(PutText(*inner_, "b", "three").ok());
  faulty_.ReadAs("a", "b");
  faulty_.ReadAs("b", "a");
  EXPECT_EQ(Text(faulty_, "a"), "three");
  EXPECT_EQ(Text(faulty_, "b"), "one");
}

TEST_F(FaultProviderTest, HiddenObjectsAreAbsentButStillInTheWay) {
  ASSERT_TRUE(PutText(*inner_, "a", "1").ok());
  ASSERT_TRUE(PutText(*inner_, "b", "2").ok());
  faulty_.Hide("a");
  Bytes out(1);
  EXPECT_EQ(Text(faulty_, "a"), "not_found");
  EXPECT_EQ(faulty_.Get("a", 0, out).code(), StatusCode::kNotFound);
  EXPECT_EQ(Names(faulty_), std::vector<std::string>{"b"});
  EXPECT_EQ(PutText(faulty_, "a", "1").code(), StatusCode::kAlreadyExists);
}

TEST_F(FaultProviderTest, AQuotaIsFullExactlyAtItsSize) {
  faulty_.SetQuota(10);
  EXPECT_TRUE(PutText(faulty_, "a", "12345").ok());
  EXPECT_EQ(*faulty_.FreeSpaceBytes(), 5u);
  EXPECT_EQ(PutText(faulty_, "b", "123456").code(), StatusCode::kFull);
  EXPECT_EQ(Names(*inner_), std::vector<std::string>{"a"});
  EXPECT_EQ(PutText(faulty_, "a", "12345").code(), StatusCode::kAlreadyExists);
  EXPECT_TRUE(PutText(faulty_, "b", "12345").ok());
  EXPECT_EQ(PutText(faulty_, "c", "1").code(), StatusCode::kFull);
  EXPECT_TRUE(PutText(faulty_, "c", "").ok());
  const std::vector<std::string> names = {"a"};
  ASSERT_TRUE(faulty_.Delete(names).ok());
  EXPECT_EQ(*faulty_.FreeSpaceBytes(), 5u);
  EXPECT_TRUE(PutText(faulty_, "b", "1", true).ok());
  EXPECT_EQ(*faulty_.FreeSpaceBytes(), 9u);
}

TEST_F(FaultProviderTest, AnAbsentPlaceAnswersNothing) {
  ASSERT_TRUE(PutText(*inner_, "a", "1").ok());
  faulty_.SetAbsent(true);
  const std::vector<std::string> names = {"a"};
  const auto nothing = [](const ObjectInfo&) { return true; };
  EXPECT_EQ(PutText(faulty_, "b", "1").code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.Get("a", 0, {}).code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.Stat(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.List("", "", nothing).code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.Delete(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.FreeSpaceBytes().status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.Warm(names).code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.RemoteHash("a").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_.ExtendRetention("a", {}).code(), StatusCode::kUnavailable);
  faulty_.SetAbsent(false);
  EXPECT_EQ(Text(faulty_, "a"), "1");
  EXPECT_EQ(Names(*inner_), std::vector<std::string>{"a"});
}

TEST_F(FaultProviderTest, LatencyIsCallsPlusBytesAndSleepsThroughTheSleeper) {
  std::chrono::nanoseconds slept{0};
  faulty_.SetLatency({.per_call = std::chrono::milliseconds(20), .bytes_per_second = 1000},
                     [&](std::chrono::nanoseconds time) { slept += time; });
  ASSERT_TRUE(PutText(faulty_, "a", std::string(500, 'x')).ok());
  EXPECT_EQ(slept, std::chrono::milliseconds(520));
  Bytes out(100);
  ASSERT_TRUE(faulty_.Get("a", 0, out).ok());
  EXPECT_EQ(slept, std::chrono::milliseconds(640));
}

// One run of 300 calls; the outcome as text.
std::string RunWithFaults(std::uint64_t seed, int* hidden_successes) {
  const std::shared_ptr<Provider> inner = OpenMemoryProvider();
  FaultProvider faulty(inner);
  faulty.SetRandomFaults(
      RandomFaults{.seed = seed, .fail_before = 0.2, .fail_after = 0.2, .flip_on_read = 0.3});
  std::string outcome;
  for (int i = 0; i < 150; ++i) {
    const std::string name = "n" + std::to_string(i);
    const bool ok = PutText(faulty, name, "0123456789").ok();
    if (!ok && Text(*inner, name) == "0123456789") ++*hidden_successes;
    Bytes out(10);
    const Status read = faulty.Get(name, 0, out);
    outcome += ok ? 'P' : 'p';
    outcome += !read.ok() ? '-' : AsText(out) == "0123456789" ? '=' : '!';
  }
  return outcome;
}

TEST(RandomFaults, RepeatFromTheirSeedAndAreOfAllKinds) {
  int hidden = 0;
  const std::string first = RunWithFaults(5, &hidden);
  EXPECT_GT(hidden, 5);
  EXPECT_EQ(RunWithFaults(5, &hidden), first);
  EXPECT_NE(RunWithFaults(6, &hidden), first);
  for (const char kind : {'P', 'p', '-', '=', '!'}) {
    EXPECT_NE(first.find(kind), std::string::npos) << kind;
  }
}

TEST(RandomFaults, NeverHappenAtChanceZeroAndAlwaysAtOne) {
  FaultProvider faulty(OpenMemoryProvider());
  faulty.SetRandomFaults(RandomFaults{.seed = 1});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(PutText(faulty, "a" + std::to_string(i), "x").ok());
  faulty.SetRandomFaults(RandomFaults{.seed = 1, .fail_before = 1});
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(PutText(faulty, "b" + std::to_string(i), "x").ok());
}

}  // namespace
}  // namespace fenchi
