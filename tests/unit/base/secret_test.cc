#include "fenchi/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <type_traits>
#include <vector>

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

TEST(SecretBytes, StartsAsZerosAlsoWhereAnotherSecretLay) {
  for (const std::size_t size : {1u, 32u, 64u, 65u, 512u, 513u, 4096u, 4097u, 100000u}) {
    for (int again = 0; again < 3; ++again) {
      SecretBytes secret(size);
      EXPECT_EQ(std::ranges::count(secret.view(), 0), static_cast<std::ptrdiff_t>(size));
      std::ranges::fill(secret.mutable_view(), 0xa5);
    }
  }
}

#if defined(__x86_64__)
// All vector registers that this CPU has, one behind the other.
[[gnu::noinline]] void StoreVectorRegisters(std::uint8_t* out) {
  if (__builtin_cpu_supports("avx512f")) {
    __asm__ volatile(
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
        "30,31\n vmovdqu64 %%zmm\\n, 64*\\n(%0)\n .endr" ::"r"(out)
        : "memory");
  } else if (__builtin_cpu_supports("avx")) {
    __asm__ volatile(
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n vmovdqu %%ymm\\n, 64*\\n(%0)\n "
        ".endr" ::"r"(out)
        : "memory");
  } else {
    __asm__ volatile(
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu %%xmm\\n, 64*\\n(%0)\n "
        ".endr" ::"r"(out)
        : "memory");
  }
}

TEST(SecretBytes, StayInNoVectorRegister) {
  Bytes secret(256);
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::uint8_t>(i * 7 + 3);
  Bytes registers(32 * 64);
  const auto held = [&] {
    return std::ranges::search(registers, ByteView(secret).first(8)).size() == 8;
  };
  SecretBytes copy;
  __asm__ volatile("movdqu (%0), %%xmm9" ::"r"(secret.data()) : "xmm9");
  StoreVectorRegisters(registers.data());
  ASSERT_TRUE(held());
  const SecretBytes another = SecretBytes::CopyOf(secret);
  StoreVectorRegisters(registers.data());
  EXPECT_FALSE(held());
  copy = another.Clone();
  __asm__ volatile("movdqu (%0), %%xmm9" ::"r"(secret.data()) : "xmm9");
  copy = SecretBytes();
  StoreVectorRegisters(registers.data());
  EXPECT_FALSE(held());
}
#endif

TEST(SecretBytes, AreApartHoweverManyThereAre) {
  std::vector<SecretBytes> all;
  for (std::size_t i = 0; i < 3000; ++i) {
    all.emplace_back(std::size_t{1} + i % 700);
    std::ranges::fill(all.back().mutable_view(), static_cast<std::uint8_t>(i));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto expected = static_cast<std::uint8_t>(i);
    ASSERT_TRUE(std::ranges::all_of(all[i].view(), [&](auto byte) { return byte == expected; }));
  }
}

TEST(SecretBytes, MayBeMadeAndDroppedByManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 1; t <= 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 2000; ++i) {
        const Bytes mine(32, static_cast<std::uint8_t>(t));
        const SecretBytes secret = SecretBytes::CopyOf(mine);
        if (!secret.Clone().Equals(mine)) ADD_FAILURE() << "thread " << t << " saw other bytes";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SeededRandom, RepeatsFromItsSeed) {
  SecretBytes a = SecretBytes::Random(32, *SeededRandom(7));
  EXPECT_TRUE(a.Equals(SecretBytes::Random(32, *SeededRandom(7)).view()));
  EXPECT_FALSE(a.Equals(SecretBytes::Random(32, *SeededRandom(8)).view()));
}

}  // namespace
}  // namespace fenchi
