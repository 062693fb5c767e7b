#include <gtest/gtest.h>

#include "fenchi/sftp.h"

namespace fenchi {
namespace {

TEST(SftpUrl, SaysHostPortUserAndDirectory) {
  const auto options = ParseSftpUrl("sftp://backup@nas.example:2222/srv/a%20b/");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->user, "backup");
  EXPECT_EQ(options->host, "nas.example");
  EXPECT_EQ(options->port, 2222);
  EXPECT_EQ(options->directory, "/srv/a b");
  EXPECT_EQ(options->sessions_max, 4);
}

TEST(SftpUrl, TakesParametersWithTheirEscapes) {
  const auto options =
      ParseSftpUrl("sftp://h/d?identity=/keys/a%26b&known_hosts=/k%3Fh&timeout_ms=1500&sessions=2");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->identity, "/keys/a&b");
  EXPECT_EQ(options->known_hosts, "/k?h");
  EXPECT_EQ(options->timeout.count(), 1500);
  EXPECT_EQ(options->sessions_max, 2);
  EXPECT_TRUE(options->user.empty());
  EXPECT_EQ(options->port, 22);
}

TEST(SftpUrl, KnowsHomeDirectoriesAndIpv6) {
  EXPECT_EQ(ParseSftpUrl("sftp://u@h/~/backup")->directory, "backup");
  const auto options = ParseSftpUrl("sftp://u@[fe80::1%eth0]:23/d");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->host, "fe80::1%eth0");
  EXPECT_EQ(options->port, 23);
}

TEST(SftpUrl, RefusesAPasswordAndNeverRepeatsIt) {
  for (const char* url : {"sftp://u:hunter2@h/d", "sftp://u:hunter2@h:22/d?sessions=1",
                          "sftp://:hunter2@h/d", "sftp://u:hunter2@x@h/d"}) {
    const Status status = ParseSftpUrl(url).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(status.ToString().find("hunter2"), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find("password"), std::string::npos) << status.ToString();
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST(SftpUrl, RefusesWhatCannotBeMeant) {
  for (const char* url : {"sftp:",
                          "sftp:/h/d",
                          "sftp://",
                          "sftp:///d",
                          "sftp://h",
                          "sftp://h/",
                          "sftp://h/~/",
                          "sftp://h//",
                          "sftp://@h/d",
                          "sftp://h:0/d",
                          "sftp://h:65536/d",
                          "sftp://h:/d",
                          "sftp://h:x/d",
                          "sftp://[::1/d",
                          "sftp://[::1]x/d",
                          "sftp://-oProxyCommand=x/d",
                          "sftp://h x/d",
                          "sftp://h/d#x",
                          "sftp://h/d%00",
                          "sftp://h/d%2",
                          "sftp://h/d?identity",
                          "sftp://h/d?identity=",
                          "sftp://h/d?sessions=0",
                          "sftp://h/d?sessions=33",
                          "sftp://h/d?timeout_ms=-1",
                          "sftp://h/d?password=x",
                          "sftp://h/d?x=y",
                          "http://h/d"}) {
    EXPECT_EQ(ParseSftpUrl(url).status().code(), StatusCode::kInvalidArgument) << url;
  }
}

TEST(SftpUrl, UnknownParametersAreNotRepeatedEither) {
  EXPECT_EQ(ParseSftpUrl("sftp://h/d?password=hunter2").status().ToString().find("hunter2"),
            std::string::npos);
}

TEST(SftpOptions, OutOfRangeAreRefusedBeforeAnyConnection) {
  const SftpOptions good{.host = "localhost", .port = 1, .directory = "/d"};
  for (auto spoil :
       {+[](SftpOptions& o) { o.host = ""; }, +[](SftpOptions& o) { o.port = 0; },
        +[](SftpOptions& o) { o.directory = ""; }, +[](SftpOptions& o) { o.directory = "/"; },
        +[](SftpOptions& o) { o.sessions_max = 0; },
        +[](SftpOptions& o) { o.timeout = std::chrono::milliseconds(0); }}) {
    SftpOptions options = good;
    spoil(options);
    const StatusCode code = OpenSftpProvider(options).status().code();
    EXPECT_TRUE(code == StatusCode::kInvalidArgument || code == StatusCode::kUnsupported);
  }
}

}  // namespace
}  // namespace fenchi
