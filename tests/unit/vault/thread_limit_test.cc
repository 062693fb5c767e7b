// A host that gives the program no thread: whole verbs, on one thread, and nothing is lost.
#include <unistd.h>

#include "unit/base/thread_limit.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

class ThreadLimit : public VaultTest {};

TEST_F(ThreadLimit, WithoutAThreadOfItsOwnAVaultBacksUpLosesProvidersRepairsAndRestores) {
  ASSERT_TRUE(::geteuid() != 0 || ::chown(scratch_.c_str(), kNobody, kNobody) == 0);
  const auto everything = [this] {
    WriteTree("srv");
    WriteFile("srv/large", RandomText(9 << 20));  // packs of several pieces
    Vault vault = MakeVault({.needed = 2, .providers = 4, .on_disk = true});
    const SnapshotId snapshot = Need(vault.BackupTree(Path("srv"))).snapshot;
    ExpectRestores(vault, snapshot, Path("srv"));
    for (const int lost : {0, 2}) Lose(lost, "d/");
    Vault other = Reopen("other");
    ExpectRestores(other, snapshot, Path("srv"));
    const VerifyReport health = Need(other.Verify());
    EXPECT_FALSE(health.healthy());
    EXPECT_TRUE(Need(other.Repair(health)).complete());
    EXPECT_TRUE(Need(other.Verify({.depth = VerifyDepth::kData})).healthy());
    return !HasFailure();
  };
  EXPECT_EXIT(ExitWithoutThreads(everything), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace fenchi
