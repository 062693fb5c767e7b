#include "format/quorums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace fenchi::format {
namespace {

TEST(Quorums, DefaultsAreThoseOfTheDesign) {
  EXPECT_EQ(DefaultQuorums(2, 3).value(), (Quorums{3, 2, 1, 0}));
  EXPECT_EQ(DefaultQuorums(2, 3, /*liars=*/0).value(), (Quorums{2, 2, 0, 0}));
  EXPECT_EQ(DefaultQuorums(3, 5).value(), (Quorums{4, 3, 1, 0}));
  EXPECT_EQ(DefaultQuorums(2, 4).value(), (Quorums{3, 3, 1, 0}));
  EXPECT_EQ(DefaultQuorums(1, 1).value(), (Quorums{1, 1, 0, 0}));
  EXPECT_EQ(DefaultQuorums(3, 5, 1, 1).value(), (Quorums{5, 2, 1, 1}));
}

TEST(Quorums, DefaultsExistWhereverTheLossesFitAndHoldTheRules) {
  for (int n = 1; n <= 40; ++n) {
    for (int k = 1; k <= n; ++k) {
      for (int f = 0; f <= n; ++f) {
        for (int d = 0; d <= n - f; ++d) {
          SCOPED_TRACE(std::to_string(k) + " of " + std::to_string(n) +
                       ", f = " + std::to_string(f) + ", d = " + std::to_string(d));
          const Result<Quorums> quorums = DefaultQuorums(k, n, f, d);
          ASSERT_EQ(quorums.ok(), k + f + d <= n && (n + f) / 2 + 1 <= n);
          if (!quorums.ok()) {
            EXPECT_EQ(quorums.status().code(), StatusCode::kPolicy);
            continue;
          }
          EXPECT_TRUE(CheckQuorums(k, n, *quorums).ok());
        }
      }
    }
  }
}

// The rules from their meaning: every look of R providers that answers honestly must meet a write
// of W providers in an honest one, and what W hold must leave k shards after f lies and d losses.
bool HoldsByMeaning(int k, int n, const Quorums& q) {
  const int worst_meeting = q.write_quorum + q.read_quorum - n;  // providers in both, at least
  return worst_meeting - q.liars >= 1 && q.write_quorum - q.liars - q.spare_losses >= k;
}

TEST(Quorums, AreRefusedExactlyWhereTheirMeaningFails) {
  for (int n = 1; n <= 8; ++n) {
    for (int k = 1; k <= n; ++k) {
      for (int w = 1; w <= n; ++w) {
        for (int r = 1; r <= n; ++r) {
          for (int f = 0; f <= n; ++f) {
            for (int d = 0; d <= n; ++d) {
              const Quorums q{w, r, f, d};
              const Status status = CheckQuorums(k, n, q);
              ASSERT_EQ(status.ok(), HoldsByMeaning(k, n, q))
                  << k << " of " << n << ", " << w << ' ' << r << ' ' << f << ' ' << d;
              if (!status.ok()) {
                ASSERT_EQ(status.code(), StatusCode::kPolicy);
              }
            }
          }
        }
      }
    }
  }
}

TEST(Quorums, CountsOutOfRangeAreRefusedInWords) {
  EXPECT_EQ(CheckQuorums(0, 3, {3, 2, 0, 0}).code(), StatusCode::kPolicy);
  EXPECT_EQ(CheckQuorums(4, 3, {3, 2, 0, 0}).code(), StatusCode::kPolicy);
  EXPECT_EQ(CheckQuorums(1, 256, {200, 200, 0, 0}).code(), StatusCode::kPolicy);
  EXPECT_EQ(CheckQuorums(2, 3, {4, 2, 0, 0}).code(), StatusCode::kPolicy);
  EXPECT_EQ(CheckQuorums(2, 3, {3, 0, 0, 0}).code(), StatusCode::kPolicy);
  EXPECT_EQ(CheckQuorums(2, 3, {3, 2, -1, 0}).code(), StatusCode::kPolicy);
  EXPECT_EQ(DefaultQuorums(2, 3, -1).status().code(), StatusCode::kPolicy);
  EXPECT_EQ(DefaultQuorums(2, 3, 1, 1000).status().code(), StatusCode::kPolicy);
  EXPECT_NE(CheckQuorums(2, 3, {2, 2, 1, 0}).message().find("lost"), std::string::npos);
}

}  // namespace
}  // namespace fenchi::format
