#include <gtest/gtest.h>

#include <thread>

#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "unit/storage/fake_time.h"

namespace fenchi {
namespace {

using std::chrono::seconds;

Status PutText(Provider& provider, std::string_view name, std::string_view text) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {});
}

// Three lines to one place, or to several.
class SpareLines : public testing::Test {
 protected:
  Result<std::shared_ptr<Provider>> Open(SpareLineOptions options = {}) {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < faults_.size(); ++i) {
      lines.push_back(
          {"line " + std::to_string(i), [this, i]() -> Result<std::shared_ptr<Provider>> {
             ++opened_[i];
             if (!refuses_[i].ok()) return refuses_[i];
             return std::shared_ptr<Provider>(faults_[i]);
           }});
    }
    options.random = random_.get();
    options.clock = time_.wait();
    return OpenSpareLines(std::move(lines), options);
  }
  std::shared_ptr<Provider> MustOpen(const SpareLineOptions& options = {}) {
    auto opened = Open(options);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return *opened;
  }
  std::shared_ptr<FaultProvider> To(const std::shared_ptr<Provider>& place) {
    return std::make_shared<FaultProvider>(place);
  }
  Status Answer(Provider& provider) {
    const Status status = provider.Get("absent", 0, {});
    return status.code() == StatusCode::kNotFound ? Status::Ok() : status;
  }

  FakeTime time_;
  std::unique_ptr<Random> random_ = SeededRandom(43);
  std::shared_ptr<Provider> place_ = OpenMemoryProvider();
  std::vector<std::shared_ptr<FaultProvider>> faults_{To(place_), To(place_), To(place_)};
  std::vector<Status> refuses_{Status::Ok(), Status::Ok(), Status::Ok()};
  std::vector<int> opened_{0, 0, 0};
};

TEST_F(SpareLines, AreNotTouchedWhileTheFirstLineWorks) {
  const auto provider = MustOpen();
  EXPECT_TRUE(PutText(*provider, "a", "1").ok());
  EXPECT_EQ(opened_, (std::vector<int>{1, 0, 0}));
}

TEST_F(SpareLines, TakeOverInOrderAndStay) {
  const auto provider = MustOpen();
  faults_[0]->SetAbsent(true);
  faults_[1]->SetAbsent(true);
  EXPECT_TRUE(PutText(*provider, "a", "1").ok());
  EXPECT_EQ(faults_[0]->calls(Verb::kPut), 2);  // the marker, and a
  const int before = faults_[1]->calls(Verb::kGet);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Answer(*provider).ok());
  EXPECT_EQ(faults_[0]->calls(Verb::kPut), 2);
  EXPECT_EQ(faults_[1]->calls(Verb::kGet), before);
}

TEST_F(SpareLines, TheFirstLineIsTriedAgainAfterAWhile) {
  const auto provider = MustOpen({.back_after = seconds(60)});
  faults_[0]->SetAbsent(true);
  EXPECT_TRUE(Answer(*provider).ok());
  const int tried = faults_[0]->calls(Verb::kGet);
  time_.Advance(seconds(59));
  EXPECT_TRUE(Answer(*provider).ok());
  EXPECT_EQ(faults_[0]->calls(Verb::kGet), tried);
  time_.Advance(seconds(2));
  EXPECT_TRUE(Answer(*provider).ok());  // looks, and finds it still down
  EXPECT_TRUE(Answer(*provider).ok());
  EXPECT_EQ(faults_[0]->calls(Verb::kGet), tried + 1);
  faults_[0]->SetAbsent(false);
  time_.Advance(seconds(61));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Answer(*provider).ok());
  EXPECT_EQ(faults_[0]->calls(Verb::kGet), tried + 4);
}

TEST_F(SpareLines, AnAnswerThatIsNoFailureOfTheLineIsTheAnswer) {
  const auto provider = MustOpen();
  faults_[0]->FailBefore([](Verb, std::string_view, int) -> std::optional<Status> {
    return Status(StatusCode::kDenied, "not yours");
  });
  EXPECT_EQ(PutText(*provider, "a", "1").code(), StatusCode::kDenied);
  EXPECT_EQ(opened_, (std::vector<int>{1, 0, 0}));
}

TEST_F(SpareLines, WhenNoneAnswersTheCallMayBeTriedAgain) {
  const auto provider = MustOpen();
  for (const auto& fault : faults_) fault->SetAbsent(true);
  EXPECT_EQ(PutText(*provider, "a", "1").code(), StatusCode::kUnavailable);
  faults_[2]->SetAbsent(false);
  EXPECT_TRUE(PutText(*provider, "a", "1").ok());
}

TEST_F(SpareLines, APutThatTheFirstLineStoredAndDeniedCountsOverTheSecond) {
  const auto provider = MustOpen();
  faults_[0]->FailAfter([](Verb verb, std::string_view, int) -> std::optional<Status> {
    if (verb != Verb::kPut) return std::nullopt;
    return Status(StatusCode::kDeadline, "no answer in time");
  });
  EXPECT_TRUE(PutText(*provider, "a", "mine").ok());
  EXPECT_EQ(PutText(*provider, "a", "mine").code(), StatusCode::kAlreadyExists);
}

TEST_F(SpareLines, ALineToAnotherPlaceIsRefused) {
  faults_[1] = To(OpenMemoryProvider());
  const auto provider = MustOpen();
  faults_[0]->SetAbsent(true);
  const Status refused = PutText(*provider, "a", "1");
  EXPECT_EQ(refused.code(), StatusCode::kConflict);
  EXPECT_NE(refused.message().find("line 1"), std::string::npos) << refused.message();
  EXPECT_NE(refused.message().find("line 0"), std::string::npos);
  EXPECT_FALSE(refused.hint().empty());
  const std::vector<std::string> names = {"a"};
  EXPECT_FALSE(faults_[1]->Stat(names)->front().has_value());
  faults_[0]->SetAbsent(false);
  EXPECT_TRUE(PutText(*provider, "a", "1").ok());
}

TEST_F(SpareLines, ALineWithTheMarkerOfAnotherPlaceIsRefused) {
  faults_[1] = To(OpenMemoryProvider());
  {
    std::swap(faults_[0], faults_[1]);
    MustOpen();  // the other place has been somebody's first line, and has a marker
    std::swap(faults_[0], faults_[1]);
  }
  const auto provider = MustOpen();
  faults_[0]->SetAbsent(true);
  EXPECT_EQ(PutText(*provider, "a", "1").code(), StatusCode::kConflict);
}

TEST_F(SpareLines, AllCanBeComparedAtTheOpening) {
  EXPECT_TRUE(Open({.compare_all = true}).ok());
  EXPECT_EQ(opened_, (std::vector<int>{1, 1, 1}));
  faults_[2] = To(OpenMemoryProvider());
  EXPECT_EQ(Open({.compare_all = true}).status().code(), StatusCode::kConflict);
  faults_[2]->SetAbsent(true);  // what does not answer cannot be compared
  EXPECT_TRUE(Open({.compare_all = true}).ok());
}

TEST_F(SpareLines, OpenWithoutTheFirstLineOnceItWasThere) {
  MustOpen();
  refuses_[0] = Status(StatusCode::kUnavailable, "no route");
  const auto provider = MustOpen();
  EXPECT_TRUE(PutText(*provider, "a", "1").ok());
  EXPECT_EQ(opened_, (std::vector<int>{2, 1, 0}));
}

TEST_F(SpareLines, ANewPlaceNeedsItsFirstLineOnce) {
  refuses_[0] = Status(StatusCode::kNotFound, "not mounted");
  const auto refused = Open();
  EXPECT_FALSE(refused.ok());
  refuses_[0] = Status(StatusCode::kUnavailable, "no route");
  EXPECT_EQ(Open().status().code(), StatusCode::kUnavailable);
  bool empty = true;
  ASSERT_TRUE(place_->List("", "", [&](const ObjectInfo&) { return empty = false; }).ok());
  EXPECT_TRUE(empty);
}

TEST_F(SpareLines, AFirstLineThatCannotBeOpenedIsOpenedLater) {
  MustOpen();
  refuses_[0] = Status(StatusCode::kUnavailable, "no route");
  const auto provider = MustOpen({.back_after = seconds(10)});
  EXPECT_TRUE(Answer(*provider).ok());
  refuses_[0] = Status::Ok();
  const int before = faults_[1]->calls(Verb::kGet);
  time_.Advance(seconds(11));
  EXPECT_TRUE(Answer(*provider).ok());
  EXPECT_EQ(faults_[1]->calls(Verb::kGet), before);
}

TEST_F(SpareLines, AWrongUrlIsAnErrorAtOnce) {
  refuses_[0] = Status(StatusCode::kInvalidArgument, "no such scheme");
  EXPECT_EQ(Open().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenSpareLines({}).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(SpareLines, SwitchWhileManyThreadsWrite) {
  const auto provider = MustOpen();
  std::vector<std::thread> threads;
  std::vector<Status> failed(4);
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 100; ++j) {
        if (i == 0) faults_[static_cast<std::size_t>(j % 3)]->SetAbsent(j % 2 == 0 && j % 3 != 2);
        const std::string name = std::to_string(i) + "/" + std::to_string(j);
        if (Status put = PutText(*provider, name, name); !put.ok()) failed[i] = put;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : failed) EXPECT_TRUE(status.ok()) << status.ToString();
}

}  // namespace
}  // namespace fenchi
