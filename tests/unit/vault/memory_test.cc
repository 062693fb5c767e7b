// The memory that a backup needs is stated, and held.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "vault_fixture.h"

namespace fenchi {
namespace {

class Memory : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    if (std::getenv("FENCHI_TEST_REDUCED") != nullptr) {
      GTEST_SKIP() << "sanitizers need memory of their own";
    }
  }

  // Runs the helper: the bytes that it backed up, and the most memory that it held.
  void Measure(const std::string& arguments = "") {
    const std::string command =
        std::string(FENCHI_MEMORY_HELPER) + " '" + scratch_ + "'" + arguments;
    FILE* const helper = ::popen(command.c_str(), "r");
    ASSERT_NE(helper, nullptr);
    const int fields = std::fscanf(helper, "%llu bytes\n%ld KiB", &bytes_, &peak_kib_);
    EXPECT_EQ(::pclose(helper), 0);
    ASSERT_EQ(fields, 2);
    RecordProperty("peak_kib", std::to_string(peak_kib_));
  }

  unsigned long long bytes_ = 0;
  long peak_kib_ = 0;
};

// Each is stored as it is. 1,024 of them are a batch, which fills a twentieth of its buffer.
TEST_F(Memory, TinyFilesDoNotKeepTheMemoryOfTheirBatches) {
  constexpr int kFiles = 30'000;
  MakeDir("srv");
  for (int i = 0; i < kFiles; ++i) {
    const std::string folder = "srv/" + std::to_string(i / 1000);
    if (i % 1000 == 0) MakeDir(folder);
    WriteFile(folder + "/" + std::to_string(i), RandomText(200));
  }
  ASSERT_NO_FATAL_FAILURE(Measure(" '" + Path("srv") + "'"));
  EXPECT_EQ(bytes_, 200u * kFiles);
  EXPECT_LT(peak_kib_, 128 * 1024);
}

// A chunk that comes again is dropped; what lies beside it in memory waits for its pack.
TEST_F(Memory, WhatComesAgainIsNotKept) {
  constexpr int kFolders = 60;
  const std::string picture = RandomText(3'200'000);
  MakeDir("srv");
  for (int i = 0; i < kFolders; ++i) {
    const std::string folder = "srv/" + std::to_string(i);
    MakeDir(folder);
    WriteFile(folder + "/note", RandomText(200));
    WriteFile(folder + "/picture", picture);
  }
  ASSERT_NO_FATAL_FAILURE(Measure(" '" + Path("srv") + "'"));
  EXPECT_EQ(bytes_, 3'200'200u * kFolders);
  EXPECT_LT(peak_kib_, 160 * 1024);
}

TEST_F(Memory, ABackupOf300MegabytesStaysUnder192MiB) {
  ASSERT_NO_FATAL_FAILURE(Measure());
  EXPECT_EQ(bytes_, 300'000'000u);
  EXPECT_LT(peak_kib_, 192 * 1024);
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
