// Makes the golden vaults: `make_golden DIRECTORY`, as root, on a file system with ACLs.
//
// For each vault, DIRECTORY gets NAME/p0, NAME/p1, ... (its providers) and NAME.manifest (what a
// restore must give, read from the source by lstat). They are made once, packed by
// tests/golden/pack.sh and then must open for ever: run this again only to add a vault for a new
// version of the format, never to replace one.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fenchi/hash.h"
#include "fenchi/vault.h"
#include "golden/tree_manifest.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

void Require(bool good, const std::string& what) {
  if (good) return;
  std::perror(what.c_str());
  std::exit(1);
}
void Require(const Status& status) {
  if (status.ok()) return;
  std::cerr << status.ToString() << "\n";
  std::exit(1);
}
template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) Require(result.status());
  return std::move(*result);
}

std::string RandomText(Random& random, std::size_t size) {
  std::string out(size, '\0');
  random.Fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

void WriteFile(const fs::path& path, std::string_view content, mode_t mode = 0644) {
  std::ofstream(path, std::ios::binary) << content;
  Require(chmod(path.c_str(), mode) == 0, path);
}

// Two pieces of data with a hole of a mebibyte between them, and one at the end.
void WriteSparse(const fs::path& path, const std::string& piece) {
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  Require(fd >= 0, path);
  const auto size = static_cast<ssize_t>(piece.size());
  Require(pwrite(fd, piece.data(), piece.size(), 0) == size, path);
  Require(pwrite(fd, piece.data(), piece.size(), 1 << 20) == size, path);
  Require(ftruncate(fd, 3 << 20) == 0, path);
  close(fd);
}

void MakeSocket(const fs::path& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
  Require(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, path);
  close(fd);
}

// A POSIX ACL as Linux stores it: version 2, then (tag, permissions, id), little-endian.
std::string AclFor(std::uint32_t uid) {
  std::string out("\x02\0\0\0", 4);
  const auto add = [&](std::uint16_t tag, std::uint16_t permissions, std::uint32_t id) {
    for (int i = 0; i < 2; ++i) out += static_cast<char>(tag >> (8 * i));
    for (int i = 0; i < 2; ++i) out += static_cast<char>(permissions >> (8 * i));
    for (int i = 0; i < 4; ++i) out += static_cast<char>(id >> (8 * i));
  };
  add(0x01, 6, ~0u);  // owner
  add(0x02, 4, uid);  // a named user
  add(0x04, 4, ~0u);  // group
  add(0x10, 4, ~0u);  // mask
  add(0x20, 4, ~0u);  // others
  return out;
}

void SetXattr(const fs::path& path, const char* name, std::string_view value) {
  Require(lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0, path.string() + name);
}

// Fixed times, so that the manifest is the same on each making; children first.
void SetTimes(const fs::path& top) {
  std::vector<fs::path> paths = {top};
  for (const auto& entry : fs::recursive_directory_iterator(top)) paths.push_back(entry.path());
  std::ranges::sort(paths, std::greater());
  long nanoseconds = 1;
  for (const fs::path& path : paths) {
    const timespec time{1'600'000'000 + nanoseconds * 1000, nanoseconds};
    const timespec times[2] = {time, time};
    Require(utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0, path);
    nanoseconds = nanoseconds * 3 % 999'999'937;
  }
}

// Every type of entry, and the names that break programs.
void MakeLedger(const fs::path& top, Random& random) {
  fs::create_directories(top / "empty folder");
  fs::create_directories(top / "shared");
  WriteFile(top / "empty", "");
  WriteFile(top / "one byte", "x");
  WriteFile(top / "text", std::string(40'000, 'a') + "\n");
  WriteFile(top / "noise", RandomText(random, 150'000), 0400);
  WriteSparse(top / "sparse", RandomText(random, 5'000));
  WriteFile(top / "two names", "one file, two names\n");
  fs::create_hard_link(top / "two names", top / "shared/second name");
  fs::create_symlink("text", top / "link");
  fs::create_symlink("../../nowhere/at/all", top / "dangling");
  WriteFile(top / "\xa4\xc0\xab\xf9.txt", "a name in Big5\n");  // 分持
  WriteFile(top / "\xe5\x88\x86\xe6\x8c\x81.txt", "a name in UTF-8\n");
  WriteFile(top / "line\nbreak\x1b[31m", "a name for terminals\n");
  WriteFile(top / std::string(255, 'n'), "a long name\n");
  Require(mkfifo((top / "fifo").c_str(), 0620) == 0, "fifo");
  Require(mknod((top / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0, "null");
  Require(mknod((top / "disk").c_str(), S_IFBLK | 0660, makedev(7, 200)) == 0, "disk");
  MakeSocket(top / "socket");
  WriteFile(top / "setuid", "#!/bin/true\n", 04755);
  Require(chmod((top / "shared").c_str(), 02775) == 0, "shared");
  Require(lchown((top / "one byte").c_str(), 1234, 5678) == 0, "one byte");
  Require(lchown((top / "dangling").c_str(), 1234, 5678) == 0, "dangling");
  SetXattr(top / "text", "user.comment", "kept");
  SetXattr(top / "shared", "user.empty", "");
  SetXattr(top / "noise", "user.bytes", std::string_view("\0\xff\n", 3));
  SetXattr(top / "two names", "system.posix_acl_access", AclFor(4321));
  // More entries than one list holds: the tree gets nodes.
  fs::create_directories(top / "many");
  for (int i = 0; i < 300; ++i) {
    WriteFile(top / "many" / ("record " + std::to_string(i)), std::string(i % 50, '.'));
  }
  SetTimes(top);
}

class FixedClock final : public Clock {
 public:
  Timestamp Now() override { return {1'700'000'000, 5}; }
};

struct Plan {
  std::string name;
  std::uint64_t seed = 0;
  int needed = 0;
  int providers = 0;
  Suite suite = Suite::kAes256Gcm;
  std::string passphrase;
  std::vector<std::string> key_domains = {"main"};
  PassphraseCost cost = {1, 1024};
};

// One vault in the making.
class Maker {
 public:
  Maker(const fs::path& out, Plan plan)
      : plan_(std::move(plan)),
        out_(out),
        source_(out / (plan_.name + ".source")),
        state_(out / (plan_.name + ".state")),
        random_(SeededRandom(plan_.seed)),
        vault_(Create()) {
    fs::create_directories(source_);
    golden_.vault_id = vault_.id().hex();
    golden_.passphrase = plan_.passphrase;
    golden_.needed = plan_.needed;
    golden_.providers = plan_.providers;
  }

  Random& random() { return *random_; }

  // `make` fills the folder `label`, which becomes a snapshot.
  void Tree(const std::string& label, const std::string& domain,
            const std::function<void(const fs::path&)>& make) {
    const fs::path top = source_ / label;
    fs::create_directories(top);
    make(top);
    const BackupReport report =
        Need(vault_.BackupTree(top, {.label = label, .key_domain = domain, .host = "h"}));
    if (!report.complete()) Require(report.problems.front().status);
    golden_.snapshots.push_back({report.snapshot.hex(), label, domain, ScanTree(source_)});
    fs::remove_all(top);
  }

  void Stream(const std::string& name, const std::string& content) {
    std::size_t done = 0;
    const StreamReader input = [&](MutableBytes out) -> Result<std::size_t> {
      const std::size_t size = std::min(out.size(), content.size() - done);
      std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(done), size, out.begin());
      done += size;
      return size;
    };
    const BackupReport report =
        Need(vault_.BackupStream(input, name, {.label = name, .host = "h"}));
    const Timestamp time = FixedClock().Now();
    const std::string line =
        "f " + ToHex(AsBytes(name)) + " 600 0 0 " + std::to_string(time.seconds) + ".000000005 " +
        std::to_string(content.size()) + " " + Sha256(AsBytes(content)).hex() + " - -";
    golden_.snapshots.push_back({report.snapshot.hex(), name, "main", {{name, line}}});
  }

  void Finish() {
    std::ofstream(out_ / (plan_.name + ".manifest")) << ToText(golden_);
    fs::remove_all(source_);
    fs::remove_all(state_);
  }

 private:
  Vault Create() {
    std::vector<NamedProvider> providers;
    for (int i = 0; i < plan_.providers; ++i) {
      const std::string name = "p" + std::to_string(i);
      fs::create_directories(out_ / plan_.name);
      providers.push_back(
          {name, Need(OpenLocalProvider(out_ / plan_.name / name, {.sync = false}))});
    }
    CreateOptions options;
    options.policy.name = plan_.name;
    options.policy.needed = plan_.needed;
    options.policy.suite = plan_.suite;
    options.policy.key_domains = plan_.key_domains;
    options.passphrase_cost = plan_.cost;
    options.state_directory = state_;
    options.environment = {random_.get(), &clock_, 1};
    return Need(Vault::Create(
        std::move(providers),
        Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes(plan_.passphrase))), options));
  }

  Plan plan_;
  fs::path out_;
  fs::path source_;
  fs::path state_;
  FixedClock clock_;
  std::unique_ptr<Random> random_;
  Vault vault_;
  GoldenVault golden_;
};

void MakeAll(const fs::path& out) {
  Maker tree(out, {.name = "tree-2of3",
                   .seed = 1,
                   .needed = 2,
                   .providers = 3,
                   .suite = Suite::kAes256Gcm,
                   .passphrase = "golden \xe5\x88\x86\xe6\x8c\x81 one",
                   .cost = {}});
  tree.Tree("ledger", "main", [&](const fs::path& top) { MakeLedger(top, tree.random()); });
  tree.Finish();

  Maker stream(out, {.name = "stream-1of2",
                     .seed = 2,
                     .needed = 1,
                     .providers = 2,
                     .suite = Suite::kChaCha20Poly1305,
                     .passphrase = "golden two"});
  const std::string dump = RandomText(stream.random(), 400'000);
  stream.Stream("dump", dump + std::string(300'000, '\0'));
  stream.Stream("dump", dump + std::string(300'001, '\0') + "more");
  stream.Finish();

  Maker domains(out, {.name = "domains-3of4",
                      .seed = 3,
                      .needed = 3,
                      .providers = 4,
                      .suite = Suite::kAes256Gcm,
                      .passphrase = "golden three",
                      .key_domains = {"land", "tax"}});
  for (const std::string domain : {"land", "tax"}) {
    domains.Tree(domain, domain, [&](const fs::path& top) {
      WriteFile(top / "register", RandomText(domains.random(), 200'000));
      WriteFile(top / "who", domain);
      SetTimes(top);
    });
  }
  domains.Finish();
}

}  // namespace
}  // namespace fenchi

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "make_golden DIRECTORY\n";
    return 2;
  }
  umask(022);
  std::filesystem::create_directories(words[1]);
  fenchi::MakeAll(words[1]);
  return 0;
}
