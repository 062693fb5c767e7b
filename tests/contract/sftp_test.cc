// The SFTP provider against OpenSSH's own server: the contract suite, and what only a server does.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "contract/ssh_server.h"
#include "fenchi/random.h"
#include "fenchi/sftp.h"
#include "fenchi/testing/provider_contract.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSeed = 20261128;

Status PutText(Provider& provider, std::string_view name, std::string_view text,
               bool replace = false) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {.replace = replace});
}

std::string Text(Provider& provider, std::string_view name) {
  const Result<Bytes> bytes = GetAll(provider, name, 1 << 24);
  return bytes.ok() ? std::string(AsText(*bytes)) : bytes.status().ToString();
}

std::vector<std::string> Names(Provider& provider, std::string_view prefix = "",
                               std::string_view after = "") {
  std::vector<std::string> names;
  const Status listed = provider.List(prefix, after, [&](const ObjectInfo& info) {
    names.push_back(info.name);
    return true;
  });
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  return names;
}

std::shared_ptr<Provider> Open(const std::string& url) {
  const auto opened = OpenProvider(url);
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
  return opened.ok() ? *opened : nullptr;
}

std::vector<std::string> FilesIn(const std::string& directory) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(directory)) {
    out.push_back(entry.path().filename().string());
  }
  return out;
}

#define FENCHI_NEEDS_SSH_SERVER() \
  if (const std::string missing = SshServer::Missing(); !missing.empty()) GTEST_SKIP() << missing

struct Kind {
  std::string name;
  SshServerOptions options;
  std::string more;  // of the URL
  bool create_only;
  bool durable;
};

const Kind kKinds[] = {
    {"as_it_comes", {}, "", true, true},
    {"one_session", {}, "&sessions=1", true, true},
    {"new_keys_after_each_mebibyte", {.config = "RekeyLimit 1M"}, "", true, true},
    {"without_hard_links", {.sftp_flags = "-P hardlink"}, "", false, true},
    {"without_extensions",
     {.sftp_flags = "-P hardlink,fsync,statvfs,posix-rename,limits"},
     "",
     false,
     false},
};

class SftpContract : public testing::TestWithParam<Kind> {};

TEST_P(SftpContract, IsKeptAndNothingIsLeftBehind) {
  FENCHI_NEEDS_SSH_SERVER();
  SshServer server(GetParam().options);
  const auto provider = Open(server.Url("ed25519", GetParam().more));
  ASSERT_NE(provider, nullptr) << server.Log();
  EXPECT_EQ(provider->capability().create_only, GetParam().create_only);
  EXPECT_EQ(provider->capability().durable, GetParam().durable);
  EXPECT_TRUE(provider->capability().can_delete);
  RecordProperty("seed", std::to_string(kSeed));
  const auto random = SeededRandom(kSeed);
  const Result<ContractReport> report = RunProviderContract(*provider, {}, *random);
  ASSERT_TRUE(report.ok()) << report.status().ToString() << server.Log();
  EXPECT_TRUE(report->passed()) << report->ToText() << "seed " << kSeed;
  EXPECT_GE(report->findings.size(), 20u);
  for (const ContractFinding& finding : report->findings) {
    EXPECT_TRUE(finding.passed) << finding.check << ": " << finding.message;
  }
  EXPECT_TRUE(Names(*provider).empty());
  EXPECT_TRUE(FilesIn(server.root() + "/.tmp").empty());
  EXPECT_LE(server.connections_at_once(), 4);
}

class Sftp : public testing::Test {
 protected:
  void SetUp() override {
    FENCHI_NEEDS_SSH_SERVER();
    server_ = std::make_unique<SshServer>();
  }
  std::unique_ptr<SshServer> server_;
};

TEST_F(Sftp, LetsInKeysOfEachKind) {
  for (const char* key : {"ed25519", "rsa"}) {
    const auto provider = Open(server_->Url(key));
    ASSERT_NE(provider, nullptr) << server_->Log();
    ASSERT_TRUE(PutText(*provider, key, key).ok());
    EXPECT_EQ(Text(*provider, key), key);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, SftpContract, testing::ValuesIn(kKinds),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace fenchi
