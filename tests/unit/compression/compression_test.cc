#include "fenchi/compression.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/coding.h"
#include "compression/zstd_frame.h"
#include "fenchi/random.h"

namespace fenchi {
namespace {

constexpr std::uint8_t kRawMethod = 0;
constexpr std::uint8_t kZstdMethod = 1;

Bytes RandomBytes(Random& random, std::size_t size) {
  Bytes out(size);
  random.Fill(out);
  return out;
}

std::size_t RandomBelow(Random& random, std::size_t bound) {
  std::uint8_t raw[8];
  random.Fill(raw);
  return static_cast<std::size_t>(GetBe64(raw) % bound);
}

// Lines of a few words: shrinks to about a third.
Bytes TextOf(Random& random, std::size_t size) {
  static const char* const kWords[] = {"parcel", "owner", "district", "lot",
                                       "2026",   "0x1f",  "ledger"};
  Bytes out;
  while (out.size() < size) {
    Append(out, AsBytes(kWords[RandomBelow(random, 7)]));
    out.push_back(RandomBelow(random, 9) == 0 ? '\n' : ' ');
    out.push_back(static_cast<std::uint8_t>('a' + RandomBelow(random, 26)));
  }
  out.resize(size);
  return out;
}

// The stored form that holds `frame`.
Bytes Stored(std::initializer_list<ByteView> frames) {
  Bytes out = {kZstdMethod};
  for (const ByteView frame : frames) Append(out, frame);
  return out;
}

Bytes Frame(ByteView content, int level = 3) {
  Bytes out(ZSTD_compressBound(content.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), level));
  return out;
}

// Expands into a buffer with a guard on both sides; the test fails if a guard byte changes.
Status ExpandGuarded(Decompressor& decompressor, ByteView stored, std::size_t size, Bytes* out) {
  constexpr std::size_t kGuard = 64;
  Bytes buffer(size + 2 * kGuard, 0xA5);
  const Status status = decompressor.Expand(stored, MutableBytes(buffer).subspan(kGuard, size));
  for (std::size_t i = 0; i < kGuard; ++i) {
    EXPECT_EQ(buffer[i], 0xA5) << "before the output";
    EXPECT_EQ(buffer[kGuard + size + i], 0xA5) << "behind the output";
  }
  if (out != nullptr) out->assign(buffer.begin() + kGuard, buffer.begin() + kGuard + size);
  return status;
}

StatusCode ExpandCode(ByteView stored, std::size_t size) {
  Decompressor decompressor;
  return ExpandGuarded(decompressor, stored, size, nullptr).code();
}

TEST(Compression, EveryChunkRoundTripsAtEveryLevel) {
  const std::uint64_t seed = 30;
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto random = SeededRandom(seed);
  Compressor compressor;
  Decompressor decompressor;
  Bytes stored;
  for (int round = 0; round < 400; ++round) {
    const std::size_t size = RandomBelow(*random, round % 20 == 0 ? 600000 : 4000);
    Bytes chunk = round % 3 == 0 ? RandomBytes(*random, size) : TextOf(*random, size);
    if (round % 5 == 0) std::fill(chunk.begin(), chunk.begin() + size / 2, std::uint8_t{0});
    const int level = round % (kCompressionLevelMax + 1);
    ASSERT_TRUE(compressor.Compress(chunk, level, stored).ok());
    ASSERT_LE(stored.size(), 1 + chunk.size());
    if (level == 0) {
      ASSERT_EQ(stored[0], kRawMethod);
    }
    Bytes back;
    ASSERT_TRUE(ExpandGuarded(decompressor, stored, size, &back).ok()) << "round " << round;
    ASSERT_EQ(back, chunk) << "round " << round;
  }
}

TEST(Compression, EdgeSizesRoundTrip) {
  const auto random = SeededRandom(31);
  Compressor compressor;
  Decompressor decompressor;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{255}, std::size_t{256},
        std::size_t{257}, std::size_t{131071}, std::size_t{131072}, kCompressionInputBytesMax}) {
    const Bytes chunk = TextOf(*random, size);
    Bytes stored;
    ASSERT_TRUE(compressor.Compress(chunk, 3, stored).ok());
    Bytes back;
    ASSERT_TRUE(ExpandGuarded(decompressor, stored, size, &back).ok()) << size;
    ASSERT_EQ(back, chunk) << size;
    if (size >= 255) {
      EXPECT_EQ(stored[0], kZstdMethod) << size;
    }
  }
}

TEST(Compression, EmptyChunkIsItsMethodByte) {
  Bytes stored = {9, 9};
  ASSERT_TRUE(Compressor().Compress({}, 3, stored).ok());
  EXPECT_EQ(stored, Bytes{kRawMethod});
  EXPECT_EQ(ExpandCode(stored, 0), StatusCode::kOk);
  EXPECT_EQ(ExpandCode(Stored({Frame({})}), 0), StatusCode::kOk);
  EXPECT_EQ(ExpandCode({}, 0), StatusCode::kDamaged);
}

TEST(Compression, IncompressibleChunkStaysRawWithOneByteMore) {
  const auto random = SeededRandom(32);
  Compressor compressor;
  for (const std::size_t size : {1u, 100u, 5000u, 131072u, 1000000u}) {
    for (const int level : {1, 3, 9, 19}) {
      const Bytes chunk = RandomBytes(*random, size);
      Bytes stored;
      ASSERT_TRUE(compressor.Compress(chunk, level, stored).ok());
      ASSERT_EQ(stored.size(), 1 + size);
      ASSERT_EQ(stored[0], kRawMethod);
      ASSERT_TRUE(std::equal(chunk.begin(), chunk.end(), stored.begin() + 1));
    }
  }
}

// What the sample cannot see is decided for raw on purpose; half a chunk of text it must see.
TEST(Compression, SampleFindsTheCompressibleHalf) {
  const auto random = SeededRandom(33);
  for (const bool text_first : {true, false}) {
    Bytes chunk = RandomBytes(*random, 1 << 20);
    const Bytes text = TextOf(*random, 1 << 19);
    std::copy(text.begin(), text.end(), chunk.begin() + (text_first ? 0 : 1 << 19));
    Bytes stored;
    ASSERT_TRUE(Compressor().Compress(chunk, 3, stored).ok());
    EXPECT_EQ(stored[0], kZstdMethod);
    EXPECT_LT(stored.size(), chunk.size() * 4 / 5);
  }
}

TEST(Compression, RefusesLevelsAndSizesOutOfRange) {
  Compressor compressor;
  Bytes stored;
  const Bytes chunk(100);
  for (const int level : {-1, -5, 20, 1 << 30, -(1 << 30)}) {
    EXPECT_EQ(compressor.Compress(chunk, level, stored).code(), StatusCode::kInvalidArgument);
  }
  Bytes large(kCompressionInputBytesMax + 1);
  EXPECT_EQ(compressor.Compress(large, 3, stored).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Decompressor().Expand(Bytes{0}, large).code(), StatusCode::kInvalidArgument);
}

TEST(Compression, MovedObjectsGoOnWorking) {
  const auto random = SeededRandom(34);
  const Bytes chunk = TextOf(*random, 3000);
  Bytes stored, back(3000);
  Compressor compressor;
  ASSERT_TRUE(compressor.Compress(chunk, 3, stored).ok());
  Compressor other = std::move(compressor);
  compressor = Compressor();
  ASSERT_TRUE(other.Compress(chunk, 3, stored).ok());
  Decompressor decompressor;
  ASSERT_TRUE(decompressor.Expand(stored, back).ok());
  Decompressor moved = std::move(decompressor);
  ASSERT_TRUE(moved.Expand(stored, back).ok());
  EXPECT_EQ(back, chunk);
}

TEST(Compression, WritesTheFrameThatTheFormatDescribes) {
  const auto random = SeededRandom(35);
  Compressor compressor;
  for (const int level : {1, 3, 19}) {
    for (const std::size_t size : {200u, 70000u, 3000000u}) {
      const Bytes chunk = TextOf(*random, size);
      Bytes stored;
      ASSERT_TRUE(compressor.Compress(chunk, level, stored).ok());
      ASSERT_EQ(stored[0], kZstdMethod);
      const auto header = compression::ReadFrameHeader(ByteView(stored).subspan(1));
      ASSERT_TRUE(header.ok()) << header.status().ToString();
      EXPECT_EQ(header->content_bytes, size);
      EXPECT_LE(header->window_bytes, kCompressionWindowBytesMax);
    }
  }
}

// Our header reader and zstd's must agree on every header that a stored chunk may have.
TEST(ZstdFrame, HeaderAgreesWithZstd) {
  const std::uint64_t seed = 36;
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto random = SeededRandom(seed);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes frame = {0x28, 0xB5, 0x2F, 0xFD};
    Append(frame, RandomBytes(*random, 4 + RandomBelow(*random, 11)));
    const auto header = compression::ReadFrameHeader(frame);
    const unsigned long long content = ZSTD_getFrameContentSize(frame.data(), frame.size());
    if (!header.ok() || header->window_bytes > kCompressionWindowBytesMax) continue;
    ++accepted;
    ASSERT_EQ(header->content_bytes, content) << ToHex(frame);
    ASSERT_EQ(ZSTD_getDictID_fromFrame(frame.data(), frame.size()), 0u) << ToHex(frame);
  }
  EXPECT_GT(accepted, 500);
}

// Frames built by hand from RFC 8878, section 3.1.1, so that nothing of zstd's encoder takes part.
TEST(Decompressor, ExpandsFramesBuiltByHandFromTheRfc) {
  // single segment, 1-byte size 5; last raw block of 5 bytes: header 5 << 3 | 1 = 29 00 00.
  const Bytes raw_block = FromHex("28b52ffd20052900006c65646765").value();
  Bytes back;
  Decompressor decompressor;
  ASSERT_TRUE(ExpandGuarded(decompressor, Stored({raw_block}), 5, &back).ok());
  EXPECT_EQ(AsText(back), "ledge");
  // single segment, 2-byte size 300 (stored as 44); last RLE block: 300 << 3 | 1 << 1 | 1 = 63 09
  // 00.
  const Bytes rle_block = FromHex("28b52ffd602c0063090061").value();
  ASSERT_TRUE(ExpandGuarded(decompressor, Stored({rle_block}), 300, &back).ok());
  EXPECT_EQ(back, Bytes(300, 'a'));
}

TEST(Decompressor, RefusesABombWithoutExpandingIt) {
  const Bytes zeros(kCompressionInputBytesMax);
  const Bytes frame = Frame(zeros, 19);
  ASSERT_LT(frame.size(), 1000u);
  EXPECT_EQ(ExpandCode(Stored({frame}), 1000), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({frame}), zeros.size() - 1), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({frame}), zeros.size()), StatusCode::kOk);
  // It states 5 bytes and holds an RLE block of 128 KiB: 0x20000 << 3 | 1 << 1 | 1 = 03 00 10.
  EXPECT_EQ(ExpandCode(Stored({FromHex("28b52ffd20050300100061").value()}), 5),
            StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({FromHex("28b52ffd200503001061").value()}), 5), StatusCode::kDamaged);
}

TEST(Decompressor, RefusesSizesThatLie) {
  const Bytes content(1000, 'x');
  const Bytes frame = Frame(content);
  for (const std::size_t size : {0u, 1u, 999u, 1001u, 4096u}) {
    EXPECT_EQ(ExpandCode(Stored({frame}), size), StatusCode::kDamaged) << size;
  }
  EXPECT_EQ(ExpandCode(Stored({frame}), 1000), StatusCode::kOk);
  Bytes raw = {kRawMethod, 1, 2, 3};
  EXPECT_EQ(ExpandCode(raw, 2), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(raw, 4), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(raw, 3), StatusCode::kOk);
  // An 8-byte size field of 2^63 and of 2^64 - 1.
  EXPECT_EQ(ExpandCode(Stored({FromHex("28b52ffde00000000000000080290000").value()}), 5),
            StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({FromHex("28b52ffde0ffffffffffffffff290000").value()}), 5),
            StatusCode::kDamaged);
  // It states 6 bytes and holds 5: zstd finds that out at the end.
  EXPECT_EQ(ExpandCode(Stored({FromHex("28b52ffd20062900006c65646765").value()}), 6),
            StatusCode::kDamaged);
}

TEST(Decompressor, RefusesAFrameThatDoesNotStateItsSize) {
  // Window descriptor, no content size; last raw block of 5 bytes. zstd itself accepts it.
  const Bytes frame = FromHex("28b52ffd00002900006c65646765").value();
  Bytes check(5);
  ASSERT_EQ(ZSTD_decompress(check.data(), 5, frame.data(), frame.size()), 5u);
  EXPECT_EQ(ExpandCode(Stored({frame}), 5), StatusCode::kDamaged);
}

TEST(Decompressor, RefusesWindowsOverEightMebibytes) {
  // descriptor 0x40: window descriptor and 2-byte size; 300 bytes of 'a' as an RLE block.
  const auto with_window = [](int exponent, int mantissa) {
    Bytes frame = FromHex("28b52ffd40002c0063090061").value();
    frame[5] = static_cast<std::uint8_t>((exponent - 10) << 3 | mantissa);
    return Stored({frame});
  };
  EXPECT_EQ(ExpandCode(with_window(10, 0), 300), StatusCode::kOk);
  EXPECT_EQ(ExpandCode(with_window(23, 0), 300), StatusCode::kOk);
  EXPECT_EQ(ExpandCode(with_window(23, 1), 300), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(with_window(24, 0), 300), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(with_window(31, 0), 300), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(with_window(41, 7), 300), StatusCode::kDamaged);
}

TEST(Decompressor, RefusesDictionariesChecksumsAndReservedBits) {
  const Bytes good = FromHex("28b52ffd20052900006c65646765").value();
  for (const std::uint8_t bits : {0x01, 0x02, 0x03, 0x04, 0x08, 0x10}) {
    Bytes frame = good;
    frame[4] |= bits;
    EXPECT_EQ(ExpandCode(Stored({frame}), 5), StatusCode::kDamaged) << int{bits};
  }
  // A real frame of each kind, as zstd writes it.
  const Bytes content(1000, 'x');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  Bytes frame(2000);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  frame.resize(ZSTD_compress2(context, frame.data(), frame.size(), content.data(), 1000));
  EXPECT_EQ(ExpandCode(Stored({frame}), 1000), StatusCode::kDamaged);
  ZSTD_freeCCtx(context);
}

TEST(Decompressor, RefusesSkippableConcatenatedAndTrailingBytes) {
  const Bytes content(1000, 'x');
  const Bytes frame = Frame(content);
  const Bytes half = Frame(ByteView(content).first(500));
  const Bytes skippable = FromHex("502a4d1803000000010203").value();
  const Bytes nothing = Frame({});
  EXPECT_EQ(ExpandCode(Stored({skippable}), 3), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({skippable}), 0), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({skippable, frame}), 1000), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({frame, skippable}), 1000), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({half, half}), 1000), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({half, half}), 500), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({frame, nothing}), 1000), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({nothing, frame}), 1000), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({frame, Bytes{0}}), 1000), StatusCode::kDamaged);
  EXPECT_EQ(ExpandCode(Stored({}), 0), StatusCode::kDamaged);
}

TEST(Decompressor, RefusesUnknownMethods) {
  for (int method = 2; method < 256; ++method) {
    Bytes stored = Stored({Frame(Bytes(10, 'x'))});
    stored[0] = static_cast<std::uint8_t>(method);
    ASSERT_EQ(ExpandCode(stored, 10), StatusCode::kUnsupported) << method;
  }
}

TEST(Decompressor, NoticesATruncationAtEveryByte) {
  const auto random = SeededRandom(37);
  Compressor compressor;
  for (const std::size_t size : {300u, 2000u}) {
    const Bytes chunk = TextOf(*random, size);
    Bytes stored;
    ASSERT_TRUE(compressor.Compress(chunk, 9, stored).ok());
    ASSERT_EQ(stored[0], kZstdMethod);
    for (std::size_t length = 0; length < stored.size(); ++length) {
      ASSERT_EQ(ExpandCode(ByteView(stored).first(length), size), StatusCode::kDamaged) << length;
    }
  }
}

// Without a checksum a flip may decode to other bytes, and a few bits of a frame mean nothing: the
// AEAD outside notices those. It must never write beyond the promised size, and the decoder must go
// on working afterwards.
TEST(Decompressor, SurvivesEveryBitFlip) {
  const auto random = SeededRandom(38);
  Decompressor decompressor;
  for (const std::size_t size : {40u, 300u, 2000u}) {
    const Bytes chunk = TextOf(*random, size);
    const Bytes stored = Stored({Frame(chunk, 9)});
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < stored.size() * 8; ++bit) {
      Bytes flipped = stored;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      refused += !ExpandGuarded(decompressor, flipped, size, nullptr).ok();
    }
    EXPECT_GE(refused, std::size_t{8 * 6}) << "method, magic and descriptor are checked";
    Bytes back;
    ASSERT_TRUE(ExpandGuarded(decompressor, stored, size, &back).ok());
    ASSERT_EQ(back, chunk);
  }
}

TEST(Decompressor, SurvivesRandomDamage) {
  const std::uint64_t seed = 39;
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto random = SeededRandom(seed);
  Decompressor decompressor;
  const Bytes chunk = TextOf(*random, 50000);
  const Bytes stored = Stored({Frame(chunk, 3)});
  for (int round = 0; round < 2000; ++round) {
    Bytes damaged = stored;
    for (std::size_t i = 1 + RandomBelow(*random, 8); i > 0; --i) {
      damaged[RandomBelow(*random, damaged.size())] = static_cast<std::uint8_t>(round * i);
    }
    const Status status = ExpandGuarded(decompressor, damaged, chunk.size(), nullptr);
    ASSERT_TRUE(status.ok() || status.code() == StatusCode::kDamaged ||
                status.code() == StatusCode::kUnsupported);
  }
}

}  // namespace
}  // namespace fenchi
