// A hostile snapshot, and a hostile neighbour who may write into the target while we restore.
#include <fcntl.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tree_fixture.h"

namespace fenchi::filesystem {
namespace {

// Runs each test with openat2 and as on a kernel without it.
class RestoreAttack : public TreeTest, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    TreeTest::SetUp();
    PretendNoOpenat2ForTest(GetParam());
    MakeDir("outside");
    WriteFile("outside/precious", "precious");
    before_ = Describe(Path("outside"));
  }
  void ExpectOutsideUntouched() const { EXPECT_EQ(Describe(Path("outside")), before_); }

  std::map<std::string, std::string> before_;
  Warnings warnings_;
};

INSTANTIATE_TEST_SUITE_P(Openat2AndPlain, RestoreAttack, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Plain" : "Openat2"; });

TEST_P(RestoreAttack, PlantedNamesAreRefusedByEveryCall) {
  const RestoreTarget target = Target("t", {.make_devices = true, .overwrite = true});
  const RestoreDirectory& root = target.root();
  Attributes fifo = FileAttributes(0);
  fifo.type = EntryType::kFifo;
  Attributes device = fifo;
  device.type = EntryType::kCharDevice;
  ASSERT_TRUE(root.CreateFile("real", 0).value().Finish(FileAttributes(0), warnings_).ok());
  const auto present = Describe(Path("t"));
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../outside/x"),
        std::string("/tmp/x"), std::string("a/b"), std::string("x/"), std::string("x\0y", 3)}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(root.MakeDirectory(name).status().code(), StatusCode::kDamaged);
    EXPECT_EQ(root.CreateFile(name, 0).status().code(), StatusCode::kDamaged);
    EXPECT_EQ(root.Existing(name).status().code(), StatusCode::kDamaged);
    EXPECT_EQ(root.MakeSymlink(name, "x", LinkAttributes("x"), warnings_).code(),
              StatusCode::kDamaged);
    EXPECT_EQ(root.MakeFifo(name, fifo, warnings_).code(), StatusCode::kDamaged);
    EXPECT_EQ(root.MakeDevice(name, device, warnings_).code(), StatusCode::kDamaged);
    EXPECT_EQ(root.MakeHardLink(name, root, "real").code(), StatusCode::kDamaged);
    EXPECT_EQ(root.MakeHardLink("new", root, name).code(), StatusCode::kDamaged);
  }
  EXPECT_EQ(Describe(Path("t")), present);
  ExpectOutsideUntouched();
}

TEST_P(RestoreAttack, ImpossibleLinkTargetsAreRefused) {
  const RestoreTarget target = Target("t");
  for (const std::string& to : {std::string(), std::string("a\0b", 3)}) {
    EXPECT_EQ(target.root().MakeSymlink("l", to, LinkAttributes(to), warnings_).code(),
              StatusCode::kDamaged);
  }
  EXPECT_FALSE(
      target.root().MakeSymlink("l", std::string(5000, 'x'), LinkAttributes(""), warnings_).ok());
  EXPECT_TRUE(std::filesystem::is_empty(Path("t")));
}

// The classic: a snapshot with a link "x" out of the target, and then a directory or file "x".
TEST_P(RestoreAttack, ALinkThatTheRestoreMadeIsNotFollowed) {
  const RestoreTarget target = Target("t");
  const RestoreDirectory& root = target.root();
  ASSERT_TRUE(root.MakeSymlink("x", "../outside", LinkAttributes("../outside"), warnings_).ok());
  EXPECT_EQ(root.MakeDirectory("x").status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(root.CreateFile("x", 0).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(root.Existing("x").value()->attributes.type, EntryType::kSymlink);
  ASSERT_TRUE(root.MakeHardLink("y", root, "x").ok());
  EXPECT_EQ(root.Existing("y").value()->attributes.symlink_target, "../outside");
  ExpectOutsideUntouched();
}

TEST_P(RestoreAttack, OverwriteReplacesLinksAndFilesButNeverDirectories) {
  const RestoreTarget target = Target("t", {.overwrite = true});
  const RestoreDirectory& root = target.root();
  ASSERT_EQ(::symlink("../outside", Path("t/dir").c_str()), 0);
  ASSERT_EQ(::symlink("../outside/precious", Path("t/file").c_str()), 0);
  ASSERT_EQ(::symlink("../outside/new", Path("t/dangling").c_str()), 0);
  ASSERT_EQ(::mkfifo(Path("t/fifo").c_str(), 0600), 0);
  MakeDir("t/full");
  WriteFile("t/full/kept", "kept");
  EXPECT_TRUE(root.MakeDirectory("dir").value().MakeDirectory("below").ok());
  for (const char* name : {"file", "dangling", "fifo"}) {
    RestoredFile file = root.CreateFile(name, 3).value();
    ASSERT_TRUE(file.Write(0, AsBytes("new")).ok());
    ASSERT_TRUE(file.Finish(FileAttributes(3), warnings_).ok());
    EXPECT_TRUE(S_ISREG(Stat(Path(std::string("t/") + name)).st_mode)) << name;
  }
  EXPECT_EQ(root.CreateFile("full", 0).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(root.MakeSymlink("full", "x", LinkAttributes("x"), warnings_).code(),
            StatusCode::kAlreadyExists);
  EXPECT_EQ(root.MakeHardLink("full", root, "file").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(root.MakeHardLink("link", root, "full").code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(root.MakeHardLink("fifo", root, "file").ok());
  ASSERT_TRUE(root.MakeHardLink("fifo", root, "file").ok()) << "again, as when it is resumed";
  EXPECT_EQ(Stat(Path("t/fifo")).st_ino, Stat(Path("t/file")).st_ino);
  EXPECT_EQ(ReadFile(Path("t/full/kept")), "kept");
  EXPECT_EQ(root.RemoveLeftovers().value(), 0u) << "no temporary name is left";
  ExpectOutsideUntouched();
}

TEST_P(RestoreAttack, WithoutOverwriteWhatAppearsMeanwhileIsKept) {
  const RestoreTarget target = Target("t");
  RestoredFile file = target.root().CreateFile("f", 0).value();
  WriteFile("t/f", "somebody else's");
  EXPECT_EQ(file.Finish(FileAttributes(0), warnings_).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(Path("t/f")), "somebody else's");
  EXPECT_EQ(target.root().RemoveLeftovers().value(), 0u);
  EXPECT_EQ(target.root().MakeSymlink("f", "x", LinkAttributes("x"), warnings_).code(),
            StatusCode::kAlreadyExists);
}

// Nothing is looked for in a directory that the restore made itself; the first of a name stays.
TEST_P(RestoreAttack, ANamePlantedTwiceInANewDirectoryIsRefused) {
  const RestoreTarget target = Target("t");
  const RestoreDirectory made = target.root().MakeDirectory("new").value();
  for (const StatusCode expected : {StatusCode::kOk, StatusCode::kAlreadyExists}) {
    RestoredFile file = made.CreateFile("f", 1).value();
    ASSERT_TRUE(file.Write(0, AsBytes(expected == StatusCode::kOk ? "1" : "2")).ok());
    EXPECT_EQ(file.Finish(FileAttributes(1), warnings_).code(), expected);
  }
  EXPECT_EQ(ReadFile(Path("t/new/f")), "1");
  EXPECT_EQ(made.MakeSymlink("f", "x", LinkAttributes("x"), warnings_).code(),
            StatusCode::kAlreadyExists);
  ASSERT_TRUE(made.MakeDirectory("d").ok());
  EXPECT_EQ(made.CreateFile("d", 0).value().Finish(FileAttributes(0), warnings_).code(),
            StatusCode::kAlreadyExists);
  EXPECT_EQ(made.RemoveLeftovers().value(), 0u);
}

// The directory is replaced by a link to outside while its handle is closed, and while it is open.
TEST_P(RestoreAttack, ADirectorySwappedForALinkLeadsNowhere) {
  const RestoreTarget target = Target("t", {.open_directories_max = 1});
  const RestoreDirectory swapped = target.root().MakeDirectory("swapped").value();
  const RestoreDirectory below = swapped.MakeDirectory("below").value();
  RestoredFile begun = below.CreateFile("begun", 4).value();
  const RestoreDirectory other = target.root().MakeDirectory("other").value();  // closes them
  ASSERT_EQ(::rename(Path("t/swapped").c_str(), Path("t/moved").c_str()), 0);
  ASSERT_EQ(::symlink("../outside", Path("t/swapped").c_str()), 0);
  MakeDir("outside/below");
  before_ = Describe(Path("outside"));
  EXPECT_EQ(swapped.CreateFile("f", 0).status().code(), StatusCode::kConflict);
  EXPECT_EQ(below.MakeDirectory("d").status().code(), StatusCode::kConflict);
  EXPECT_EQ(below.SetAttributes(DirectoryAttributes(0777), warnings_).code(),
            StatusCode::kConflict);
  EXPECT_TRUE(begun.Write(0, AsBytes("data")).ok());
  EXPECT_EQ(begun.Finish(FileAttributes(4), warnings_).code(), StatusCode::kConflict);
  ASSERT_EQ(::rename(Path("t/other").c_str(), Path("t/other-moved").c_str()), 0);
  ASSERT_EQ(::symlink("../outside", Path("t/other").c_str()), 0);
  (void)other.MakeDirectory("d");  // refused, or made in the directory that was moved
  ExpectOutsideUntouched();
}

// An attacker exchanges a directory and a link to outside as fast as he can.
TEST_P(RestoreAttack, ASwappingNeighbourGetsNothingOutside) {
  MakeDir("t");
  MakeDir("t/d");
  ASSERT_EQ(::symlink("../outside", Path("t/l").c_str()), 0);
  std::atomic<bool> stop = false;
  std::atomic<int> swaps = 0;
  std::thread attacker([&] {
    while (!stop.load()) {
      swaps += ::renameat2(AT_FDCWD, Path("t/d").c_str(), AT_FDCWD, Path("t/l").c_str(),
                           RENAME_EXCHANGE) == 0;
    }
  });
  int written = 0;
  int refused = 0;
  for (int i = 0; i < 3000 || ((written == 0 || refused == 0) && i < 100000); ++i) {
    const RestoreTarget target = Target("t", {.open_directories_max = 1});
    const Result<RestoreDirectory> made = target.root().MakeDirectory("d");
    Result<RestoredFile> file = made.ok() ? made->CreateFile("f" + std::to_string(i), 0)
                                          : Result<RestoredFile>(made.status());
    const bool done = file.ok() && file->Finish(FileAttributes(0), warnings_).ok() &&
                      made->SetAttributes(DirectoryAttributes(0700), warnings_).ok();
    ++(done ? written : refused);
  }
  stop = true;
  attacker.join();
  EXPECT_GT(swaps.load(), 0);
  EXPECT_GT(written, 0);
  EXPECT_GT(refused, 0) << "the attack never hit";
  ExpectOutsideUntouched();
}

TEST_P(RestoreAttack, TreesBeyondThePathLimitAreWrittenAndReadWithFewDescriptors) {
  UseMemoryFileSystem();
  constexpr int kLevels = 1500;
  const std::string name(40, 'd');  // a path of 60 KB
  const std::size_t descriptors_before = OpenDescriptors();
  {
    const RestoreTarget target = Target("t");
    std::vector<RestoreDirectory> chain = {target.root()};
    for (int i = 0; i < kLevels; ++i) {
      Result<RestoreDirectory> made = chain.back().MakeDirectory(name);
      ASSERT_TRUE(made.ok()) << i << made.status().ToString();
      chain.push_back(std::move(made).value());
    }
    EXPECT_LE(OpenDescriptors(), descriptors_before + kOpenDirectoriesMax + 2);
    RestoredFile file = chain.back().CreateFile("deep", 4).value();
    ASSERT_TRUE(file.Write(0, AsBytes("deep")).ok());
    ASSERT_TRUE(file.Finish(FileAttributes(4), warnings_).ok());
    for (; !chain.empty(); chain.pop_back()) {  // upwards, each after its children
      ASSERT_TRUE(chain.back().SetAttributes(DirectoryAttributes(0750), warnings_).ok());
    }
  }
  std::vector<SourceDirectory> chain = {Source("t")};
  for (int i = 0; i < kLevels; ++i) {
    const SourceNode node = chain.back().ReadAttributes(name).value();
    ASSERT_EQ(node.attributes.mode, 0750u);
    ASSERT_EQ(node.attributes.modified, DirectoryAttributes().modified);
    chain.push_back(chain.back().OpenChild(name, &node).value());
  }
  EXPECT_LE(OpenDescriptors(), descriptors_before + kOpenDirectoriesMax + 2);
  const SourceNode node = chain.back().ReadAttributes("deep").value();
  Bytes content(4);
  ASSERT_EQ(chain.back().OpenFile("deep", node).value().Read(0, content).value(), 4u);
  EXPECT_EQ(AsText(content), "deep");
  for (; !chain.empty(); chain.pop_back()) ASSERT_EQ(chain.back().ListNames().value().size(), 1u);
  EXPECT_EQ(OpenDescriptors(), descriptors_before);
  EXPECT_TRUE(warnings_.empty());
}

// Freed by recursion, a chain of this length would overflow the stack.
TEST(DirectoryHandles, AVeryDeepChainIsFreedWithoutRecursion) {
  constexpr int kLevels = 300000;
  const std::size_t descriptors_before = OpenDescriptors();
  const auto open_here = [] { return Descriptor(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); };
  std::shared_ptr<DirectoryHandle> at = DirectoryHandle::Root(open_here()).value();
  for (int i = 0; i < kLevels; ++i) {
    Result<std::shared_ptr<DirectoryHandle>> child = DirectoryHandle::Child(at, ".", open_here());
    ASSERT_TRUE(child.ok()) << child.status().ToString();
    at = std::move(child).value();
  }
  EXPECT_EQ(at->pool().open_count(), kOpenDirectoriesMax);
  at.reset();
  EXPECT_EQ(OpenDescriptors(), descriptors_before);
}

}  // namespace
}  // namespace fenchi::filesystem
