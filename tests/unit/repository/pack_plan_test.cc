// How packs are filled: what has its place where, and how little is left empty.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "fenchi/random.h"
#include "repository/pack_plan.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20261129;
constexpr std::uint64_t kPieceSizeMin = 1024;  // FORMAT.md 14.4

class Plan : public testing::Test {
 protected:
  void SetUp() override { std::cout << "seed " << kSeed << '\n'; }

  std::uint64_t Upto(std::uint64_t most) {
    std::array<std::uint8_t, 4> raw{};
    random_->Fill(raw);
    return (raw[0] | raw[1] << 8 | raw[2] << 16) % (most + 1);
  }
  void Add(std::uint64_t stored_size) {
    ChunkId id;
    random_->Fill(id.bytes);
    auto ticket = std::make_shared<ChunkTicket>();
    const std::uint64_t plain_size = std::min(2 * stored_size, format::kChunkSizeMax);
    ASSERT_TRUE(planner_.Add(id, plain_size, OwnChunk(Bytes(stored_size)), ticket).ok());
    added_.emplace_back(stored_size, std::move(ticket));
    planned(planner_.PlanFull().value());
  }
  void planned(std::vector<PlannedPack> packs) {
    for (PlannedPack& pack : packs) packs_.push_back(std::move(pack));
  }
  // Bytes between the last piece and the trailer. Fails where they overlap.
  static std::uint64_t Gap(const PlannedPack& pack) {
    const std::uint64_t end = pack.pieces.back().offset + pack.pieces.back().part.size();
    const std::uint64_t taken = end + pack.trailer.size() + 4;
    EXPECT_LE(taken, format::PackPlainSize(pack.segments));
    return format::PackPlainSize(pack.segments) - taken;
  }

  std::unique_ptr<Random> random_ = SeededRandom(kSeed);
  PackPlanner planner_{RunId{}, *random_};
  std::vector<std::pair<std::uint64_t, TicketPtr>> added_;
  std::vector<PlannedPack> packs_;
};

TEST_F(Plan, LeavesNextToNothingEmptyInAFullPackOfSmallChunks) {
  while (packs_.size() < 3) Add(2 + Upto(3000));
  for (const PlannedPack& pack : packs_) {
    EXPECT_EQ(pack.segments, 240);
    EXPECT_GT(pack.pieces.size(), 5'000u);
    EXPECT_LT(Gap(pack), kPieceSizeMin + 16);  // an end that is too short for a piece
  }
}

TEST_F(Plan, GivesEveryChunkAPlaceInOneToSevenPieces) {
  const std::array<std::uint64_t, 4> most = {30, 5'000, 300'000, 4'194'304};
  for (int i = 0; i < 400; ++i) Add(2 + Upto(most[Upto(3)] - 2));
  EXPECT_GT(packs_.size(), 2u);
  planned(planner_.PlanRest().value());
  EXPECT_EQ(planner_.waiting_bytes(), 0u);
  for (const PlannedPack& pack : packs_) Gap(pack);
  for (const auto& [stored_size, ticket] : added_) {
    ASSERT_TRUE(ticket->placed());
    const auto& pieces = ticket->reference().pieces;
    EXPECT_LE(pieces.size(), 7u);
    std::uint64_t bytes = 0;
    for (const auto& piece : pieces) bytes += piece.size;
    EXPECT_EQ(bytes, stored_size);
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) EXPECT_GE(pieces[i].size, kPieceSizeMin);
  }
}

TEST_F(Plan, EndsWithPacksOfEveryClassThatTheRestCanFill) {
  Add(3'000'000);  // below the 72 segments of 4.7 MB
  Add(3'000'000);
  planned(planner_.PlanRest().value());
  ASSERT_EQ(packs_.size(), 3u);
  EXPECT_EQ(packs_[0].segments, 72);
  EXPECT_EQ(packs_[1].segments, 12);
  EXPECT_EQ(packs_[2].segments, 12);
}

}  // namespace
}  // namespace fenchi
