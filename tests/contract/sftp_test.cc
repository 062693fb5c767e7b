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
    // A server without hard links is told of in a note: see capability().create_only.
    const bool noted = !finding.required && !GetParam().create_only;
    EXPECT_TRUE(finding.passed || noted) << finding.check << ": " << finding.message;
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

TEST_F(Sftp, IsReadByTheLocalProviderAndReadsWhatThatOneWrote) {
  const auto far = Open(server_->Url());
  const auto near = OpenLocalProvider(server_->root());
  ASSERT_TRUE(far != nullptr && near.ok());
  const auto random = SeededRandom(kSeed);
  constexpr std::string_view kAlphabet = "ab-.0d/_";
  std::vector<std::string> stored;
  for (int i = 0; i < 300; ++i) {
    Bytes draws(7);
    random->Fill(draws);
    std::string name = draws[0] % 2 == 0 ? "d/" : "";
    for (std::size_t j = 1; j <= 1 + draws[0] % 6u; ++j) name += kAlphabet[draws[j] % 8];
    if (!CheckObjectName(name).ok()) continue;
    const Status put = PutText(i % 3 == 0 ? **near : *far, name, name);
    if (put.ok()) stored.push_back(name);
    // "a" beside "a/b" is the one thing that folders cannot do.
    EXPECT_TRUE(put.ok() || put.code() == StatusCode::kAlreadyExists ||
                put.code() == StatusCode::kUnsupported)
        << put.ToString() << " seed " << kSeed;
  }
  std::sort(stored.begin(), stored.end());
  ASSERT_GT(stored.size(), 50u);
  for (const std::string& name : stored) {
    EXPECT_EQ(Text(*far, name), name);
    EXPECT_EQ(Text(**near, name), name);
  }
  for (int i = 0; i < 40; ++i) {
    Bytes draws(7);
    random->Fill(draws);
    std::string prefix = stored[(draws[0] * 256u + draws[1]) % stored.size()];
    const std::string after = stored[(draws[2] * 256u + draws[3]) % stored.size()];
    prefix.resize(draws[4] % (prefix.size() + 1));
    std::vector<std::string> expected;
    std::copy_if(stored.begin(), stored.end(), std::back_inserter(expected),
                 [&](const std::string& n) { return n.starts_with(prefix) && n > after; });
    EXPECT_EQ(Names(*far, prefix, after), expected)
        << "prefix " << prefix << " after " << after << " seed " << kSeed;
    EXPECT_EQ(Names(**near, prefix, after), expected);
  }
}

TEST_F(Sftp, ReplacesAnObjectWholeAndTellsFreeSpace) {
  const auto provider = Open(server_->Url());
  ASSERT_NE(provider, nullptr);
  ASSERT_TRUE(PutText(*provider, "d/abcd", "old").ok());
  ASSERT_TRUE(PutText(*provider, "d/abcd", "newer", true).ok());
  EXPECT_EQ(Text(*provider, "d/abcd"), "newer");
  const auto space = provider->FreeSpaceBytes();
  ASSERT_TRUE(space.ok()) << space.status().ToString();
  EXPECT_GT(*space, 0u);
}

TEST_F(Sftp, MayBeCalledFromInsideAListing) {
  const auto provider = Open(server_->Url("ed25519", "&sessions=1"));
  ASSERT_NE(provider, nullptr);
  for (const char* name : {"a", "b/c", "d/efg"}) ASSERT_TRUE(PutText(*provider, name, name).ok());
  int seen = 0;
  const Status listed = provider->List("", "", [&](const ObjectInfo& info) {
    EXPECT_EQ(Text(*provider, info.name), info.name);
    return ++seen < 10;
  });
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  EXPECT_EQ(seen, 3);
}

TEST_F(Sftp, UsesNoMoreConnectionsThanItSays) {
  const auto provider = Open(server_->Url("ed25519", "&sessions=3"));
  ASSERT_NE(provider, nullptr);
  EXPECT_EQ(provider->capability().parallel_calls_max, 3u);
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 5; ++j) {
        const std::string name = "t/" + std::to_string(i) + "-" + std::to_string(j);
        EXPECT_TRUE(PutText(*provider, name, name).ok());
        EXPECT_EQ(Text(*provider, name), name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server_->connections_at_once(), 3);
  EXPECT_LE(server_->connections(), 3);
  EXPECT_EQ(Names(*provider).size(), 60u);
}

INSTANTIATE_TEST_SUITE_P(Servers, SftpContract, testing::ValuesIn(kKinds),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace fenchi
