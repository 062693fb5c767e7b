// A process may open few files; a tree may hold many.
#include <sys/resource.h>

#include <filesystem>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::IsEmpty;

// Lowers how many files this process may open, until the end of the block.
class FewOpenFiles {
 public:
  explicit FewOpenFiles(rlim_t most) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit few{.rlim_cur = most, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewOpenFiles() { setrlimit(RLIMIT_NOFILE, &before_); }

  rlim_t now() const {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }

 private:
  rlimit before_{};
};

class OpenFiles : public VaultTest {};

TEST_F(OpenFiles, AreFewerThanTheProcessMayHaveHoweverManyAreRestored) {
  constexpr int kFiles = 1500;
  std::filesystem::create_directory(Path("srv"));
  for (int i = 0; i < kFiles; ++i) WriteFile("srv/f" + std::to_string(i), "");
  Vault vault = MakeVault();
  const BackupReport made = Need(vault.BackupTree(Path("srv")));
  const FewOpenFiles few(256);
  const RestoreReport back = Need(vault.Restore(made.snapshot, NewTarget()));
  EXPECT_TRUE(back.complete());
  EXPECT_THAT(back.problems, IsEmpty()) << back.problems.front().status.ToString();
  EXPECT_EQ(back.files, static_cast<std::uint64_t>(kFiles));
  EXPECT_EQ(few.now(), 256u) << "the limit belongs to the program";
}

}  // namespace
}  // namespace fenchi
