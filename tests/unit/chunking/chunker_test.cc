#include "fenchi/chunker.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/error.h"
#include "chunking/gear_scan.h"
#include "chunking/gear_table.h"
#include "fenchi/random.h"

namespace fenchi {
namespace {

using Lengths = std::vector<std::size_t>;

constexpr ChunkerOptions kSmall = {ChunkerKind::kContentDefined, 256, 1024, 4096};

Bytes RandomBytes(Random& random, std::size_t size) {
  Bytes out(size);
  random.Fill(out);
  return out;
}

// 0..bound-1; the bias does not matter here.
std::size_t RandomBelow(Random& random, std::size_t bound) {
  std::uint8_t raw[8];
  random.Fill(raw);
  return static_cast<std::size_t>(GetBe64(raw) % bound);
}

Bytes Sha256(ByteView data) {
  Bytes out(SHA256_DIGEST_LENGTH);
  SHA256(data.data(), data.size(), out.data());
  return out;
}

// SHA-256("fenchi/1/chunker-vector" | be64(i)) for i = 0, 1, ...: what chunker_vectors.py cuts.
Bytes VectorStream(std::size_t size) {
  Bytes out;
  for (std::uint64_t i = 0; out.size() < size; ++i) {
    Bytes block;
    Append(block, AsBytes("fenchi/1/chunker-vector"));
    AppendBe64(block, i);
    Append(out, Sha256(block));
  }
  out.resize(size);
  return out;
}

Chunker Make(const ChunkerOptions& options) { return Chunker::Create(options).value(); }

// The lengths of all chunks by the stateless call.
Lengths CutAll(const Chunker& chunker, ByteView data) {
  Lengths lengths;
  while (!data.empty()) {
    lengths.push_back(chunker.FirstCut(data, true));
    data = data.subspan(lengths.back());
  }
  return lengths;
}

// The lengths of all chunks by a stream fed in pieces of 0..piece_max bytes. Fails the test when
// the chunks together are not the data.
Lengths CutStream(const Chunker& chunker, ByteView data, Random& random, std::size_t piece_max) {
  Lengths lengths;
  Bytes together;
  ChunkStream stream(chunker, [&](ByteView chunk) {
    lengths.push_back(chunk.size());
    Append(together, chunk);
    return Status::Ok();
  });
  for (ByteView rest = data; !rest.empty();) {
    const std::size_t piece = std::min(rest.size(), RandomBelow(random, piece_max + 1));
    EXPECT_TRUE(stream.Feed(rest.first(piece)).ok());
    rest = rest.subspan(piece);
  }
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_TRUE(std::equal(together.begin(), together.end(), data.begin(), data.end()));
  return lengths;
}

TEST(Gear, TableIsDerivedFromItsLabel) {
  for (int i = 0; i < 256; ++i) {
    Bytes label;
    Append(label, AsBytes("fenchi/1/gear"));
    label.push_back(static_cast<std::uint8_t>(i));
    ASSERT_EQ(chunking::kGearTable[i], GetBe64(ByteView(Sha256(label)).first(8))) << "word " << i;
  }
}

TEST(Gear, ScanStopsBehindTheFirstByteBelowTheLimitAndForgetsAfter64Bytes) {
  const auto random = SeededRandom(1);
  const Bytes data = RandomBytes(*random, 4099);
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 55;  // one byte in 512
  std::size_t stops = 0;
  for (std::size_t start = 0; start + 64 < data.size(); start += 37) {
    std::uint64_t hash = start;
    const std::uint8_t* const hit =
        chunking::GearScan(data.data() + start, data.data() + data.size(), kLimit, hash);
    std::uint64_t expected = start;
    std::size_t i = start;
    bool found = false;
    while (i < data.size() && !found) {
      expected = 2 * expected + chunking::kGearTable[data[i++]];
      found = expected < kLimit;
    }
    ASSERT_EQ(hit, found ? data.data() + i : nullptr) << "from " << start;
    ASSERT_EQ(hash, expected) << "from " << start;
    stops += found;
  }
  EXPECT_GT(stops, 50u);
  std::uint64_t one = 1, other = 0xffff;
  chunking::GearScan(data.data(), data.data() + 64, 0, one);
  chunking::GearScan(data.data(), data.data() + 64, 0, other);
  EXPECT_EQ(one, other);
}

// Source: tests/unit/chunking/chunker_vectors.py, a second implementation from the definition.
TEST(Chunker, CutsTheVectorStreamWhereTheReferenceDoes) {
  const Bytes data = VectorStream(std::size_t{8} << 20);
  EXPECT_EQ(CutAll(Make({}), data),
            (Lengths{1393423, 1096051, 1200128, 1062506, 1298774, 1380827, 956899}));
  EXPECT_EQ(CutAll(Make(kSmall), ByteView(data).first(40000)),
            (Lengths{297,  1051, 1341, 1325, 1093, 384,  1340, 1190, 1321, 1057, 282,  611,  1382,
                     1071, 1212, 1106, 1247, 1034, 462,  479,  1305, 1092, 1111, 1600, 1248, 1576,
                     515,  1212, 705,  1163, 1030, 1274, 1065, 451,  1363, 1160, 1057, 1114, 674}));
}

TEST(Chunker, RefusesOptionsThatBreakTheRule) {
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  const auto cdc = ChunkerKind::kContentDefined;
  const ChunkerOptions refused[] = {
      {cdc, 63, 1024, 4096},
      {cdc, 0, 1024, 4096},
      {cdc, 256, 1000, 4096},
      {cdc, 256, 0, 4096},
      {cdc, 2048, 1024, 4096},
      {cdc, 256, 8192, 4096},
      {cdc, 256, 1024, 4194305},
      {cdc, 256, std::size_t{8} << 20, std::size_t{8} << 20},
      {cdc, kHuge, kHuge, kHuge},
      {cdc, 256, std::size_t{1} << 63, kHuge},
      {ChunkerKind{0}, 256, 1024, 4096},
      {ChunkerKind{3}, 256, 1024, 4096},
      {ChunkerKind::kFixed, 0, 63, 0},
      {ChunkerKind::kFixed, 0, 4194305, 0},
      {ChunkerKind::kFixed, 0, 0, 0},
  };
  for (const ChunkerOptions& options : refused) {
    EXPECT_EQ(Chunker::Create(options).status().code(), StatusCode::kInvalidArgument)
        << options.min_bytes << " " << options.average_bytes << " " << options.max_bytes;
  }
  EXPECT_TRUE(Chunker::Create({cdc, 64, 64, 64}).ok());
  EXPECT_TRUE(Chunker::Create({cdc, 4194304, 4194304, 4194304}).ok());
  EXPECT_TRUE(Chunker::Create({ChunkerKind::kFixed, 0, 100, 0}).ok());
}

TEST(Chunker, CutsTheSameForEveryFeeding) {
  const std::uint64_t seed = 20;
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto random = SeededRandom(seed);
  const ChunkerOptions kinds[] = {kSmall,
                                  {ChunkerKind::kContentDefined, 64, 64, 4096},
                                  {ChunkerKind::kContentDefined, 64, 256, 256},
                                  {ChunkerKind::kContentDefined, 1024, 1024, 1024},
                                  {ChunkerKind::kContentDefined, 65, 128, 300},
                                  {ChunkerKind::kFixed, 0, 1000, 0}};
  for (const ChunkerOptions& options : kinds) {
    const Chunker chunker = Make(options);
    for (int round = 0; round < 20; ++round) {
      const Bytes data = RandomBytes(*random, RandomBelow(*random, 60000));
      const Lengths expected = CutAll(chunker, data);
      for (const std::size_t piece_max : {1, 7, 64, 300, 5000, 100000}) {
        ASSERT_EQ(CutStream(chunker, data, *random, piece_max), expected)
            << "pieces up to " << piece_max << ", data " << data.size();
      }
    }
  }
}

TEST(Chunker, DefaultSizesCutTheSameForEveryFeeding) {
  const auto random = SeededRandom(21);
  const Bytes data = RandomBytes(*random, std::size_t{24} << 20);
  const Chunker chunker = Make({});
  const Lengths expected = CutAll(chunker, data);
  for (const std::size_t piece_max : {4096, 100000, 3000000, 30000000}) {
    EXPECT_EQ(CutStream(chunker, data, *random, piece_max), expected) << piece_max;
  }
}

TEST(Chunker, FirstCutAsksForMoreUntilTheWindowSettlesIt) {
  const auto random = SeededRandom(22);
  const Chunker chunker = Make(kSmall);
  for (int round = 0; round < 200; ++round) {
    const Bytes data = RandomBytes(*random, kSmall.max_bytes);
    const std::size_t cut = chunker.FirstCut(data, false);
    ASSERT_NE(cut, 0u);
    ASSERT_EQ(chunker.FirstCut(data, true), cut);
    ASSERT_EQ(chunker.FirstCut(ByteView(data).first(cut), false), cut);
    ASSERT_EQ(chunker.FirstCut(ByteView(data).first(cut - 1), false), 0u);
    ASSERT_EQ(chunker.FirstCut(ByteView(data).first(cut - 1), true), cut - 1);
  }
}

TEST(Chunker, EveryChunkButTheLastKeepsTheLimits) {
  const auto random = SeededRandom(23);
  const Chunker chunker = Make(kSmall);
  const Bytes data = RandomBytes(*random, std::size_t{4} << 20);
  const Lengths lengths = CutAll(chunker, data);
  for (std::size_t i = 0; i + 1 < lengths.size(); ++i) {
    ASSERT_GE(lengths[i], kSmall.min_bytes);
    ASSERT_LE(lengths[i], kSmall.max_bytes);
  }
  EXPECT_EQ(std::accumulate(lengths.begin(), lengths.end(), std::size_t{0}), data.size());
  // Normalisation keeps the mean near the average: within a quarter of it.
  const double mean = static_cast<double>(data.size()) / static_cast<double>(lengths.size());
  EXPECT_NEAR(mean, kSmall.average_bytes, kSmall.average_bytes / 4.0);
}

TEST(Chunker, EmptyInputHasNoChunk) {
  for (const ChunkerOptions& options :
       {ChunkerOptions{}, ChunkerOptions{ChunkerKind::kFixed, 0, 4096, 0}}) {
    const Chunker chunker = Make(options);
    EXPECT_EQ(chunker.FirstCut({}, true), 0u);
    EXPECT_EQ(chunker.FirstCut({}, false), 0u);
    int calls = 0;
    ChunkStream stream(chunker, [&](ByteView) {
      ++calls;
      return Status::Ok();
    });
    EXPECT_TRUE(stream.Feed({}).ok());
    EXPECT_TRUE(stream.Finish().ok());
    EXPECT_EQ(calls, 0);
  }
}

TEST(Chunker, OneByteIsOneChunk) {
  const Bytes one = {7};
  EXPECT_EQ(Make({}).FirstCut(one, true), 1u);
  EXPECT_EQ(Make({}).FirstCut(one, false), 0u);
}

// A repeated byte has a constant hash: it must not be one that cuts, or holes would cost most.
TEST(Chunker, RepeatedBytesMakeLargestChunks) {
  const Bytes zeros(kChunkSizeBytesMax + 1);
  EXPECT_EQ(Make({}).FirstCut(zeros, false), kChunkSizeBytesMax);
  // The hash is constant from the 64th byte on: a little beyond the average tests both limits.
  ChunkerOptions options;
  options.max_bytes = options.average_bytes + 4096;
  const Chunker chunker = Make(options);
  for (int value = 0; value < 256; ++value) {
    const Bytes data(options.max_bytes, static_cast<std::uint8_t>(value));
    ASSERT_EQ(chunker.FirstCut(data, false), options.max_bytes) << "byte " << value;
  }
}

TEST(Chunker, AnInsertedByteChangesFewChunks) {
  const std::uint64_t seed = 24;
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto random = SeededRandom(seed);
  const Chunker chunker = Make(kSmall);
  const auto chunks_of = [&](ByteView data) {
    std::multiset<Bytes> chunks;
    for (const std::size_t length : CutAll(chunker, data)) {
      chunks.emplace(data.begin(), data.begin() + length);
      data = data.subspan(length);
    }
    return chunks;
  };
  std::size_t changed = 0;
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    Bytes data = RandomBytes(*random, 200000);
    const std::multiset<Bytes> before = chunks_of(data);
    const std::size_t place = RandomBelow(*random, data.size());
    data.insert(data.begin() + place, static_cast<std::uint8_t>(round));
    for (const Bytes& chunk : chunks_of(data)) changed += before.count(chunk) == 0;
  }
  // Of about 190 chunks, on average fewer than 8 are new: the cuts find each other again.
  EXPECT_LT(changed, std::size_t{kRounds} * 8);
  EXPECT_GE(changed, std::size_t{kRounds});
}

TEST(Chunker, FixedSizeCutsAtMultiples) {
  const auto random = SeededRandom(25);
  const Chunker chunker = Make({ChunkerKind::kFixed, 0, 1000, 0});
  const Bytes data = RandomBytes(*random, 3500);
  EXPECT_EQ(CutAll(chunker, data), (Lengths{1000, 1000, 1000, 500}));
  EXPECT_EQ(CutAll(chunker, ByteView(data).first(2000)), (Lengths{1000, 1000}));
  EXPECT_EQ(chunker.FirstCut(ByteView(data).first(999), false), 0u);
}

TEST(ChunkStream, ServesOneStreamAfterAnother) {
  const auto random = SeededRandom(26);
  const Bytes data = RandomBytes(*random, 20000);
  Lengths lengths;
  ChunkStream stream(Make(kSmall), [&](ByteView chunk) {
    lengths.push_back(chunk.size());
    return Status::Ok();
  });
  Lengths expected;
  for (const std::size_t size : {20000, 100, 0, 5000}) {
    const ByteView part = ByteView(data).first(size);
    EXPECT_TRUE(stream.Feed(part).ok());
    EXPECT_TRUE(stream.Finish().ok());
    for (const std::size_t length : CutAll(Make(kSmall), part)) expected.push_back(length);
  }
  EXPECT_EQ(lengths, expected);
}

TEST(ChunkStream, StopsAtTheSinksFailureAndKeepsIt) {
  const auto random = SeededRandom(27);
  const Bytes data = RandomBytes(*random, 20000);
  int calls = 0;
  ChunkStream stream(Make(kSmall),
                     [&](ByteView) { return ++calls == 3 ? Full("disk is full") : Status::Ok(); });
  EXPECT_EQ(stream.Feed(data).code(), StatusCode::kFull);
  EXPECT_EQ(stream.Feed(data).code(), StatusCode::kFull);
  EXPECT_EQ(stream.Finish().code(), StatusCode::kFull);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace fenchi
