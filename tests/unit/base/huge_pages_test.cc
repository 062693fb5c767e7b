#include "base/huge_pages.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/buffer_pool.h"

namespace fenchi {
namespace {

TEST(HugePages, ResizingKeepsWhatIsThereAndFillsWithZeros) {
  Bytes bytes;
  for (const std::size_t size : {0u, 1u, 5000u, 3u << 20, 17u, (9u << 20) + 1}) {
    const std::size_t before = std::min(bytes.size(), size);
    std::fill(bytes.begin(), bytes.end(), 7);
    ResizeInHugePages(bytes, size);
    ASSERT_EQ(bytes.size(), size);
    const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(before);
    EXPECT_TRUE(std::all_of(bytes.begin(), middle, [](auto byte) { return byte == 7; })) << size;
    EXPECT_TRUE(std::all_of(middle, bytes.end(), [](auto byte) { return byte == 0; })) << size;
  }
}

TEST(BufferPool, GivesWhatCameBackAgainAndOtherSizesAnew) {
  BufferPool pool(1 << 20);
  const std::uint8_t* first = nullptr;
  {
    const std::shared_ptr<Bytes> buffer = pool.Get();
    EXPECT_EQ(buffer->size(), 1u << 20);
    first = buffer->data();
  }
  const std::shared_ptr<Bytes> again = pool.Get(600 << 10);
  EXPECT_EQ(again->data(), first);
  EXPECT_NE(pool.Get()->data(), first) << "it is in use";
  EXPECT_EQ(pool.Get(1000)->size(), 1000u) << "much smaller ones are not of the pool";
  EXPECT_EQ(pool.Get(2 << 20)->size(), 2u << 20);
}

}  // namespace
}  // namespace fenchi
