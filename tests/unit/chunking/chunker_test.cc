#include "fenchi/chunker.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/error.h"
#include "chunking/cut_scan.h"
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

// The definition of FORMAT.md, place by place.
bool MayCutAt(const chunking::CutConstants& constants, const chunking::CutLimits& limits,
              const std::uint8_t* place) {
  std::uint16_t sieve = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t* const at = place - 8 + 2 * i;
    sieve = static_cast<std::uint16_t>(sieve + constants.sieve[i] * (at[0] + 256u * at[1]));
  }
  std::uint64_t hash = constants.hash_offset;
  for (int i = 0; i < 8; ++i) {
    std::uint64_t word = 0;
    for (int j = 7; j >= 0; --j) word = word << 8 | place[-64 + 8 * i + j];
    hash += constants.hash[i] * word;
  }
  return static_cast<std::int16_t>(sieve) <= limits.sieve && hash <= limits.hash;
}

// Bytes of several kinds: random, few values, periodic.
Bytes MixedBytes(Random& random, std::size_t size) {
  Bytes data = RandomBytes(random, size);
  const std::size_t third = size / 3;
  for (std::size_t i = 0; i < third; ++i) data[i] = "etaoin \n"[data[i] % 8];
  const std::size_t period = 1 + RandomBelow(random, 40);
  for (std::size_t i = third + period; i < 2 * third; ++i) data[i] = data[i - period];
  return data;
}

TEST(CutScan, EveryLevelFindsThePlacesOfTheDefinition) {
  const std::uint64_t seed = 1;
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto random = SeededRandom(seed);
  std::size_t found_places = 0;
  for (int round = 0; round < 60; ++round) {
    const Bytes key = RandomBytes(*random, 32);
    const auto constants =
        chunking::DeriveCutConstants(std::span<const std::uint8_t, 32>(key.data(), 32));
    // From sieves that pass nearly all to those that pass few, and no, half or all hashes.
    const chunking::CutLimits limits = {
        static_cast<std::int16_t>(INT16_MIN + (1 << (3 + round % 13)) - 1),
        round % 5 == 0 ? 0 : ~std::uint64_t{0} >> (round % 3)};
    const Bytes data = MixedBytes(*random, 64 + RandomBelow(*random, 3000));
    for (std::size_t from = 64; from <= data.size(); from += 1 + RandomBelow(*random, 400)) {
      const std::uint8_t* const place = data.data() + from;
      const std::size_t count = RandomBelow(*random, data.size() - from + 2);
      const std::uint8_t* expected = nullptr;
      for (std::size_t i = 0; i < count && expected == nullptr; ++i) {
        if (MayCutAt(constants, limits, place + i)) expected = place + i;
      }
      found_places += expected != nullptr;
      for (const chunking::NamedCutScan& level : chunking::AvailableCutScans()) {
        ASSERT_EQ(level.scan(constants, limits, place, count), expected)
            << level.name << " from " << from << " count " << count << " round " << round;
      }
    }
  }
  EXPECT_GT(found_places, 100u);
}

// Source: tests/unit/chunking/chunker_vectors.py, a second implementation from the definition.
TEST(Chunker, CutsTheVectorStreamWhereTheReferenceDoes) {
  const Bytes data = VectorStream(std::size_t{8} << 20);
  EXPECT_EQ(CutAll(Make({}), data),
            (Lengths{1065758, 1148945, 1540320, 1543078, 1404438, 1074573, 611496}));
  // On both sides of the average from which on fewer places pass.
  const auto kilobytes = [](std::size_t min, std::size_t average, std::size_t max) {
    return ChunkerOptions{ChunkerKind::kContentDefined, min << 10, average << 10, max << 10};
  };
  EXPECT_EQ(CutAll(Make(kilobytes(128, 512, 2048)), data),
            (Lengths{606872, 534384, 804504, 834469, 590878, 552519, 678667, 695808, 316277, 546283,
                     541878, 545411, 529162, 535547, 75949}));
  EXPECT_EQ(CutAll(Make(kilobytes(64, 256, 1024)), ByteView(data).first(std::size_t{4} << 20)),
            (Lengths{287106, 162879, 156887, 173973, 271644, 469476, 265276, 328724, 292831, 310623,
                     381345, 270343, 380314, 262726, 180157}));
  EXPECT_EQ(CutAll(Make(kSmall), ByteView(data).first(40000)),
            (Lengths{1544, 1200, 1277, 694,  1083, 1088, 1443, 778,  1121, 1036, 1133, 1144, 1087,
                     1105, 1236, 267,  1602, 1505, 1058, 1077, 585,  593,  1041, 1362, 1317, 1062,
                     1413, 1510, 834,  815,  582,  1145, 1119, 1939, 1298, 384,  523}));
  ChunkerOptions keyed = kSmall;
  std::iota(keyed.key.begin(), keyed.key.end(), std::uint8_t{0});
  EXPECT_EQ(CutAll(Make(keyed), ByteView(data).first(40000)),
            (Lengths{1534, 1091, 1268, 1057, 1093, 1166, 384,  1339, 1190, 1393, 464,  1665,
                     259,  1034, 1114, 1154, 1314, 1514, 1320, 1049, 1077, 1037, 1353, 1609,
                     316,  1132, 1029, 1241, 1390, 1063, 754,  706,  1260, 1206, 1231, 1194}));
  EXPECT_EQ(CutAll(Make({ChunkerKind::kContentDefined, 64, 64, 4096}), ByteView(data).first(1000)),
            (Lengths{101, 67, 69, 68, 65, 76, 64, 64, 70, 67, 65, 66, 66, 69, 23}));
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
  const Bytes data = RandomBytes(*random, std::size_t{12} << 20);
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
  // Both hashes are constant from the 64th byte on: a little beyond the average tests both limits.
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
