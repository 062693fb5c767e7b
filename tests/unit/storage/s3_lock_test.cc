// Object locks of S3: a mode that may be taken off is none where the URL wants one for good.

#include <gtest/gtest.h>

#include <mutex>

#include "fenchi/s3.h"
#include "unit/storage/mini_s3.h"

namespace fenchi {
namespace {

constexpr Timestamp kEarlier{.seconds = 4'000'000'000};  // 2096-10-02T07:06:40Z
constexpr Timestamp kLater{.seconds = 4'000'086'400};

// The retention of one object, at a server that may want leave to make it stricter.
class RetentionKeeper {
 public:
  std::string mode = "GOVERNANCE";
  std::string date = "2096-10-03T07:06:40Z";
  bool wants_bypass = false;
  bool refuses_bypass = false;
  std::vector<SeenRequest> puts;

  bool operator()(const SeenRequest& seen, LoopbackLine& line) {
    if (!seen.Asks("retention")) return false;
    const std::lock_guard lock(mutex_);
    if (seen.method == "GET") {
      line.Answer(200, {},
                  "<Retention><Mode>" + mode + "</Mode><RetainUntilDate>" + date +
                      "</RetainUntilDate></Retention>");
      return true;
    }
    puts.push_back(seen);
    const bool bypass = seen.headers.contains("x-amz-bypass-governance-retention");
    if ((wants_bypass && !bypass) || (bypass && refuses_bypass)) {
      line.Answer(403, {}, S3ErrorXml("AccessDenied", "protected by object lock."));
    } else {
      line.Answer(200, {}, "");
    }
    return true;
  }

 private:
  std::mutex mutex_;
};

class S3LockMode : public testing::Test {
 protected:
  std::shared_ptr<Provider> Open(fenchi::S3Lock lock) {
    s3_.SetFault(
        [this](const SeenRequest& seen, LoopbackLine& line) { return keeper_(seen, line); });
    S3Options options = s3_.Options();
    options.lock = lock;
    const auto opened = OpenS3Provider(options);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return *opened;
  }

  RetentionKeeper keeper_;
  MiniS3 s3_;
};

TEST_F(S3LockMode, GovernanceIsMadeComplianceAndKeepsItsLaterDate) {
  const auto provider = Open(fenchi::S3Lock::kCompliance);
  EXPECT_EQ(*provider->RetainedUntil("a"), std::nullopt) << "not as the URL wants it";
  ASSERT_TRUE(provider->ExtendRetention("a", kEarlier).ok());
  ASSERT_EQ(keeper_.puts.size(), 1u);
  EXPECT_NE(keeper_.puts[0].body.find("<Mode>COMPLIANCE</Mode><RetainUntilDate>2096-10-03T07"),
            std::string::npos)
      << keeper_.puts[0].body;
}

TEST_F(S3LockMode, WhereThatCountsAsAChangeLeaveIsAskedFor) {
  keeper_.wants_bypass = true;
  const auto provider = Open(fenchi::S3Lock::kCompliance);
  ASSERT_TRUE(provider->ExtendRetention("a", kEarlier).ok());
  ASSERT_EQ(keeper_.puts.size(), 2u);
  EXPECT_FALSE(keeper_.puts[0].headers.contains("x-amz-bypass-governance-retention"));
  EXPECT_EQ(keeper_.puts[1].headers.at("x-amz-bypass-governance-retention"), "true");

  keeper_.refuses_bypass = true;
  const Status refused = provider->ExtendRetention("a", kEarlier);
  EXPECT_FALSE(refused.ok()) << "counted as locked for good, and it is not";
  EXPECT_NE(refused.hint().find("s3:BypassGovernanceRetention"), std::string::npos)
      << refused.ToString();
}

TEST_F(S3LockMode, ComplianceStaysWhateverTheUrlWants) {
  keeper_.mode = "COMPLIANCE";
  for (const fenchi::S3Lock lock : {fenchi::S3Lock::kCompliance, fenchi::S3Lock::kGovernance}) {
    keeper_.puts.clear();
    const auto provider = Open(lock);
    EXPECT_EQ(*provider->RetainedUntil("a"), kLater);
    ASSERT_TRUE(provider->ExtendRetention("a", kEarlier).ok());
    EXPECT_TRUE(keeper_.puts.empty()) << "a later date stays as it is";
    keeper_.date = "2096-10-01T00:00:00Z";
    ASSERT_TRUE(provider->ExtendRetention("a", kEarlier).ok());
    ASSERT_EQ(keeper_.puts.size(), 1u);
    EXPECT_NE(keeper_.puts[0].body.find("<Mode>COMPLIANCE</Mode><RetainUntilDate>2096-10-02T07"),
              std::string::npos)
        << keeper_.puts[0].body;
    keeper_.date = "2096-10-03T07:06:40Z";
  }
}

}  // namespace
}  // namespace fenchi
