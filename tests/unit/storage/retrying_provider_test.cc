#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "unit/storage/fake_time.h"

namespace fenchi {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Status PutText(Provider& provider, std::string_view name, std::string_view text,
               bool replace = false) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {.replace = replace});
}

class Retry : public testing::Test {
 protected:
  std::shared_ptr<Provider> Open(RetryOptions options = {}) {
    options.clock = time_.wait();
    options.random = random_.get();
    return OpenRetryingProvider(faulty_, options);
  }
  // The first `count` calls of `verb` fail with `status`, before or after they are done.
  FaultHook First(Verb verb, int count, Status status) {
    return [=](Verb called, std::string_view, int call) -> std::optional<Status> {
      if (called != verb || call > count) return std::nullopt;
      return status;
    };
  }

  FakeTime time_;
  std::unique_ptr<Random> random_ = SeededRandom(41);
  std::shared_ptr<Provider> place_ = OpenMemoryProvider();
  std::shared_ptr<FaultProvider> faulty_ = std::make_shared<FaultProvider>(place_);
  const Status gone_{StatusCode::kUnavailable, "line cut"};
};

TEST_F(Retry, TriesAgainWhenThePlaceDoesNotAnswer) {
  for (const StatusCode code : {StatusCode::kUnavailable, StatusCode::kDeadline}) {
    faulty_ = std::make_shared<FaultProvider>(place_);
    faulty_->FailBefore(First(Verb::kPut, 3, Status(code, "slow")));
    const std::string name = "a" + std::to_string(static_cast<int>(code));
    EXPECT_TRUE(PutText(*Open(), name, "x").ok());
    EXPECT_EQ(faulty_->calls(Verb::kPut), 4);
  }
}

TEST_F(Retry, TriesNothingElseAgain) {
  for (int number = 1; number <= static_cast<int>(StatusCode::kInternal); ++number) {
    const auto code = static_cast<StatusCode>(number);
    if (code == StatusCode::kUnavailable || code == StatusCode::kDeadline) continue;
    faulty_ = std::make_shared<FaultProvider>(place_);
    faulty_->FailBefore(First(Verb::kPut, 1, Status(code, "no")));
    EXPECT_EQ(PutText(*Open(), "a", "x").code(), code);
    EXPECT_EQ(faulty_->calls(Verb::kPut), 1) << StatusCodeName(code);
  }
  EXPECT_TRUE(time_.slept().empty());
}

TEST_F(Retry, GivesUpAfterSoManyAttemptsWithTheLastAnswer) {
  faulty_->SetAbsent(true);
  EXPECT_EQ(PutText(*Open({.attempts_max = 4}), "a", "x").code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_->calls(Verb::kPut), 4);
}

TEST_F(Retry, WaitsAreDrawnBelowADoublingLimit) {
  faulty_->SetAbsent(true);
  const auto provider = Open({.attempts_max = 200,
                              .first_wait = milliseconds(100),
                              .wait_max = milliseconds(1600),
                              .deadline = milliseconds(1'000'000),
                              .budget = 1000});
  EXPECT_FALSE(PutText(*provider, "a", "x").ok());
  const auto slept = time_.slept();
  ASSERT_GT(slept.size(), 190u);
  double sum = 0;
  for (std::size_t i = 0; i < slept.size(); ++i) {
    const double most =
        std::min(100e6 * std::pow(2, static_cast<double>(std::min<std::size_t>(i, 10))), 1600e6);
    EXPECT_LE(static_cast<double>(slept[i].count()), most) << i;
    sum += static_cast<double>(slept[i].count());
  }
  // Full jitter: evenly from 0 up, so half of 1.6 s in the mean; the seed is fixed.
  EXPECT_NEAR(sum / static_cast<double>(slept.size()), 0.8e9, 0.15e9);
}

TEST_F(Retry, HonoursRetryAfter) {
  faulty_->FailBefore(First(Verb::kPut, 1, gone_.WithRetryAfter(seconds(17))));
  EXPECT_TRUE(PutText(*Open({.first_wait = milliseconds(500)}), "a", "x").ok());
  ASSERT_EQ(time_.slept().size(), 1u);
  EXPECT_GE(time_.slept().front(), seconds(17));
  EXPECT_LE(time_.slept().front(), milliseconds(17'500));
}

TEST_F(Retry, DoesNotWaitBeyondItsDeadline) {
  faulty_->FailBefore(First(Verb::kPut, 1, gone_.WithRetryAfter(seconds(300))));
  EXPECT_EQ(PutText(*Open({.deadline = milliseconds(60'000)}), "a", "x").code(),
            StatusCode::kUnavailable);
  EXPECT_TRUE(time_.slept().empty());

  faulty_->SetAbsent(true);
  const auto provider = Open({.attempts_max = 1000, .deadline = milliseconds(60'000)});
  EXPECT_FALSE(PutText(*provider, "b", "x").ok());
  EXPECT_LE(time_.elapsed(), seconds(60));
}

TEST_F(Retry, APlaceThatIsDownUsesUpTheBudgetOnce) {
  faulty_->SetAbsent(true);
  const auto provider = Open({.attempts_max = 4, .budget = 10});
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(PutText(*provider, "a", "x").ok());
  EXPECT_EQ(faulty_->calls(Verb::kPut), 20 + 10);
  // It fills again when the place answers: ten calls give one retry.
  faulty_->SetAbsent(false);
  Bytes none;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(provider->Get("n", 0, none).code(), StatusCode::kNotFound);
  faulty_->SetAbsent(true);
  EXPECT_FALSE(PutText(*provider, "a", "x").ok());
  EXPECT_EQ(faulty_->calls(Verb::kPut), 20 + 10 + 2);
}

TEST_F(Retry, APutThatWasDoneAndReportedAsFailedCounts) {
  faulty_->FailAfter(First(Verb::kPut, 1, gone_));
  EXPECT_TRUE(PutText(*Open(), "a", "mine").ok());
  EXPECT_EQ(faulty_->calls(Verb::kPut), 2);
  EXPECT_EQ(faulty_->calls(Verb::kGet), 1);
}

TEST_F(Retry, ALargePutOfUnknownOutcomeIsComparedToTheEnd) {
  std::string text(3'000'001, 'a');
  faulty_->FailAfter(First(Verb::kPut, 1, gone_));
  EXPECT_TRUE(PutText(*Open(), "large", text).ok());
  // The same length and one other byte at the end, by somebody else meanwhile.
  faulty_ = std::make_shared<FaultProvider>(place_);
  faulty_->FailBefore([&](Verb verb, std::string_view, int call) -> std::optional<Status> {
    if (verb != Verb::kPut || call != 1) return std::nullopt;
    text.back() = 'b';
    EXPECT_TRUE(PutText(*place_, "other", text).ok());
    text.back() = 'a';
    return gone_;
  });
  EXPECT_EQ(PutText(*Open(), "other", text).code(), StatusCode::kAlreadyExists);
}

TEST_F(Retry, ANameThatWasTakenBeforeIsRefusedAtOnce) {
  ASSERT_TRUE(PutText(*place_, "a", "mine").ok());
  EXPECT_EQ(PutText(*Open(), "a", "mine").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(faulty_->calls(Verb::kGet) + faulty_->calls(Verb::kStat), 0);
}

TEST_F(Retry, SomebodyElsesObjectIsNotTakenForOurs) {
  ASSERT_TRUE(PutText(*place_, "a", "theirs").ok());
  faulty_->FailBefore(First(Verb::kPut, 1, gone_));
  EXPECT_EQ(PutText(*Open(), "a", "ours!!").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(PutText(*Open(), "a", "longer").code(), StatusCode::kAlreadyExists);
}

TEST_F(Retry, AReplacingPutIsJustRepeated) {
  faulty_->FailAfter(First(Verb::kPut, 2, gone_));
  EXPECT_TRUE(PutText(*Open(), "a", "new", true).ok());
  EXPECT_EQ(faulty_->calls(Verb::kPut), 3);
}

TEST_F(Retry, AListGoesOnWhereItBroke) {
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) {
    names.push_back("n/" + std::to_string(100 + i));
    ASSERT_TRUE(PutText(*place_, names.back(), "x").ok());
  }
  // Breaks each time after a few names.
  class Breaking final : public ProviderWrapper {
   public:
    using ProviderWrapper::ProviderWrapper;
    Status List(std::string_view prefix, std::string_view after,
                const std::function<bool(const ObjectInfo&)>& entry) override {
      int told = 0;
      ++calls;
      FENCHI_RETURN_IF_ERROR(inner().List(
          prefix, after, [&](const ObjectInfo& info) { return told++ < 7 && entry(info); }));
      return told > 7 ? Status(StatusCode::kUnavailable, "cut") : Status::Ok();
    }
    int calls = 0;
  };
  const auto breaking = std::make_shared<Breaking>(place_);
  const auto provider = OpenRetryingProvider(
      breaking, {.attempts_max = 10, .random = random_.get(), .clock = time_.wait()});
  std::vector<std::string> told;
  const Status listed = provider->List("n/", "", [&](const ObjectInfo& info) {
    told.push_back(info.name);
    return true;
  });
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  EXPECT_EQ(told, names);
  EXPECT_EQ(breaking->calls, 5);
}

TEST_F(Retry, ADeleteRepeatsOnlyWhatFailed) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(PutText(*place_, name, "x").ok());
  std::vector<std::string> asked;
  faulty_->FailBefore([&](Verb verb, std::string_view name, int call) -> std::optional<Status> {
    if (verb != Verb::kDelete) return std::nullopt;
    asked.emplace_back(name);
    if (name == "b" && call == 1) return gone_;
    if (name == "c") return Status(StatusCode::kLocked, "object lock");
    return std::nullopt;
  });
  const std::vector<std::string> names = {"a", "b", "c"};
  const auto answers = Open()->Delete(names);
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE((*answers)[0].ok());
  EXPECT_TRUE((*answers)[1].ok());
  EXPECT_EQ((*answers)[2].code(), StatusCode::kLocked);
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "b", "c", "b"}));
}

TEST_F(Retry, APlaceWithFivePercentRandomErrorsNeverFails) {
  faulty_->SetRandomFaults(RandomFaults{.seed = 5, .fail_before = 0.05, .fail_after = 0.05});
  const auto provider = Open();
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "n/" + std::to_string(i);
    const Status put = PutText(*provider, name, name);
    ASSERT_TRUE(put.ok()) << put.ToString();
    const Result<Bytes> back = GetAll(*provider, name, 100);
    ASSERT_TRUE(back.ok()) << back.status().ToString();
    EXPECT_EQ(AsText(*back), name);
  }
  EXPECT_GT(faulty_->calls(Verb::kPut), 2100);
}

}  // namespace
}  // namespace fenchi
