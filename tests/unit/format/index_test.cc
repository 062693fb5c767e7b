// Index objects: their forms, and what they may not say.
#include "format/index.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "format/cbor.h"
#include "unit/format/random_objects.h"

namespace fenchi::format {
namespace {

using testing::RandomObjects;

Reference InPack(RandomObjects& objects, const PackId& pack, const RunId& run) {
  Reference reference;
  reference.chunk = objects.Make<ChunkId>();
  reference.run = run;
  reference.plain_size = 5000;
  reference.pieces = {{pack, 70'000, 3000}};
  return reference;
}

class IndexObject : public ::testing::Test {
 protected:
  // Of two packs, one in each of two runs.
  Index TwoPacks(int references) {
    const RunId runs[] = {objects_.Make<RunId>(), objects_.Make<RunId>()};
    const PackId packs[] = {objects_.Make<PackId>(), objects_.Make<PackId>()};
    Index index;
    index.run = runs[0];
    for (int i = 0; i < references; ++i) {
      index.references.push_back(InPack(objects_, packs[i % 2], runs[i % 2]));
    }
    std::ranges::sort(index.references, {}, &Reference::chunk);
    return index;
  }
  // As EncodeIndex writes it, but with these packs and this number of one in every piece.
  static Bytes Planted(const Index& index, const std::vector<std::pair<PackId, RunId>>& packs,
                       std::uint64_t number, std::uint64_t form = 2) {
    CborWriter writer;
    writer.Map(4).Key(1).Uint(form).Key(2).ByteString(index.run.view()).Key(3).Array(packs.size());
    for (const auto& [pack, run] : packs) {
      writer.Array(2).ByteString(pack.view()).ByteString(run.view());
    }
    writer.Key(4).Array(index.references.size());
    for (const Reference& reference : index.references) {
      writer.Array(3).ByteString(reference.chunk.view()).Uint(reference.plain_size).Array(1);
      writer.Array(3).Uint(number).Uint(reference.pieces[0].offset).Uint(reference.pieces[0].size);
    }
    return writer.Take();
  }

  RandomObjects objects_{1};
};

TEST_F(IndexObject, IsNoLongerThanWasFigured) {
  const Index index = TwoPacks(2000);
  std::size_t most = 64 + 2 * kIndexedPackSizeMax;
  for (const Reference& reference : index.references) most += IndexedSizeMax(reference);
  const std::size_t size = EncodeIndex(index).value().size();
  EXPECT_LE(size, most);
  EXPECT_GT(size, most - 2 * 2000 - 64);  // a pack's number takes 1 byte here, 3 at most
  EXPECT_TRUE(DecodeIndex(EncodeIndex(index).value()).value() == index);
}

TEST_F(IndexObject, OfForm1IsStillRead) {
  const Index index = TwoPacks(3);
  CborWriter writer;
  writer.Map(3).Key(1).Uint(1).Key(2).ByteString(index.run.view());
  writer.Key(3).Array(index.references.size());
  for (const Reference& reference : index.references) WriteReference(writer, reference);
  EXPECT_TRUE(DecodeIndex(writer.Take()).value() == index);
}

TEST_F(IndexObject, OfAnUnknownFormIsNotGuessedAt) {
  const Index index = TwoPacks(1);
  const Reference& only = index.references[0];
  for (const std::uint64_t form : {0u, 3u}) {
    EXPECT_EQ(
        DecodeIndex(Planted(index, {{only.pieces[0].pack, only.run}}, 0, form)).status().code(),
        StatusCode::kUnsupported);
  }
}

TEST_F(IndexObject, NamesOnlyPacksThatItLists) {
  const Index index = TwoPacks(1);
  const std::pair listed(index.references[0].pieces[0].pack, index.references[0].run);
  EXPECT_TRUE(DecodeIndex(Planted(index, {listed}, 0)).value() == index);
  for (const std::uint64_t number : {std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_EQ(DecodeIndex(Planted(index, {listed}, number)).status().code(), StatusCode::kDamaged);
  }
}

TEST_F(IndexObject, ListsNoPackInVainOrTwice) {
  const Index index = TwoPacks(1);
  const std::pair listed(index.references[0].pieces[0].pack, index.references[0].run);
  std::vector two = {listed, std::pair(objects_.Make<PackId>(), listed.second)};
  std::ranges::sort(two);
  EXPECT_EQ(DecodeIndex(Planted(index, two, 0)).status().code(), StatusCode::kDamaged);
  std::ranges::reverse(two);
  EXPECT_EQ(DecodeIndex(Planted(index, two, 0)).status().code(), StatusCode::kDamaged);
  EXPECT_EQ(DecodeIndex(Planted(index, {listed, listed}, 0)).status().code(), StatusCode::kDamaged);
}

TEST_F(IndexObject, IsNotMadeOfAPackThatIsOfTwoRuns) {
  Index index = TwoPacks(4);
  const PackId& pack = index.references[0].pieces[0].pack;
  for (Reference& reference : index.references) reference.pieces[0].pack = pack;
  EXPECT_EQ(EncodeIndex(index).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi::format
