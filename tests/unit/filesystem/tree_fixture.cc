#include "tree_fixture.h"

#include <fmt/format.h>
#include <grp.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/display.h"
#include "base/error.h"

namespace fenchi::filesystem {
namespace fs = std::filesystem;

void TreeTest::SetUp() {
  std::string pattern = fs::temp_directory_path() / "fenchi-tree-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  scratch_ = pattern;
}

void TreeTest::TearDown() {
  PretendNoOpenat2ForTest(false);
  RemoveScratch();
}

void TreeTest::RemoveScratch() const {
  if (scratch_.empty()) return;
  // rm and chmod know how to walk trees whose paths are too long for a system call.
  const std::string command = fmt::format("chmod -R u+rwX '{0}'; rm -rf '{0}'", scratch_);
  EXPECT_EQ(std::system(command.c_str()), 0);
}

void TreeTest::UseMemoryFileSystem() {
  std::string pattern = "/dev/shm/fenchi-tree-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return;
  RemoveScratch();
  scratch_ = pattern;
}

void TreeTest::MakeDir(const std::string& below, mode_t mode) const {
  ASSERT_EQ(::mkdir(Path(below).c_str(), 0700), 0) << below;
  ASSERT_EQ(::chmod(Path(below).c_str(), mode), 0);
}

void TreeTest::WriteFile(const std::string& below, const std::string& content, mode_t mode) const {
  std::ofstream(Path(below), std::ios::binary) << content;
  ASSERT_EQ(::chmod(Path(below).c_str(), mode), 0) << below;
}

SourceDirectory TreeTest::Source(const std::string& below) const {
  Result<SourceDirectory> source = SourceDirectory::Open(Path(below));
  EXPECT_TRUE(source.ok()) << source.status().ToString();
  return std::move(source).value();
}

RestoreTarget TreeTest::Target(const std::string& below,
                               const RestoreTargetOptions& options) const {
  Result<RestoreTarget> target = RestoreTarget::Open(Path(below), options);
  EXPECT_TRUE(target.ok()) << target.status().ToString();
  return std::move(target).value();
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool Exists(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0;
}

struct stat Stat(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << EscapeForDisplay(path);
  return status;
}

void WaitForClockTick(const std::string& directory) {
  const std::string probe = directory + "/clock-probe";
  const auto touch = [&] {
    std::ofstream(probe) << "x";
    const struct stat status = Stat(probe);
    ::unlink(probe.c_str());
    return Timestamp{status.st_ctim.tv_sec, static_cast<std::uint32_t>(status.st_ctim.tv_nsec)};
  };
  const Timestamp start = touch();
  while (touch() == start) ::usleep(1000);
}

std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    (void)entry;
    ++count;
  }
  return count;
}

bool SetXattr(const std::string& path, const std::string& name, const std::string& value) {
  return ::lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) == 0;
}

std::string GetXattr(const std::string& path, const std::string& name) {
  std::string value(65536, '\0');
  const ssize_t size = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
  if (size < 0) return "(none)";
  value.resize(static_cast<std::size_t>(size));
  return value;
}

namespace {

std::string DescribeOne(const std::string& path, std::map<ino_t, std::string>& first_names) {
  const struct stat status = Stat(path);
  std::string out =
      fmt::format("mode {:o} owner {}:{}", status.st_mode, status.st_uid, status.st_gid);
  out += fmt::format(" time {}.{:09}", status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  if (S_ISREG(status.st_mode)) {
    out +=
        fmt::format(" size {} hash {}", status.st_size, std::hash<std::string>()(ReadFile(path)));
  }
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    out += fmt::format(" device {}:{}", major(status.st_rdev), minor(status.st_rdev));
  }
  if (S_ISLNK(status.st_mode)) out += " to " + fs::read_symlink(path).string();
  if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
    out += " same as " + first_names.try_emplace(status.st_ino, path).first->second;
  }
  std::string list(65536, '\0');
  const ssize_t size = ::llistxattr(path.c_str(), list.data(), list.size());
  std::map<std::string, std::string> xattrs;
  for (std::size_t at = 0; size > 0 && at < static_cast<std::size_t>(size);) {
    const std::string name = list.c_str() + at;
    xattrs[name] = GetXattr(path, name);
    at += name.size() + 1;
  }
  for (const auto& [name, value] : xattrs) out += " " + name + "=" + ToHex(AsBytes(value));
  return out;
}

}  // namespace

std::map<std::string, std::string> Describe(const std::string& root) {
  std::map<std::string, std::string> out;
  std::map<ino_t, std::string> first_names;
  std::vector<std::string> paths = {root};
  for (const auto& entry : fs::recursive_directory_iterator(root)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    std::string line = DescribeOne(path, first_names);
    if (const auto at = line.find(root); at != std::string::npos) line.erase(at, root.size());
    out[path.substr(root.size())] = line;
  }
  return out;
}

Attributes FileAttributes(std::uint64_t size, std::uint32_t mode) {
  Attributes attributes;
  attributes.mode = mode;
  attributes.uid = ::geteuid();
  attributes.gid = ::getegid();
  attributes.modified = {1'700'000'000, 123'456'789};
  attributes.size = size;
  return attributes;
}

Attributes DirectoryAttributes(std::uint32_t mode) {
  Attributes attributes = FileAttributes(0, mode);
  attributes.type = EntryType::kDirectory;
  return attributes;
}

Attributes LinkAttributes(const std::string& target) {
  Attributes attributes = FileAttributes(0, 0777);
  attributes.type = EntryType::kSymlink;
  attributes.symlink_target = target;
  return attributes;
}

namespace {

using LinkTable = std::map<HardLinkKey, std::pair<RestoreDirectory, std::string>>;

Status CopyFile(const SourceDirectory& from, const RestoreDirectory& to, const std::string& name,
                const SourceNode& node, Warnings& warnings) {
  FENCHI_ASSIGN_OR_RETURN(SourceFile in, from.OpenFile(name, node));
  FENCHI_ASSIGN_OR_RETURN(RestoredFile out, to.CreateFile(name, node.attributes.size));
  std::uint64_t at = 0;
  Bytes buffer(1 << 16);
  while (true) {
    FENCHI_ASSIGN_OR_RETURN(std::optional<DataExtent> extent, in.NextData(at));
    if (!extent.has_value()) break;
    const std::uint64_t end = extent->offset + extent->length;
    for (at = extent->offset; at < end;) {
      const auto part = std::min<std::uint64_t>(buffer.size(), end - at);
      FENCHI_ASSIGN_OR_RETURN(const std::size_t got, in.Read(at, MutableBytes(buffer).first(part)));
      if (got == 0) return Conflict("shrank");
      FENCHI_RETURN_IF_ERROR(out.Write(at, ByteView(buffer).first(got)));
      at += got;
    }
  }
  return out.Finish(node.attributes, warnings);
}

Status CopyInto(const SourceDirectory& from, const RestoreDirectory& to, LinkTable& links,
                Warnings& warnings);

Status CopyEntry(const SourceDirectory& from, const RestoreDirectory& to, const std::string& name,
                 LinkTable& links, Warnings& warnings) {
  FENCHI_ASSIGN_OR_RETURN(SourceNode node, from.ReadAttributes(name));
  const Attributes& attributes = node.attributes;
  if (attributes.hard_link.has_value()) {
    const auto [first, is_new] = links.try_emplace(*attributes.hard_link, to, name);
    if (!is_new) return to.MakeHardLink(name, first->second.first, first->second.second);
  }
  switch (attributes.type) {
    case EntryType::kFile:
      return CopyFile(from, to, name, node, warnings);
    case EntryType::kSymlink:
      return to.MakeSymlink(name, attributes.symlink_target, attributes, warnings);
    case EntryType::kFifo:
      return to.MakeFifo(name, attributes, warnings);
    case EntryType::kCharDevice:
    case EntryType::kBlockDevice:
      return to.MakeDevice(name, attributes, warnings);
    case EntryType::kSocket:
      return Status::Ok();
    case EntryType::kDirectory:
      break;
  }
  FENCHI_ASSIGN_OR_RETURN(SourceDirectory child, from.OpenChild(name, &node));
  FENCHI_ASSIGN_OR_RETURN(RestoreDirectory made, to.MakeDirectory(name));
  return CopyInto(child, made, links, warnings);
}

Status CopyInto(const SourceDirectory& from, const RestoreDirectory& to, LinkTable& links,
                Warnings& warnings) {
  FENCHI_ASSIGN_OR_RETURN(std::vector<std::string> names, from.ListNames());
  for (const std::string& name : names) {
    FENCHI_RETURN_IF_ERROR(CopyEntry(from, to, name, links, warnings).At(QuoteForDisplay(name)));
  }
  FENCHI_ASSIGN_OR_RETURN(SourceNode own, from.ReadOwnAttributes());
  return to.SetAttributes(own.attributes, warnings);
}

}  // namespace

Status CopyTree(const SourceDirectory& from, const RestoreDirectory& to, Warnings& warnings) {
  LinkTable links;
  return CopyInto(from, to, links, warnings);
}

std::string InChild(const std::function<std::string()>& body) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    const std::string said = body();
    const ssize_t written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 9);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[512];
  for (ssize_t size; (size = ::read(ends[0], buffer, sizeof(buffer))) > 0;) {
    said.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) said += fmt::format(" (status {})", status);
  return said;
}

std::string BecomeNobody() {
  constexpr uid_t kNobody = 65534;
  if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) {
    return "cannot drop privileges";
  }
  return "";
}

}  // namespace fenchi::filesystem
