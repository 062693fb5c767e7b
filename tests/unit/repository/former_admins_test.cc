// What admins approved, after others followed them.
#include <gtest/gtest.h>

#include "unit/repository/history_testing.h"

namespace fenchi {
namespace {

TEST(FormerAdmins, WhatAdminsApprovedStaysApprovedWhenOthersFollowThem) {
  TestVault vault(2, 4, 23, /*admin_threshold=*/2);
  Desk desk(vault);
  const Bytes object = RandomSnapshot(*vault.random);
  desk.Seal(desk.Commit({object}));
  desk.Append(vault.Approved(format::ForgetBody{{format::SnapshotIdOf(object)}, {}}, 2));
  vault.access.policy.next_admins = {1, {SigningKey::Generate(*vault.random).public_key()}};
  AddPeople(vault.access.policy, vault.access);
  EXPECT_TRUE(View(vault).history.snapshots().empty());
}

TEST(FormerAdmins, WhatFormerAdminsApproveAfterTheyWereClosedIsNoApproval) {
  TestVault vault(2, 4, 25, /*admin_threshold=*/2);
  Desk desk(vault);
  std::vector<Bytes> objects;
  for (int i = 0; i < 4; ++i) objects.push_back(RandomSnapshot(*vault.random));
  for (const Bytes& object : objects) desk.Seal(desk.Commit({object}));
  const auto forget = [&](int number) {
    const SnapshotId id = format::SnapshotIdOf(objects[static_cast<std::size_t>(number)]);
    return desk.Append(vault.Approved(format::ForgetBody{{id}, {}}, 2));
  };
  const auto left = [&] { return View(vault).history.snapshots().size(); };
  const format::RecordRef in_time = forget(0);
  SigningKey next = SigningKey::Generate(*vault.random);
  vault.access.policy.next_admins = {1, {next.public_key()}};
  AddPeople(vault.access.policy, vault.access);
  forget(1);  // not closed yet: it counts
  EXPECT_EQ(left(), 2u);
  vault.access.policy.closed_heads = {{in_time.writer, in_time.seq, in_time.hash}};
  AddPeople(vault.access.policy, vault.access);
  EXPECT_EQ(left(), 3u);  // what stands behind the heads does not
  // A version that follows and closes nothing changes nothing of that.
  vault.access.policy.closed_heads.clear();
  AddPeople(vault.access.policy, vault.access);
  EXPECT_EQ(left(), 3u);
  forget(2);
  EXPECT_EQ(left(), 3u);
  vault.admins.clear();
  vault.admins.push_back(std::move(next));
  const SnapshotId id = format::SnapshotIdOf(objects[3]);
  desk.Append(vault.Approved(format::ForgetBody{{id}, {}}, 1));
  EXPECT_EQ(left(), 2u);
}

TEST(FormerAdmins, AWriterThatTheHeadsDoNotListHasNothingBeforeThem) {
  TestVault vault(2, 4, 26, /*admin_threshold=*/2);
  Desk desk(vault);
  const Bytes object = RandomSnapshot(*vault.random);
  desk.Seal(desk.Commit({object}));
  desk.Append(vault.Approved(format::ForgetBody{{format::SnapshotIdOf(object)}, {}}, 2));
  vault.access.policy.next_admins = {1, {SigningKey::Generate(*vault.random).public_key()}};
  vault.access.policy.closed_heads = {{WriterId{{9}}, 1000, Hash256{}}};
  AddPeople(vault.access.policy, vault.access);
  EXPECT_EQ(View(vault).history.snapshots().size(), 1u);
}

}  // namespace
}  // namespace fenchi
