// What real trees are like: every kind of entry, strange names, and files that do not hold still.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Source : public VaultTest {
 protected:
  // Calls `then` when the backup has seen the entry of this path and has not opened it yet.
  static BackupOptions When(const std::string& path, std::function<void()> then) {
    BackupOptions options;
    options.exclude = [=](std::string_view now, EntryType) {
      if (now == path) then();
      return false;
    };
    return options;
  }
};

TEST_F(Source, AnEmptyTreeAnEmptyFileAndOneByteComeBack) {
  MakeDir("empty");
  MakeDir("small");
  WriteFile("small/nothing", "");
  WriteFile("small/byte", "b");
  Vault vault = MakeVault();
  const BackupReport empty = Need(vault.BackupTree(Path("empty")));
  EXPECT_EQ(empty.files, 0u);
  EXPECT_EQ(empty.directories, 1u);
  ExpectRestores(vault, empty.snapshot, Path("empty"));
  const BackupReport small = Need(vault.BackupTree(Path("small")));
  EXPECT_EQ(small.files, 2u);
  EXPECT_EQ(small.bytes, 1u);
  ExpectRestores(vault, small.snapshot, Path("small"));
}

TEST_F(Source, AFileOfFiveGibibytesOfHolesIsQuickAndSmall) {
  constexpr off_t kSize = off_t{5} << 30;
  MakeDir("srv");
  const int file = ::open(Path("srv/disk.img").c_str(), O_CREAT | O_RDWR, 0600);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::ftruncate(file, kSize), 0);
  ASSERT_EQ(::pwrite(file, "boot", 4, 0), 4);
  ASSERT_EQ(::pwrite(file, "middle", 6, off_t{3} << 30), 6);
  ::close(file);
  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(report.bytes, static_cast<std::uint64_t>(kSize));
  EXPECT_LT(report.bytes_read, 2u << 20);
  EXPECT_LT(report.bytes_uploaded, 8u << 20);
  const std::string target = NewTarget();
  const RestoreReport back = Need(vault.Restore(report.snapshot, target));
  EXPECT_TRUE(back.complete());
  const struct stat status = Stat(target + "/srv/disk.img");
  EXPECT_EQ(status.st_size, kSize);
  EXPECT_LT(status.st_blocks * 512, 2 << 20);
  std::ifstream in(target + "/srv/disk.img", std::ios::binary);
  std::string text(6, '\0');
  in.read(text.data(), 4);
  EXPECT_EQ(text.substr(0, 4), "boot");
  in.seekg(std::streamoff{3} << 30);
  in.read(text.data(), 6);
  EXPECT_EQ(text, "middle");
  const DrillReport drill = Need(vault.Drill(report.snapshot, {.scratch_directory = scratch_}));
  EXPECT_TRUE(drill.passed());
}

// Property: whatever lies between holes, and zeros that are stored, come back as they were. Ranges
// are longer and shorter than what is read at once (1 MiB), and end within blocks.
TEST_F(Source, HolesAndStoredZerosComeBack) {
  constexpr std::uint64_t kSeed = 20261130;
  constexpr std::size_t kSize = 12u << 20;
  std::cout << "seed " << kSeed << '\n';
  const auto random = SeededRandom(kSeed);
  const auto upto = [&](std::size_t most) {
    std::array<std::uint8_t, 4> raw{};
    random->Fill(raw);
    return (raw[0] | raw[1] << 8 | raw[2] << 16 | std::size_t{raw[3]} << 24) % most;
  };
  MakeDir("srv");
  for (int round = 0; round < 8; ++round) {
    const std::string path = Path("srv/image" + std::to_string(round));
    const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_EQ(::ftruncate(file, static_cast<off_t>(kSize - upto(3) * 700)), 0);
    std::size_t at = upto(2) * upto(200'000);
    while (at < kSize - (4u << 20)) {
      Bytes piece(1 + upto(upto(2) == 0 ? 3u << 20 : 9000));
      if (upto(4) != 0) random->Fill(piece);  // else stored zeros
      ASSERT_EQ(::pwrite(file, piece.data(), piece.size(), static_cast<off_t>(at)),
                static_cast<ssize_t>(piece.size()));
      at += piece.size() + upto(upto(2) == 0 ? 2u << 20 : 9000);
    }
    ::close(file);
  }
  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_TRUE(report.complete());
  std::uint64_t stored = 0;  // blocks of the sources
  for (int round = 0; round < 8; ++round) {
    stored += static_cast<std::uint64_t>(Stat(Path("srv/image" + std::to_string(round))).st_blocks);
  }
  EXPECT_LE(report.bytes_read, stored * 512) << "what lies in holes is not read";
  const std::string target = NewTarget();
  EXPECT_TRUE(Need(vault.Restore(report.snapshot, target)).complete());
  for (int round = 0; round < 8; ++round) {
    const std::string name = "srv/image" + std::to_string(round);
    EXPECT_TRUE(ReadFile(target + "/" + name) == ReadFile(Path(name))) << name;
    // A file system may take a block or two of its own to say where the file's blocks lie.
    EXPECT_LE(Stat(target + "/" + name).st_blocks, Stat(Path(name)).st_blocks + 64) << name;
  }
}

TEST_F(Source, AFileThatVanishesIsReportedAndTheRestSaved) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const BackupReport report =
      Need(vault.BackupTree(Path("srv"), When("one", [&] { ::unlink(Path("srv/one").c_str()); })));
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.unreadable, 1u);
  EXPECT_TRUE(Names(report.problems, "srv/one"));
  EXPECT_THAT(
      Paths(vault, report.snapshot),
      ElementsAre("srv", "srv/empty", "srv/ledger", "srv/ledger/2026", "srv/ledger/2026/november",
                  "srv/ledger/book.db", "srv/link", "srv/text"));
  EXPECT_TRUE(CatText(vault, report.snapshot, "srv/text") == ReadFile(Path("srv/text")));
  EXPECT_EQ(Need(vault.Snapshots()).snapshots[0].problems, 1u);
}

TEST_F(Source, ADirectoryThatVanishesIsReportedAndTheRestSaved) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(
      Path("srv"),
      When("ledger/2026", [&] { std::filesystem::remove_all(Path("srv/ledger/2026")); })));
  EXPECT_EQ(report.unreadable, 1u);
  EXPECT_TRUE(Names(report.problems, "srv/ledger/2026"));
  EXPECT_EQ(CatText(vault, report.snapshot, "srv/ledger/book.db"),
            ReadFile(Path("srv/ledger/book.db")));
}

TEST_F(Source, AFileThatBecomesAFifoIsNotWaitedFor) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const BackupReport report =
      Need(vault.BackupTree(Path("srv"), When("one", [&] {
                              ::unlink(Path("srv/one").c_str());
                              ASSERT_EQ(::mkfifo(Path("srv/one").c_str(), 0600), 0);
                            })));
  EXPECT_EQ(report.unreadable, 1u);
  EXPECT_TRUE(Names(report.problems, "srv/one"));
  EXPECT_EQ(report.files, 4u);
}

TEST_F(Source, WhatCannotBeReadIsReportedAndTheRestSaved) {
  WriteTree("srv");
  ASSERT_EQ(::chmod(Path("srv/one").c_str(), 0), 0);
  ASSERT_EQ(::chmod(Path("srv/ledger/2026").c_str(), 0), 0);
  for (const char* readable : {"", "/srv", "/srv/ledger"}) {
    ASSERT_EQ(::chmod((scratch_ + readable).c_str(), 0777), 0);
  }
  ASSERT_EQ(::chmod(Path("srv/ledger/book.db").c_str(), 0644), 0);
  // Root may read everything: a child gives that up.
  const std::string said = filesystem::InChild([&]() -> std::string {
    if (::geteuid() == 0) {
      if (std::string failed = filesystem::BecomeNobody(); !failed.empty()) return failed;
    }
    Vault vault = MakeVault();
    const Result<BackupReport> report = vault.BackupTree(Path("srv"));
    if (!report.ok()) return report.status().ToString();
    std::string out = report->complete() ? "complete " : "";
    out += std::to_string(report->unreadable) + " unreadable, ";
    for (const Problem& problem : report->problems) {
      out += problem.path + " " + std::string(StatusCodeName(problem.status.code())) + ", ";
    }
    return out + std::to_string(Need(vault.Snapshots()).snapshots[0].files) + " files, " +
           std::to_string(CatText(vault, report->snapshot, "srv/ledger/book.db").size());
  });
  EXPECT_EQ(said, "2 unreadable, srv/ledger/2026 denied, srv/one denied, 3 files, 300000");
}

TEST_F(Source, NamesAreBytesAndComeBackAsTheyWere) {
  MakeDir("srv");
  const std::vector<std::string> names = {
      "\xa4\xa4\xa4\xe5.txt",  // Big5
      "two\nlines",            // a newline
      "\x1b[31mred\x1b[0m",    // what a terminal would obey
      "-rf",                   // what a command would obey
      " ",
      "tail ",
      "..foo",  // spaces, dots
      "...",
      ".hidden",
      "back\\slash",
      "\"quoted\"",
      "*?[x]",
      std::string(255, 'n'),  // as long as a name can be
      "\x01\x7f\xff",
      "\xe6\xaa\x94\xe6\xa1\x88",  // UTF-8
      "e\xcc\x81",
      "\xc3\xa9",  // the same letter in two forms
  };
  for (const std::string& name : names) WriteFile("srv/" + name, name);
  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.files, names.size());
  ExpectRestores(vault, report.snapshot, Path("srv"));
  for (const std::string& name : names) {
    EXPECT_EQ(CatText(vault, report.snapshot, "srv/" + name), name) << EscapePath(name);
  }
  EXPECT_EQ(EscapePath("a\n\x1b[31m\xa4"), "a\\n\\x1b[31m\\xa4");
}

TEST_F(Source, PathsLongerThanTheSystemTakesComeBack) {
  UseMemoryFileSystem();
  MakeDir("srv");
  const std::string component(200, 'd');
  const auto descend = [&](const std::string& top, bool make) {
    int at = ::open(top.c_str(), O_DIRECTORY | O_RDONLY);
    for (int i = 0; i < 25 && at >= 0; ++i) {
      if (make && ::mkdirat(at, component.c_str(), 0755) != 0) return -1;
      const int next = ::openat(at, component.c_str(), O_DIRECTORY | O_RDONLY);
      ::close(at);
      at = next;
    }
    return at;
  };
  int deepest = descend(Path("srv"), true);
  ASSERT_GE(deepest, 0);
  int file = ::openat(deepest, "leaf", O_CREAT | O_WRONLY, 0640);
  ASSERT_EQ(::write(file, "deep", 4), 4);
  ::close(file);
  ::close(deepest);

  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.directories, 26u);
  std::string path = "srv";
  for (int i = 0; i < 25; ++i) path += "/" + component;
  ASSERT_GT(path.size(), 4096u);
  EXPECT_EQ(CatText(vault, report.snapshot, path + "/leaf"), "deep");
  const std::string target = NewTarget();
  EXPECT_TRUE(Need(vault.Restore(report.snapshot, target)).complete());
  deepest = descend(target + "/srv", false);
  ASSERT_GE(deepest, 0);
  file = ::openat(deepest, "leaf", O_RDONLY);
  std::string text(4, '\0');
  EXPECT_EQ(::read(file, text.data(), 4), 4);
  EXPECT_EQ(text, "deep");
  ::close(file);
  ::close(deepest);
}

TEST_F(Source, AttributesOfAnUnchangedFileAreKeptAndANewOneIsSeen) {
  MakeDir("srv");
  WriteFile("srv/plain", "plain", 0640);
  WriteFile("srv/marked", "marked", 0600);
  if (!filesystem::SetXattr(Path("srv/marked"), "user.first", "1")) {
    GTEST_SKIP() << "no extended attributes on this file system";
  }
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  const BackupReport second = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(second.files_unchanged, 2u);
  ExpectRestores(vault, second.snapshot, Path("srv"));

  ASSERT_TRUE(filesystem::SetXattr(Path("srv/plain"), "user.later", "2"));
  const BackupReport third = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(third.files_unchanged, 1u);
  EXPECT_EQ(third.bytes_new, 0u);
  ExpectRestores(vault, third.snapshot, Path("srv"));
}

TEST_F(Source, EveryKindOfEntryKeepsItsAttributes) {
  MakeDir("srv", 0751);
  MakeDir("srv/sub", 01777);
  WriteFile("srv/a", RandomText(70'000), 0604);
  ASSERT_EQ(::link(Path("srv/a").c_str(), Path("srv/sub/same").c_str()), 0);
  ASSERT_EQ(::link(Path("srv/a").c_str(), Path("srv/z").c_str()), 0);
  ASSERT_EQ(::symlink("../nowhere", Path("srv/dangling").c_str()), 0);
  ASSERT_EQ(::symlink("sub", Path("srv/to-directory").c_str()), 0);
  ASSERT_EQ(::mkfifo(Path("srv/fifo").c_str(), 0620), 0);
  filesystem::SetXattr(Path("srv/a"), "user.comment", std::string("with\0zero", 9));
  filesystem::SetXattr(Path("srv/sub"), "user.empty", "");
  // user::rw-,user:1000:r--,group::r--,mask::r--,other::---
  const std::string acl(
      "\x02\0\0\0"
      "\x01\0\x06\0\xff\xff\xff\xff"
      "\x02\0\x04\0\xe8\x03\0\0"
      "\x04\0\x04\0\xff\xff\xff\xff"
      "\x10\0\x04\0\xff\xff\xff\xff"
      "\x20\0\0\0\xff\xff\xff\xff",
      44);
  WriteFile("srv/listed", "acl", 0640);
  const bool has_acl = filesystem::SetXattr(Path("srv/listed"), "system.posix_acl_access", acl);
  if (::geteuid() == 0) {
    ASSERT_EQ(::lchown(Path("srv/dangling").c_str(), 1234, 5678), 0);
    ASSERT_EQ(::chown(Path("srv/sub").c_str(), 4321, 8765), 0);
  }
  const struct timespec times[2] = {{1, 2}, {1'234'567'890, 123'456'789}};
  const struct timespec old[2] = {{1, 2}, {-86'400, 1}};
  ASSERT_EQ(::utimensat(AT_FDCWD, Path("srv/a").c_str(), times, 0), 0);
  ASSERT_EQ(::utimensat(AT_FDCWD, Path("srv/dangling").c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  ASSERT_EQ(::utimensat(AT_FDCWD, Path("srv/fifo").c_str(), old, 0), 0);
  ASSERT_EQ(::utimensat(AT_FDCWD, Path("srv/sub").c_str(), times, 0), 0);

  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_TRUE(report.complete());
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.files, 4u);
  EXPECT_EQ(report.others, 3u);
  EXPECT_EQ(report.bytes_read, 70'003u);  // three names, read once
  ExpectRestores(vault, report.snapshot, Path("srv"));
  if (has_acl) {
    const auto listed = ListAll(vault, report.snapshot, "srv/listed");
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_THAT(listed[0].attributes.xattrs,
                ::testing::Contains(::testing::Field(&Xattr::name, "system.posix_acl_access")));
  }
}

TEST_F(Source, SetuidAndDevicesAreDroppedUnlessAsked) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes devices";
  MakeDir("srv");
  WriteFile("srv/tool", "#!");
  ASSERT_EQ(::chmod(Path("srv/tool").c_str(), 04755), 0);
  if (::mknod(Path("srv/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) {
    GTEST_SKIP() << "no CAP_MKNOD";
  }
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  const std::string safe = NewTarget();
  const RestoreReport dropped = Need(vault.Restore(id, safe));
  EXPECT_EQ(dropped.dropped, 2u);
  EXPECT_TRUE(Names(dropped.problems, "srv/tool"));
  EXPECT_TRUE(Names(dropped.problems, "srv/null"));
  EXPECT_FALSE(Exists(safe + "/srv/null"));
  EXPECT_EQ(Stat(safe + "/srv/tool").st_mode & 07777u, 0755u);
  ExpectRestores(vault, id, Path("srv"), {.keep_setuid = true, .make_devices = true});
}

TEST_F(Source, ASocketIsSavedAsAnEntryAndNotMadeAgain) {
  MakeDir("srv");
  WriteFile("srv/x", "x");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", Path("srv/sock").c_str());
  ASSERT_EQ(::bind(fd, reinterpret_cast<struct sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);
  Vault vault = MakeVault();
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_TRUE(report.complete());
  const std::string target = NewTarget();
  const RestoreReport back = Need(vault.Restore(report.snapshot, target));
  EXPECT_TRUE(back.complete());
  EXPECT_EQ(ReadFile(target + "/srv/x"), "x");
  EXPECT_FALSE(Exists(target + "/srv/sock"));
}

TEST_F(Source, SeveralSourcesAreOneSnapshot) {
  WriteTree("srv");
  MakeDir("etc");
  WriteFile("etc/conf", "c");
  WriteFile("motd", "hello");
  ASSERT_EQ(::symlink("srv", Path("current").c_str()), 0);
  Vault vault = MakeVault();
  const std::vector<std::string> sources = {Path("srv"), Path("etc/"), Path("motd"),
                                            Path("current")};
  const BackupReport report = Need(vault.BackupTrees(sources));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.files, 7u);
  EXPECT_THAT(Paths(vault, report.snapshot, "", false),
              ElementsAre("current", "etc", "motd", "srv"));
  const std::string target = NewTarget();
  EXPECT_TRUE(Need(vault.Restore(report.snapshot, target)).complete());
  EXPECT_EQ(Describe(target + "/srv"), Describe(Path("srv")));
  EXPECT_EQ(ReadFile(target + "/motd"), "hello");
  EXPECT_EQ(std::filesystem::read_symlink(target + "/current"), "srv");
}

TEST_F(Source, SourcesThatCannotBeMeantAreRefused) {
  MakeDir("a");
  MakeDir("a/same");
  MakeDir("b");
  MakeDir("b/same");
  Vault vault = MakeVault();
  const std::vector<std::string> twins = {Path("a/same"), Path("b/same")};
  const Result<BackupReport> refused = vault.BackupTrees(twins);
  EXPECT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
  ExpectHelpful(refused.status());
  EXPECT_NE(refused.status().message().find("same"), std::string::npos);
  EXPECT_EQ(CodeOf(vault.BackupTrees({})), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(vault.BackupTree(Path("missing"))), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(vault.BackupTree(Path("missing/below"))), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(vault.BackupTree("")), StatusCode::kInvalidArgument);
  EXPECT_THAT(Need(vault.Snapshots()).snapshots, IsEmpty());
}

// As when the first name's file was removed and its number given to another one at once.
TEST_F(Source, AHardLinkThatShowsOtherContentByNowIsReadAndStandsAlone) {
  for (const std::string later : {"ZZZZ", "other size"}) {
    const std::string top = later == "ZZZZ" ? "same" : "other";
    MakeDir(top);
    WriteFile(top + "/y", "the file before it");
    WriteFile(top + "/a", "AAAA");
    ASSERT_EQ(::link(Path(top + "/a").c_str(), Path(top + "/b").c_str()), 0);
    ASSERT_EQ(::link(Path(top + "/a").c_str(), Path(top + "/z").c_str()), 0);
    Vault vault = MakeVault();
    const BackupReport report = Need(vault.BackupTree(
        Path(top), When("y", [&] { std::ofstream(Path(top + "/a"), std::ios::in) << later; })));
    EXPECT_TRUE(report.complete()) << "each name shows one state of the file";
    EXPECT_EQ(CatText(vault, report.snapshot, top + "/a"), "AAAA");
    EXPECT_EQ(CatText(vault, report.snapshot, top + "/z"), later);
    for (const ListedEntry& entry : ListAll(vault, report.snapshot)) {
      EXPECT_EQ(entry.attributes.hard_link.has_value(),
                entry.path == top + "/a" || entry.path == top + "/b")
          << entry.path;
    }
    const std::string target = NewTarget() + "/";
    EXPECT_TRUE(Need(vault.Restore(report.snapshot, target)).complete());
    EXPECT_EQ(ReadFile(target + top + "/a"), "AAAA");
    EXPECT_EQ(ReadFile(target + top + "/z"), later);
    EXPECT_EQ(Stat(target + top + "/a").st_ino, Stat(target + top + "/b").st_ino);
    EXPECT_NE(Stat(target + top + "/a").st_ino, Stat(target + top + "/z").st_ino);
  }
}

TEST_F(Source, ASymlinkWithTwoNamesIsOneAndAnotherUnderItsNumberIsNot) {
  MakeDir("srv");
  WriteFile("srv/y", "the file before it");
  ASSERT_EQ(::symlink("nowhere", Path("srv/a").c_str()), 0);
  ASSERT_EQ(::link(Path("srv/a").c_str(), Path("srv/b").c_str()), 0);
  ASSERT_EQ(::link(Path("srv/a").c_str(), Path("srv/z").c_str()), 0);
  Vault vault = MakeVault();
  const auto touch = [&] {
    const timespec times[2] = {{1, 0}, {1, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, Path("srv/a").c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), When("y", touch)));
  const std::string target = NewTarget();
  EXPECT_TRUE(Need(vault.Restore(report.snapshot, target)).complete());
  EXPECT_EQ(Stat(target + "/srv/a").st_ino, Stat(target + "/srv/b").st_ino);
  EXPECT_NE(Stat(target + "/srv/a").st_ino, Stat(target + "/srv/z").st_ino);
}

TEST_F(Source, WhatIsExcludedIsLeftOutWithAllBelow) {
  WriteTree("srv");
  Vault vault = MakeVault();
  std::vector<std::string> asked;
  BackupOptions options;
  options.exclude = [&](std::string_view path, EntryType type) {
    asked.emplace_back(path);
    return path == "ledger/2026" || (type == EntryType::kSymlink);
  };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), options));
  EXPECT_TRUE(report.complete());
  EXPECT_THAT(asked, ElementsAre("empty", "ledger", "ledger/2026", "ledger/book.db", "link", "one",
                                 "text"));
  EXPECT_THAT(
      Paths(vault, report.snapshot),
      ElementsAre("srv", "srv/empty", "srv/ledger", "srv/ledger/book.db", "srv/one", "srv/text"));
}

}  // namespace
}  // namespace fenchi
