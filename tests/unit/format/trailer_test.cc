// Trailers of packs: their forms, and what they may not say.
#include "format/trailer.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "fenchi/random.h"
#include "format/cbor.h"

namespace fenchi::format {
namespace {

// As EncodeTrailer writes it, but with this form and, for each piece, as many of `fields` as asked.
struct Written {
  ChunkId chunk;
  std::vector<std::uint64_t> fields;
};

Bytes Planted(std::uint64_t form, const std::vector<Written>& pieces) {
  CborWriter writer;
  writer.Map(2).Key(1).Uint(form).Key(2).Array(pieces.size());
  for (const Written& piece : pieces) {
    writer.Array(1 + piece.fields.size()).ByteString(piece.chunk.view());
    for (const std::uint64_t field : piece.fields) writer.Uint(field);
  }
  return writer.Take();
}

StatusCode Refusal(std::uint64_t form, const std::vector<Written>& pieces) {
  return DecodeTrailer(Planted(form, pieces)).status().code();
}

class TrailerForms : public ::testing::Test {
 protected:
  TrailerForms() {
    for (ChunkId* id : {&a_, &b_}) random_->Fill(id->bytes);
    trailer_.items = {{a_, 900, 500, 0, 0, 500}, {b_, 70'000, 60'000, 100, 500, 300}};
  }
  std::unique_ptr<Random> random_ = SeededRandom(20261129);
  ChunkId a_;
  ChunkId b_;
  Trailer trailer_;
};

TEST_F(TrailerForms, WholePiecesSayTheirLengthsOnlyAndNoneItsPlace) {
  const Bytes planted = Planted(2, {{a_, {900, 500}}, {b_, {70'000, 60'000, 100, 300}}});
  EXPECT_EQ(EncodeTrailer(trailer_).value(), planted);
  EXPECT_TRUE(DecodeTrailer(planted).value() == trailer_);
}

TEST_F(TrailerForms, TheFirstFormIsStillRead) {
  const std::vector<Written> pieces = {{a_, {900, 500, 0, 0, 500}},
                                       {b_, {70'000, 60'000, 100, 500, 300}}};
  EXPECT_TRUE(DecodeTrailer(Planted(1, pieces)).value() == trailer_);
  std::vector<Written> moved = pieces;
  moved[1].fields[3] = 501;  // its offset: a gap
  EXPECT_EQ(Refusal(1, moved), StatusCode::kDamaged);
}

TEST_F(TrailerForms, OtherFormsAreUnsupported) {
  for (const std::uint64_t form : {0u, 3u}) {
    EXPECT_EQ(Refusal(form, {{a_, {900, 500}}}), StatusCode::kUnsupported) << form;
  }
}

TEST_F(TrailerForms, APieceThatContradictsItselfIsDamage) {
  EXPECT_EQ(Refusal(2, {{a_, {900}}}), StatusCode::kDamaged);
  EXPECT_EQ(Refusal(2, {{a_, {900, 500, 0}}}), StatusCode::kDamaged);
  EXPECT_EQ(Refusal(2, {{a_, {900, 500, 0, 500}}}), StatusCode::kDamaged);   // whole, at length
  EXPECT_EQ(Refusal(2, {{a_, {900, 500, 1, 500}}}), StatusCode::kDamaged);   // beyond the chunk
  EXPECT_EQ(Refusal(2, {{a_, {900, 500, 0, 0}}}), StatusCode::kDamaged);     // empty
  EXPECT_EQ(Refusal(2, {{a_, {900, 500, 0, 1, 2}}}), StatusCode::kDamaged);  // form 1's
  EXPECT_EQ(Refusal(1, {{a_, {900, 500}}}), StatusCode::kDamaged);           // form 2's
  EXPECT_EQ(Refusal(2, {{a_, {900, 1}}}), StatusCode::kDamaged);             // no method's length
  EXPECT_EQ(Refusal(2, {}), StatusCode::kDamaged);
}

TEST_F(TrailerForms, MoreThanAPackHoldsIsDamage) {
  const std::vector<Written> many(5, {a_, {4'194'304, 4'194'304}});
  EXPECT_EQ(Refusal(2, many), StatusCode::kDamaged);
}

}  // namespace
}  // namespace fenchi::format
