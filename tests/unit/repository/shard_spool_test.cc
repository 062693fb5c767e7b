// What a restore keeps on disk of what it has fetched.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "contract/temporary_directory.h"
#include "fenchi/random.h"
#include "repository/shard_spool.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

class Spool : public testing::Test {
 protected:
  Spool() : content_(100'000) { random_->Fill(content_); }
  std::string folder() const { return directory_.path() + "/fetched"; }
  ByteView Part(std::uint64_t offset, std::uint64_t size) const {
    return ByteView(content_).subspan(offset, size);
  }
  TemporaryDirectory directory_;
  std::unique_ptr<Random> random_ = SeededRandom(7);
  Bytes content_;
};

TEST_F(Spool, GivesBackWhatItWasGivenAlsoToALaterProcess) {
  {
    ShardSpool spool(folder(), 1 << 20);
    spool.Keep("d/ab.0", 1'000, Part(1'000, 500));
    spool.Keep("d/ab.0", 3'000, Part(3'000, 500));
    spool.Keep("d/ab.0", 1'400, Part(1'400, 600));
    EXPECT_EQ(spool.bytes(), 1'500u);
  }
  ShardSpool later(folder(), 1 << 20);
  EXPECT_EQ(later.BytesOf("d/ab.0"), 1'500u);
  Bytes out(1'000);
  EXPECT_TRUE(later.Read("d/ab.0", 1'000, out));
  EXPECT_TRUE(std::ranges::equal(out, Part(1'000, 1'000)));
  EXPECT_FALSE(later.Read("d/ab.0", 999, out));
  EXPECT_FALSE(later.Read("d/ab.1", 1'000, out));
  Bytes all(4'000);
  const std::vector<ByteRange> missing = later.ReadParts("d/ab.0", 0, all);
  ASSERT_EQ(missing.size(), 3u);
  EXPECT_EQ(missing[0].offset, 0u);
  EXPECT_EQ(missing[0].size, 1'000u);
  EXPECT_EQ(missing[1].offset, 2'000u);
  EXPECT_EQ(missing[1].size, 1'000u);
  EXPECT_EQ(missing[2].offset, 3'500u);
  EXPECT_TRUE(std::ranges::equal(ByteView(all).subspan(3'000, 500), Part(3'000, 500)));
}

TEST_F(Spool, KeepsRandomRangesAsASetOfBytesWould) {
  ShardSpool spool(folder(), 1 << 20);
  std::vector<bool> kept(10'000, false);
  for (int i = 0; i < 300; ++i) {
    Bytes raw(4);
    random_->Fill(raw);
    const std::uint64_t offset = (raw[0] * 256u + raw[1]) % 9'900;
    const std::uint64_t size = 1 + (raw[2] * 256u + raw[3]) % 100;
    spool.Keep("d/x", offset, Part(offset, size));
    std::fill_n(kept.begin() + static_cast<std::ptrdiff_t>(offset), size, true);
  }
  EXPECT_EQ(spool.bytes(), static_cast<std::uint64_t>(std::count(kept.begin(), kept.end(), true)));
  Bytes out(10'000);
  std::vector<bool> here(10'000, true);
  for (const ByteRange& range : spool.ReadParts("d/x", 0, out)) {
    std::fill_n(here.begin() + static_cast<std::ptrdiff_t>(range.offset), range.size, false);
  }
  EXPECT_EQ(here, kept);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) {
      ASSERT_EQ(out[i], content_[i]) << i;
    }
  }
}

TEST_F(Spool, StaysWithinItsBoundAndDropsWhatWasBegunFirst) {
  ShardSpool spool(folder(), 10'000);
  for (int i = 0; i < 20; ++i) spool.Keep("d/" + std::to_string(i), 0, Part(0, 1'000));
  EXPECT_EQ(spool.bytes(), 10'000u);
  Bytes out(1'000);
  EXPECT_FALSE(spool.Read("d/9", 0, out));
  EXPECT_TRUE(spool.Read("d/10", 0, out));
  EXPECT_TRUE(spool.Read("d/19", 0, out));
  spool.Keep("d/large", 0, Part(0, 10'001));
  EXPECT_EQ(spool.BytesOf("d/large"), 0u);
}

TEST_F(Spool, DoesNotClaimWhatACrashCutOff) {
  {
    ShardSpool spool(folder(), 1 << 20);
    spool.Keep("d/a", 0, Part(0, 5'000));
    spool.Keep("d/b", 0, Part(0, 5'000));
  }
  fs::resize_file(folder() + "/d=a", 3'000);
  fs::resize_file(folder() + "/d=b.ranges", 15);
  ShardSpool later(folder(), 1 << 20);
  EXPECT_EQ(later.bytes(), 0u);
  Bytes out(10);
  EXPECT_FALSE(later.Read("d/a", 0, out));
  EXPECT_FALSE(later.Read("d/b", 0, out));
}

TEST_F(Spool, ThatIsClearedLeavesNothing) {
  ShardSpool spool(folder(), 1 << 20);
  spool.Keep("d/a", 0, Part(0, 5'000));
  EXPECT_TRUE(fs::exists(folder()));
  spool.Clear();
  EXPECT_FALSE(fs::exists(folder()));
  spool.Keep("d/a", 0, Part(0, 5'000));  // of a call that was late
  EXPECT_EQ(spool.bytes(), 0u);
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(Spool, WithoutAPlaceToWriteKeepsNothingAndFailsNobody) {
  ShardSpool spool(directory_.path() + "/not/there", 1 << 20);
  spool.Keep("d/a", 0, Part(0, 5'000));
  EXPECT_EQ(spool.bytes(), 0u);
}

}  // namespace
}  // namespace fenchi
