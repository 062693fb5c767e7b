// Every kind of provider against the public contract suite. A new kind of place is one row here.

#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>

#include "contract/temporary_directory.h"
#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "fenchi/testing/provider_contract.h"
#include "storage/local_provider.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20261121;

using Opened = Result<std::shared_ptr<Provider>>;

struct Place {
  std::string name;
  std::function<Result<std::shared_ptr<Provider>>(const std::string& directory)> open;
};

Result<std::shared_ptr<Provider>> OpenWithout(const std::string& directory, LocalLimits limits) {
  return OpenLimitedLocalProvider(directory, {}, limits);
}

const Place kPlaces[] = {
    {"local", [](const std::string& directory) { return OpenLocalProvider(directory); }},
    {"local_unsynced",
     [](const std::string& directory) { return OpenLocalProvider(directory, {.sync = false}); }},
    {"local_without_unnamed_files",
     [](const std::string& directory) { return OpenWithout(directory, {.unnamed_files = false}); }},
    {"local_without_hard_links",
     [](const std::string& directory) {
       return OpenWithout(directory, {.unnamed_files = false, .hard_links = false});
     }},
    {"file_url",
     [](const std::string& directory) { return OpenProvider("file://" + directory + "/a%20b"); }},
    {"memory",
     [](const std::string&) -> Result<std::shared_ptr<Provider>> { return OpenMemoryProvider(); }},
    {"memory_url", [](const std::string&) { return OpenProvider("memory:contract"); }},
    {"fault_wrapper_without_faults",
     [](const std::string&) -> Result<std::shared_ptr<Provider>> {
       return std::shared_ptr<Provider>(std::make_shared<FaultProvider>(OpenMemoryProvider()));
     }},
    {"retrying",
     [](const std::string&) -> Opened { return OpenRetryingProvider(OpenMemoryProvider()); }},
    {"retrying_a_place_that_fails",
     [](const std::string&) -> Opened {
       auto faulty = std::make_shared<FaultProvider>(OpenMemoryProvider());
       faulty->SetRandomFaults(RandomFaults{.seed = 9, .fail_before = 0.02, .fail_after = 0.02});
       return OpenRetryingProvider(
           faulty,
           {.attempts_max = 20, .first_wait = std::chrono::milliseconds(0), .budget = 1000});
     }},
    {"rate_limited",
     [](const std::string&) -> Opened {
       return OpenRateLimitedProvider(
           OpenMemoryProvider(),
           std::make_shared<RateLimit>(RateLimitOptions{.schedule = *ParseRateSchedule("9 GB/s")}));
     }},
    {"metered",
     [](const std::string&) -> Opened {
       return OpenMeteredProvider(OpenMemoryProvider(), std::make_shared<Meter>());
     }},
    {"cached_in_memory",
     [](const std::string&) { return OpenCachedProvider(OpenMemoryProvider(), {}); }},
    {"cached_in_a_directory",
     [](const std::string& directory) {
       return OpenCachedProvider(OpenMemoryProvider(), {.directory = directory + "/cache"});
     }},
    {"spare_lines",
     [](const std::string& directory) {
       std::vector<Line> lines;
       for (const char* path : {"/place", "/./place"}) {
         lines.push_back({path, [=] { return OpenLocalProvider(directory + path); }});
       }
       return OpenSpareLines(lines, {.compare_all = true});
     }},
    {"all_wrappers",
     [](const std::string&) -> Opened {
       std::shared_ptr<Provider> place = OpenMemoryProvider();
       place = OpenMeteredProvider(place, std::make_shared<Meter>());
       place = OpenRateLimitedProvider(place, std::make_shared<RateLimit>(RateLimitOptions{}));
       return OpenCachedProvider(OpenRetryingProvider(place), {});
     }},
};

class ProviderContract : public testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    Result<std::shared_ptr<Provider>> opened = GetParam().open(directory_.path());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    provider_ = *opened;
    RecordProperty("seed", std::to_string(kSeed));
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    EXPECT_TRUE(provider_
                    ->List("", "",
                           [&](const ObjectInfo& info) {
                             // Spare lines leave the marker by which they are compared.
                             if (info.name != "probe/place") names.push_back(info.name);
                             return true;
                           })
                    .ok());
    return names;
  }

  TemporaryDirectory directory_;
  std::shared_ptr<Provider> provider_;
  std::unique_ptr<Random> random_ = SeededRandom(kSeed);
};

TEST_P(ProviderContract, IsKeptAndNothingIsLeftBehind) {
  const Result<ContractReport> report = RunProviderContract(*provider_, {}, *random_);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->passed()) << report->ToText() << "seed " << kSeed;
  EXPECT_GE(report->findings.size(), 20u);
  for (const ContractFinding& finding : report->findings) {
    EXPECT_TRUE(finding.passed) << finding.check << ": " << finding.message;
  }
  EXPECT_TRUE(Names().empty());
}

TEST_P(ProviderContract, RunsTwiceWithoutDeletingAnything) {
  for (int round = 0; round < 2; ++round) {
    const ContractOptions options{
        .prefix = "again", .may_delete = false, .large_object_bytes = 1 << 20};
    const Result<ContractReport> report = RunProviderContract(*provider_, options, *random_);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_TRUE(report->passed()) << report->ToText();
  }
  const std::vector<std::string> left = Names();
  EXPECT_GT(left.size(), 100u);
  ASSERT_TRUE(provider_->Delete(left).ok());
}

TEST_P(ProviderContract, IsTheSamePlaceAsItselfOnly) {
  const std::shared_ptr<Provider> other = OpenMemoryProvider();
  const Result<bool> itself = SamePlace(*provider_, *provider_, *random_);
  const Result<bool> another = SamePlace(*provider_, *other, *random_);
  ASSERT_TRUE(itself.ok() && another.ok());
  EXPECT_TRUE(*itself);
  EXPECT_FALSE(*another);
  EXPECT_TRUE(Names().empty());
}

INSTANTIATE_TEST_SUITE_P(Places, ProviderContract, testing::ValuesIn(kPlaces),
                         [](const auto& row) { return row.param.name; });

TEST(ContractSuite, NeverLeavesItsPrefix) {
  FaultProvider provider(OpenMemoryProvider());
  std::mutex mutex;
  std::vector<std::string> outside;
  provider.FailBefore([&](Verb verb, std::string_view name, int) -> std::optional<Status> {
    const std::lock_guard lock(mutex);
    const bool reads = verb == Verb::kGet || verb == Verb::kStat;
    if (!reads && !name.starts_with("only/here/")) outside.emplace_back(name);
    return std::nullopt;
  });
  const auto random = SeededRandom(kSeed);
  ASSERT_TRUE(RunProviderContract(provider, {.prefix = "only/here"}, *random).ok());
  EXPECT_GT(provider.calls(Verb::kPut), 100);
  EXPECT_TRUE(outside.empty()) << outside.front();
}

TEST(ContractSuite, RefusesOptionsOutOfRange) {
  const std::shared_ptr<Provider> provider = OpenMemoryProvider();
  const auto random = SeededRandom(kSeed);
  for (const ContractOptions& options :
       {ContractOptions{.prefix = ""}, ContractOptions{.prefix = "../x"},
        ContractOptions{.prefix = std::string(61, 'a')}, ContractOptions{.threads = 1},
        ContractOptions{.threads = 65}, ContractOptions{.list_attempts = 0}}) {
    const auto report = RunProviderContract(*provider, options, *random);
    EXPECT_EQ(report.status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(ContractSuite, SaysWhenAPlaceCannotBeWrittenToAtAll) {
  const std::shared_ptr<Provider> provider = OpenReadOnlyProvider(OpenMemoryProvider());
  const auto random = SeededRandom(kSeed);
  EXPECT_EQ(RunProviderContract(*provider, {}, *random).status().code(), StatusCode::kDenied);
}

TEST(SamePlace, IsTrueForTwoPathsToOneDirectory) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() + "/real");
  std::filesystem::create_directory_symlink("real", directory.path() + "/link");
  const auto real = OpenLocalProvider(directory.path() + "/real");
  const auto link = OpenLocalProvider(directory.path() + "/link");
  ASSERT_TRUE(real.ok() && link.ok());
  const auto random = SeededRandom(kSeed);
  const Result<bool> same = SamePlace(**real, **link, *random);
  ASSERT_TRUE(same.ok()) << same.status().ToString();
  EXPECT_TRUE(*same);
}

TEST(SamePlace, ReportsAPlaceThatDoesNotAnswerInsteadOfSayingNo) {
  FaultProvider absent(OpenMemoryProvider());
  absent.SetAbsent(true);
  const std::shared_ptr<Provider> present = OpenMemoryProvider();
  const auto random = SeededRandom(kSeed);
  EXPECT_EQ(SamePlace(absent, *present, *random).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(SamePlace(*present, absent, *random).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace fenchi
