#include "fenchi/secret.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace fenchi {
namespace {

TEST(SecretBytes, IsNeverCopiedByAccident) {
  static_assert(!std::is_copy_constructible_v<SecretBytes>);
  const SecretBytes a = SecretBytes::CopyOf(AsBytes("key"));
  EXPECT_TRUE(a.Clone().Equals(AsBytes("key")));
  EXPECT_FALSE(a.Equals(AsBytes("kex")));
  EXPECT_FALSE(a.Equals(AsBytes("ke")));
}

TEST(SecretBytes, MovingLeavesTheSourceEmpty) {
  SecretBytes a = SecretBytes::CopyOf(AsBytes("key"));
  SecretBytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT: the moved-from state is the promise
  EXPECT_EQ(b.size(), 3u);
}

TEST(SeededRandom, RepeatsFromItsSeed) {
  SecretBytes a = SecretBytes::Random(32, *SeededRandom(7));
  EXPECT_TRUE(a.Equals(SecretBytes::Random(32, *SeededRandom(7)).view()));
  EXPECT_FALSE(a.Equals(SecretBytes::Random(32, *SeededRandom(8)).view()));
}

}  // namespace
}  // namespace fenchi
