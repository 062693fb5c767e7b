// Orders, ranges and combinations that each object refuses: when it is made, and when it is read.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "crypto/p256.h"
#include "fenchi/hash.h"
#include "format/derive.h"
#include "unit/format/random_objects.h"

namespace fenchi::format {
namespace {

using testing::RandomObjects;

// Each change makes a good object bad.
template <typename Object, typename Make, typename Encode>
void EachIsRefused(Make make, Encode encode,
                   const std::vector<std::pair<const char*, std::function<void(Object&)>>>& changes,
                   StatusCode code = StatusCode::kInvalidArgument) {
  for (const auto& [what, change] : changes) {
    Object object = make();
    const auto good = encode(object);
    ASSERT_TRUE(good.ok()) << what << ": " << good.status().ToString();
    change(object);
    EXPECT_EQ(encode(object).status().code(), code) << what;
  }
}

TEST(Rules, OfAGenesis) {
  RandomObjects o(40);
  EachIsRefused<Genesis>(
      [&] { return o.MakeGenesis(); }, EncodeGenesis,
      {{"no admin", [](Genesis& g) { g.admins.keys.clear(); }},
       {"threshold 0", [](Genesis& g) { g.admins.threshold = 0; }},
       {"threshold too high", [](Genesis& g) { g.admins.threshold = 6; }},
       {"an admin twice", [](Genesis& g) { g.admins.keys.push_back(g.admins.keys[0]); }}});
}

TEST(Rules, OfAPolicy) {
  RandomObjects o(41);
  const auto make = [&] { return o.MakePolicy(); };
  EachIsRefused<Policy>(
      make, EncodePolicy,
      {{"version 0", [](Policy& p) { p.version = 0; }},
       {"nine digits", [](Policy& p) { p.version = 100'000'000; }},
       {"first after none",
        [](Policy& p) {
          p.version = 1;
          p.previous.bytes = p.vault.bytes;
          p.previous.bytes[0] ^= 1;
        }},
       {"a seat twice",
        [&](Policy& p) {
          p.providers = {{o.Make<ProviderId>(), 0, ProviderState::kActive},
                         {o.Make<ProviderId>(), 0, ProviderState::kActive}};
          std::sort(p.providers.begin(), p.providers.end(),
                    [](const auto& a, const auto& b) { return a.id < b.id; });
          p.needed = 1;
          p.quorums = DefaultQuorums(1, 2).value();
        }},
       {"seat 255",
        [&](Policy& p) {
          p.providers.push_back({o.Make<ProviderId>(), 255, ProviderState::kRetired});
        }},
       {"seats that descend",
        [&](Policy& p) {
          p.providers.push_back({o.Make<ProviderId>(), 254, ProviderState::kRetired});
          p.providers.push_back({o.Make<ProviderId>(), 200, ProviderState::kRetired});
        }},
       {"a provider twice",
        [](Policy& p) {
          p.providers.push_back({p.providers[0].id, 254, ProviderState::kRetired});
        }},
       {"epoch 0", [](Policy& p) { p.epoch = 0; }},
       {"matrix 2", [](Policy& p) { p.matrix_id = 2; }},
       {"slots version 0", [](Policy& p) { p.slots.version = 0; }},
       {"leaves that descend",
        [](Policy& p) {
          p.leaves.insert(p.leaves.begin(), LeafHash{254, {}});
        }},
       {"a writer twice",
        [&](Policy& p) {
          p.writers.push_back({o.Make<WriterId>(), {}, 1, WriterState::kActive});
          p.writers.push_back(p.writers.back());
        }},
       {"unknown rights",
        [&](Policy& p) {
          p.writers.push_back({o.Make<WriterId>(), {}, 8, WriterState::kActive});
        }},
       {"no admin next", [](Policy& p) { p.next_admins.keys.clear(); }},
       {"no details", [](Policy& p) { p.details.clear(); }}});
  EachIsRefused<Policy>(make, EncodePolicy,
                        {{"W beyond n", [](Policy& p) { p.quorums.write_quorum = 200; }},
                         {"R too small", [](Policy& p) { p.quorums.read_quorum = 0; }},
                         {"k beyond n", [](Policy& p) { p.needed = 200; }}},
                        StatusCode::kPolicy);
}

// Both points are of the curve.
SlotNode TokenNode(RandomObjects& o) {
  SlotNode node;
  node.kind = NodeKind::kToken;
  const auto draw = [&] {
    while (true) {
      const auto pair = P256KeyPair::FromSecretKey(o.Some(32, 32));
      if (pair.ok()) return pair->public_key;
    }
  };
  node.token = draw();
  node.sealed_key = o.Some(181, 181);
  std::ranges::copy(draw().bytes, node.sealed_key.begin());
  return node;
}

TEST(Rules, OfSlots) {
  RandomObjects o(42);
  const auto make = [&] {
    SlotTable table = o.MakeSlots();
    table.slots.resize(1);
    Slot& slot = table.slots[0];
    SlotNode custodians;
    custodians.kind = NodeKind::kCustodians;
    custodians.threshold = 2;
    custodians.custodians = 3;
    const Bytes path = {0};
    custodians.share_context =
        SlotShareContext({table.vault, table.epoch, slot.id, slot.access}, path);
    SlotNode passphrase;
    SlotNode recipient;
    recipient.kind = NodeKind::kRecipient;
    recipient.sealed_key = o.Some(148, 148);
    slot.node = {};
    slot.node.kind = NodeKind::kOr;
    slot.node.children = {custodians, passphrase, recipient, TokenNode(o)};
    slot.node.wrapped_keys = {o.Some(116, 116), o.Some(116, 116), o.Some(116, 116),
                              o.Some(116, 116)};
    return table;
  };
  const auto node = [](SlotTable& t) -> SlotNode& { return t.slots[0].node; };
  EachIsRefused<SlotTable>(
      make, EncodeSlots,
      {{"no slot", [](SlotTable& t) { t.slots.clear(); }},
       {"a slot twice", [](SlotTable& t) { t.slots.push_back(t.slots[0]); }},
       {"epoch 0", [](SlotTable& t) { t.epoch = 0; }},
       {"another epoch than the shares'", [](SlotTable& t) { t.epoch ^= 0x80; }},
       {"another access rule than the shares'", [](SlotTable& t) { t.slots[0].access += "x"; }},
       {"no access rule", [](SlotTable& t) { t.slots[0].access.clear(); }},
       {"box too short", [](SlotTable& t) { t.slots[0].root_box.pop_back(); }},
       {"one child",
        [=](SlotTable& t) {
          node(t).children.resize(1);
          node(t).wrapped_keys.resize(1);
        }},
       {"a wrapped key missing", [=](SlotTable& t) { node(t).wrapped_keys.pop_back(); }},
       {"a wrapped key too short", [=](SlotTable& t) { node(t).wrapped_keys[0].pop_back(); }},
       {"children in another order",
        [=](SlotTable& t) { std::swap(node(t).children[0], node(t).children[1]); }},
       {"4 of 3 custodians", [=](SlotTable& t) { node(t).children[0].threshold = 4; }},
       {"17 custodians", [=](SlotTable& t) { node(t).children[0].custodians = 17; }},
       {"21 passes", [=](SlotTable& t) { node(t).children[1].cost.passes = 21; }},
       {"more than 4 GiB",
        [=](SlotTable& t) { node(t).children[1].cost.memory_bytes = (4ull << 30) + 1024; }},
       {"half a KiB", [=](SlotTable& t) { node(t).children[1].cost.memory_bytes += 512; }},
       {"2 lanes", [=](SlotTable& t) { node(t).children[1].cost.lanes = 2; }},
       {"sealed key too short", [=](SlotTable& t) { node(t).children[2].sealed_key.clear(); }},
       {"a token's key beside the curve",
        [=](SlotTable& t) { node(t).children[3].token.bytes[64] ^= 1; }},
       {"a token's key in another form",
        [=](SlotTable& t) { node(t).children[3].token.bytes[0] = 6; }},
       {"an ephemeral key beside the curve",
        [=](SlotTable& t) { node(t).children[3].sealed_key[64] ^= 1; }},
       {"a key sealed to a token too short",
        [=](SlotTable& t) { node(t).children[3].sealed_key.pop_back(); }},
       {"a key sealed to a token of a recipient's size",
        [=](SlotTable& t) { node(t).children[3].sealed_key.resize(148); }},
       {"4 deep", [=](SlotTable& t) {
          SlotNode deep;
          deep.kind = NodeKind::kAnd;
          deep.children = {SlotNode{}, SlotNode{}};
          SlotNode deeper = deep;
          deeper.children[1] = deep;
          node(t).children[1] = deeper;
        }}});
}

TEST(Rules, OfShardHeadersAndTrailers) {
  RandomObjects o(43);
  EachIsRefused<ShardHeader>([&] { return o.MakeHeader(); }, EncodeShardHeader,
                             {{"13 segments", [](ShardHeader& h) { h.segments = 13; }},
                              {"k beyond n", [](ShardHeader& h) { h.needed = h.seats + 1; }},
                              {"k = 0", [](ShardHeader& h) { h.needed = 0; }},
                              {"index 255", [](ShardHeader& h) { h.shard_index = 255; }},
                              {"epoch 0", [](ShardHeader& h) { h.epoch = 0; }},
                              {"matrix 2", [](ShardHeader& h) { h.matrix_id = 2; }},
                              {"the scope of another writer", [](ShardHeader& h) {
                                 h.id_scope.bytes = h.writer.bytes;
                                 h.id_scope.bytes[0] ^= 1;
                               }}});
  EachIsRefused<Trailer>(
      [&] { return o.MakeTrailer(); }, EncodeTrailer,
      {{"no pieces", [](Trailer& t) { t.items.clear(); }},
       {"a gap", [](Trailer& t) { t.items.back().offset += 1; }},
       {"an overlap",
        [](Trailer& t) {
          t.items.push_back(t.items[0]);
          t.items.back().offset = 0;
        }},
       {"beyond the chunk", [](Trailer& t) { t.items.back().first = t.items.back().stored_size; }},
       {"an empty piece", [](Trailer& t) { t.items.back().size = 0; }},
       {"a chunk too large", [](Trailer& t) { t.items.back().plain_size = kChunkSizeMax + 1; }}});
}

TEST(Rules, OfTrailersAtThePacksEnd) {
  RandomObjects o(44);
  const Bytes trailer = EncodeTrailer(o.MakeTrailer()).value();
  Bytes pack(5000);
  std::copy(trailer.begin(), trailer.end(), pack.end() - 4 - static_cast<long>(trailer.size()));
  PutBe32(MutableBytes(pack).last(4), static_cast<std::uint32_t>(trailer.size()));
  const std::size_t size = TrailerSizeIn(ByteView(pack).last(4), pack.size()).value();
  EXPECT_EQ(size, trailer.size() + 4);
  const ByteView found = FindTrailer(ByteView(pack).last(size), pack.size()).value();
  EXPECT_EQ(Bytes(found.begin(), found.end()), trailer);
  EXPECT_EQ(FindTrailer(ByteView(pack).last(size - 1), pack.size()).status().code(),
            StatusCode::kInvalidArgument);
  for (const std::uint32_t bad : {0u, 7u, 4997u, 0xffffffffu}) {
    PutBe32(MutableBytes(pack).last(4), bad);
    EXPECT_EQ(FindTrailer(pack, pack.size()).status().code(), StatusCode::kDamaged) << bad;
  }
}

TEST(Rules, OfTheRoomThatATrailerNeeds) {
  for (int round = 0; round < 50; ++round) {
    RandomObjects o(4400 + round);
    const Trailer trailer = o.MakeTrailer();
    std::size_t room = kTrailerRimSizeMax;
    for (const TrailerItem& item : trailer.items) room += TrailerItemSize(item);
    const std::size_t size = EncodeTrailer(trailer)->size();
    EXPECT_LE(size, room);
    EXPECT_LT(room, size + kTrailerRimSizeMax);
  }
}

TEST(Rules, OfReferencesAndContent) {
  RandomObjects o(45);
  const auto make = [&] { return o.MakeContent(0, 3); };
  EachIsRefused<ContentList>(
      make, [](const ContentList& list) { return EncodeNode(list); },
      {{"no items", [](ContentList& l) { l.items.clear(); }},
       {"level 8", [](ContentList& l) { l.level = 8; }},
       {"items where links belong", [](ContentList& l) { l.level = 1; }},
       {"an overlap", [](ContentList& l) { l.items[2].offset = l.items[1].offset; }},
       {"beyond 2^63", [](ContentList& l) { l.items[2].offset = kFileSizeMax; }},
       {"no pieces", [](ContentList& l) { l.items[1].chunk.pieces.clear(); }},
       {"8 pieces",
        [](ContentList& l) {
          l.items[1].chunk.pieces.resize(8, {{}, 0, 1});
        }},
       {"an empty piece", [](ContentList& l) { l.items[1].chunk.pieces[0].size = 0; }},
       {"a piece beyond every pack",
        [](ContentList& l) { l.items[1].chunk.pieces[0].offset = kPackPlainSizeMax; }},
       {"a chunk of nothing", [](ContentList& l) { l.items[1].chunk.plain_size = 0; }},
       {"a chunk too large",
        [](ContentList& l) { l.items[1].chunk.plain_size = kChunkSizeMax + 1; }},
       {"stored too large", [](ContentList& l) {
          l.items[1].chunk.pieces = {{{}, 0, kStoredChunkSizeMax}, {{}, 0, 1}};
        }}});
  EachIsRefused<ContentList>(
      [&] { return o.MakeContent(2, 3); }, [](const ContentList& list) { return EncodeNode(list); },
      {{"ends that descend", [](ContentList& l) { l.links[2].end = l.links[1].end; }},
       {"a node of nothing", [](ContentList& l) { l.links[1].count = 0; }}});
}

TEST(Rules, OfEntries) {
  RandomObjects o(46);
  const auto encode = [](const TreeList& list) { return EncodeNode(list); };
  const auto file = [&] {
    TreeList list;
    list.items = {o.MakeEntry(EntryType::kFile, "a"), o.MakeEntry(EntryType::kFile, "b/c")};
    list.items[0].content = o.MakeContent(0, 2);
    return list;
  };
  std::vector<std::pair<const char*, std::function<void(TreeList&)>>> changes = {
      {"descending", [](TreeList& l) { std::swap(l.items[0].path, l.items[1].path); }},
      {"a path twice", [](TreeList& l) { l.items[1].path = "a"; }},
      {"mode 10000", [](TreeList& l) { l.items[0].attributes.mode = 010000; }},
      {"a file with a target", [](TreeList& l) { l.items[0].attributes.symlink_target = "x"; }},
      {"a file with a device", [](TreeList& l) { l.items[0].attributes.device_minor = 1; }},
      {"content beyond the size", [](TreeList& l) { l.items[0].attributes.size = 5; }},
      {"a directory with content",
       [](TreeList& l) { l.items[0].attributes.type = EntryType::kDirectory; }},
      {"65 items outside a node", [&](TreeList& l) { l.items[0].content = o.MakeContent(0, 65); }},
      {"attributes twice",
       [](TreeList& l) {
         l.items[0].attributes.xattrs = {{"user.a", {}}, {"user.a", {}}};
       }},
      {"a symlink to nowhere", [](TreeList& l) {
         l.items[0] = {};
         l.items[0].path = "a";
         l.items[0].attributes.type = EntryType::kSymlink;
       }}};
  EachIsRefused<TreeList>(file, encode, changes);
  for (const std::string& path :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string("a/.."), std::string("../a"), std::string("a\0b", 3), std::string(65536, 'x'),
        std::string(1048577, 'x')}) {
    EXPECT_EQ(CheckPath(path).code(), StatusCode::kInvalidArgument) << path.substr(0, 20);
  }
  std::string longest(65535, 'x');
  while (longest.size() + 65536 <= kPathSizeMax) longest += "/" + std::string(65535, 'x');
  for (const std::string& path : {std::string("..."), std::string("a/.b"), std::string("\xff\x01"),
                                  std::string("a b/c"), longest}) {
    EXPECT_TRUE(CheckPath(path).ok()) << path.substr(0, 20);
  }
}

TEST(Rules, PathsAreInTheOrderOfAWalk) {
  const std::vector<std::string> ordered = {"a",     "a/b", "a/b/c",  "a/b c", "a/b-",
                                            "a\x01", "a b", "a-",     "a-/x",  "a.txt",
                                            "aa",    "b",   "\x7f/a", "\x80",  "\xff"};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(ComparePaths(ordered[i], ordered[j]), i <=> j)
          << ordered[i] << " and " << ordered[j];
    }
  }
}

TEST(Rules, OfSnapshots) {
  RandomObjects o(47);
  const auto make = [&] {
    SnapshotContent content = o.MakeSnapshotContent();
    content.kind = SnapshotKind::kStream;
    content.root = {};
    content.root.items = {o.MakeEntry(EntryType::kFile, "dump")};
    return content;
  };
  EachIsRefused<SnapshotContent>(
      make, EncodeSnapshotContent,
      {{"a stream without its file", [](SnapshotContent& c) { c.root = {}; }},
       {"a stream of a directory",
        [&](SnapshotContent& c) { c.root.items[0] = o.MakeEntry(EntryType::kDirectory, "d"); }},
       {"65 entries outside a node",
        [&](SnapshotContent& c) {
          c.kind = SnapshotKind::kTree;
          c.root = o.MakeTree(0, 65);
        }},
       {"101 problems", [](SnapshotContent& c) { c.problems.resize(101); }},
       {"a label that is not UTF-8", [](SnapshotContent& c) { c.label = "\xff"; }}});
  SnapshotContent empty;
  EXPECT_TRUE(DecodeSnapshotContent(EncodeSnapshotContent(empty).value()).value() == empty);
}

TEST(Rules, OfRecords) {
  RandomObjects o(48);
  const auto make = [&] { return o.MakeRecord(RecordKind::kCommit); };
  const auto body = [](Record& r) -> CommitBody& { return std::get<CommitBody>(r.body); };
  EachIsRefused<Record>(
      make, EncodeRecord,
      {{"number 0", [](Record& r) { r.seq = 0; }},
       {"the first after another",
        [&](Record& r) {
          r.seq = 1;
          r.previous = o.Make<Hash256>();
        }},
       {"the second after none",
        [](Record& r) {
          r.seq = 2;
          r.previous = {};
        }},
       {"packs that descend",
        [&](Record& r) {
          body(r).added = {o.MakeEntries(3), {}, 0};
          std::swap(body(r).added.entries[0], body(r).added.entries[2]);
        }},
       {"a pack of 11 segments",
        [&](Record& r) {
          body(r).added = {o.MakeEntries(1), {}, 0};
          body(r).added.entries[0].segments = 11;
        }},
       {"two snapshots of a domain",
        [&](Record& r) {
          body(r).snapshots = {EncodeSnapshotObject(o.MakeSnapshotObject()).value()};
          body(r).snapshots.push_back(body(r).snapshots[0]);
        }},
       {"seats that descend",
        [=](Record& r) {
          body(r).acknowledged = {2, 1};
        }},
       {"256 seats", [=](Record& r) { body(r).seats = 256; }},
       {"policy version 0", [=](Record& r) { body(r).policy_version = 0; }},
       {"more packs than objects hold",
        [&](Record& r) {
          body(r).added = {{}, {{o.Make<Hash256>(), 4096}}, kPacksPerListObjectMax + 1};
        }},
       {"a tombstone of nothing", [](Record& r) { r.body = TombstoneBody{}; }},
       {"forgetting nothing", [](Record& r) { r.body = ForgetBody{}; }}});
  Record heartbeat = make();
  CommitBody nothing;
  nothing.policy_version = 1;
  nothing.seats = 3;
  heartbeat.body = nothing;
  EXPECT_TRUE(EncodeRecord(heartbeat).ok());
}

TEST(Rules, OfCredentials) {
  RandomObjects o(49);
  Credential reader = o.MakeCredential(Role::kRead);
  reader.domains.clear();
  EXPECT_FALSE(EncodeCredential(reader).ok());
  Credential writer = o.MakeCredential(Role::kWrite);
  writer.domains.push_back(o.MakeDomainKeys());
  EXPECT_FALSE(EncodeCredential(writer).ok()) << "a writer cannot hold read keys";
  Credential verifier = o.MakeCredential(Role::kVerify);
  verifier.verify_public_key.bytes[3] ^= 1;
  EXPECT_FALSE(EncodeCredential(verifier).ok()) << "no pair";
  Credential admin = o.MakeCredential(Role::kAdmin);
  admin.admin_seed.reset();
  EXPECT_FALSE(EncodeCredential(admin).ok());
}

TEST(Rules, VersionsAndKindsOfLaterAreUnsupportedNotDamaged) {
  RandomObjects o(50);
  // The version stands at the same place in all maps with a version: 1 => 1 behind the head.
  for (Bytes bytes :
       {EncodeGenesis(o.MakeGenesis()).value(), EncodePolicy(o.MakePolicy()).value(),
        EncodeSlots(o.MakeSlots()).value(), EncodeShardHeader(o.MakeHeader()).value()}) {
    ASSERT_EQ(bytes[1], 1);
    ASSERT_EQ(bytes[2], 1);
    bytes[2] = 2;
    const Status statuses[] = {DecodeGenesis(bytes).status(), DecodePolicy(bytes).status(),
                               DecodeSlots(bytes).status(), DecodeShardHeader(bytes).status()};
    for (const Status& status : statuses) EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  }
  WrappedKey key = o.MakeWrappedKey();
  Bytes wrapped = EncodeWrappedKey(key).value();
  wrapped[1] = 3;  // the reserved hybrid form
  EXPECT_EQ(DecodeWrappedKey(wrapped).status().code(), StatusCode::kUnsupported);
}

TEST(Rules, ListsNeverPointToTheirOwnLevel) {
  RandomObjects o(51);
  const Bytes node = EncodeNode(o.MakeTree(1, 3)).value();
  EXPECT_TRUE(DecodeTreeNode(node, 1).ok());
  EXPECT_EQ(DecodeTreeNode(node, 0).status().code(), StatusCode::kDamaged);
  EXPECT_EQ(DecodeTreeNode(node, 2).status().code(), StatusCode::kDamaged);
  EXPECT_EQ(DecodeContentNode(node, 1).status().code(), StatusCode::kDamaged);
}

}  // namespace
}  // namespace fenchi::format
