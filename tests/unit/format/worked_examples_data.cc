// Examples of sections 6 to 10: everything that holds data.
#include <algorithm>
#include <string>
#include <vector>

#include "base/coding.h"
#include "fenchi/erasure_code.h"
#include "fenchi/hash.h"
#include "format/index.h"
#include "format/record.h"
#include "format/shard_header.h"
#include "format/snapshot.h"
#include "format/trailer.h"
#include "format/wrapped_key.h"
#include "unit/format/worked_examples.h"

namespace fenchi::format::testing {
namespace {

constexpr int kSegments = 12;
constexpr int kNeeded = 2;
constexpr int kSeats = 3;
const char kChunkA[] = "fenchi worked example\n";

// key("chunk B 0") key("chunk B 1") ..., 70,000 bytes: it reaches into segment 1.
Bytes ChunkB() {
  Bytes out;
  for (int i = 0; out.size() < 70000; ++i) Append(out, ExampleKey("chunk B " + std::to_string(i)));
  out.resize(70000);
  return out;
}

Bytes Stored(ByteView plain) {
  Bytes out = {0};  // method 0: plain bytes
  Append(out, plain);
  return out;
}

void WrapExample(Example& e, Page& page) {
  page.Heading("Wrapped keys (section 6)");
  page.Text("Objects \"wrapped S\" (form 1), \"sealed S\" (form 2) and \"wrapped T\".");
  const Bytes context = RunContext(e.run, e.domain);
  const SealContext for_s{e.suite, SealType::kWrappedDataKey, e.vault, context};
  const SealContext for_t{e.suite, SealType::kWrappedTagKey, e.vault, context};
  const SecretBytes key = WrapKey(e.read.secret_key.view(), e.vault, e.domain, e.epoch);
  ExampleRandom wrapped("wrapped S");
  ExampleRandom sealed("sealed S");
  ExampleRandom tags("wrapped T");
  e.wrapped_data_key =
      EncodeWrappedKey({WrapForm::kSymmetric, Seal(for_s, key.view(), e.data_key, wrapped).value()})
          .value();
  e.wrapped_tag_key =
      EncodeWrappedKey(
          {WrapForm::kPublicKey,
           SealToPublicKey(for_t, e.verify.public_key.view(), e.tag_key, tags).value()})
          .value();
  const Bytes form_2 =
      EncodeWrappedKey(
          {WrapForm::kPublicKey,
           SealToPublicKey(for_s, e.read.public_key.view(), e.data_key, sealed).value()})
          .value();
  page.Hex("wrapped S, form 1", e.wrapped_data_key);
  page.Hex("wrapped S, form 2", form_2);
  page.Hex("wrapped T", e.wrapped_tag_key);
}

// The pack's plaintext; sets pack and references.
Bytes PackExample(Example& e, Page& page) {
  const SecretBytes id_key = IdKey(ExampleKey("id root"), e.vault, e.domain, {});
  const Bytes plain_b = ChunkB();
  const ChunkId a{HmacSha256(id_key.view(), AsBytes(kChunkA)).bytes};
  const ChunkId b{HmacSha256(id_key.view(), plain_b).bytes};
  const Bytes stored_a = Stored(AsBytes(kChunkA));
  const Bytes stored_b = Stored(plain_b);
  const std::uint64_t size_a = stored_a.size();
  const std::uint64_t size_b = stored_b.size();
  const Bytes trailer = EncodeTrailer({{{a, size_a - 1, size_a, 0, 0, size_a},
                                        {b, size_b - 1, size_b, 0, size_a, size_b}}})
                            .value();
  e.pack = PackIdOf(ExampleKey("fresh bytes"), trailer);
  e.chunk_a = {a, e.run, size_a - 1, {{e.pack, 0, size_a}}};
  e.chunk_b = {b, e.run, size_b - 1, {{e.pack, size_a, size_b}}};
  page.Hex("id of chunk A", a.view());
  page.Hex("id of chunk B", b.view());
  page.Hex("trailer", trailer);
  page.Hex("pack id", e.pack.view());
  Bytes pack = stored_a;
  Append(pack, stored_b);
  pack.resize(PackPlainSize(kSegments) - trailer.size() - kTrailerLengthSize);
  Append(pack, trailer);
  AppendBe32(pack, static_cast<std::uint32_t>(trailer.size()));
  return pack;
}

std::vector<Bytes> Segments(const Example& e, const StreamKeys& keys, ByteView pack) {
  SegmentCipher cipher = SegmentCipher::Create(e.suite, keys.key.view()).value();
  std::vector<Bytes> out(kSegments, Bytes(kSegmentSize));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const ByteView plain = pack.subspan(i * kSegmentPlainSize, kSegmentPlainSize);
    if (!cipher.SealSegment(i, i + 1 == out.size(), plain, out[i]).ok()) std::abort();
  }
  return out;
}

void BlockExamples(const Example& e, const PackIdentity& identity,
                   const std::vector<Bytes>& segments, Page& page) {
  page.Text(
      "Block 0 of each shard and its tag; shard 2 holds parity row 0. Shards 3 and 4 (rows 1 and "
      "2) would go to later seats.");
  const SecretBytes tag_key = BlockTagKey(e.tag_key, identity, kNeeded);
  page.Hex("key of the tags", tag_key.view());
  Aead aead = Aead::Create(e.suite, tag_key.view()).value();
  const ErasureCode code = ErasureCode::Create(kNeeded, kSeats).value();
  const std::size_t per_shard = static_cast<std::size_t>(BlocksPerShard(kSegments, kNeeded));
  const ByteView data[] = {segments[0], segments[per_shard]};
  for (int shard = 0; shard < 5; ++shard) {
    Bytes block(kBlockSize);
    Bytes tag(kBlockTagSize);
    const AeadNonce nonce = BlockTagNonce(shard, 0);
    if (!code.EncodeShard(data, shard, block).ok() || !aead.Tag(nonce, block, tag).ok()) {
      std::abort();
    }
    page.Line("shard " + std::to_string(shard),
              "H(block 0) = " + Sha256(block).hex() + ", tag " + ToHex(tag));
  }
}

void ShardExamples(Example& e, Page& page) {
  page.Heading("Pack and shards (section 7)");
  page.Text(
      "Chunk A is the 22 bytes `fenchi worked example` and a line feed, chunk B the first 70,000 "
      "bytes of key(\"chunk B 0\")\nkey(\"chunk B 1\") ...; both are stored with method 0, A "
      "first. The pack has 12 segments; the 32 fresh bytes are key(\"fresh bytes\").");
  const Bytes pack = PackExample(e, page);
  const PackIdentity identity{e.vault, e.pack, e.suite, PackType::kData, e.epoch, kSegments};
  const StreamKeys keys = PackKeys(e.data_key, identity).value();
  page.Hex("cipher key", keys.key.view());
  page.Hex("commitment", keys.commitment.view());
  const std::vector<Bytes> segments = Segments(e, keys, pack);
  page.Hex("segment 0", segments.front());
  page.Hex("segment 11, the last", segments.back());
  BlockExamples(e, identity, segments, page);
  page.Text("Headers. Which provider holds which shard:");
  for (int seat = 0; seat < 5; ++seat) {
    page.Line("seat " + std::to_string(seat),
              "shard " + std::to_string(ShardIndexForSeat(e.pack, seat, kSeats)));
  }
  ShardHeader header;
  header.suite = e.suite;
  header.epoch = e.epoch;
  header.writer = e.writer;
  header.domain = e.domain;
  header.pack = e.pack;
  header.needed = kNeeded;
  header.segments = kSegments;
  header.seats = kSeats;
  header.commitment = keys.commitment;
  header.wrapped_data_key = e.wrapped_data_key;
  header.wrapped_tag_key = e.wrapped_tag_key;
  header.run = e.run;
  page.Hex("header of shard 0, plain", EncodeShardHeader(header).value());
  page.Hex("header of shard 0", SealShardHeader(e.vault, e.outer_key, header).value());
  header.shard_index = 2;
  page.Hex("header of shard 2", SealShardHeader(e.vault, e.outer_key, header).value());
}

Entry ExampleEntry(std::string path, EntryType type) {
  Entry entry;
  entry.path = std::move(path);
  entry.attributes.type = type;
  entry.attributes.mode = type == EntryType::kDirectory ? 0755 : 0644;
  entry.attributes.uid = 1000;
  entry.attributes.gid = 1000;
  entry.attributes.modified = {1795245000, 123456789};
  return entry;
}

TreeList TreeExample(const Example& e, Page& page) {
  page.Heading("References and lists (section 8)");
  page.Text(
      "A file `docs/a` of chunk A, and `docs/b` of 1 MiB, in which chunk B stands at 4,096 and the "
      "rest is a hole.");
  Entry folder = ExampleEntry("docs", EntryType::kDirectory);
  Entry a = ExampleEntry("docs/a", EntryType::kFile);
  a.attributes.size = e.chunk_a.plain_size;
  a.content.items = {{0, e.chunk_a}};
  Entry b = ExampleEntry("docs/b", EntryType::kFile);
  b.attributes.user = "mei";
  b.attributes.size = 1048576;
  b.attributes.hard_link = HardLinkKey{2049, 131};
  b.attributes.xattrs = {{"user.origin", {0x01, 0x02}}};
  b.content.items = {{4096, e.chunk_b}};
  b.flags = kEntryChanged;
  TreeList list;
  list.items = {folder, a, b};
  CborWriter writer;
  WriteReference(writer, e.chunk_b);
  page.Hex("reference of chunk B", writer.Take());
  page.Hex("entry docs", EncodeItem(folder));
  page.Hex("entry docs/a", EncodeItem(a));
  page.Hex("entry docs/b", EncodeItem(b));
  page.Hex("tree node of level 0 with these three", EncodeNode(list).value());
  ContentList links;
  links.level = 1;
  links.links = {{e.chunk_b, 2, 5000000}};
  page.Hex("content node of level 1 with one link", EncodeNode(links).value());
  return list;
}

void SnapshotExample(Example& e, const TreeList& root, Page& page) {
  page.Heading("Snapshot (8.2)");
  page.Text("Object \"snapshot\".");
  SnapshotContent content;
  content.label = "nightly";
  content.begun = {1795245000, 0};
  content.ended = {1795245060, 500};
  content.host = "ledger-1";
  content.sources = {"/srv/docs"};
  content.root = root;
  content.counts = {2, 1, 0, e.chunk_a.plain_size + 1048576, 1, 1};
  content.problems = {{"docs/c", "denied"}};
  SnapshotObject object;
  object.domain = e.domain;
  object.run = e.run;
  object.epoch = e.epoch;
  object.wrapped_data_key = e.wrapped_data_key;
  ExampleRandom random("snapshot");
  if (!SealSnapshot(e.suite, e.vault, e.data_key, content, random, object).ok()) std::abort();
  e.snapshot = EncodeSnapshotObject(object).value();
  page.Hex("content, plain", EncodeSnapshotContent(content).value());
  page.Hex("snapshot object", e.snapshot);
  page.Hex("snapshot id", SnapshotIdOf(e.snapshot).view());
}

Hash256 RecordExample(const Example& e, const std::string& name, const Record& record, Page& page) {
  const Bytes payload = EncodeRecord(record).value();
  const SignedRecord signed_record = SignRecord(e.vault, e.writer_key, payload);
  const Bytes bytes = EncodeSignedRecord(signed_record);
  ExampleRandom random(name);
  page.Hex(name + ", payload", payload);
  page.Hex(name + ", signature", signed_record.signature.view());
  page.Hex(name + ", record hash", RecordHashOf(bytes).view());
  page.Hex(
      name + ", object",
      SealRecord(e.suite, e.vault, e.outer_key, record.writer, record.seq, bytes, random).value());
  return RecordHashOf(bytes);
}

void LogExample(const Example& e, Page& page) {
  page.Heading("Log (section 9)");
  page.Text(
      "Record 1 commits the snapshot and the pack, record 2 seals it, record 3 forgets the "
      "snapshot with the admin's approval.\nObjects \"COMMIT\", \"SEAL\", \"FORGET\".");
  Record record{e.writer, 1, {}, {1795245061, 0}, {}};
  CommitBody commit;
  commit.policy_version = 1;
  commit.added.entries = {{e.pack, kSegments, kNeeded, PackType::kData}};
  commit.snapshots = {e.snapshot};
  commit.indexes = {{e.domain, {ExampleId<Hash256>("index hash"), 4096}}};
  commit.seats = kSeats;
  commit.acknowledged = {0, 1, 2};
  page.Hex("entries of the list of added packs", EncodePackEntries(commit.added.entries));
  record.body = commit;
  record.previous = RecordExample(e, "COMMIT", record, page);
  record.body = SealBody{1, record.previous};
  record.seq = 2;
  record.previous = RecordExample(e, "SEAL", record, page);
  ForgetBody forget{{SnapshotIdOf(e.snapshot)}, {}};
  const Bytes body = BodyWithoutApprovals(forget).value();
  const Signature approval = e.admin.Sign(ApprovalMessage(e.vault, RecordKind::kForget, body));
  forget.approvals = {{e.admin.public_key(), approval}};
  page.Hex("FORGET, body without approvals", body);
  record.body = forget;
  record.seq = 3;
  RecordExample(e, "FORGET", record, page);
  ExampleRandom random("list");
  page.Text("The same list of packs as a list object, object \"list\".");
  page.Hex("list object",
           SealListObject(e.suite, e.vault, e.outer_key, commit.added.entries, random).value());
}

void IndexExample(const Example& e, Page& page) {
  page.Heading("Index (section 10)");
  page.Text("Of both chunks. Object \"index\".");
  Index index{e.run, {e.chunk_a, e.chunk_b}};
  std::sort(index.references.begin(), index.references.end(),
            [](const Reference& a, const Reference& b) { return a.chunk < b.chunk; });
  const SecretBytes key = IndexKey(ExampleKey("index root"), e.vault, e.domain, {});
  ExampleRandom random("index");
  page.Hex("index, plain", EncodeIndex(index).value());
  page.Hex("index object",
           SealIndex(e.suite, e.vault, key.view(), e.domain, index, random).value());
}

}  // namespace

void DataExamples(Example& example, Page& page) {
  WrapExample(example, page);
  ShardExamples(example, page);
  const TreeList root = TreeExample(example, page);
  SnapshotExample(example, root, page);
  LogExample(example, page);
  IndexExample(example, page);
}

}  // namespace fenchi::format::testing
