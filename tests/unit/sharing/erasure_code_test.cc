#include "fenchi/erasure_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <numeric>

#include "sharing/code_kernel.h"
#include "sharing/code_matrix.h"
#include "sharing/field_11d.h"
#include "unit/sharing/sharing_testing.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20260101;

// n shards of `size` bytes: k random ones and the parity that the code makes of them.
struct Encoded {
  std::vector<Bytes> shards;
  std::vector<ByteView> Data(int k) const { return {shards.begin(), shards.begin() + k}; }
};

Encoded EncodeRandom(const ErasureCode& code, std::size_t size, Random& random) {
  Encoded out;
  out.shards.assign(static_cast<std::size_t>(code.n()), Bytes(size));
  for (int j = 0; j < code.k(); ++j) random.Fill(out.shards[static_cast<std::size_t>(j)]);
  const std::vector<MutableBytes> parity(out.shards.begin() + code.k(), out.shards.end());
  EXPECT_TRUE(code.Encode(out.Data(code.k()), parity).ok());
  return out;
}

std::vector<int> BitsOf(unsigned mask) {
  std::vector<int> bits;
  for (; mask != 0; mask &= mask - 1) bits.push_back(std::countr_zero(mask));
  return bits;
}

std::vector<int> UpTo(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// True where elimination, written here apart from the library's, finds a full set of pivots.
bool IsInvertible(CodeMatrix matrix) {
  for (int column = 0; column < matrix.columns(); ++column) {
    int pivot = column;
    while (pivot < matrix.rows() && matrix.at(pivot, column) == 0) ++pivot;
    if (pivot == matrix.rows()) return false;
    std::swap_ranges(matrix.row(pivot).begin(), matrix.row(pivot).end(),
                     matrix.row(column).begin());
    const std::uint8_t inverse = field_11d::Inverse(matrix.at(column, column));
    for (int row = column + 1; row < matrix.rows(); ++row) {
      const std::uint8_t factor = field_11d::Multiply(matrix.at(row, column), inverse);
      for (int c = column; c < matrix.columns(); ++c) {
        matrix.at(row, c) ^= field_11d::Multiply(factor, matrix.at(column, c));
      }
    }
  }
  return true;
}

CodeMatrix Minor(std::span<const int> rows, std::span<const int> columns) {
  CodeMatrix minor(static_cast<int>(rows.size()), static_cast<int>(columns.size()));
  for (int r = 0; r < minor.rows(); ++r) {
    for (int c = 0; c < minor.columns(); ++c) {
      minor.at(r, c) = ParityCoefficient(rows[static_cast<std::size_t>(r)],
                                         columns[static_cast<std::size_t>(c)]);
    }
  }
  return minor;
}

TEST(Field11d, MultipliesLikeLongMultiplicationAndInverts) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      int product = 0;
      for (int bit = 7; bit >= 0; --bit) {
        product <<= 1;
        if (product & 0x100) product ^= 0x11d;
        if (b >> bit & 1) product ^= a;
      }
      ASSERT_EQ(field_11d::Multiply(static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)),
                product)
          << a << " * " << b;
    }
    if (a != 0) {
      const auto element = static_cast<std::uint8_t>(a);
      ASSERT_EQ(field_11d::Multiply(element, field_11d::Inverse(element)), 1);
    }
  }
  EXPECT_EQ(field_11d::PowerOfTwo(-1), field_11d::Inverse(2));
  EXPECT_EQ(field_11d::PowerOfTwo(255), 1);
}

// Outside vector: rows {0,1}{4,5}{2,3}{6,7}{8,9} under the common 5+5 code, whose matrix is the
// 10 x 5 Vandermonde matrix (row r = powers of r) times the inverse of its upper half. Two public
// implementations agree on the parity. Our matrix differs; field and inversion are the same.
TEST(Field11d, AgreesWithThePublicVandermondeVector) {
  CodeMatrix vandermonde(10, 5);
  for (int r = 0; r < 10; ++r) {
    std::uint8_t power = 1;
    for (int c = 0; c < 5; ++c) {
      vandermonde.at(r, c) = power;
      power = field_11d::Multiply(power, static_cast<std::uint8_t>(r));
    }
  }
  CodeMatrix upper(5, 5);
  for (int r = 0; r < 5; ++r) std::ranges::copy(vandermonde.row(r), upper.row(r).begin());
  const Result<CodeMatrix> inverse = Inverse(upper);
  ASSERT_TRUE(inverse.ok());
  const std::uint8_t data[5][2] = {{0, 1}, {4, 5}, {2, 3}, {6, 7}, {8, 9}};
  const std::uint8_t parity[5][2] = {{12, 13}, {10, 11}, {14, 15}, {90, 91}, {94, 95}};
  for (int r = 0; r < 5; ++r) {
    Bytes row(5);
    for (int c = 0; c < 5; ++c) AddMultiple(row, vandermonde.at(5 + r, c), inverse->row(c));
    Bytes out(2);
    for (int c = 0; c < 5; ++c) AddMultiple(out, row[static_cast<std::size_t>(c)], data[c]);
    EXPECT_EQ(out, Bytes(std::begin(parity[r]), std::end(parity[r]))) << "parity row " << r;
  }
}

TEST(CodeMatrix, SingularMatrixIsRefused) {
  CodeMatrix equal_rows(2, 2);
  for (int r = 0; r < 2; ++r) {
    equal_rows.at(r, 0) = 3;
    equal_rows.at(r, 1) = 7;
  }
  EXPECT_EQ(Inverse(equal_rows).status().code(), StatusCode::kInternal);
}

// The square submatrices of the m x k parity matrix and the ways to keep k of k + m shards are the
// same thing: keeping parity rows R and losing data columns C (|R| = |C|), expansion along the
// identity rows of the data that is kept leaves +-det of the submatrix (R, C). Each mask below
// holds one such pair, and every submatrix is met once; elimination is done on it directly.
TEST(CodeMatrix, EverySquareSubmatrixUpTo14ShardsIsInvertible) {
  int minors = 0;
  for (int k = 1; k <= 13; ++k) {
    const int m = 14 - k;  // smaller m: the same rows; smaller k: the same columns
    for (unsigned columns = 1; columns < 1u << k; ++columns) {
      for (unsigned rows = 1; rows < 1u << m; ++rows) {
        if (std::popcount(rows) != std::popcount(columns)) continue;
        ASSERT_TRUE(IsInvertible(Minor(BitsOf(rows), BitsOf(columns))))
            << "k " << k << " rows " << rows << " columns " << columns;
        ++minors;
      }
    }
  }
  EXPECT_EQ(minors, (1 << 14) - 15);  // sum over k of C(14, k) - 1, for k = 1..13
}

TEST(CodeMatrix, RandomSquareSubmatricesUpTo257ShardsAreInvertible) {
  Dice dice(kSeed);
  SCOPED_TRACE(dice.Seed());
  for (int round = 0; round < 3000; ++round) {
    const int k = dice.Between(1, 255);
    const int m = 257 - k;
    const int size_max = std::min({k, m, round % 100 == 0 ? 128 : 16});
    const int size = dice.Between(1, size_max);
    const std::vector<int> rows = dice.Choose(UpTo(m), size);
    const std::vector<int> columns = dice.Choose(UpTo(k), size);
    ASSERT_TRUE(IsInvertible(Minor(rows, columns))) << "k " << k << " size " << size;
  }
}

// Two data columns take 255 parity rows (row 254 is the last) and no more: in row 255 the formula
// would divide by 2^254 + 2^(-1) = 0.
TEST(CodeMatrix, TheBoundOf257IsSharp) {
  EXPECT_NE(field_11d::PowerOfTwo(254 - 1), field_11d::PowerOfTwo(-1));
  EXPECT_EQ(field_11d::PowerOfTwo(255 - 1), field_11d::PowerOfTwo(-1));
}

TEST(ErasureCode, EveryErasurePatternUpTo12ShardsDecodes) {
  const auto random = SeededRandom(kSeed);
  for (int n = 1; n <= 12; ++n) {
    for (int k = 1; k <= n; ++k) {
      const ErasureCode code = ErasureCode::Create(k, n).value();
      const std::size_t size = 33 + static_cast<std::size_t>(n * k % 8);
      const Encoded encoded = EncodeRandom(code, size, *random);
      const std::vector<int> wanted = UpTo(n);
      for (unsigned mask = 0; mask < 1u << n; ++mask) {
        if (std::popcount(mask) != k) continue;
        std::vector<ErasureCode::ShardView> present;
        for (const int index : BitsOf(mask)) {
          present.push_back({index, encoded.shards[static_cast<std::size_t>(index)]});
        }
        std::vector<Bytes> rebuilt(static_cast<std::size_t>(n), Bytes(size, 0xee));
        const std::vector<MutableBytes> out(rebuilt.begin(), rebuilt.end());
        ASSERT_TRUE(code.Decode(present, wanted, out).ok());
        ASSERT_EQ(rebuilt, encoded.shards) << k << " of " << n << " mask " << mask;
      }
    }
  }
}

TEST(ErasureCode, RandomLargeCodesDecodeFromRandomShardsInAnyOrder) {
  const auto random = SeededRandom(kSeed);
  Dice dice(kSeed);
  SCOPED_TRACE(dice.Seed());
  for (int round = 0; round < 40; ++round) {
    const int n = round == 0 ? 255 : dice.Between(13, 255);
    const int k = round == 0 ? 127 : dice.Between(1, n);
    const ErasureCode code = ErasureCode::Create(k, n).value();
    const std::size_t size = static_cast<std::size_t>(dice.Between(1, 300));
    const Encoded encoded = EncodeRandom(code, size, *random);
    const std::vector<int> present = dice.Choose(UpTo(n), k);
    const std::vector<int> wanted = dice.Choose(UpTo(n), dice.Between(1, n));
    std::vector<ByteView> inputs;
    for (const int index : present) {
      inputs.push_back(encoded.shards[static_cast<std::size_t>(index)]);
    }
    std::vector<Bytes> rebuilt(wanted.size(), Bytes(size));
    const std::vector<MutableBytes> out(rebuilt.begin(), rebuilt.end());
    const Result<ErasureCode::Decoder> decoder = code.PrepareDecode(present, wanted);
    ASSERT_TRUE(decoder.ok());
    ASSERT_TRUE(decoder->Apply(inputs, out).ok());
    for (std::size_t w = 0; w < wanted.size(); ++w) {
      ASSERT_EQ(rebuilt[w], encoded.shards[static_cast<std::size_t>(wanted[w])])
          << k << " of " << n << " shard " << wanted[w];
    }
  }
}

TEST(ErasureCode, AddedShardDecodesWithOldOnesAndChangesNoOtherByte) {
  const auto random = SeededRandom(kSeed);
  for (int k = 1; k <= 6; ++k) {
    for (int n = k; n <= 8; ++n) {
      const ErasureCode before = ErasureCode::Create(k, n).value();
      const ErasureCode after = ErasureCode::Create(k, n + 1).value();
      Encoded old_shards = EncodeRandom(before, 65, *random);
      Bytes added(65);
      ASSERT_TRUE(before.EncodeShard(old_shards.Data(k), n, added).ok());

      std::vector<Bytes> parity(static_cast<std::size_t>(n + 1 - k), Bytes(65));
      const std::vector<MutableBytes> out(parity.begin(), parity.end());
      ASSERT_TRUE(after.Encode(old_shards.Data(k), out).ok());
      for (int i = k; i < n; ++i) {
        EXPECT_EQ(parity[static_cast<std::size_t>(i - k)],
                  old_shards.shards[static_cast<std::size_t>(i)]);
      }
      EXPECT_EQ(parity.back(), added);

      // Any k - 1 old shards and the new one: here the last k - 1.
      std::vector<ErasureCode::ShardView> present = {{n, added}};
      for (int i = n - k + 1; i < n; ++i) {
        present.push_back({i, old_shards.shards[static_cast<std::size_t>(i)]});
      }
      std::vector<Bytes> rebuilt(static_cast<std::size_t>(k), Bytes(65));
      const std::vector<MutableBytes> rebuilt_out(rebuilt.begin(), rebuilt.end());
      ASSERT_TRUE(before.Decode(present, UpTo(k), rebuilt_out).ok());
      old_shards.shards.resize(static_cast<std::size_t>(k));
      EXPECT_EQ(rebuilt, old_shards.shards);
    }
  }
}

// Every kernel against plain field arithmetic: all lengths around its limits, pointers aligned and
// not. XOR, P+Q, general, blocked (more than 8 rows), one column.
TEST(CodeKernel, BytesDependOnNoKernelLengthOrAlignment) {
  const auto random = SeededRandom(kSeed);
  constexpr int kShapes[][2] = {{1, 1}, {1, 2},  {2, 1}, {3, 1},   {2, 2},
                                {3, 2}, {17, 2}, {5, 3}, {10, 12}, {200, 2}};  // k, m
  for (const auto& [k, m] : kShapes) {
    const CodeMatrix rows = ParityRows(k, 0, m);
    const CodeKernel kernel(rows);
    for (const std::size_t size :
         {0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 96, 127, 128, 1000, 9001}) {
      // Of all pointers but the last input and the last output: these may have others.
      constexpr std::size_t kShifts[][3] = {{0, 0, 0},    {1, 1, 1},  {16, 16, 16},
                                            {32, 32, 32}, {0, 16, 0}, {16, 16, 0}};
      for (const auto& [shift, last_in, last_out] : kShifts) {
        const auto shift_of = [](int i, int count, std::size_t all, std::size_t last) {
          return i == count - 1 ? last : all;
        };
        std::vector<AlignedBytes> inputs;
        std::vector<AlignedBytes> outputs;
        std::vector<const std::uint8_t*> in;
        std::vector<std::uint8_t*> out;
        for (int j = 0; j < k; ++j) {
          inputs.emplace_back(size + 64);
          random->Fill(inputs.back().view());
          in.push_back(inputs.back().view().data() + shift_of(j, k, shift, last_in));
        }
        for (int i = 0; i < m; ++i) {
          outputs.emplace_back(size + 64);
          out.push_back(outputs.back().view().data() + shift_of(i, m, shift, last_out));
        }
        kernel.Run(in, out, size);
        for (int i = 0; i < m; ++i) {
          Bytes expected(size + 64);
          for (int j = 0; j < k; ++j) {
            AddMultiple(MutableBytes(expected).subspan(shift_of(i, m, shift, last_out), size),
                        rows.at(i, j), {in[static_cast<std::size_t>(j)], size});
          }
          // The bytes around the range stay zero as well.
          ASSERT_TRUE(std::ranges::equal(outputs[static_cast<std::size_t>(i)].view(), expected))
              << k << "+" << m << " row " << i << " size " << size << " shifts " << shift << " "
              << last_in << " " << last_out;
        }
      }
    }
  }
}

TEST(ErasureCode, AnyRangeOfShardsEncodesAsPartOfTheWhole) {
  const auto random = SeededRandom(kSeed);
  const ErasureCode code = ErasureCode::Create(4, 7).value();
  const Encoded whole = EncodeRandom(code, 5000, *random);
  std::vector<ByteView> data = whole.Data(4);
  for (ByteView& range : data) range = range.subspan(1234, 777);
  std::vector<Bytes> parity(3, Bytes(777));
  const std::vector<MutableBytes> out(parity.begin(), parity.end());
  ASSERT_TRUE(code.Encode(data, out).ok());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::ranges::equal(parity[i], ByteView(whole.shards[4 + i]).subspan(1234, 777)));
  }
}

// Our own vectors: on disk, never change. Computed by a separate program from the formula alone:
// shard j byte b = 7 j + 13 b + 1 (mod 256), k = 3.
TEST(ErasureCode, FixedInputGivesThePinnedBytes) {
  std::vector<Bytes> data(3, Bytes(16));
  for (std::size_t j = 0; j < 3; ++j) {
    for (std::size_t b = 0; b < 16; ++b) {
      data[j][b] = static_cast<std::uint8_t>(7 * j + 13 * b + 1);
    }
  }
  const std::vector<ByteView> views(data.begin(), data.end());
  const ErasureCode code = ErasureCode::Create(3, 3).value();
  constexpr std::pair<int, std::string_view> kPinned[] = {
      {3, "060710314a5b44556e8f989992a3ccdd"}, {4, "2d54fbae5c8d8a2f48a6f4e15e0fe520"},
      {5, "eb512cb4b348c683891a72cce813f4dd"}, {6, "751151e69c64eea2ea7c4e3b14ff90bd"},
      {7, "dc1fefedd46d384fe82a7a11efac5bda"}, {254, "0e75a945f35929e203f482b08607c1c9"},
  };
  for (const auto& [index, hex] : kPinned) {
    Bytes out(16);
    ASSERT_TRUE(code.EncodeShard(views, index, out).ok());
    EXPECT_EQ(ToHex(out), hex) << "shard " << index;
  }
}

TEST(ErasureCode, OneDataShardIsReplicatedByTheFirstRow) {
  const ErasureCode code = ErasureCode::Create(1, 3).value();
  const Bytes data = {1, 2, 3};
  const std::vector<ByteView> in = {data};
  std::vector<Bytes> parity(2, Bytes(3));
  ASSERT_TRUE(code.Encode(in, std::vector<MutableBytes>(parity.begin(), parity.end())).ok());
  EXPECT_EQ(parity[0], data);
  EXPECT_EQ(parity[1], data);  // g(1, 0) = 2^0
}

// A flipped byte spoils the same byte of what is decoded and nothing else: the code promises no
// more, blocks are checked by their tags before.
TEST(ErasureCode, DamageStaysInItsByteColumn) {
  const auto random = SeededRandom(kSeed);
  const ErasureCode code = ErasureCode::Create(3, 5).value();
  const Encoded encoded = EncodeRandom(code, 40, *random);
  for (std::size_t position = 0; position < 40; ++position) {
    Bytes flipped = encoded.shards[4];
    flipped[position] ^= 0x10;
    const std::vector<ErasureCode::ShardView> present = {
        {0, encoded.shards[0]}, {4, flipped}, {2, encoded.shards[2]}};
    Bytes rebuilt(40);
    const std::vector<MutableBytes> out = {rebuilt};
    ASSERT_TRUE(code.Decode(present, std::vector{1}, out).ok());
    for (std::size_t b = 0; b < 40; ++b) {
      EXPECT_EQ(rebuilt[b] == encoded.shards[1][b], b != position) << position << " " << b;
    }
  }
}

TEST(ErasureCode, EmptyRangesAreFine) {
  const ErasureCode code = ErasureCode::Create(2, 4).value();
  const std::vector<ByteView> data(2);
  const std::vector<MutableBytes> parity(2);
  EXPECT_TRUE(code.Encode(data, parity).ok());
  EXPECT_TRUE(code.EncodeShard(data, 9, {}).ok());
  const std::vector<ErasureCode::ShardView> present = {{3, {}}, {0, {}}};
  EXPECT_TRUE(code.Decode(present, std::vector{0, 1}, parity).ok());
  EXPECT_TRUE(code.Decode(present, {}, {}).ok());
}

TEST(ErasureCode, WrongCountsAreRefused) {
  for (const auto& [k, n] : {std::pair{0, 1}, {-1, 3}, {4, 3}, {256, 256}, {1, 256}}) {
    EXPECT_EQ(ErasureCode::Create(k, n).status().code(), StatusCode::kInvalidArgument)
        << k << " of " << n;
  }
  EXPECT_TRUE(ErasureCode::Create(255, 255).ok());
}

TEST(ErasureCode, WrongArgumentsAreRefused) {
  const ErasureCode code = ErasureCode::Create(2, 4).value();
  const Bytes a(8);
  const Bytes shorter(7);
  Bytes x(8);
  Bytes y(8);
  Bytes z(7);
  const auto refused = [](const Status& status) {
    return status.code() == StatusCode::kInvalidArgument;
  };
  using In = std::vector<ByteView>;
  using Out = std::vector<MutableBytes>;
  using Present = std::vector<ErasureCode::ShardView>;
  EXPECT_TRUE(refused(code.Encode(In{a}, Out{x, y})));
  EXPECT_TRUE(refused(code.Encode(In{a, a}, Out{x})));
  EXPECT_TRUE(refused(code.Encode(In{a, shorter}, Out{x, y})));
  EXPECT_TRUE(refused(code.Encode(In{a, a}, Out{x, z})));
  EXPECT_TRUE(refused(code.EncodeShard(In{a, a}, 255, x)));
  EXPECT_TRUE(refused(code.EncodeShard(In{a, a}, -1, x)));
  EXPECT_TRUE(refused(code.EncodeShard(In{a, a}, 2, z)));
  const std::vector<int> one = {1};
  EXPECT_TRUE(refused(code.Decode({}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {0, a}}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {2, a}, {2, a}}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {255, a}}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {-1, a}}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {2, shorter}}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {2, a}, {3, shorter}}, one, Out{x})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {2, a}}, one, Out{z})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {2, a}}, one, Out{x, y})));
  EXPECT_TRUE(refused(code.Decode(Present{{0, a}, {2, a}}, std::vector{1, 1}, Out{x, y})));
  EXPECT_TRUE(refused(code.PrepareDecode(std::vector{0, 1, 2}, one).status()));
}

}  // namespace
}  // namespace fenchi
