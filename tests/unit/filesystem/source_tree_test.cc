#include "filesystem/source_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "fenchi/random.h"
#include "tree_fixture.h"

namespace fenchi::filesystem {
namespace {

using SourceTree = TreeTest;

TEST_F(SourceTree, ListsRawNamesInByteOrder) {
  MakeDir("s");
  const std::vector<std::string> names = {
      "\n", "\x1b[2J", ".hidden", "A", "a", "\xa4\xa4", std::string(255, '\xff')};
  for (const std::string& name : names) WriteFile("s/" + name, name);
  const SourceDirectory source = Source("s");
  EXPECT_EQ(source.ListNames().value(), names);
  EXPECT_EQ(source.ListNames().value(), names) << "a second listing starts at the beginning";
  for (const std::string& name : names) EXPECT_TRUE(source.ReadAttributes(name).ok());
}

TEST_F(SourceTree, AnEmptyDirectoryHasNoNames) {
  MakeDir("s");
  EXPECT_TRUE(Source("s").ListNames().value().empty());
}

TEST_F(SourceTree, TheRootMustBeADirectory) {
  WriteFile("file", "x");
  EXPECT_EQ(SourceDirectory::Open("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(SourceDirectory::Open(Path("file")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(SourceDirectory::Open(Path("none")).status().code(), StatusCode::kNotFound);
}

TEST_F(SourceTree, LinksInTheUsersOwnPathAreFollowed) {
  MakeDir("s");
  WriteFile("s/f", "content");
  ASSERT_EQ(::symlink("s", Path("link").c_str()), 0);
  EXPECT_EQ(Source("link").ListNames().value(), std::vector<std::string>{"f"});
  ASSERT_EQ(::symlink("s/f", Path("file-link").c_str()), 0);
  const Result<SourceFile> file = SourceFile::Open(Path("file-link"));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->ReadAttributes().value().attributes.size, 7u);
  EXPECT_EQ(SourceFile::Open(Path("s")).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(SourceTree, ReadsTypeModeTimeAndTarget) {
  MakeDir("s", 0750);
  WriteFile("s/file", "12345", 04751);
  ASSERT_EQ(::symlink("no/where\n", Path("s/link").c_str()), 0);
  ASSERT_EQ(::mkfifo(Path("s/fifo").c_str(), 0620), 0);
  const timespec times[2] = {{1, 2}, {-5, 987'654'321}};
  ASSERT_EQ(::utimensat(AT_FDCWD, Path("s/file").c_str(), times, 0), 0);
  const SourceDirectory source = Source("s");

  const SourceNode file = source.ReadAttributes("file").value();
  EXPECT_EQ(file.attributes.type, EntryType::kFile);
  EXPECT_EQ(file.attributes.mode, 04751u);
  EXPECT_EQ(file.attributes.size, 5u);
  EXPECT_EQ(file.attributes.modified, (Timestamp{-5, 987'654'321}));
  EXPECT_EQ(file.attributes.uid, ::geteuid());
  EXPECT_EQ(file.inode, Stat(Path("s/file")).st_ino);
  EXPECT_EQ(file.link_count, 1u);
  EXPECT_FALSE(file.attributes.hard_link.has_value());
  if (::geteuid() == 0) {
    EXPECT_EQ(file.attributes.user, "root");
  }

  const SourceNode link = source.ReadAttributes("link").value();
  EXPECT_EQ(link.attributes.type, EntryType::kSymlink);
  EXPECT_EQ(link.attributes.symlink_target, "no/where\n");
  EXPECT_EQ(source.ReadAttributes("fifo").value().attributes.type, EntryType::kFifo);
  EXPECT_EQ(source.ReadOwnAttributes().value().attributes.mode, 0750u);
  EXPECT_EQ(source.ReadAttributes("none").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(source.ReadStatus("file").value().changed_ns, file.changed_ns);
}

TEST_F(SourceTree, ALinkTargetOfTheGreatestLengthIsReadWhole) {
  MakeDir("s");
  const std::string target(4095, 't');
  ASSERT_EQ(::symlink(target.c_str(), Path("s/link").c_str()), 0);
  EXPECT_EQ(Source("s").ReadAttributes("link").value().attributes.symlink_target, target);
}

TEST_F(SourceTree, SocketsAreReportedAsSockets) {
  MakeDir("s");
  const Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, Path("s/socket").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(Source("s").ReadAttributes("socket").value().attributes.type, EntryType::kSocket);
}

TEST_F(SourceTree, NamesOfOneFileShareAKey) {
  MakeDir("s");
  WriteFile("s/a", "x");
  WriteFile("s/c", "x");
  ASSERT_EQ(::link(Path("s/a").c_str(), Path("s/b").c_str()), 0);
  const SourceDirectory source = Source("s");
  const auto key = source.ReadAttributes("a").value().attributes.hard_link;
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(source.ReadAttributes("b").value().attributes.hard_link, key);
  EXPECT_FALSE(source.ReadAttributes("c").value().attributes.hard_link.has_value());
}

TEST_F(SourceTree, ExtendedAttributesComeSortedAndWhole) {
  MakeDir("s");
  WriteFile("s/f", "x");
  if (!SetXattr(Path("s/f"), "user.b", std::string("\0\xff", 2))) {
    GTEST_SKIP() << "this file system has no user extended attributes";
  }
  ASSERT_TRUE(SetXattr(Path("s/f"), "user.a", ""));
  const SourceNode node = Source("s").ReadAttributes("f").value();
  const std::vector<Xattr> expected = {{"user.a", {}}, {"user.b", {0x00, 0xff}}};
  EXPECT_EQ(node.attributes.xattrs, expected);
  EXPECT_TRUE(node.warning.ok());
}

// Only some file systems hold so many: tmpfs does on Linux 6.6 and later.
TEST_F(SourceTree, ExtendedAttributesAboveTheLimitAreReported) {
  std::string scratch = "/dev/shm/fenchi-xattr-XXXXXX";
  if (::mkdtemp(scratch.data()) == nullptr) GTEST_SKIP() << "no writable /dev/shm";
  const std::string file = scratch + "/f";
  const Descriptor made(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const std::string value(60000, 'v');
  bool held = made.valid();
  for (const char* name : {"user.1", "user.2", "user.3", "user.4", "user.5", "user.5b"}) {
    held = held && SetXattr(file, name, value);
  }
  held = held && SetXattr(file, "user.6", "short");
  const Result<SourceDirectory> source = SourceDirectory::Open(scratch);
  const Result<SourceNode> node = source->ReadAttributes("f");
  std::filesystem::remove_all(scratch);
  if (!held) GTEST_SKIP() << "/dev/shm does not hold 360 KB of extended attributes";
  ASSERT_TRUE(node.ok());
  std::vector<std::string> kept;
  for (const Xattr& xattr : node->attributes.xattrs) kept.push_back(xattr.name);
  EXPECT_EQ(kept, (std::vector<std::string>{"user.1", "user.2", "user.3", "user.4", "user.6"}));
  EXPECT_NE(node->warning.message().find("user.5"), std::string::npos);
  EXPECT_EQ(node->warning.message().find("user.5b"), std::string::npos) << "the first says it all";
}

TEST_F(SourceTree, ReadGivesLessOnlyAtTheEnd) {
  MakeDir("s");
  WriteFile("s/f", "0123456789");
  const SourceDirectory source = Source("s");
  const SourceFile file = source.OpenFile("f", source.ReadStatus("f").value()).value();
  Bytes buffer(4);
  EXPECT_EQ(file.Read(3, buffer).value(), 4u);
  EXPECT_EQ(AsText(buffer), "3456");
  EXPECT_EQ(file.Read(8, buffer).value(), 2u);
  EXPECT_EQ(file.Read(10, buffer).value(), 0u);
  EXPECT_EQ(file.Read(~std::uint64_t{0}, buffer).value(), 0u);
  EXPECT_EQ(file.Read(0, {}).value(), 0u);
}

TEST_F(SourceTree, AnEmptyFileAndAPureHoleHaveNoData) {
  MakeDir("s");
  WriteFile("s/empty", "");
  WriteFile("s/hole", "");
  ASSERT_EQ(::truncate(Path("s/hole").c_str(), 1 << 30), 0);
  const SourceDirectory source = Source("s");
  for (const char* name : {"empty", "hole"}) {
    const SourceNode node = source.ReadStatus(name).value();
    const SourceFile file = source.OpenFile(name, node).value();
    EXPECT_EQ(file.NextData(0).value(), std::nullopt) << name;
    EXPECT_EQ(file.NextData(~std::uint64_t{0}).value(), std::nullopt);
    EXPECT_EQ(node.blocks_bytes, 0u);
  }
}

// Property: what NextData gives, over zeros, is the file.
TEST_F(SourceTree, DataRangesOverZerosAreTheFile) {
  constexpr std::uint64_t kSeed = 77;
  SCOPED_TRACE(kSeed);
  const auto random = SeededRandom(kSeed);
  MakeDir("s");
  for (int round = 0; round < 20; ++round) {
    const std::string name = "f" + std::to_string(round);
    const Descriptor out(::open(Path("s/" + name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    std::string expected(1 << 20, '\0');
    for (int i = 0; i < 6; ++i) {
      std::uint8_t raw[6];
      random->Fill(raw);
      const std::size_t at = (raw[0] | raw[1] << 8 | raw[2] << 16) % (expected.size() - 70000);
      const std::string piece(static_cast<std::size_t>(raw[3] | raw[4] << 8) + 1, 'a' + i);
      ASSERT_EQ(::pwrite(out.get(), piece.data(), piece.size(), static_cast<off_t>(at)),
                static_cast<ssize_t>(piece.size()));
      expected.replace(at, piece.size(), piece);
    }
    ASSERT_EQ(::ftruncate(out.get(), static_cast<off_t>(expected.size())), 0);

    const SourceDirectory source = Source("s");
    const SourceFile file = source.OpenFile(name, source.ReadStatus(name).value()).value();
    std::string got(expected.size(), '\0');
    std::uint64_t at = 0;
    while (const std::optional<DataExtent> extent = file.NextData(at).value()) {
      ASSERT_GE(extent->offset, at);
      ASSERT_GT(extent->length, 0u);
      Bytes piece(extent->length);
      ASSERT_EQ(file.Read(extent->offset, piece).value(), piece.size());
      got.replace(extent->offset, piece.size(), AsText(piece));
      at = extent->offset + extent->length;
    }
    ASSERT_EQ(got, expected) << "round " << round;
  }
}

TEST_F(SourceTree, AFileThatChangesWhileItIsReadIsNoticed) {
  MakeDir("s");
  for (const std::string name : {"grows", "shrinks", "rewritten", "kept"}) {
    WriteFile("s/" + name, "0123456789");
  }
  WaitForClockTick(scratch_);
  const SourceDirectory source = Source("s");
  const auto changed = [&](const std::string& name, const std::function<void()>& change) {
    const SourceNode before = source.ReadAttributes(name).value();
    const SourceFile file = source.OpenFile(name, before).value();
    Bytes buffer(5);
    EXPECT_EQ(file.Read(0, buffer).value(), 5u);
    change();
    EXPECT_TRUE(LooksUnchanged(before, file.opened()));
    return !LooksUnchanged(before, file.Now().value());
  };
  EXPECT_TRUE(changed("grows", [&] { WriteFile("s/grows", "0123456789+"); }));
  EXPECT_TRUE(changed("shrinks", [&] { EXPECT_EQ(::truncate(Path("s/shrinks").c_str(), 7), 0); }));
  EXPECT_TRUE(changed("rewritten", [&] {
    const struct stat was = Stat(Path("s/rewritten"));
    WriteFile("s/rewritten", "9876543210");
    const timespec times[2] = {was.st_atim, was.st_mtim};  // hides it from all but the change time
    EXPECT_EQ(::utimensat(AT_FDCWD, Path("s/rewritten").c_str(), times, 0), 0);
  }));
  EXPECT_FALSE(changed("kept", [] {}));
}

TEST_F(SourceTree, AChangeRightAfterTheFileWasMadeIsNoticedOnceItsTickIsOver) {
  MakeDir("s");
  for (int round = 0; round < 50; ++round) {
    WriteFile("s/f", "0123456789");
    const SourceDirectory source = Source("s");
    const SourceNode before = source.ReadAttributes("f").value();
    WaitForLaterTick(before);
    const SourceFile file = source.OpenFile("f", before).value();
    WriteFile("s/f", "9876543210");
    ASSERT_FALSE(LooksUnchanged(before, file.Now().value())) << "round " << round;
  }
}

TEST_F(SourceTree, AnotherNodeInPlaceOfAFileIsRefusedAndNeverHangs) {
  MakeDir("s");
  WriteFile("secret", "secret");
  const auto replaced_by = [&](const std::function<void(const char*)>& make) {
    WriteFile("s/f", "content");
    const SourceDirectory source = Source("s");
    const SourceNode seen = source.ReadAttributes("f").value();
    make(Path("new").c_str());  // made first: the inode number cannot be given out again
    EXPECT_EQ(::rename(Path("new").c_str(), Path("s/f").c_str()), 0);
    ::alarm(20);
    const Result<SourceFile> file = source.OpenFile("f", seen);
    ::alarm(0);
    EXPECT_EQ(::unlink(Path("s/f").c_str()), 0);
    return file.ok() ? StatusCode::kOk : file.status().code();
  };
  EXPECT_EQ(replaced_by([](const char* at) { EXPECT_EQ(::mkfifo(at, 0600), 0); }),
            StatusCode::kConflict);
  EXPECT_EQ(replaced_by([](const char* at) { EXPECT_EQ(::symlink("../secret", at), 0); }),
            StatusCode::kConflict);
  EXPECT_EQ(replaced_by([&](const char*) { WriteFile("new", "other"); }), StatusCode::kConflict);
  if (::geteuid() == 0) {
    EXPECT_EQ(replaced_by([](const char* at) {
                EXPECT_EQ(::mknod(at, S_IFCHR | 0600, makedev(1, 5)), 0);  // like /dev/zero
              }),
              StatusCode::kConflict);
  }
}

TEST_F(SourceTree, ALinkOrAnotherDirectoryInPlaceOfADirectoryIsRefused) {
  for (const bool plain : {false, true}) {
    PretendNoOpenat2ForTest(plain);
    const std::string base = plain ? "plain" : "openat2";
    MakeDir(base);
    MakeDir(base + "/outside");
    MakeDir(base + "/s");
    MakeDir(base + "/s/d");
    const SourceDirectory source = Source(base + "/s");
    const SourceNode seen = source.ReadAttributes("d").value();
    EXPECT_TRUE(source.OpenChild("d", &seen).ok());
    ASSERT_EQ(::rename(Path(base + "/s/d").c_str(), Path(base + "/s/moved").c_str()), 0);
    MakeDir(base + "/s/d");
    EXPECT_EQ(source.OpenChild("d", &seen).status().code(), StatusCode::kConflict);
    ASSERT_EQ(::rmdir(Path(base + "/s/d").c_str()), 0);
    ASSERT_EQ(::symlink("../outside", Path(base + "/s/d").c_str()), 0);
    EXPECT_EQ(source.OpenChild("d").status().code(), StatusCode::kConflict);
    EXPECT_EQ(source.ReadAttributes("d").value().attributes.type, EntryType::kSymlink);
  }
}

TEST_F(SourceTree, WhatIsNoNameIsRefused) {
  MakeDir("s");
  const SourceDirectory source = Source("s");
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../s"), std::string("a/b"),
        std::string("/etc"), std::string("a\0b", 3)}) {
    EXPECT_EQ(source.ReadStatus(name).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(source.ReadAttributes(name).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(source.OpenChild(name).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(source.OpenFile(name, {}).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(SourceTree, AMovedDirectoryIsNoticedWhenItIsOpenedAgain) {
  MakeDir("s");
  MakeDir("s/a");
  MakeDir("s/b");
  WriteFile("s/a/f", "x");
  const SourceDirectory source = SourceDirectory::Open(Path("s"), 1).value();
  const SourceDirectory a = source.OpenChild("a").value();
  const SourceDirectory b = source.OpenChild("b").value();  // closes a
  EXPECT_EQ(a.ListNames().value(), std::vector<std::string>{"f"});
  EXPECT_TRUE(b.ListNames().ok());  // closes a
  ASSERT_EQ(::rename(Path("s/a").c_str(), Path("s/c").c_str()), 0);
  ASSERT_EQ(::symlink("b", Path("s/a").c_str()), 0);
  EXPECT_EQ(a.ListNames().status().code(), StatusCode::kConflict);
  ASSERT_EQ(::unlink(Path("s/a").c_str()), 0);
  EXPECT_EQ(a.ListNames().status().code(), StatusCode::kNotFound);
  MakeDir("s/a");  // a real directory, but another one
  EXPECT_EQ(a.ListNames().status().code(), StatusCode::kConflict);
  ASSERT_EQ(::rmdir(Path("s/a").c_str()), 0);
  ASSERT_EQ(::rename(Path("s/c").c_str(), Path("s/a").c_str()), 0);
  EXPECT_TRUE(a.ListNames().ok());
}

TEST_F(SourceTree, UnreadableEntriesAreDeniedEachForItself) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to drop privileges from";
  ASSERT_EQ(::chmod(scratch_.c_str(), 0755), 0);
  MakeDir("s");
  MakeDir("s/closed", 0700);
  WriteFile("s/closed/f", "x");
  WriteFile("s/secret", "x", 0600);
  WriteFile("s/open", "x");
  EXPECT_EQ(InChild([&]() -> std::string {
              if (std::string failed = BecomeNobody(); !failed.empty()) return failed;
              const SourceDirectory source = Source("s");
              const SourceNode secret = source.ReadAttributes("secret").value();
              if (source.OpenFile("secret", secret).status().code() != StatusCode::kDenied) {
                return "secret was opened";
              }
              if (source.OpenChild("closed").status().code() != StatusCode::kDenied) {
                return "closed was opened";
              }
              const Result<SourceFile> file =
                  source.OpenFile("open", source.ReadAttributes("open").value());
              return file.ok() ? "" : file.status().ToString();  // not ours: no O_NOATIME
            }),
            "");
}

TEST_F(SourceTree, ALeasedFileIsWaitedFor) {
  MakeDir("s");
  WriteFile("s/f", "content");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {  // a file server: gives the lease back when asked
    ::alarm(30);
    sigset_t asked;
    sigemptyset(&asked);
    sigaddset(&asked, SIGIO);
    sigprocmask(SIG_BLOCK, &asked, nullptr);
    const int fd = ::open(Path("s/f").c_str(), O_RDWR | O_CLOEXEC);
    const char held = ::fcntl(fd, F_SETLEASE, F_WRLCK) == 0 ? 'y' : 'n';
    int signal = 0;
    if (::write(ready[1], &held, 1) != 1 || held == 'n' || sigwait(&asked, &signal) != 0) {
      ::_exit(1);
    }
    ::_exit(::fcntl(fd, F_SETLEASE, F_UNLCK));
  }
  char held = 'n';
  ASSERT_EQ(::read(ready[0], &held, 1), 1);
  const SourceDirectory source = Source("s");
  const Result<SourceFile> file = source.OpenFile("f", source.ReadStatus("f").value());
  int status = 0;
  if (held == 'y') {
    EXPECT_TRUE(file.ok()) << file.status().ToString();
  }
  ASSERT_EQ(::waitpid(holder, &status, 0), holder);
  ::close(ready[0]);
  ::close(ready[1]);
  if (held != 'y') GTEST_SKIP() << "this file system has no leases";
  EXPECT_EQ(status, 0);
}

TEST_F(SourceTree, WithoutProcFilesAreReadAndTheLackIsReported) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to unmount /proc";
  MakeDir("s");
  WriteFile("s/f", "content");
  const std::string said = InChild([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("", "/", nullptr, MS_PRIVATE | MS_REC, "") != 0 ||
        ::umount2("/proc", MNT_DETACH) != 0) {
      return "skip";
    }
    const SourceDirectory source = Source("s");
    const SourceNode node = source.ReadAttributes("f").value();
    if (node.warning.code() != StatusCode::kUnsupported) {
      return "no warning";
    }
    const Result<SourceFile> file = source.OpenFile("f", node);
    if (!file.ok()) return file.status().ToString();
    const Result<SourceFile> direct = SourceFile::Open(Path("s/f"));
    return direct.ok() ? "" : direct.status().ToString();
  });
  if (said == "skip") GTEST_SKIP() << "no mount namespace of our own here";
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace fenchi::filesystem
