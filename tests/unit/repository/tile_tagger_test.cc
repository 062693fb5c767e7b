// That a tag made from others is the tag of the block.
#include <gtest/gtest.h>

#include <iostream>
#include <vector>

#include "fenchi/aead.h"
#include "fenchi/erasure_code.h"
#include "fenchi/random.h"
#include "format/derive.h"
#include "format/shard_header.h"
#include "repository/tile_tagger.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20261130;

// Block `block` of n shards: random data, and their parity.
class Tile {
 public:
  Tile(int k, int n, Random& random)
      : blocks_(static_cast<std::size_t>(n), Bytes(format::kBlockSize)), tags_(n, Bytes(16)) {
    std::vector<MutableBytes> parity;
    for (int i = 0; i < n; ++i) {
      if (i < k) random.Fill(blocks_[i]);
      if (i >= k) parity.emplace_back(blocks_[i]);
    }
    const ErasureCode code = ErasureCode::Create(k, n).value();
    const std::vector<ByteView> all = views();
    EXPECT_TRUE(code.Encode(std::span(all).first(k), parity).ok());
  }

  std::vector<ByteView> views() const { return {blocks_.begin(), blocks_.end()}; }
  Bytes& block(int i) { return blocks_[i]; }
  const Bytes& tag(int i) const { return tags_[i]; }
  Status TagAll(TileTagger& tagger, int block) {
    std::vector<MutableBytes> tags(tags_.begin(), tags_.end());
    return tagger.Tag(block, views(), tags);
  }

 private:
  std::vector<Bytes> blocks_;
  std::vector<Bytes> tags_;
};

Bytes Direct(Suite suite, ByteView key, int shard, int block, ByteView bytes) {
  Aead aead = Aead::Create(suite, key).value();
  Bytes tag(kAeadTagSize);
  EXPECT_TRUE(aead.Tag(format::BlockTagNonce(shard, block), bytes, tag).ok());
  return tag;
}

// Property, over both suites, odd and even k, up to three parity shards, and k too large to follow.
TEST(TileTagger, GivesTheTagOfEachBlock) {
  std::cout << "seed " << kSeed << '\n';
  const auto random = SeededRandom(kSeed);
  for (const Suite suite : {Suite::kAes256Gcm, Suite::kChaCha20Poly1305}) {
    for (const int k : {1, 2, 3, 4, 5, 7, 10, 16, 17}) {
      for (int n = k; n <= k + 3; ++n) {
        SCOPED_TRACE(testing::Message() << SuiteName(suite) << ' ' << k << " of " << n);
        const SecretBytes key = SecretBytes::Random(kAeadKeySize, *random);
        TileTagger tagger = TileTagger::Create(suite, key.view(), k).value();
        for (const int block : {0, 79}) {  // the first and the last of a large pack at k = 3
          Tile tile(k, n, *random);
          ASSERT_TRUE(tile.TagAll(tagger, block).ok());
          for (int i = 0; i < n; ++i) {
            ASSERT_EQ(tile.tag(i), Direct(suite, key.view(), i, block, tile.block(i))) << i;
            ASSERT_TRUE(tagger.Check(i, block, tile.block(i), tile.tag(i)).ok());
          }
        }
      }
    }
  }
}

// What encoding got wrong does not get a good tag; where k is large it does, as bytes are read.
TEST(TileTagger, AParityThatIsNotTheXorOfItsDataIsRefused) {
  std::cout << "seed " << kSeed << '\n';
  const auto random = SeededRandom(kSeed);
  const SecretBytes key = SecretBytes::Random(kAeadKeySize, *random);
  for (const int k : {1, 2, 3, 16, 17}) {
    SCOPED_TRACE(k);
    TileTagger tagger = TileTagger::Create(Suite::kAes256Gcm, key.view(), k).value();
    Tile tile(k, k + 1, *random);
    tile.block(k)[4711] ^= 1;
    ASSERT_TRUE(tile.TagAll(tagger, 0).ok());
    const Status parity = tagger.Check(k, 0, tile.block(k), tile.tag(k));
    EXPECT_EQ(parity.code(), k <= 16 ? StatusCode::kDamaged : StatusCode::kOk);
    EXPECT_TRUE(tagger.Check(0, 0, tile.block(0), tile.tag(0)).ok());
  }
}

TEST(TileTagger, RefusesOtherSizes) {
  TileTagger tagger = TileTagger::Create(Suite::kAes256Gcm, Bytes(kAeadKeySize), 2).value();
  const Bytes block(format::kBlockSize);
  Bytes tag(kAeadTagSize);
  const ByteView less = ByteView(block).first(block.size() - 1);
  const MutableBytes small = MutableBytes(tag).first(tag.size() - 1);
  const auto code = [&](const std::vector<ByteView>& blocks,
                        const std::vector<MutableBytes>& tags) {
    return tagger.Tag(0, blocks, tags).code();
  };
  EXPECT_EQ(code({block, block, block}, {tag, tag, tag}), StatusCode::kOk);
  EXPECT_EQ(code({block, block, less}, {tag, tag, tag}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({block, block, block}, {tag, tag, small}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({block, block, block}, {tag, tag}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({block}, {tag}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi
