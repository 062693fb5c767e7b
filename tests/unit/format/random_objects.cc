#include "unit/format/random_objects.h"

#include <algorithm>
#include <map>

#include "base/coding.h"
#include "crypto/p256.h"
#include "format/derive.h"

namespace fenchi::format::testing {

std::uint64_t RandomObjects::Upto(std::uint64_t most) {
  std::uint8_t raw[8];
  random_->Fill(raw);
  return most == UINT64_MAX ? GetBe64(raw) : GetBe64(raw) % (most + 1);
}

Bytes RandomObjects::Some(std::size_t least, std::size_t most) {
  Bytes out(From(least, most));
  random_->Fill(out);
  return out;
}

std::string RandomObjects::Name(std::size_t most) {
  std::string out(From(1, most), 'x');
  for (char& c : out) {
    do {
      c = static_cast<char>(Upto(255));
    } while (c == '\0' || c == '/' || c == '.');
  }
  return out;
}

std::string RandomObjects::Text(std::size_t most) {
  static const char* const kParts[] = {"a", "Z", " ", "é", "分", "持", "🗝", "0"};
  std::string out;
  for (std::size_t i = Upto(most); i > 0; --i) out += kParts[Upto(std::size(kParts) - 1)];
  return out;
}

SecretBytes RandomObjects::Secret() { return SecretBytes::Random(32, *random_); }

Timestamp RandomObjects::Time() {
  return {static_cast<std::int64_t>(Upto(UINT64_MAX)),
          static_cast<std::uint32_t>(Upto(999'999'999))};
}

AdminSet RandomObjects::Admins() {
  AdminSet admins;
  admins.keys.resize(From(1, 5));
  for (auto& key : admins.keys) key = Make<SigningPublicKey>();
  admins.threshold = static_cast<int>(From(1, admins.keys.size()));
  return admins;
}

Genesis RandomObjects::MakeGenesis() { return {Admins(), Make<Hash256>()}; }

Policy RandomObjects::MakePolicy() {
  Policy policy;
  policy.vault = Make<VaultId>();
  policy.version = static_cast<std::uint32_t>(From(1, 300));
  policy.previous = policy.version == 1 ? Hash256{policy.vault.bytes} : Make<Hash256>();
  policy.time = Time();
  const int seats = static_cast<int>(From(1, 9));
  for (int seat = 0; seat < seats; ++seat) {
    // A replaced provider stays listed beside the one that inherited its seat.
    std::vector<PolicyProvider> here = {{Make<ProviderId>(), seat, ProviderState::kActive}};
    if (Upto(3) == 0) here.push_back({Make<ProviderId>(), seat, ProviderState::kRetired});
    std::sort(here.begin(), here.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    policy.providers.insert(policy.providers.end(), here.begin(), here.end());
  }
  policy.needed = static_cast<int>(From(1, seats));
  policy.quorums = DefaultQuorums(policy.needed, seats).value();
  policy.suite = Coin() ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305;
  policy.epoch = static_cast<std::uint32_t>(From(1, UINT32_MAX));
  policy.verify_public_key = Make<ExchangePublicKey>();
  for (std::uint64_t i = Upto(3); i > 0; --i) {
    policy.domains.push_back({Make<DomainId>(), policy.epoch, Make<ExchangePublicKey>()});
  }
  policy.slots = {static_cast<std::uint32_t>(From(1, 99)), Make<Hash256>()};
  policy.keyring = {static_cast<std::uint32_t>(From(1, 99'999'999)), Make<Hash256>()};
  for (std::uint64_t i = Upto(late_most_); i > 0; --i) {
    policy.closed_heads.push_back({Make<WriterId>(), Upto(UINT64_MAX), Make<Hash256>()});
  }
  policy.leaf_version = 1;
  for (int seat = 0; seat < seats; ++seat) policy.leaves.push_back({seat, Make<Hash256>()});
  policy.format_doc = Make<Hash256>();
  policy.reader = Make<Hash256>();
  for (std::uint64_t i = Upto(3); i > 0; --i) {
    policy.writers.push_back({Make<WriterId>(), Make<SigningPublicKey>(),
                              static_cast<std::uint32_t>(Upto(7)),
                              Coin() ? WriterState::kActive : WriterState::kRevoked});
  }
  policy.next_admins = Admins();
  policy.details = Some(1024, 1024);
  return policy;
}

PolicyDetails RandomObjects::MakeDetails() {
  PolicyDetails details;
  details.vault_name = Text(20);
  for (std::uint64_t i = Upto(4); i > 0; --i) {
    details.providers.push_back(
        {Make<ProviderId>(), Text(9), Text(9), Text(2), Text(2), Text(9), Text(9), Text(9)});
  }
  for (std::uint64_t i = Upto(3); i > 0; --i) {
    details.domains.push_back({Make<DomainId>(), Text(12)});
  }
  details.home_country = Text(2);
  for (std::uint64_t i = Upto(3); i > 0; --i) details.denied_countries.push_back(Text(2));
  for (std::uint64_t i = Upto(2); i > 0; --i) {
    details.relaxations.push_back(
        {Text(9), Text(30), Text(9), static_cast<std::int64_t>(Upto(INT64_MAX))});
  }
  details.abroad = static_cast<int>(Upto(255));
  for (std::uint64_t i = Upto(late_most_); i > 0; --i) {
    CustodianDetails& group = details.custodians.emplace_back();
    group.slot = Make<SlotId>();
    group.path = Some(0, 2);
    group.group = Text(9);
    for (std::uint64_t j = Upto(3); j > 0; --j) {
      group.holders.push_back({static_cast<int>(From(1, 16)), Text(12), Text(12)});
    }
  }
  for (std::uint64_t i = Upto(late_most_); i > 0; --i) {
    details.writers.push_back({Make<WriterId>(), Text(12)});
  }
  return details;
}

SignedPolicy RandomObjects::MakeSignedPolicy() {
  SignedPolicy out;
  out.payload = Some(0, 300);
  out.signatures.resize(From(1, 4));
  for (auto& signature : out.signatures) {
    signature = {Make<SigningPublicKey>(), Make<Signature>()};
  }
  return out;
}

SlotNode RandomObjects::MakeNode(const SlotTable& table, const Slot& slot, Bytes path) {
  SlotNode node;
  constexpr NodeKind kInner = NodeKind::kAnd, kLast = NodeKind::kToken;
  do {
    node.kind = static_cast<NodeKind>(From(1, static_cast<std::uint64_t>(kLast)));
  } while (path.size() >= kSlotDepthMax - 1 && (node.kind == kInner || node.kind == NodeKind::kOr));
  const SlotIdentity identity{table.vault, table.epoch, slot.id, slot.access};
  switch (node.kind) {
    case NodeKind::kPassphrase:
      random_->Fill(node.salt.bytes);
      node.cost = {static_cast<std::uint32_t>(From(1, 20)), From(8, 4194304) * 1024, 1};
      break;
    case NodeKind::kRecipient:
      node.recipient = Make<ExchangePublicKey>();
      node.sealed_key = Some(148, 148);
      break;
    case NodeKind::kToken: {
      node.token = P256KeyPair::Generate(*random_).public_key;
      node.sealed_key = Some(181, 181);
      const P256PublicKey ephemeral = P256KeyPair::Generate(*random_).public_key;
      std::ranges::copy(ephemeral.bytes, node.sealed_key.begin());
      break;
    }
    case NodeKind::kCustodians:
      node.custodians = static_cast<int>(From(1, 16));
      node.threshold = static_cast<int>(From(1, node.custodians));
      [[fallthrough]];
    case NodeKind::kProviderHeld:
      node.share_context = SlotShareContext(identity, path);
      break;
    case NodeKind::kAnd:
    case NodeKind::kOr:
      for (std::uint64_t i = 0, count = From(2, 4); i < count; ++i) {
        Bytes child = path;
        child.push_back(static_cast<std::uint8_t>(i));
        node.children.push_back(MakeNode(table, slot, child));
        if (node.kind == NodeKind::kOr) node.wrapped_keys.push_back(Some(116, 116));
      }
      break;
    case NodeKind::kUnknown:
      break;  // what is inside one, nobody judges
  }
  return node;
}

SlotTable RandomObjects::MakeSlots() {
  SlotTable table;
  table.vault = Make<VaultId>();
  table.epoch = static_cast<std::uint32_t>(From(1, UINT32_MAX));
  for (std::uint64_t i = From(1, 4); i > 0; --i) {
    Slot slot;
    slot.id = Make<SlotId>();
    slot.access = "a" + Text(40);
    slot.node = MakeNode(table, slot, {});
    slot.root_box = Some(116, 116);
    table.slots.push_back(std::move(slot));
  }
  return table;
}

DomainKeys RandomObjects::MakeDomainKeys() {
  DomainKeys domain;
  domain.id = Make<DomainId>();
  domain.label = Text(12);
  std::uint32_t epoch = 0;
  for (std::uint64_t i = From(1, 3); i > 0; --i) {
    epoch += static_cast<std::uint32_t>(From(1, 1000));
    domain.read_keys.push_back({epoch, KeyPair::Generate(*random_)});
  }
  domain.id_root = Secret();
  domain.index_root = Secret();
  return domain;
}

Keyring RandomObjects::MakeKeyring() {
  Keyring keyring;
  keyring.epoch = static_cast<std::uint32_t>(From(1, UINT32_MAX));
  keyring.outer_key = Secret();
  keyring.name_key = Secret();
  keyring.verify = KeyPair::Generate(*random_);
  for (std::uint64_t i = Upto(3); i > 0; --i) keyring.domains.push_back(MakeDomainKeys());
  if (Coin()) keyring.admin_seed = Secret();
  return keyring;
}

Credential RandomObjects::MakeCredential(Role role) {
  Credential out;
  out.vault = Make<VaultId>();
  out.role = role;
  out.epoch = static_cast<std::uint32_t>(From(1, UINT32_MAX));
  out.outer_key = Secret();
  out.name_key = Secret();
  KeyPair verify = KeyPair::Generate(*random_);
  out.verify_public_key = verify.public_key;
  if (role == Role::kVerify || Coin()) out.verify_secret_key = std::move(verify.secret_key);
  if (role == Role::kRead || role == Role::kAdmin) out.domains.push_back(MakeDomainKeys());
  if (role == Role::kWrite) {
    for (int i = 0; i < 2; ++i) {
      out.writer_domains.push_back(
          {Make<DomainId>(), Text(9), Make<ExchangePublicKey>(), Secret(), Secret()});
    }
  }
  if (role == Role::kWrite || Coin()) out.writer = CredentialWriter{Make<WriterId>(), Secret()};
  if (role == Role::kAdmin || Coin()) out.admin_seed = Secret();
  return out;
}

Leaf RandomObjects::MakeLeaf() {
  Leaf leaf{Make<ProviderId>(), Some(1, 400), {}};
  for (std::uint64_t i = Upto(late_most_); i > 0; --i) leaf.provider_held.push_back(Some(1, 400));
  return leaf;
}

WrappedKey RandomObjects::MakeWrappedKey() {
  if (Coin()) return {WrapForm::kSymmetric, Some(116, 116)};
  return {WrapForm::kPublicKey, Some(148, 148)};
}

ShardHeader RandomObjects::MakeHeader() {
  ShardHeader header;
  header.suite = Coin() ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305;
  header.epoch = static_cast<std::uint32_t>(From(1, UINT32_MAX));
  header.writer = Make<WriterId>();
  header.domain = Make<DomainId>();
  header.pack = Make<PackId>();
  header.seats = static_cast<int>(From(1, 255));
  header.needed = static_cast<int>(From(1, header.seats));
  header.segments = kPackClasses[Upto(2)];
  header.shard_index = static_cast<int>(Upto(254));
  header.commitment = Make<Hash256>();
  header.wrapped_data_key = EncodeWrappedKey(MakeWrappedKey()).value();
  header.wrapped_tag_key = EncodeWrappedKey({WrapForm::kPublicKey, Some(148, 148)}).value();
  header.run = Make<RunId>();
  header.type = Coin() ? PackType::kData : PackType::kMetadata;
  if (Coin()) header.id_scope.bytes = header.writer.bytes;
  return header;
}

Trailer RandomObjects::MakeTrailer() {
  Trailer trailer;
  std::uint64_t offset = 0;
  for (std::uint64_t i = From(1, 6); i > 0; --i) {
    TrailerItem item;
    item.chunk = Make<ChunkId>();
    item.plain_size = From(1, kChunkSizeMax);
    item.stored_size = From(2, 70000);
    item.size = Coin() ? item.stored_size : From(1, item.stored_size);
    item.first = Upto(item.stored_size - item.size);
    item.offset = offset;
    offset += item.size;
    trailer.items.push_back(item);
  }
  return trailer;
}

Reference RandomObjects::MakeReference() {
  Reference reference;
  reference.chunk = Make<ChunkId>();
  reference.run = Make<RunId>();
  reference.plain_size = From(1, kChunkSizeMax);
  for (std::uint64_t i = From(1, 7); i > 0; --i) {
    reference.pieces.push_back({Make<PackId>(), Upto(700000), From(2, 500000)});
  }
  return reference;
}

ContentList RandomObjects::MakeContent(int level, std::size_t items) {
  ContentList list;
  list.level = level;
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < items; ++i) {
    if (level == 0) {
      ContentItem item{end + (Coin() ? Upto(1u << 20) : 0), MakeReference()};
      end = item.offset + item.chunk.plain_size;
      list.items.push_back(std::move(item));
    } else {
      end += From(1, std::uint64_t{1} << 40);
      list.links.push_back({MakeReference(), From(1, 100000), end});
    }
  }
  return list;
}

Entry RandomObjects::MakeEntry(EntryType type, std::string path) {
  Entry entry;
  entry.path = std::move(path);
  Attributes& a = entry.attributes;
  a.type = type;
  a.mode = static_cast<std::uint32_t>(Upto(07777));
  a.uid = static_cast<std::uint32_t>(Upto(UINT32_MAX));
  a.gid = static_cast<std::uint32_t>(Upto(1000));
  if (Coin()) a.user = Name(8);
  if (Coin()) a.group = Name(8);
  a.modified = Time();
  if (type == EntryType::kFile) {
    const std::size_t items = Upto(3);
    if (items > 0) entry.content = MakeContent(static_cast<int>(Upto(2)), items);
    a.size = std::uint64_t{1} << 50;
  }
  if (type == EntryType::kSymlink) a.symlink_target = Name(30);
  if (type == EntryType::kCharDevice || type == EntryType::kBlockDevice) {
    a.device_major = static_cast<std::uint32_t>(Upto(300));
    a.device_minor = static_cast<std::uint32_t>(Upto(300));
  }
  if (type != EntryType::kDirectory && Coin()) {
    a.hard_link = HardLinkKey{Upto(UINT64_MAX), Upto(UINT64_MAX)};
  }
  std::map<std::string, Bytes> xattrs;
  for (std::uint64_t i = Upto(2); i > 0; --i) xattrs["user." + Name(6)] = Some(0, 30);
  for (auto& [name, value] : xattrs) a.xattrs.push_back({name, value});
  entry.flags = static_cast<std::uint32_t>(Upto(3));
  return entry;
}

TreeList RandomObjects::MakeTree(int level, std::size_t items) {
  const auto before = [](const std::string& a, const std::string& b) {
    return ComparePaths(a, b) < 0;
  };
  std::map<std::string, int, decltype(before)> paths(before);
  while (paths.size() < items) {
    std::string path = Name(4);
    for (std::uint64_t depth = Upto(3); depth > 0; --depth) path += "/" + Name(3);
    paths[path] = 0;
  }
  TreeList list;
  list.level = level;
  for (const auto& [path, unused] : paths) {
    if (level == 0) {
      list.items.push_back(MakeEntry(static_cast<EntryType>(From(1, 7)), path));
    } else {
      list.links.push_back({MakeReference(), From(1, 100000), path});
    }
  }
  return list;
}

SnapshotContent RandomObjects::MakeSnapshotContent() {
  SnapshotContent content;
  content.kind = Coin() ? SnapshotKind::kTree : SnapshotKind::kStream;
  content.label = Text(20);
  content.begun = Time();
  content.ended = Time();
  content.host = Text(20);
  for (std::uint64_t i = Upto(3); i > 0; --i) content.sources.push_back("/" + Name(20));
  if (content.kind == SnapshotKind::kStream) {
    content.root.items.push_back(MakeEntry(EntryType::kFile, "dump.sql"));
  } else {
    const std::size_t items = Upto(5);
    content.root = MakeTree(items == 0 ? 0 : static_cast<int>(Upto(2)), items);
  }
  content.counts = {Upto(99), Upto(99), Upto(99), Upto(UINT64_MAX), Upto(9), Upto(9)};
  for (std::uint64_t i = Upto(3); i > 0; --i) content.problems.push_back({Name(30), "changed"});
  return content;
}

SnapshotObject RandomObjects::MakeSnapshotObject() {
  return {Make<DomainId>(), Make<RunId>(), static_cast<std::uint32_t>(From(1, 9)),
          EncodeWrappedKey(MakeWrappedKey()).value(), Some(1024, 1024)};
}

std::vector<PackListEntry> RandomObjects::MakeEntries(std::size_t count) {
  std::vector<PackListEntry> entries(count);
  for (PackListEntry& entry : entries) {
    entry = {Make<PackId>(), kPackClasses[Upto(2)], static_cast<int>(From(1, 255)),
             Coin() ? PackType::kData : PackType::kMetadata};
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

PackList RandomObjects::MakePackList() {
  PackList list;
  if (Coin()) {
    list.entries = MakeEntries(From(1, 4));
    return list;
  }
  for (std::uint64_t i = From(1, 3); i > 0; --i) {
    list.objects.push_back({Make<Hash256>(), From(1, 1048576)});
  }
  list.count = list.objects.size() + Upto(20000);
  return list;
}

std::vector<Approval> RandomObjects::Approvals() {
  std::vector<Approval> out(Upto(3));
  for (Approval& approval : out) approval = {Make<SigningPublicKey>(), Make<Signature>()};
  return out;
}

std::vector<DomainObjectRef> RandomObjects::Objects() {
  std::vector<DomainObjectRef> out(Upto(2));
  for (auto& object : out) object = {Make<DomainId>(), {Make<Hash256>(), From(1, 1048576)}};
  return out;
}

RecordRef RandomObjects::Ref() { return {Make<WriterId>(), From(1, 99999), Make<Hash256>()}; }

RecordBody RandomObjects::MakeBody(RecordKind kind) {
  const auto snapshot = [this] { return EncodeSnapshotObject(MakeSnapshotObject()).value(); };
  switch (kind) {
    case RecordKind::kCommit: {
      CommitBody body;
      body.policy_version = static_cast<std::uint32_t>(From(1, 99));
      if (Coin()) body.parent = Ref();
      body.added = MakePackList();
      if (Coin()) body.reused = MakePackList();
      if (Coin()) body.dropped = MakePackList();
      for (std::uint64_t i = Upto(2); i > 0; --i) body.snapshots.push_back(snapshot());
      body.indexes = Objects();
      body.seats = 5;
      body.acknowledged = {0, 2, static_cast<int>(From(3, 254))};
      if (Upto(late_most_) > 0) body.lock_until = Time();
      return body;
    }
    case RecordKind::kSeal:
      return SealBody{From(1, 1u << 30), Make<Hash256>()};
    case RecordKind::kVoid:
      return VoidBody{Ref(), Approvals()};
    case RecordKind::kForget:
      return ForgetBody{{Make<SnapshotId>(), Make<SnapshotId>()}, Approvals()};
    case RecordKind::kTombstone:
      return TombstoneBody{MakePackList(), Approvals(), Objects()};
    case RecordKind::kAttest:
      return AttestBody{Make<DomainId>(), MakePackList(), Objects()};
    case RecordKind::kCheckpoint:
      break;
  }
  CheckpointBody body;
  body.heads = {Ref(), Ref()};
  body.snapshots = {{Make<WriterId>(), From(1, 9), snapshot()}};
  body.live = MakePackList();
  if (Coin()) body.buried = MakePackList();
  body.indexes = Objects();
  return body;
}

Record RandomObjects::MakeRecord(RecordKind kind) {
  Record record;
  record.writer = Make<WriterId>();
  record.seq = From(1, 3);
  if (record.seq > 1) record.previous = Make<Hash256>();
  record.time = Time();
  record.body = MakeBody(kind);
  return record;
}

Index RandomObjects::MakeIndex() {
  Index index;
  index.run = Make<RunId>();
  for (std::uint64_t i = From(1, 4); i > 0; --i) index.references.push_back(MakeReference());
  std::sort(index.references.begin(), index.references.end(),
            [](const Reference& a, const Reference& b) { return a.chunk < b.chunk; });
  return index;
}

}  // namespace fenchi::format::testing
