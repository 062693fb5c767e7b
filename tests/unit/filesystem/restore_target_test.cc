#include "filesystem/restore_target.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <numeric>
#include <thread>

#include "fenchi/random.h"
#include "filesystem/attribute_writer.h"
#include "tree_fixture.h"

namespace fenchi::filesystem {
namespace {

using RestoreTargetTest = TreeTest;

// POSIX ACLs as the kernel keeps them: version 2, then tag, permissions, id of each entry, little
// endian (Linux: include/uapi/linux/posix_acl_xattr.h). One named user with all permissions.
std::string NamedUserAcl() {
  const auto entry = [](char tag, char permissions, const char* id) {
    return std::string{tag, 0, permissions, 0} + std::string(id, 4);
  };
  const char* const none = "\xff\xff\xff\xff";
  return std::string("\2\0\0\0", 4) + entry(1, 6, none) + entry(2, 7, "\xe8\3\0\0") +
         entry(4, 4, none) + entry(16, 7, none) + entry(32, 0, none);
}

std::string Join(const Warnings& warnings) {
  std::string out;
  for (const Status& warning : warnings) out += warning.ToString() + "\n";
  return out;
}

TEST_F(RestoreTargetTest, EveryTypeAndAttributeSurvivesTheRoundTrip) {
  const bool root = ::geteuid() == 0;
  MakeDir("s", 0751);
  MakeDir("s/sub", 01777);
  WriteFile("s/plain", "content", 0640);
  WriteFile("s/empty", "", root ? 0 : 0400);
  WriteFile("s/sub/linked", "linked", 0604);
  ASSERT_EQ(::link(Path("s/sub/linked").c_str(), Path("s/also-linked").c_str()), 0);
  ASSERT_EQ(::symlink("../\xa4\xa4", Path("s/link").c_str()), 0);
  ASSERT_EQ(::link(Path("s/link").c_str(), Path("s/second-link").c_str()), 0);
  ASSERT_EQ(::mkfifo(Path("s/fifo").c_str(), 0600), 0);
  ASSERT_EQ(::chmod(Path("s/fifo").c_str(), 0622), 0);
  for (const std::string& name :
       {std::string("\n"), std::string("\xa4\xa4\xa4\xe5"), std::string("\x1b[31m"),
        std::string(255, 'n'), std::string(".fenchi-aaaaaaaa.part"), std::string("-rf")}) {
    WriteFile("s/" + name, name);
  }
  const bool xattrs = SetXattr(Path("s/plain"), "user.comment", std::string("\0\n\xff", 3)) &&
                      SetXattr(Path("s/sub"), "user.dir", "");
  const bool acls = SetXattr(Path("s/plain"), "system.posix_acl_access", NamedUserAcl()) &&
                    SetXattr(Path("s/sub"), "system.posix_acl_default", NamedUserAcl());
  if (root) {
    ASSERT_EQ(::mknod(Path("s/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
    ASSERT_EQ(::mknod(Path("s/disk").c_str(), S_IFBLK | 0600, makedev(7, 300)), 0);
    for (const char* name : {"s/plain", "s/link", "s/fifo", "s/null", "s/sub"}) {
      ASSERT_EQ(::lchown(Path(name).c_str(), 12345, 4'000'000'000u), 0);
    }
  }
  std::int64_t second = -1;
  for (const char* name : {"s/plain", "s/link", "s/fifo", "s/sub", "s"}) {
    const timespec times[2] = {{5, 5}, {second, 999'999'999}};
    ASSERT_EQ(::utimensat(AT_FDCWD, Path(name).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
    second = second * 3 + 1'000'000'007;
  }

  Warnings warnings;
  const RestoreTarget target = Target("t", {.make_devices = true});
  const Status copied = CopyTree(Source("s"), target.root(), warnings);
  ASSERT_TRUE(copied.ok()) << copied.ToString();
  EXPECT_EQ(Join(warnings), "");
  EXPECT_EQ(Describe(Path("t")), Describe(Path("s")));
  EXPECT_EQ(Stat(Path("t/sub/linked")).st_ino, Stat(Path("t/also-linked")).st_ino);
  EXPECT_EQ(Stat(Path("t/link")).st_ino, Stat(Path("t/second-link")).st_ino);
  EXPECT_TRUE(target.Sync().ok());
  if (!xattrs || !acls || !root) {
    GTEST_SKIP() << "round trip held, but without" << (xattrs ? "" : " extended attributes")
                 << (acls ? "" : " ACLs") << (root ? "" : " owners and devices (not root)");
  }
}

// Property: any tree of our making comes back the same.
TEST_F(RestoreTargetTest, RandomTreesSurviveTheRoundTrip) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    const auto random = SeededRandom(seed);
    const auto pick = [&](unsigned below) {
      std::uint8_t raw[2];
      random->Fill(raw);
      return (raw[0] | raw[1] << 8) % below;
    };
    const std::string base = "seed" + std::to_string(seed);
    MakeDir(base);
    std::vector<std::string> directories = {base};
    for (int i = 0; i < 60; ++i) {
      std::string name;
      for (unsigned n = 1 + pick(12); n > 0; --n) name += static_cast<char>(1 + pick(255));
      for (char& c : name) c = c == '/' ? '_' : c;
      const std::string at = directories[pick(directories.size())] + "/" + name;
      if (!IsEntryName(name) || Exists(Path(at))) continue;
      const unsigned kind = pick(10);
      if (kind < 3) {
        MakeDir(at, 0700 | pick(0100));
        directories.push_back(at);
      } else if (kind == 3) {
        ASSERT_EQ(::symlink(name.c_str(), Path(at).c_str()), 0);
      } else if (kind == 4) {
        ASSERT_EQ(::mkfifo(Path(at).c_str(), 0600), 0);
      } else {
        WriteFile(at, std::string(pick(40000), static_cast<char>(pick(256))), pick(01000) | 0400);
      }
    }
    Warnings warnings;
    const Status copied = CopyTree(Source(base), Target(base + "-t").root(), warnings);
    ASSERT_TRUE(copied.ok()) << copied.ToString();
    EXPECT_EQ(Join(warnings), "");
    ASSERT_EQ(Describe(Path(base + "-t")), Describe(Path(base)));
  }
}

TEST_F(RestoreTargetTest, HolesStayHoles) {
  MakeDir("s");
  WriteFile("s/sparse", "");
  const Descriptor file(::open(Path("s/sparse").c_str(), O_WRONLY | O_CLOEXEC));
  constexpr off_t kSize = off_t{5} << 30;
  for (const off_t at : {off_t{0}, off_t{1} << 30, kSize - 100 * 1024 * 1024}) {
    ASSERT_EQ(::pwrite(file.get(), "data", 4, at), 4);
  }
  ASSERT_EQ(::ftruncate(file.get(), kSize), 0);
  ASSERT_EQ(::fsync(file.get()), 0);
  Warnings warnings;
  const RestoreTarget target = Target("t");
  ASSERT_TRUE(CopyTree(Source("s"), target.root(), warnings).ok());
  ASSERT_TRUE(target.Sync().ok());
  EXPECT_EQ(Stat(Path("t/sparse")).st_size, kSize);
  EXPECT_EQ(Stat(Path("t/sparse")).st_blocks, Stat(Path("s/sparse")).st_blocks);
  EXPECT_EQ(target.root().Existing("sparse").value()->blocks_bytes,
            static_cast<std::uint64_t>(Stat(Path("s/sparse")).st_blocks) * 512);
}

TEST_F(RestoreTargetTest, PiecesMayArriveInAnyOrderFromManyThreads) {
  constexpr std::uint64_t kSeed = 4242;
  SCOPED_TRACE(kSeed);
  constexpr std::size_t kPiece = 7919;
  std::string content(kPiece * 64 + 11, '\0');
  SeededRandom(kSeed)->Fill(
      MutableBytes(reinterpret_cast<std::uint8_t*>(content.data()), content.size()));
  const RestoreTarget target = Target("t");
  RestoredFile file = target.root().CreateFile("f", content.size()).value();
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 64 - t; i + 4 > 3; i -= 4) {  // last pieces first
        const std::size_t at = i * kPiece;
        const auto piece = AsBytes(content).subspan(at, std::min(kPiece, content.size() - at));
        EXPECT_TRUE(file.Write(at, piece).ok());
        if (i < 4) break;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Warnings warnings;
  ASSERT_TRUE(file.Finish(FileAttributes(content.size()), warnings).ok());
  EXPECT_EQ(ReadFile(Path("t/f")), content);
}

TEST_F(RestoreTargetTest, WritesBeyondTheSizeAreRefused) {
  const RestoreTarget target = Target("t");
  RestoredFile file = target.root().CreateFile("f", 4).value();
  const Bytes five(5);
  EXPECT_EQ(file.Write(0, five).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(file.Write(~std::uint64_t{0}, five).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(file.Write(4, {}).ok());
  Warnings warnings;
  EXPECT_EQ(file.Finish(FileAttributes(5), warnings).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(std::filesystem::is_empty(Path("t")));
  EXPECT_EQ(target.root().CreateFile("f", std::uint64_t{1} << 63).status().code(),
            StatusCode::kDamaged);
}

TEST_F(RestoreTargetTest, AnUnfinishedFileLeavesNothing) {
  const RestoreTarget target = Target("t");
  {
    RestoredFile file = target.root().CreateFile("f", 4).value();
    EXPECT_FALSE(Exists(Path("t/f")));
    EXPECT_FALSE(std::filesystem::is_empty(Path("t")));
    RestoredFile moved = std::move(file);
    moved = target.root().CreateFile("g", 4).value();  // discards f
  }
  EXPECT_TRUE(std::filesystem::is_empty(Path("t")));
}

TEST_F(RestoreTargetTest, LeftoversOfAKilledRestoreGoButNotThoseOfARunningOne) {
  const RestoreTarget target = Target("t");
  WriteFile("t/.fenchi-aaaa.part", "not ours: too short");
  EXPECT_EQ(InChild([&]() -> std::string {
              const auto file = target.root().CreateFile("killed", 9);
              ::_exit(file.ok() ? 0 : 1);  // no destructor runs
            }),
            "");
  RestoredFile running = target.root().CreateFile("running", 1).value();
  EXPECT_EQ(target.root().RemoveLeftovers().value(), 1u);
  EXPECT_EQ(target.root().RemoveLeftovers().value(), 0u);
  Warnings warnings;
  EXPECT_TRUE(running.Finish(FileAttributes(1), warnings).ok());
  EXPECT_TRUE(Exists(Path("t/running")));
  EXPECT_TRUE(Exists(Path("t/.fenchi-aaaa.part")));
}

TEST_F(RestoreTargetTest, ARestoreCanSeeWhatIsThereAlready) {
  const RestoreTarget target = Target("t");
  EXPECT_EQ(target.root().Existing("f").value(), std::nullopt);
  Warnings warnings;
  const Attributes attributes = FileAttributes(3, 0600);
  ASSERT_TRUE(target.root().CreateFile("f", 3).value().Finish(attributes, warnings).ok());
  const SourceNode there = target.root().Existing("f").value().value();
  EXPECT_EQ(there.attributes.size, 3u);
  EXPECT_EQ(there.attributes.modified, attributes.modified);
  EXPECT_EQ(there.attributes.mode, 0600u);
}

TEST_F(RestoreTargetTest, SetuidIsDroppedUnlessAskedFor) {
  const RestoreTarget careful = Target("careful");
  const RestoreTarget keeping = Target("keeping", {.keep_setuid = true});
  for (const RestoreTarget* target : {&careful, &keeping}) {
    Warnings warnings;
    const bool keeps = target == &keeping;
    ASSERT_TRUE(
        target->root().CreateFile("f", 0).value().Finish(FileAttributes(0, 06755), warnings).ok());
    const RestoreDirectory made = target->root().MakeDirectory("d").value();
    ASSERT_TRUE(made.SetAttributes(DirectoryAttributes(03775), warnings).ok());
    EXPECT_EQ(warnings.size(), keeps ? 0u : 2u) << Join(warnings);
    for (const Status& warning : warnings) EXPECT_EQ(warning.code(), StatusCode::kPolicy);
    const std::string base = keeps ? "keeping" : "careful";
    EXPECT_EQ(Stat(Path(base + "/f")).st_mode & 07777, keeps ? 06755u : 0755u);
    EXPECT_EQ(Stat(Path(base + "/d")).st_mode & 07777, keeps ? 03775u : 01775u);
  }
}

TEST_F(RestoreTargetTest, SetuidIsNeverGivenToAnotherOwner) {
  Attributes attributes = FileAttributes(0, 04755);
  attributes.uid = ::geteuid() + 1;  // and the owner is not restored
  const RestoreTarget target = Target("t", {.keep_setuid = true, .keep_owner = false});
  Warnings warnings;
  ASSERT_TRUE(target.root().CreateFile("f", 0).value().Finish(attributes, warnings).ok());
  EXPECT_EQ(Stat(Path("t/f")).st_mode & 07777, 0755u);
  EXPECT_EQ(Stat(Path("t/f")).st_uid, ::geteuid());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].code(), StatusCode::kPolicy);
}

TEST_F(RestoreTargetTest, CapabilitiesAreDroppedUnlessAskedFor) {
  // vfs_cap_data version 2 with CAP_NET_BIND_SERVICE permitted (linux/capability.h).
  const std::string capability("\0\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  Attributes attributes = FileAttributes(0, 0755);
  attributes.xattrs = {{"security.capability", Bytes(capability.begin(), capability.end())},
                       {"trusted.x", {1}}};
  Warnings warnings;
  ASSERT_TRUE(Target("t").root().CreateFile("f", 0).value().Finish(attributes, warnings).ok());
  EXPECT_EQ(GetXattr(Path("t/f"), "security.capability"), "(none)");
  EXPECT_EQ(GetXattr(Path("t/f"), "trusted.x"), "(none)");
  EXPECT_EQ(warnings.size(), 2u);
  if (::geteuid() != 0) GTEST_SKIP() << "setting capabilities needs root";
  WriteFile("probe", "");
  if (!SetXattr(Path("probe"), "security.capability", capability) ||
      !SetXattr(Path("probe"), "trusted.x", "1")) {
    GTEST_SKIP() << "this file system does not hold capabilities";
  }
  warnings.clear();
  const RestoreTarget keeping = Target("k", {.keep_setuid = true});
  ASSERT_TRUE(keeping.root().CreateFile("f", 0).value().Finish(attributes, warnings).ok());
  EXPECT_EQ(GetXattr(Path("k/f"), "security.capability"), capability);
  EXPECT_EQ(GetXattr(Path("k/f"), "trusted.x"), "\1");
  EXPECT_EQ(Join(warnings), "");
}

TEST_F(RestoreTargetTest, AnAclOfTheTargetIsNotInherited) {
  MakeDir("t");
  if (!SetXattr(Path("t"), "system.posix_acl_default", NamedUserAcl())) {
    GTEST_SKIP() << "this file system has no ACLs";
  }
  const RestoreTarget target = Target("t");
  Warnings warnings;
  ASSERT_TRUE(
      target.root().CreateFile("f", 0).value().Finish(FileAttributes(0, 0640), warnings).ok());
  const RestoreDirectory made = target.root().MakeDirectory("d").value();
  ASSERT_TRUE(made.CreateFile("f", 0).value().Finish(FileAttributes(0, 0640), warnings).ok());
  ASSERT_TRUE(made.SetAttributes(DirectoryAttributes(0750), warnings).ok());
  EXPECT_EQ(GetXattr(Path("t/f"), "system.posix_acl_access"), "(none)");
  EXPECT_EQ(GetXattr(Path("t/d/f"), "system.posix_acl_access"), "(none)");
  EXPECT_EQ(Stat(Path("t/d/f")).st_mode & 07777, 0640u);
  EXPECT_EQ(GetXattr(Path("t/d"), "system.posix_acl_access"), "(none)");
  EXPECT_EQ(GetXattr(Path("t/d"), "system.posix_acl_default"), "(none)");
  EXPECT_EQ(Stat(Path("t/f")).st_mode & 07777, 0640u);
  EXPECT_EQ(Stat(Path("t/d")).st_mode & 07777, 0750u);
  EXPECT_EQ(Join(warnings), "");
}

// What a neighbour may have swapped in for a new directory is not trusted to have no ACL.
TEST_F(RestoreTargetTest, OnlyADirectoryOfOursWithoutAnAclGivesNone) {
  const auto possible = [&](const std::string& name) {
    return AclPossible(Descriptor(::open(Path(name).c_str(), O_RDONLY | O_CLOEXEC)).get());
  };
  for (const char* name : {"plain", "access", "default", "foreign"}) MakeDir(name);
  EXPECT_FALSE(possible("plain"));
  if (!SetXattr(Path("access"), "system.posix_acl_access", NamedUserAcl()) ||
      !SetXattr(Path("default"), "system.posix_acl_default", NamedUserAcl()) ||
      ::chown(Path("foreign").c_str(), 1234, 1234) != 0) {
    GTEST_SKIP() << "this file system has no ACLs, or this is not root";
  }
  EXPECT_TRUE(possible("access"));
  EXPECT_TRUE(possible("default"));
  EXPECT_TRUE(possible("foreign"));
  EXPECT_TRUE(AclPossible(-1));
}

TEST_F(RestoreTargetTest, AnAclThatCannotBeSetLeavesNoInheritedOne) {
  MakeDir("t");
  if (!SetXattr(Path("t"), "system.posix_acl_default", NamedUserAcl())) {
    GTEST_SKIP() << "this file system has no ACLs";
  }
  Attributes attributes = FileAttributes(0, 0640);
  attributes.xattrs = {{"system.posix_acl_access", {1, 2, 3}}};
  Warnings warnings;
  ASSERT_TRUE(Target("t").root().CreateFile("f", 0).value().Finish(attributes, warnings).ok());
  EXPECT_EQ(warnings.size(), 1u) << Join(warnings);
  EXPECT_EQ(GetXattr(Path("t/f"), "system.posix_acl_access"), "(none)");
  EXPECT_EQ(Stat(Path("t/f")).st_mode & 07777, 0640u);
}

TEST_F(RestoreTargetTest, DevicesAreMadeOnlyWhenAskedFor) {
  Attributes attributes = FileAttributes(0, 0666);
  attributes.type = EntryType::kCharDevice;
  attributes.device_major = 1;
  attributes.device_minor = 3;
  Warnings warnings;
  EXPECT_EQ(Target("t").root().MakeDevice("null", attributes, warnings).code(),
            StatusCode::kPolicy);
  EXPECT_TRUE(std::filesystem::is_empty(Path("t")));
  if (::geteuid() != 0) GTEST_SKIP() << "making devices needs root";
  const Status made =
      Target("t", {.make_devices = true}).root().MakeDevice("null", attributes, warnings);
  ASSERT_TRUE(made.ok()) << made.ToString();
  EXPECT_EQ(Stat(Path("t/null")).st_rdev, makedev(1, 3));
  EXPECT_EQ(Stat(Path("t/null")).st_mode, S_IFCHR | 0666u);
}

// Damage: attributes as only a broken or planted snapshot holds them.
TEST_F(RestoreTargetTest, ImpossibleAttributesAreWarningsAndNothingElse) {
  Attributes attributes = FileAttributes(2, 0xffff8180);
  attributes.uid = 0xffffffff;
  attributes.modified.nanoseconds = (1u << 30) - 1;  // to the kernel this means "now"
  attributes.xattrs = {{"", {1}},
                       {std::string("user.cut\0x", 10), {1}},
                       {std::string(300, 'n'), {1}},
                       {"system.posix_acl_access", {1, 2, 3}},
                       {"user.huge", Bytes(100'000)}};
  const RestoreTarget target = Target("t", {.keep_setuid = true, .keep_owner = true});
  RestoredFile file = target.root().CreateFile("f", 2).value();
  ASSERT_TRUE(file.Write(0, AsBytes("ok")).ok());
  Warnings warnings;
  ASSERT_TRUE(file.Finish(attributes, warnings).ok());
  EXPECT_GE(warnings.size(), 7u) << Join(warnings);
  EXPECT_EQ(ReadFile(Path("t/f")), "ok");
  EXPECT_EQ(GetXattr(Path("t/f"), "user.cut"), "(none)") << "the name was cut at its NUL";
  EXPECT_EQ(Stat(Path("t/f")).st_mode, S_IFREG | 0600u);
  EXPECT_EQ(Stat(Path("t/f")).st_uid, ::geteuid());
}

TEST_F(RestoreTargetTest, TheTargetIsMadeButNotItsParents) {
  EXPECT_EQ(RestoreTarget::Open(Path("none/t"), {}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(RestoreTarget::Open("", {}).status().code(), StatusCode::kInvalidArgument);
  WriteFile("file", "");
  EXPECT_EQ(RestoreTarget::Open(Path("file"), {}).status().code(), StatusCode::kInvalidArgument);
  Target("t");
  EXPECT_EQ(Stat(Path("t")).st_mode, S_IFDIR | 0700u);
  ASSERT_EQ(::symlink("t", Path("link").c_str()), 0);
  EXPECT_TRUE(Target("link").root().MakeDirectory("d").ok());
  EXPECT_TRUE(Exists(Path("t/d")));
}

TEST_F(RestoreTargetTest, AFullFileSystemIsReportedAndLeavesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount a small file system";
  MakeDir("small");
  const std::string said = InChild([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("", "/", nullptr, MS_PRIVATE | MS_REC, "") != 0 ||
        ::mount("none", Path("small").c_str(), "tmpfs", 0, "size=1m") != 0) {
      return "skip";
    }
    const RestoreTarget target = Target("small");
    {
      RestoredFile file = target.root().CreateFile("f", 2 << 20).value();
      if (file.Write(0, Bytes(2 << 20)).code() != StatusCode::kFull) return "not reported as full";
    }
    return std::filesystem::is_empty(Path("small")) ? "" : "left something behind";
  });
  if (said == "skip") GTEST_SKIP() << "no mount namespace of our own here";
  EXPECT_EQ(said, "");
}

TEST_F(RestoreTargetTest, AResumedRestoreOfAnOrdinaryUserReentersClosedDirectories) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to drop privileges from";
  ASSERT_EQ(::chmod(scratch_.c_str(), 0777), 0);
  EXPECT_EQ(InChild([&]() -> std::string {
              if (std::string failed = BecomeNobody(); !failed.empty()) return failed;
              for (const std::uint32_t mode : {0u, 0555u, 0300u}) {
                const RestoreTarget target = Target("t");
                Warnings warnings;
                const RestoreDirectory first = target.root().MakeDirectory("d").value();
                if (!first.SetAttributes(DirectoryAttributes(mode), warnings).ok()) return "set";
                const Result<RestoreDirectory> again = target.root().MakeDirectory("d");
                if (!again.ok()) return again.status().ToString();
                const Result<RestoredFile> file = again->CreateFile("f", 0);
                if (!file.ok()) return file.status().ToString();
                if (!again->SetAttributes(DirectoryAttributes(mode), warnings).ok()) return "set";
                if ((Stat(Path("t/d")).st_mode & 07777) != mode) return "mode";
                if (!warnings.empty()) return Join(warnings);
              }
              return "";
            }),
            "");
}

TEST_F(RestoreTargetTest, AttributesThatAnOrdinaryUserCannotSetAreWarnings) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to drop privileges from";
  ASSERT_EQ(::chmod(scratch_.c_str(), 0777), 0);
  EXPECT_EQ(InChild([&]() -> std::string {
              if (std::string failed = BecomeNobody(); !failed.empty()) return failed;
              const RestoreTarget target =
                  Target("t", {.keep_setuid = true, .make_devices = true, .keep_owner = true});
              Attributes attributes = FileAttributes(0, 04755);
              attributes.uid = 0;
              attributes.gid = 0;
              Warnings warnings;
              const Status done =
                  target.root().CreateFile("f", 0).value().Finish(attributes, warnings);
              if (!done.ok()) return done.ToString();
              if ((Stat(Path("t/f")).st_mode & 07777) != 0755) return "setuid of another owner";
              if (warnings.size() != 2) return Join(warnings);
              attributes.type = EntryType::kBlockDevice;
              attributes.device_major = 8;  // on Linux 5.x even 0:0 is allowed to all
              const Status device = target.root().MakeDevice("disk", attributes, warnings);
              return device.code() == StatusCode::kDenied ? "" : device.ToString();
            }),
            "");
}

}  // namespace
}  // namespace fenchi::filesystem
