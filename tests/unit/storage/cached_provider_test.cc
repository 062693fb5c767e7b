#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "contract/temporary_directory.h"
#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "storage/piece_store.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

class ReadCache : public testing::TestWithParam<bool> {
 protected:
  std::shared_ptr<Provider> Open(CacheOptions options = {}) {
    if (GetParam()) options.directory = directory_.path() + "/cache";
    auto opened = OpenCachedProvider(faulty_, options);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return *opened;
  }
  void Store(std::string_view name, std::string_view text) {
    MemorySource source(AsBytes(text));
    ASSERT_TRUE(place_->Put(name, source, {.replace = true}).ok());
  }
  std::string Read(Provider& provider, std::string_view name, std::uint64_t offset,
                   std::size_t size) {
    Bytes out(size);
    const Status status = provider.Get(name, offset, out);
    return status.ok() ? std::string(AsText(out)) : std::string(StatusCodeName(status.code()));
  }
  int gets() const { return faulty_->calls(Verb::kGet); }

  TemporaryDirectory directory_;
  std::shared_ptr<Provider> place_ = OpenMemoryProvider();
  std::shared_ptr<FaultProvider> faulty_ = std::make_shared<FaultProvider>(place_);
};

TEST_P(ReadCache, ReadsEachPieceOnce) {
  Store("d/a", "hello world");
  const auto cache = Open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Read(*cache, "d/a", 0, 11), "hello world");
    EXPECT_EQ(Read(*cache, "d/a", 6, 5), "world");
  }
  EXPECT_EQ(gets(), 2);
}

TEST_P(ReadCache, NeverKeepsAbsenceNorFailureNorPresence) {
  const auto cache = Open();
  EXPECT_EQ(Read(*cache, "late", 0, 2), "not_found");
  Store("late", "ok");
  EXPECT_EQ(Read(*cache, "late", 0, 2), "ok");
  EXPECT_EQ(Read(*cache, "late", 1, 9), "damaged");
  EXPECT_EQ(Read(*cache, "late", 1, 9), "damaged");
  EXPECT_EQ(gets(), 4);
  faulty_->Hide("late");
  EXPECT_EQ(cache->Get("late", 0, {}).code(), StatusCode::kNotFound);
  const std::vector<std::string> names = {"late"};
  EXPECT_FALSE(cache->Stat(names)->front().has_value());
}

TEST_P(ReadCache, PassesLongReadsOn) {
  Store("large", std::string(1000, 'x'));
  const auto cache = Open({.piece_bytes_max = 100});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Read(*cache, "large", 0, 101), std::string(101, 'x'));
  EXPECT_EQ(gets(), 2);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Read(*cache, "large", 0, 100), std::string(100, 'x'));
  EXPECT_EQ(gets(), 3);
}

TEST_P(ReadCache, IsBoundedAndDropsWhatWasNotUsedLongest) {
  Store("o", std::string(1000, 'x'));
  const auto cache = Open({.bytes_max = 300});
  for (const std::uint64_t offset : {0, 100, 200}) Read(*cache, "o", offset, 100);
  Read(*cache, "o", 0, 100);    // used again
  Read(*cache, "o", 300, 100);  // drops 100
  EXPECT_EQ(gets(), 4);
  Read(*cache, "o", 0, 100);
  Read(*cache, "o", 200, 100);
  Read(*cache, "o", 300, 100);
  EXPECT_EQ(gets(), 4);
  Read(*cache, "o", 100, 100);
  EXPECT_EQ(gets(), 5);
  if (!GetParam()) return;
  std::uint64_t kept = 0;
  for (const auto& file : fs::directory_iterator(directory_.path() + "/cache")) {
    kept += file.file_size() - 8;
  }
  EXPECT_EQ(kept, 300u);
}

TEST_P(ReadCache, ForgetsWhatIsReplacedOrDeletedThroughIt) {
  Store("a", "old");
  Store("ab", "stays");
  const auto cache = Open();
  EXPECT_EQ(Read(*cache, "a", 0, 3), "old");
  EXPECT_EQ(Read(*cache, "ab", 0, 5), "stays");
  MemorySource source(AsBytes("new"));
  ASSERT_TRUE(cache->Put("a", source, {.replace = true}).ok());
  EXPECT_EQ(Read(*cache, "a", 0, 3), "new");
  const std::vector<std::string> names = {"a"};
  ASSERT_TRUE(cache->Delete(names).ok());
  EXPECT_EQ(Read(*cache, "a", 0, 3), "not_found");
  const int before = gets();
  EXPECT_EQ(Read(*cache, "ab", 0, 5), "stays");
  EXPECT_EQ(gets(), before);
}

INSTANTIATE_TEST_SUITE_P(Kept, ReadCache, testing::Bool(), [](const auto& row) {
  return row.param ? std::string("InADirectory") : std::string("InMemory");
});

using CacheFolder = ReadCache;

TEST_P(CacheFolder, OutlivesTheProcessAndKeepsItsBound) {
  Store("o", std::string(1000, 'x'));
  for (const std::uint64_t offset : {0, 100, 200}) Read(*Open(), "o", offset, 100);
  EXPECT_EQ(gets(), 3);
  const auto again = Open({.bytes_max = 200});
  Read(*again, "o", 0, 100);
  Read(*again, "o", 100, 100);
  Read(*again, "o", 200, 100);
  EXPECT_GE(gets(), 4);
  std::uint64_t kept = 0;
  for (const auto& file : fs::directory_iterator(directory_.path() + "/cache")) {
    kept += file.file_size() - 8;
  }
  EXPECT_LE(kept, 200u);
}

// The file of the only piece in the cache.
fs::path OnlyFile(const std::string& directory) {
  return fs::directory_iterator(directory + "/cache")->path();
}

TEST_P(CacheFolder, DamageIsReadAgainFromTheProvider) {
  Store("d/x", "the truth");
  const auto damages = {
      +[](const fs::path& file) { fs::resize_file(file, 5); },
      +[](const fs::path& file) { fs::resize_file(file, 0); },
      +[](const fs::path& file) { std::ofstream(file, std::ios::app) << "more"; },
      +[](const fs::path& file) {
        std::fstream stream(file, std::ios::in | std::ios::out);
        stream.seekp(3);
        stream.put('!');
      },
      +[](const fs::path& file) {
        std::fstream stream(file, std::ios::in | std::ios::out);
        stream.seekp(-1, std::ios::end);
        stream.put('!');
      },
      +[](const fs::path& file) {
        fs::remove(file);
        fs::create_directory(file);
      },
      +[](const fs::path& file) {
        fs::remove(file);
        fs::create_symlink("/dev/zero", file);
      },
  };
  for (const auto& damage : damages) {
    fs::remove_all(directory_.path() + "/cache");
    EXPECT_EQ(Read(*Open(), "d/x", 0, 9), "the truth");
    damage(OnlyFile(directory_.path()));
    EXPECT_EQ(Read(*Open(), "d/x", 0, 9), "the truth");
  }
  EXPECT_EQ(gets(), 14);
}

TEST_P(CacheFolder, APieceUnderAnothersNameOrPlaceIsNotServed) {
  Store("d/x", "the truth");
  Store("d/y", "something");
  EXPECT_EQ(Read(*Open(), "d/x", 0, 9), "the truth");
  const fs::path file = OnlyFile(directory_.path());
  fs::copy_file(file, file.parent_path() / FileNameOf({"d/y", 0, 9}));
  EXPECT_EQ(Read(*Open(), "d/y", 0, 9), "something");
  // The same directory given to another place by mistake.
  const auto other = OpenProvider("memory:another-place");
  ASSERT_TRUE(other.ok());
  MemorySource source(AsBytes("elsewhere"));
  ASSERT_TRUE((*other)->Put("d/x", source, {}).ok());
  const auto cache = OpenCachedProvider(*other, {.directory = directory_.path() + "/cache"});
  ASSERT_TRUE(cache.ok());
  EXPECT_EQ(Read(**cache, "d/x", 0, 9), "elsewhere");
}

INSTANTIATE_TEST_SUITE_P(Folder, CacheFolder, testing::Values(true));

TEST(CacheFileNames, ComeBackAsTheKeysThatTheyAreOf) {
  for (const PieceKey& key :
       {PieceKey{"d/ab/c.0", 0, 1}, PieceKey{std::string(200, 'y'), ~0ull, ~0ull},
        PieceKey{"a_-.b", 4096, 65536}}) {
    const std::string file = FileNameOf(key);
    EXPECT_LE(file.size(), 255u);
    EXPECT_EQ(file.find('/'), std::string::npos);
    ASSERT_TRUE(KeyOfFileName(file).has_value()) << file;
    EXPECT_EQ(*KeyOfFileName(file), key);
  }
  for (const char* file : {"", "a", "a@1", "a@1+", "a@+1", "a@01+2", ".1.2", "A@1+2", "a@1+2+3"}) {
    EXPECT_FALSE(KeyOfFileName(file).has_value()) << file;
  }
}

TEST(CacheFileNames, ADirectoryThatCannotBeMadeIsAnError) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "x";
  const auto opened =
      OpenCachedProvider(OpenMemoryProvider(), {.directory = directory.path() + "/file/cache"});
  EXPECT_FALSE(opened.ok());
}

}  // namespace
}  // namespace fenchi
