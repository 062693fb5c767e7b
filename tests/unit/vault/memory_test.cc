// The memory that a backup needs is stated, and held.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "vault_fixture.h"

namespace fenchi {
namespace {

class Memory : public VaultTest {};

TEST_F(Memory, ABackupOf300MegabytesStaysUnder256MiB) {
  if (std::getenv("FENCHI_TEST_REDUCED") != nullptr) {
    GTEST_SKIP() << "sanitizers need memory of their own";
  }
  const std::string command = std::string(FENCHI_MEMORY_HELPER) + " '" + scratch_ + "'";
  FILE* const helper = ::popen(command.c_str(), "r");
  ASSERT_NE(helper, nullptr);
  unsigned long long bytes = 0;
  long peak_kib = 0;
  const int fields = std::fscanf(helper, "%llu bytes\n%ld KiB", &bytes, &peak_kib);
  EXPECT_EQ(::pclose(helper), 0);
  ASSERT_EQ(fields, 2);
  EXPECT_EQ(bytes, 300'000'000u);
  RecordProperty("peak_kib", std::to_string(peak_kib));
  EXPECT_LT(peak_kib, 256 * 1024);
  // It went through the whole path: twice of it at the least lies at the providers.
  std::uint64_t stored = 0;
  for (int i = 0; i < 4; ++i) {
    const auto place = Need(OpenLocalProvider(Path("p" + std::to_string(i))));
    ASSERT_TRUE(place
                    ->List("d/", "",
                           [&](const ObjectInfo& object) {
                             stored += object.size_bytes;
                             return true;
                           })
                    .ok());
  }
  EXPECT_GE(stored, 600'000'000u);
}

}  // namespace
}  // namespace fenchi
