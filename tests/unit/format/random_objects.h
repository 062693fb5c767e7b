// Objects of the format with random content, repeatable from a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fenchi/random.h"
#include "format/credential.h"
#include "format/genesis.h"
#include "format/index.h"
#include "format/keyring.h"
#include "format/leaf.h"
#include "format/policy.h"
#include "format/record.h"
#include "format/shard_header.h"
#include "format/slots.h"
#include "format/snapshot.h"
#include "format/trailer.h"
#include "format/tree.h"
#include "format/wrapped_key.h"

namespace fenchi::format::testing {

class RandomObjects {
 public:
  // late_keys: also keys from 64 on, which a reader may ignore.
  explicit RandomObjects(std::uint64_t seed, bool late_keys = true)
      : random_(SeededRandom(seed)), late_most_(late_keys ? 2 : 0) {}

  Random& random() { return *random_; }
  std::uint64_t Upto(std::uint64_t most);  // 0..most
  std::uint64_t From(std::uint64_t least, std::uint64_t most) { return least + Upto(most - least); }
  bool Coin() { return Upto(1) == 1; }
  Bytes Some(std::size_t least, std::size_t most);
  std::string Name(std::size_t most);  // raw bytes without NUL and '/'
  std::string Text(std::size_t most);  // UTF-8 with more than ASCII
  SecretBytes Secret();
  Timestamp Time();
  template <typename Id>
  Id Make() {
    Id id;
    random_->Fill(id.bytes);
    return id;
  }

  AdminSet Admins();
  Genesis MakeGenesis();
  Policy MakePolicy();
  PolicyDetails MakeDetails();
  SignedPolicy MakeSignedPolicy();
  SlotTable MakeSlots();
  Keyring MakeKeyring();
  DomainKeys MakeDomainKeys();
  Credential MakeCredential(Role role);
  Leaf MakeLeaf();
  WrappedKey MakeWrappedKey();
  ShardHeader MakeHeader();
  Trailer MakeTrailer();
  Reference MakeReference();
  ContentList MakeContent(int level, std::size_t items);
  Entry MakeEntry(EntryType type, std::string path);
  TreeList MakeTree(int level, std::size_t items);
  SnapshotContent MakeSnapshotContent();
  SnapshotObject MakeSnapshotObject();
  PackList MakePackList();
  std::vector<PackListEntry> MakeEntries(std::size_t count);
  RecordBody MakeBody(RecordKind kind);
  Record MakeRecord(RecordKind kind);
  Index MakeIndex();

 private:
  SlotNode MakeNode(const SlotTable& table, const Slot& slot, Bytes path);
  std::vector<Approval> Approvals();
  std::vector<DomainObjectRef> Objects();
  RecordRef Ref();

  std::unique_ptr<Random> random_;
  std::uint64_t late_most_;
};

}  // namespace fenchi::format::testing
