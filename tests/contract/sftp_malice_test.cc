// SFTP servers that mean ill: none may hold us for ever or fill our memory.

#include <gtest/gtest.h>

#include "base/stop.h"
#include "contract/ssh_server.h"
#include "fenchi/sftp.h"

namespace fenchi {
namespace {

class SftpMalice : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = SshServer::Missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  void Start(const std::string& mode) {
    server_ = std::make_unique<SshServer>(SshServerOptions{
        .config = "Subsystem sftp " FENCHI_SFTP_IMPOSTOR " " + mode, .has_sftp = false});
  }
  Result<std::shared_ptr<Provider>> Open(const std::string& more = "") {
    return OpenProvider(server_->Url("ed25519", "&sessions=1" + more));
  }
  static Status List(Provider& provider, std::vector<std::string>* names = nullptr) {
    return provider.List("", "", [&](const ObjectInfo& info) {
      if (names != nullptr) names->push_back(info.name);
      return true;
    });
  }

  std::unique_ptr<SshServer> server_;
};

TEST_F(SftpMalice, AFolderWithoutEndIsRefusedWhenThePlaceIsOpened) {
  Start("names");
  const Status opened = Open().status();
  EXPECT_EQ(opened.code(), StatusCode::kUnavailable) << opened.ToString() << server_->Log();
  EXPECT_NE(opened.message().find("too large to list"), std::string::npos) << opened.ToString();
  EXPECT_NE(opened.hint().find("move away"), std::string::npos);
}

TEST_F(SftpMalice, NamesThatComeAgainAndAgainAreRefused) {
  for (const char* mode : {"repeats", "dots"}) {
    Start(mode);
    const Status opened = Open().status();
    EXPECT_EQ(opened.code(), StatusCode::kUnavailable) << mode << ": " << opened.ToString();
    EXPECT_NE(opened.message().find("again and again"), std::string::npos) << opened.ToString();
  }
}

TEST_F(SftpMalice, ANameToldTwiceIsListedOnce) {
  Start("twice");
  const auto provider = Open();
  ASSERT_TRUE(provider.ok()) << provider.status().ToString() << server_->Log();
  std::vector<std::string> names;
  const Status listed = List(**provider, &names);
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
}

TEST_F(SftpMalice, FoldersThatLeadOnForEverEnd) {
  Start("nests");
  const auto provider = Open();
  ASSERT_TRUE(provider.ok()) << provider.status().ToString() << server_->Log();
  const Status listed = List(**provider);
  EXPECT_EQ(listed.code(), StatusCode::kUnavailable) << listed.ToString();
  EXPECT_NE(listed.message().find("lead on and on"), std::string::npos) << listed.ToString();
}

TEST_F(SftpMalice, WhatComesBesideTheAnswerDoesNotKeepUsWaiting) {
  Start("chatter");
  const Status opened = Open("&timeout_ms=700").status();
  EXPECT_EQ(opened.code(), StatusCode::kDeadline) << opened.ToString() << server_->Log();
}

TEST_F(SftpMalice, AnAnswerThatDripsEndsInADeadline) {
  Start("drip");
  const Status opened = Open("&timeout_ms=700").status();
  EXPECT_EQ(opened.code(), StatusCode::kDeadline) << opened.ToString() << server_->Log();
}

TEST_F(SftpMalice, AStopIsLookedAtWhileBytesCome) {
  for (const char* mode : {"drip", "chatter"}) {
    Start(mode);
    int looks = 0;
    const StopScope scope([&] { return ++looks > 3; });
    const Status opened = Open("&timeout_ms=600000").status();
    EXPECT_EQ(opened.code(), StatusCode::kCancelled) << mode << ": " << opened.ToString();
  }
}

}  // namespace
}  // namespace fenchi
