// Index objects: their forms, and what they may not say.
#include "format/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "format/cbor.h"
#include "unit/format/random_objects.h"

namespace fenchi::format {
namespace {

using testing::RandomObjects;
using Packs = std::vector<std::pair<PackId, RunId>>;

constexpr std::uint64_t kFirstOffset = 70'000;
constexpr std::uint64_t kStoredSize = 3000;

class IndexObject : public ::testing::Test {
 protected:
  // Of two packs, one in each of two runs; chunks lie back to back, in another order than their
  // ids.
  Index TwoPacks(int references) {
    const RunId runs[] = {objects_.Make<RunId>(), objects_.Make<RunId>()};
    const PackId packs[] = {objects_.Make<PackId>(), objects_.Make<PackId>()};
    Index index;
    index.run = runs[0];
    for (int i = 0; i < references; ++i) {
      Reference& reference = index.references.emplace_back();
      reference.chunk = objects_.Make<ChunkId>();
      reference.run = runs[i % 2];
      reference.plain_size = 5000;
      reference.pieces = {{packs[i % 2], kFirstOffset + i / 2 * kStoredSize, kStoredSize}};
    }
    std::ranges::sort(index.references, {}, &Reference::chunk);
    return index;
  }
  // What IndexedSizeMax says of them all, in this order, and of their packs.
  static std::size_t Figured(const std::vector<Reference>& references) {
    std::map<PackId, std::uint64_t> ends;
    std::size_t size = kRimSizeMax;
    for (const Reference& reference : references) {
      for (const Piece& piece : reference.pieces) {
        if (ends.emplace(piece.pack, 0).second) size += kIndexedPackSizeMax;
      }
      const Piece& first = reference.pieces[0];
      std::uint64_t& end = ends[first.pack];
      size += IndexedSizeMax(reference, end);
      if (reference.pieces.size() == 1) end = std::max(end, first.offset + first.size);
    }
    return size;
  }
  static Packs PacksOf(const Index& index) {
    Packs packs;
    for (const Reference& reference : index.references) {
      for (const Piece& piece : reference.pieces) packs.emplace_back(piece.pack, reference.run);
    }
    std::ranges::sort(packs);
    packs.erase(std::unique(packs.begin(), packs.end()), packs.end());
    return packs;
  }
  static void WriteNumbered(CborWriter& writer, const Reference& reference, const Packs& packs,
                            std::optional<std::uint64_t> number) {
    writer.Array(3).ByteString(reference.chunk.view()).Uint(reference.plain_size);
    writer.Array(reference.pieces.size());
    for (const Piece& piece : reference.pieces) {
      const auto at = std::ranges::find(packs, piece.pack, [](const auto& p) { return p.first; });
      writer.Array(3).Uint(number.value_or(at - packs.begin()));
      writer.Uint(piece.offset).Uint(piece.size);
    }
  }
  // As form 2 was written, but with these packs, and with this number of one in every piece.
  static Bytes Form2(const Index& index, const Packs& packs,
                     std::optional<std::uint64_t> number = {}, std::uint64_t form = 2) {
    CborWriter writer;
    writer.Map(4).Key(1).Uint(form).Key(2).ByteString(index.run.view()).Key(3).Array(packs.size());
    for (const auto& [pack, run] : packs) {
      writer.Array(2).ByteString(pack.view()).ByteString(run.view());
    }
    writer.Key(4).Array(index.references.size());
    for (const Reference& reference : index.references) {
      WriteNumbered(writer, reference, packs, number);
    }
    return writer.Take();
  }
  // Form 3 whose packs say this of the first reference, and nothing more but these others.
  static Bytes Form3(const Index& index, ByteView ids, const std::vector<std::uint64_t>& numbers,
                     const std::vector<Reference>& others = {}, std::size_t times = 1) {
    const Reference& first = index.references[0];
    const Packs pack = {{first.pieces[0].pack, first.run}};
    CborWriter writer;
    writer.Map(4).Key(1).Uint(3).Key(2).ByteString(index.run.view()).Key(3).Array(times);
    for (std::size_t i = 0; i < times; ++i) {
      writer.Array(4).ByteString(pack[0].first.view()).ByteString(pack[0].second.view());
      writer.ByteString(ids).Array(numbers.size());
      for (const std::uint64_t one : numbers) writer.Uint(one);
    }
    writer.Key(4).Array(others.size());
    for (const Reference& reference : others) WriteNumbered(writer, reference, pack, {});
    return writer.Take();
  }
  static StatusCode Refusal(ByteView bytes) { return DecodeIndex(bytes).status().code(); }

  static constexpr std::size_t kRimSizeMax = 32;  // around packs and others
  RandomObjects objects_{1};
};

TEST_F(IndexObject, TakesLittleMoreThanAnIdForAChunkThatLiesBehindAnother) {
  const Index index = TwoPacks(2000);
  const Bytes bytes = EncodeIndex(index).value();
  EXPECT_TRUE(DecodeIndex(bytes).value() == index);
  EXPECT_LE(bytes.size(), 2000 * (32 + 1 + 3 + 3) + 2 * (4 + kIndexedPackSizeMax) + kRimSizeMax);
  std::vector<Reference> as_they_lie = index.references;
  std::ranges::sort(as_they_lie, {}, [](const Reference& r) { return r.pieces[0].offset; });
  EXPECT_LE(bytes.size(), Figured(as_they_lie));
  EXPECT_GT(bytes.size(), Figured(as_they_lie) - kRimSizeMax - 2 * 8);
  // In another order more is reckoned with than is needed, never less.
  EXPECT_GT(Figured(index.references), Figured(as_they_lie) + 2000);
}

TEST_F(IndexObject, HoldsGapsAndChunksInPieces) {
  Index index = TwoPacks(40);
  for (std::size_t i = 0; i < index.references.size(); i += 5) {
    index.references[i].pieces[0].size -= 1000;  // a gap behind it
  }
  const PackId& own = index.references[3].pieces[0].pack;
  index.references[3].pieces.push_back({own, 9'000'000, 70});
  index.references[7].pieces[0].offset = kPackPlainSizeMax - kStoredSize;
  const Bytes bytes = EncodeIndex(index).value();
  EXPECT_TRUE(DecodeIndex(bytes).value() == index);
  EXPECT_LE(bytes.size(), Figured(index.references));
}

TEST_F(IndexObject, OfForm1IsStillRead) {
  const Index index = TwoPacks(3);
  CborWriter writer;
  writer.Map(3).Key(1).Uint(1).Key(2).ByteString(index.run.view());
  writer.Key(3).Array(index.references.size());
  for (const Reference& reference : index.references) WriteReference(writer, reference);
  EXPECT_TRUE(DecodeIndex(writer.Take()).value() == index);
}

TEST_F(IndexObject, OfForm2IsStillRead) {
  Index index = TwoPacks(8);
  index.references[5].pieces.push_back({index.references[5].pieces[0].pack, 9'000'000, 70});
  EXPECT_TRUE(DecodeIndex(Form2(index, PacksOf(index))).value() == index);
}

TEST_F(IndexObject, OfAnUnknownFormIsNotGuessedAt) {
  const Index index = TwoPacks(1);
  for (const std::uint64_t form : {0u, 4u}) {
    EXPECT_EQ(Refusal(Form2(index, PacksOf(index), {}, form)), StatusCode::kUnsupported);
  }
}

TEST_F(IndexObject, OfForm2NamesOnlyPacksThatItLists) {
  const Index index = TwoPacks(1);
  for (const std::uint64_t number : {std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_EQ(Refusal(Form2(index, PacksOf(index), number)), StatusCode::kDamaged);
  }
}

TEST_F(IndexObject, OfForm2ListsNoPackInVainOrTwice) {
  const Index index = TwoPacks(1);
  const std::pair listed = PacksOf(index)[0];
  Packs two = {listed, std::pair(objects_.Make<PackId>(), listed.second)};
  std::ranges::sort(two);
  EXPECT_EQ(Refusal(Form2(index, two)), StatusCode::kDamaged);
  std::ranges::reverse(two);
  EXPECT_EQ(Refusal(Form2(index, two)), StatusCode::kDamaged);
  EXPECT_EQ(Refusal(Form2(index, {listed, listed})), StatusCode::kDamaged);
}

TEST_F(IndexObject, OfForm3HasThreeNumbersForEachIdAndEndsWithItsPack) {
  const Index index = TwoPacks(1);
  const ByteView id = index.references[0].chunk.view();
  const auto refusal = [&](ByteView ids, const std::vector<std::uint64_t>& numbers) {
    return Refusal(Form3(index, ids, numbers));
  };
  EXPECT_EQ(refusal(id, {kFirstOffset, 5000, kStoredSize}), StatusCode::kOk);
  EXPECT_EQ(refusal(id, {kFirstOffset, 5000}), StatusCode::kDamaged);
  EXPECT_EQ(refusal(id, {kFirstOffset, 5000, kStoredSize, 1, 1, 2}), StatusCode::kDamaged);
  EXPECT_EQ(refusal({}, {}), StatusCode::kDamaged);  // of no chunks
  EXPECT_EQ(refusal(id, {kPackPlainSizeMax - kStoredSize, 5000, kStoredSize}), StatusCode::kOk);
  EXPECT_EQ(refusal(id, {kPackPlainSizeMax - kStoredSize + 1, 5000, kStoredSize}),
            StatusCode::kDamaged);
  EXPECT_EQ(refusal(id, {kFirstOffset, 0, kStoredSize}), StatusCode::kDamaged);
  EXPECT_EQ(refusal(id, {kFirstOffset, 5000, 0}), StatusCode::kDamaged);
  Bytes twice(id.begin(), id.end());
  twice.insert(twice.end(), id.begin(), id.end());
  EXPECT_EQ(refusal(ByteView(twice).first(63), {kFirstOffset, 5000, kStoredSize}),
            StatusCode::kDamaged);
  EXPECT_EQ(refusal(twice, {0, 5000, kStoredSize, 0, 5000, kStoredSize}), StatusCode::kDamaged);
}

TEST_F(IndexObject, OfForm3HasOneWayToSayWhereAChunkLies) {
  const Index index = TwoPacks(1);
  Reference only = index.references[0];
  const std::vector<std::uint64_t> numbers = {kFirstOffset, 5000, kStoredSize};
  // Whole, but not with its pack.
  EXPECT_EQ(Refusal(Form3(index, {}, {}, {only})), StatusCode::kDamaged);
  only.pieces.push_back({only.pieces[0].pack, 9'000'000, 70});
  EXPECT_EQ(Refusal(Form3(index, {}, {}, {only})), StatusCode::kOk);
  // The same chunk, or the same pack, twice.
  EXPECT_EQ(Refusal(Form3(index, only.chunk.view(), numbers, {only})), StatusCode::kDamaged);
  EXPECT_EQ(Refusal(Form3(index, {}, {}, {only, only})), StatusCode::kDamaged);
  EXPECT_EQ(Refusal(Form3(index, only.chunk.view(), numbers, {}, 2)), StatusCode::kDamaged);
  EXPECT_EQ(Refusal(Form3(index, {}, {}, {only}, 2)), StatusCode::kDamaged);
}

TEST_F(IndexObject, IsNotMadeOfNothing) {
  EXPECT_EQ(EncodeIndex({}).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(IndexObject, IsNotMadeOfAPackThatIsOfTwoRuns) {
  Index index = TwoPacks(2);
  index.references[0].pieces[0] = {index.references[1].pieces[0].pack, 0, kStoredSize};
  EXPECT_EQ(EncodeIndex(index).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(IndexObject, IsNotMadeOfChunksThatLieOverOneAnother) {
  Index index = TwoPacks(3);
  for (Reference& reference : index.references) reference.pieces[0].size += 1;
  EXPECT_EQ(EncodeIndex(index).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi::format
