// Snapshots that no honest writer makes, by somebody who holds every key: restore refuses the part
// that is wrong, says which and why, restores the rest, and writes nothing outside its target.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "fenchi/compression.h"
#include "fenchi/hash.h"
#include "format/derive.h"
#include "format/sealed.h"
#include "format/snapshot.h"
#include "operations/commit.h"
#include "repository/pack_writer.h"
#include "repository/run_keys.h"
#include "simulation/small_vault.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

Bytes Raw(ByteView plain) {
  Bytes out = {0};
  out.insert(out.end(), plain.begin(), plain.end());
  return out;
}

// A writer that keeps to the format's cryptography and to nothing else.
class Planter {
 public:
  explicit Planter(SmallVault& vault)
      : vault_(vault),
        session_(vault.session()),
        writer_(
            Need(WriterState::Acquire(session_.state_directory, session_.access, session_.random))),
        keys_(Need(NewRunKeys(session_.access, Need(WriteKeysFor(session_.access, "")),
                              writer_.id(), session_.random))) {
    const SecretBytes key =
        format::IdKey(Domain().id_root.view(), session_.access.vault, Domain().id, keys_.id_scope);
    hash_ = Need(KeyedHash::Create(key.view()));
  }

  ChunkId IdOf(ByteView plain) {
    ChunkId id;
    id.bytes = (*hash_)(plain).bytes;
    return id;
  }

  // A pack of its own for one stored chunk, whatever is in it.
  format::Reference StoreAs(const ChunkId& id, std::uint64_t plain_size, Bytes stored,
                            format::PackType type = format::PackType::kData) {
    PackWriter packs(session_.access, keys_, type, session_.random, session_.stages);
    const auto ticket = std::make_shared<ChunkTicket>();
    EXPECT_TRUE(packs.Add(id, plain_size, OwnChunk(std::move(stored)), ticket).ok());
    EXPECT_TRUE(packs.PlaceAll().ok());
    EXPECT_TRUE(packs.Wait().ok());
    for (const StoredPack& pack : packs.TakeStored()) added_.emplace(pack.entry.pack, pack.entry);
    return ticket->reference();
  }
  format::Reference Store(ByteView plain, format::PackType type = format::PackType::kData) {
    return StoreAs(IdOf(plain), plain.size(), Raw(plain), type);
  }
  format::Reference StoreNode(ByteView node) { return Store(node, format::PackType::kMetadata); }

  // `change`: of the snapshot's encoded content, before it is sealed.
  SnapshotId Commit(format::TreeList root, const std::function<void(Bytes&)>& change = {}) {
    format::SnapshotContent content;
    content.label = "planted";
    content.root = std::move(root);
    Bytes plain = Need(format::EncodeSnapshotContent(content));
    if (change) change(plain);
    format::SnapshotObject object;
    object.domain = keys_.domain;
    object.run = keys_.run;
    object.epoch = keys_.epoch;
    object.wrapped_data_key = keys_.wrapped_data_key;
    const Access& access = session_.access;
    const SecretBytes key = format::SnapshotKey(keys_.data_key.view(), access.vault, keys_.domain);
    const Bytes context = format::RunContext(object.run, object.domain);
    object.box = Need(format::SealPadded({keys_.suite, SealType::kSnapshot, access.vault, context},
                                         key.view(), plain, format::kSnapshotPadding,
                                         std::size_t{1} << 19, session_.random));
    CommitPlan plan;
    plan.added = added_;
    plan.snapshots.push_back(Need(format::EncodeSnapshotObject(object)));
    Need(session_.Refresh());
    Need(CommitSnapshot(session_, writer_, plan));
    return format::SnapshotIdOf(plan.snapshots.front());
  }

 private:
  const format::DomainKeys& Domain() const { return session_.access.domains.front(); }

  SmallVault& vault_;
  Session& session_;
  WriterState writer_;
  RunKeys keys_;
  std::optional<KeyedHash> hash_;
  PackMap added_;
};

format::Entry Directory(std::string path) {
  format::Entry entry;
  entry.path = std::move(path);
  entry.attributes.type = EntryType::kDirectory;
  entry.attributes.mode = 0755;
  return entry;
}

format::Entry File(std::string path, const std::vector<format::Reference>& chunks) {
  format::Entry entry;
  entry.path = std::move(path);
  entry.attributes.mode = 0644;
  for (const format::Reference& chunk : chunks) {
    entry.content.items.push_back({entry.attributes.size, chunk});
    entry.attributes.size += chunk.plain_size;
  }
  return entry;
}

// Every occurrence of `from` becomes `to`, which is as long.
std::function<void(Bytes&)> Patch(std::string_view from, std::string_view to) {
  return [=](Bytes& bytes) {
    int found = 0;
    for (auto at = bytes.begin();; ++found) {
      at = std::search(at, bytes.end(), from.begin(), from.end());
      if (at == bytes.end()) break;
      at = std::copy(to.begin(), to.end(), at);
    }
    EXPECT_GT(found, 0);
  };
}

class PlantedSnapshot : public ::testing::Test {
 protected:
  PlantedSnapshot() : vault_({.data = false}), planter_(vault_), good_(Chunk("good")) {}

  format::Reference Chunk(std::string_view text) { return planter_.Store(AsBytes(text)); }

  fs::path Target() const { return vault_.folder() / "inner/target"; }

  // Restores and sees that nothing appeared beside the target.
  Result<RestoreReport> Restore(const SnapshotId& id) {
    fs::create_directories(vault_.folder() / "inner");
    const auto names = [&] {
      std::vector<std::string> out;
      for (const auto& entry : fs::recursive_directory_iterator(vault_.folder())) {
        const std::string path = entry.path();
        if (!path.starts_with(Target().string()) && path.find("/state") == std::string::npos) {
          out.push_back(path);
        }
      }
      std::ranges::sort(out);
      return out;
    };
    const std::vector<std::string> before = names();
    Result<RestoreReport> report = RestoreSnapshot(vault_.session(), id, Target(), {});
    EXPECT_EQ(names(), before);
    return report;
  }

  std::string Content(const std::string& path) const {
    std::ifstream file(Target() / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // The good file is restored; exactly `path` is lost, with `words` in the reason.
  void ExpectOnlyLost(const SnapshotId& id, const std::string& path, const std::string& words) {
    const Result<RestoreReport> report = Restore(id);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(Content("top/good"), "good");
    ASSERT_EQ(report->lost.size(), 1u);
    EXPECT_EQ(report->lost.front().path, path);
    EXPECT_NE(report->lost.front().status.message().find(words), std::string::npos)
        << report->lost.front().status.ToString();
    EXPECT_FALSE(fs::exists(fs::symlink_status(Target() / path)) && !path.empty()) << path;
    const VerifyReport deep = Need(VerifyVault(vault_.session(), {.depth = VerifyDepth::kData}));
    EXPECT_FALSE(deep.healthy());
  }

  // top/good and one more entry.
  format::TreeList With(format::Entry bad) {
    format::TreeList root;
    root.items = {Directory("top"), File("top/good", {good_}), std::move(bad)};
    return root;
  }

  SmallVault vault_;
  Planter planter_;
  format::Reference good_;
};

TEST_F(PlantedSnapshot, ThatIsRightIsRestored) {
  const SnapshotId id = planter_.Commit(With(File("top/more", {Chunk("mo"), Chunk("re")})));
  const Result<RestoreReport> report = Restore(id);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(Content("top/good"), "good");
  EXPECT_EQ(Content("top/more"), "more");
}

TEST_F(PlantedSnapshot, WithPathsThatLeaveTheTargetIsRefusedWhole) {
  const std::vector<std::pair<std::string, std::string>> paths = {
      {"xx/evil", "../evil"},  // above
      {"top/xx", "top/.."},    // above, at the end
      {"top/x/evil", "top/./evil"},
      {"x/evil", "//evil"},
      {"xetc", "/etc"},
      {"top/xx/xx/evil", "top/../../evil"},
      {std::string("top/xy"), std::string("top/\0y", 6)},
  };
  for (const auto& [from, to] : paths) {
    SCOPED_TRACE(to);
    format::TreeList root;
    root.items = {Directory("top"), File("top/good", {good_}), File(from, {good_})};
    std::ranges::sort(root.items, [](const auto& a, const auto& b) {
      return format::ComparePaths(a.path, b.path) < 0;
    });
    const SnapshotId id = planter_.Commit(std::move(root), Patch(from, to));
    const Result<RestoreReport> report = Restore(id);
    EXPECT_EQ(report.status().code(), StatusCode::kDamaged) << report.status().ToString();
    EXPECT_FALSE(fs::exists(Target() / "top"));
    fs::remove_all(Target());
  }
}

TEST_F(PlantedSnapshot, WithANodeOfBadPathsLosesThatNodeOnly) {
  format::TreeList inner;
  inner.items = {File("top/xx/evil", {good_})};
  Bytes node = Need(format::EncodeNode(inner));
  Patch("top/xx/evil", "top/../evil")(node);
  format::TreeList fine;
  fine.items = {Directory("top"), File("top/good", {good_})};
  format::TreeList root;
  root.level = 1;
  root.links = {{planter_.StoreNode(Need(format::EncodeNode(fine))), 2, "top/good"},
                {planter_.StoreNode(node), 1, "top/xx/evil"}};
  ExpectOnlyLost(planter_.Commit(std::move(root)), "", "list of files");
}

TEST_F(PlantedSnapshot, WithAnEntryBeforeItsParentLosesThatEntryOnly) {
  ExpectOnlyLost(planter_.Commit(With(File("top/no such/evil", {good_}))), "top/no such/evil",
                 "planted");
}

TEST_F(PlantedSnapshot, WithAnEntryBelowALinkNeverFollowsIt) {
  format::TreeList root = With(File("top/link/evil", {good_}));
  format::Entry link;
  link.path = "top/link";
  link.attributes.type = EntryType::kSymlink;
  link.attributes.mode = 0777;
  link.attributes.symlink_target = vault_.folder();
  root.items.insert(root.items.begin() + 2, link);
  const Result<RestoreReport> report = Restore(planter_.Commit(std::move(root)));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  ASSERT_EQ(report->lost.size(), 1u);
  EXPECT_EQ(report->lost.front().path, "top/link/evil");
  EXPECT_FALSE(fs::exists(vault_.folder() / "evil"));
  EXPECT_TRUE(fs::is_symlink(Target() / "top/link"));
}

TEST_F(PlantedSnapshot, WithAReferenceBeyondThePackLosesThatFileOnly) {
  format::Reference beyond = good_;
  beyond.pieces.front().offset = 12 * format::kSegmentPlainSize - 2;
  ExpectOnlyLost(planter_.Commit(With(File("top/x", {beyond}))), "top/x", "behind the end of pack");
}

TEST_F(PlantedSnapshot, WithAReferenceToAPackThatIsNowhereLosesThatFileOnly) {
  format::Reference nowhere = good_;
  nowhere.pieces.front().pack.bytes[5] ^= 1;
  ExpectOnlyLost(planter_.Commit(With(File("top/x", {nowhere}))), "top/x", "no good shard header");
}

TEST_F(PlantedSnapshot, WithTheWrongChunkIdLosesThatFileOnly) {
  const Bytes stored = Raw(AsBytes("evil"));
  const format::Reference wrong = planter_.StoreAs(planter_.IdOf(AsBytes("good")), 4, stored);
  ExpectOnlyLost(planter_.Commit(With(File("top/x", {wrong}))), "top/x", "another chunk's");
}

TEST_F(PlantedSnapshot, WithPiecesOutsideTheStoredFormLosesThatFileOnly) {
  format::Reference shifted = good_;
  ++shifted.pieces.front().offset;
  ExpectOnlyLost(planter_.Commit(With(File("top/x", {shifted}))), "top/x", "chunk");
}

// 4 MiB of zeros are about 160 bytes of zstd; the reference promises 4 bytes.
TEST_F(PlantedSnapshot, WithABombLosesThatFileOnly) {
  Bytes stored;
  ASSERT_TRUE(Compressor().Compress(Bytes(4 << 20, 0), 3, stored).ok());
  const format::Reference bomb = planter_.StoreAs(planter_.IdOf(AsBytes("bomb")), 4, stored);
  ExpectOnlyLost(planter_.Commit(With(File("top/x", {bomb}))), "top/x", "chunk");
}

// A frame that states no size, and expands to 64 MiB: a byte repeated in 512 blocks.
TEST_F(PlantedSnapshot, WithABombThatHidesItsSizeLosesThatFileOnly) {
  Bytes stored = {1, 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58};  // method, magic, descriptor, window
  for (int i = 0; i < 512; ++i) {
    const std::uint32_t header = (131072u << 3) | 2u | (i == 511 ? 1u : 0u);  // an RLE block
    for (int byte = 0; byte < 3; ++byte)
      stored.push_back(static_cast<std::uint8_t>(header >> (8 * byte)));
    stored.push_back(0);
  }
  const format::Reference bomb = planter_.StoreAs(planter_.IdOf(AsBytes("bomb")), 4 << 20, stored);
  ExpectOnlyLost(planter_.Commit(With(File("top/x", {bomb}))), "top/x", "chunk");
}

// Embedded content is checked with its entry; a node is seen only when it is read.
TEST_F(PlantedSnapshot, WithContentBehindTheFilesEndLosesThatFileOnly) {
  format::ContentList node;
  node.items = {{0, good_}};
  format::Entry file = File("top/x", {});
  file.attributes.size = 2;
  file.content.level = 1;
  file.content.links = {{planter_.StoreNode(Need(format::EncodeNode(node))), 1, 2}};
  ExpectOnlyLost(planter_.Commit(With(file)), "top/x", "a planted list");
}

// A node whose level is not one less than its link's list: what a loop would need at some place.
TEST_F(PlantedSnapshot, WithLevelsThatDoNotDescendLosesThatNodeOnly) {
  format::TreeList leaf;
  leaf.items = {File("top/x", {good_})};
  format::TreeList middle;
  middle.level = 1;
  middle.links = {{planter_.StoreNode(Need(format::EncodeNode(leaf))), 1, "top/x"}};
  format::TreeList fine;
  fine.items = {Directory("top"), File("top/good", {good_})};
  format::TreeList root;
  root.level = 1;
  root.links = {{planter_.StoreNode(Need(format::EncodeNode(fine))), 2, "top/good"},
                {planter_.StoreNode(Need(format::EncodeNode(middle))), 1, "top/x"}};
  ExpectOnlyLost(planter_.Commit(std::move(root)), "", "level");
}

TEST_F(PlantedSnapshot, WithAContentNodeOfTreesLosesThatFileOnly) {
  format::TreeList tree;
  tree.items = {Directory("top")};
  format::Entry file = File("top/x", {});
  file.attributes.size = 4;
  file.content.level = 1;
  file.content.links = {{planter_.StoreNode(Need(format::EncodeNode(tree))), 1, 4}};
  ExpectOnlyLost(planter_.Commit(With(file)), "top/x", "");
}

}  // namespace
}  // namespace fenchi
