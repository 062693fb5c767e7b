// SFTP when things go wrong: lines cut, disks full or gone, accounts that may not, servers that
// hang.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "contract/ssh_server.h"
#include "fenchi/sftp.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

Status PutText(Provider& provider, std::string_view name, std::string_view text) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {});
}

std::string Text(Provider& provider, std::string_view name) {
  const Result<Bytes> bytes = GetAll(provider, name, 1 << 24);
  return bytes.ok() ? std::string(AsText(*bytes)) : bytes.status().ToString();
}

StatusCode Listed(Provider& provider, std::vector<std::string>* names = nullptr) {
  return provider
      .List("", "",
            [&](const ObjectInfo& info) {
              if (names != nullptr) names->push_back(info.name);
              return true;
            })
      .code();
}

StatusCode Stated(Provider& provider, const std::string& name, bool* there = nullptr) {
  const std::string names[] = {name};
  const auto infos = provider.Stat(names);
  if (infos.ok() && there != nullptr) *there = infos->front().has_value();
  return infos.status().code();
}

std::vector<std::string> FilesIn(const std::string& directory) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(directory)) out.push_back(entry.path());
  return out;
}

// Does something when half of it was read.
class HalfwaySource final : public Source {
 public:
  HalfwaySource(std::uint64_t size, std::function<void()> halfway)
      : size_(size), halfway_(std::move(halfway)) {}
  std::uint64_t size() const override { return size_; }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    if (offset >= size_ / 2 && halfway_) std::exchange(halfway_, nullptr)();
    std::fill(out.begin(), out.end(), std::uint8_t{7});
    return Status::Ok();
  }

 private:
  std::uint64_t size_;
  std::function<void()> halfway_;
};

class SftpTrouble : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = SshServer::Missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  void Start(SshServerOptions options = {}) {
    server_ = std::make_unique<SshServer>(std::move(options));
    provider_ = Open();
    ASSERT_NE(provider_, nullptr) << server_->Log();
  }
  std::shared_ptr<Provider> Open() {
    const auto opened = OpenProvider(server_->Url());
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return opened.ok() ? *opened : nullptr;
  }

  std::unique_ptr<SshServer> server_;
  std::shared_ptr<Provider> provider_;
};

TEST_F(SftpTrouble, ALineCutInTheMiddleOfAPutLeavesNothingVisibleAndTheNextPutWorks) {
  Start();
  HalfwaySource source(20 << 20, [&] { server_->CutConnections(); });
  const Status cut = provider_->Put("d/abcdef", source, {});
  EXPECT_EQ(cut.code(), StatusCode::kUnavailable) << cut.ToString();
  std::vector<std::string> names;
  EXPECT_EQ(Listed(*provider_, &names), StatusCode::kOk);
  EXPECT_TRUE(names.empty()) << names.front();
  EXPECT_EQ(FilesIn(server_->root() + "/.tmp").size(), 1u);
  ASSERT_TRUE(PutText(*provider_, "d/abcdef", "whole").ok());
  EXPECT_EQ(Text(*provider_, "d/abcdef"), "whole");
}

TEST_F(SftpTrouble, LeftoversOfADayAgoAreRemovedWhenThePlaceIsOpened) {
  Start();
  HalfwaySource source(4 << 20, [&] { server_->CutConnections(); });
  ASSERT_FALSE(provider_->Put("a", source, {}).ok());
  const std::vector<std::string> left = FilesIn(server_->root() + "/.tmp");
  ASSERT_EQ(left.size(), 1u);
  std::ofstream(server_->root() + "/.tmp/of-somebody-else") << "x";
  provider_ = Open();
  EXPECT_TRUE(fs::exists(left.front())) << "a Put of another process may be under way";
  for (const std::string& file : FilesIn(server_->root() + "/.tmp")) {
    fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(25));
  }
  provider_ = Open();
  ASSERT_EQ(Listed(*provider_), StatusCode::kOk);  // after what opening sent
  EXPECT_FALSE(fs::exists(left.front()));
  EXPECT_TRUE(fs::exists(server_->root() + "/.tmp/of-somebody-else"));
}

TEST_F(SftpTrouble, ALineCutInTheMiddleOfAGetIsUnavailableAndTheNextGetWorks) {
  Start();
  HalfwaySource source(8 << 20, nullptr);
  ASSERT_TRUE(provider_->Put("a", source, {}).ok());
  server_->CutConnections();
  Bytes out(8 << 20);
  // The connection that was cut is noticed: at once, or by the call that meets it.
  const Status first = provider_->Get("a", 0, out);
  EXPECT_TRUE(first.ok() || first.code() == StatusCode::kUnavailable) << first.ToString();
  ASSERT_TRUE(provider_->Get("a", 0, out).ok());
  EXPECT_EQ(out, Bytes(8 << 20, 7));
}

TEST_F(SftpTrouble, AServerThatIsDownIsUnavailableUntilItIsBack) {
  Start();
  ASSERT_TRUE(PutText(*provider_, "a", "x").ok());
  server_->SetListening(false);
  server_->CutConnections();
  Bytes out(1);
  for (int i = 0; i < 2; ++i) {
    const Status down = provider_->Get("a", 0, out);
    EXPECT_EQ(down.code(), StatusCode::kUnavailable) << down.ToString();
  }
  EXPECT_EQ(Stated(*provider_, "a"), StatusCode::kUnavailable);
  EXPECT_EQ(Listed(*provider_), StatusCode::kUnavailable);
  EXPECT_EQ(OpenProvider(server_->Url()).status().code(), StatusCode::kUnavailable);
  server_->SetListening(true);
  EXPECT_EQ(Text(*provider_, "a"), "x");
}

TEST_F(SftpTrouble, AServerThatSaysNothingEndsInADeadline) {
  Start();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  Result<SftpOptions> options = ParseSftpUrl(server_->Url("ed25519", "&timeout_ms=300"));
  ASSERT_TRUE(options.ok());
  options->port = ntohs(address.sin_port);
  const Status status = OpenSftpProvider(*options).status();
  EXPECT_EQ(status.code(), StatusCode::kDeadline) << status.ToString();
  close(listener);
}

TEST_F(SftpTrouble, AServerWithoutSftpIsNamed) {
  server_ = std::make_unique<SshServer>(SshServerOptions{.has_sftp = false});
  const Status status = OpenProvider(server_->Url()).status();
  EXPECT_EQ(status.code(), StatusCode::kDenied) << status.ToString();
  EXPECT_NE(status.hint().find("Subsystem sftp"), std::string::npos);
}

TEST_F(SftpTrouble, AShellThatGreetsInsteadOfSftpIsUnavailable) {
  server_ = std::make_unique<SshServer>(
      SshServerOptions{.config = "ForceCommand echo Welcome to this server, dear user"});
  const Status status = OpenProvider(server_->Url()).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
}

TEST_F(SftpTrouble, ADirectoryThatVanishesIsUnavailableAndNeverEmpty) {
  Start();
  ASSERT_TRUE(PutText(*provider_, "d/abc", "x").ok());
  fs::rename(server_->root(), server_->root() + "-away");
  const auto expect_gone = [&] {
    Bytes out(1);
    EXPECT_EQ(provider_->Get("d/abc", 0, out).code(), StatusCode::kUnavailable);
    EXPECT_EQ(Stated(*provider_, "d/abc"), StatusCode::kUnavailable);
    EXPECT_EQ(Listed(*provider_), StatusCode::kUnavailable);
    EXPECT_EQ(PutText(*provider_, "d/abd", "y").code(), StatusCode::kUnavailable);
    const std::string names[] = {"d/abc"};
    EXPECT_EQ(provider_->Delete(names).status().code(), StatusCode::kUnavailable);
    EXPECT_EQ(provider_->FreeSpaceBytes().status().code(), StatusCode::kUnavailable);
  };
  expect_gone();
  // As a mount point without its disk.
  fs::create_directory(server_->root());
  expect_gone();
  EXPECT_TRUE(FilesIn(server_->root()).empty());
  fs::remove(server_->root());
  fs::rename(server_->root() + "-away", server_->root());
  EXPECT_EQ(Text(*provider_, "d/abc"), "x");
}

TEST_F(SftpTrouble, ADirectoryIsCreatedOnlyWhereItsParentIs) {
  Start();
  std::string url = server_->Url();
  const std::size_t end = url.find('?');
  const auto created = OpenProvider(std::string(url).insert(end, "/below"));
  ASSERT_TRUE(created.ok()) << created.status().ToString();
  struct stat info {};
  ASSERT_EQ(stat((server_->root() + "/below").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  const Status missing = OpenProvider(std::string(url).insert(end, "/mnt/usb")).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound) << missing.ToString();
  EXPECT_NE(missing.hint().find("mounted"), std::string::npos);
  std::ofstream(server_->root() + "/file") << "x";
  EXPECT_EQ(OpenProvider(std::string(url).insert(end, "/file")).status().code(),
            StatusCode::kUnavailable);
}

TEST_F(SftpTrouble, LinksAndDevicesUnderAnObjectsNameAreDamageAndFoldersAreNone) {
  Start();
  std::ofstream(server_->directory() + "/elsewhere") << "secret";
  fs::create_symlink(server_->directory() + "/elsewhere", server_->root() + "/link");
  ASSERT_TRUE(PutText(*provider_, "folder/a", "x").ok());
  Bytes out(1);
  EXPECT_EQ(provider_->Get("link", 0, out).code(), StatusCode::kDamaged);
  EXPECT_EQ(provider_->Get("folder", 0, out).code(), StatusCode::kNotFound);
  bool there = true;
  EXPECT_EQ(Stated(*provider_, "folder", &there), StatusCode::kOk);
  EXPECT_FALSE(there);
  EXPECT_EQ(PutText(*provider_, "link", "x").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(PutText(*provider_, "folder", "x").code(), StatusCode::kUnsupported);
  EXPECT_EQ(PutText(*provider_, "folder/a/b", "x").code(), StatusCode::kUnsupported);
  const std::string names[] = {"folder"};
  const auto deleted = provider_->Delete(names);
  ASSERT_TRUE(deleted.ok());
  EXPECT_TRUE(deleted->front().ok());
  EXPECT_EQ(Text(*provider_, "folder/a"), "x");
}

TEST_F(SftpTrouble, AnAccountThatOnlyReadsIsDeniedToWrite) {
  Start();
  ASSERT_TRUE(PutText(*provider_, "a", "x").ok());
  const std::string root = server_->root();
  SshServer reader({.sftp_flags = "-R"});
  Result<SftpOptions> options = ParseSftpUrl(reader.Url());
  ASSERT_TRUE(options.ok());
  options->directory = root;
  const auto provider = OpenSftpProvider(*options);
  ASSERT_TRUE(provider.ok()) << provider.status().ToString();
  EXPECT_FALSE((*provider)->capability().create_only);
  EXPECT_FALSE((*provider)->capability().can_delete);
  EXPECT_EQ(Text(**provider, "a"), "x");
  EXPECT_EQ(PutText(**provider, "b", "x").code(), StatusCode::kDenied);
  const std::string names[] = {"a"};
  const auto deleted = (*provider)->Delete(names);
  ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
  EXPECT_EQ(deleted->front().code(), StatusCode::kDenied);
}

TEST_F(SftpTrouble, AnAccountThatMayNotDeleteSaysSoAndStillStores) {
  Start({.sftp_flags = "-P remove,rename,posix-rename,rmdir,setstat,fsetstat,symlink"});
  EXPECT_FALSE(provider_->capability().can_delete);
  EXPECT_TRUE(provider_->capability().create_only);
  ASSERT_TRUE(PutText(*provider_, "d/abc", "x").ok());
  EXPECT_EQ(PutText(*provider_, "d/abc", "y").code(), StatusCode::kAlreadyExists);
  const std::string names[] = {"d/abc"};
  const auto deleted = provider_->Delete(names);
  ASSERT_TRUE(deleted.ok());
  EXPECT_EQ(deleted->front().code(), StatusCode::kDenied) << deleted->front().ToString();
  std::vector<std::string> listed;
  EXPECT_EQ(Listed(*provider_, &listed), StatusCode::kOk);
  EXPECT_EQ(listed, std::vector<std::string>{"d/abc"});
}

TEST_F(SftpTrouble, AFullDiskIsNamedAndNothingOfTheObjectStays) {
  const std::string mounts = "mount -t tmpfs -o size=3m none \"$0\" && exec \"$@\"";
  if (RunProgram({"unshare", "-m", "true"}) != 0) GTEST_SKIP() << "no right to mount a small disk";
  // The disk is in the server's world only; a new one for each connection, so there is only one.
  const TemporaryDirectory disk;
  server_ = std::make_unique<SshServer>(
      SshServerOptions{.wrapper = {"unshare", "-m", "sh", "-c", mounts, disk.path()}});
  Result<SftpOptions> options = ParseSftpUrl(server_->Url("ed25519", "&sessions=1"));
  ASSERT_TRUE(options.ok());
  options->directory = disk.path() + "/root";
  const auto opened = OpenSftpProvider(*options);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString() << server_->Log();
  HalfwaySource large(8 << 20, nullptr);
  const Status full = (*opened)->Put("large", large, {});
  EXPECT_EQ(full.code(), StatusCode::kFull) << full.ToString();
  bool there = true;
  EXPECT_EQ(Stated(**opened, "large", &there), StatusCode::kOk);
  EXPECT_FALSE(there);
  HalfwaySource small(1 << 20, nullptr);
  EXPECT_TRUE((*opened)->Put("small", small, {}).ok()) << "the part that was written is gone";
}

}  // namespace
}  // namespace fenchi
