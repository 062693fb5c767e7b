#include "format/snapshot.h"

#include <array>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/derive.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

// A snapshot object stands in a COMMIT, whose box is at most 1 MiB: half of that is for one.
constexpr std::size_t kSnapshotBoxSizeMax = kRecordObjectSizeMax / 2;
constexpr std::size_t kWrappedKeySizeMax = 4096;

constexpr std::uint64_t SnapshotCounts::*kCounts[] = {
    &SnapshotCounts::files, &SnapshotCounts::directories, &SnapshotCounts::others,
    &SnapshotCounts::bytes, &SnapshotCounts::unreadable,  &SnapshotCounts::changed};

Status CheckContent(const SnapshotContent& content) {
  if (!IsUtf8(content.label) || !IsUtf8(content.host)) {
    return InvalidArgument("label or host is not valid UTF-8");
  }
  if (content.begun.nanoseconds > 999'999'999 || content.ended.nanoseconds > 999'999'999) {
    return InvalidArgument("nanoseconds");
  }
  const TreeList& root = content.root;
  if (root.items.size() + root.links.size() > kEmbeddedItemsMax) {
    return InvalidArgument("more than {} entries outside a node", kEmbeddedItemsMax);
  }
  FENCHI_RETURN_IF_ERROR(CheckList(root));
  if (content.kind == SnapshotKind::kStream &&
      (root.items.size() != 1 || root.items[0].attributes.type != EntryType::kFile)) {
    return InvalidArgument("a stream is one file");
  }
  if (content.problems.size() > kProblemsMax) {
    return InvalidArgument("{} problems, not 0 to {}", content.problems.size(), kProblemsMax);
  }
  for (const Problem& problem : content.problems) {
    if (!IsUtf8(problem.code)) return InvalidArgument("a problem's code is not valid UTF-8");
  }
  return Status::Ok();
}

Status ReadSources(CborReader& reader, std::vector<std::string>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(const ByteView source, reader.ByteString());
    out.emplace_back(AsText(source));
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadCounts(CborReader& reader, SnapshotCounts& counts) {
  FENCHI_RETURN_IF_ERROR(reader.Array(std::size(kCounts), std::size(kCounts), "counts").status());
  for (const auto field : kCounts) {
    FENCHI_ASSIGN_OR_RETURN(counts.*field, reader.Uint());
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadProblems(CborReader& reader, std::vector<Problem>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kProblemsMax, "problems"));
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "problem").status());
    FENCHI_ASSIGN_OR_RETURN(const ByteView path, reader.ByteString());
    FENCHI_ASSIGN_OR_RETURN(const std::string_view code, reader.Text());
    reader.Leave();
    out.push_back({std::string(AsText(path)), std::string(code)});
  }
  reader.Leave();
  return Status::Ok();
}

// Keys 2 to 7.
Status ReadOrigin(MapReader& map, CborReader& reader, SnapshotContent& content) {
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t kind, reader.UintIn(1, 2, "kind"));
  content.kind = static_cast<SnapshotKind>(kind);
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(content.label, reader.Text());
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(content.begun, reader.Time());
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_ASSIGN_OR_RETURN(content.ended, reader.Time());
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_ASSIGN_OR_RETURN(content.host, reader.Text());
  FENCHI_RETURN_IF_ERROR(map.Require(7));
  return ReadSources(reader, content.sources);
}

Result<SnapshotContent> ReadContent(CborReader& reader) {
  SnapshotContent content;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(ReadOrigin(map, reader, content));
  FENCHI_RETURN_IF_ERROR(map.Require(8));
  FENCHI_ASSIGN_OR_RETURN(content.root, ReadTreeList(reader));
  FENCHI_RETURN_IF_ERROR(map.Require(9));
  FENCHI_RETURN_IF_ERROR(ReadCounts(reader, content.counts));
  FENCHI_RETURN_IF_ERROR(map.Require(10));
  FENCHI_RETURN_IF_ERROR(ReadProblems(reader, content.problems));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckContent(content)));
  return content;
}

Status CheckObject(const SnapshotObject& object) {
  if (object.epoch < 1) return InvalidArgument("epoch 0");
  if (object.wrapped_data_key.empty() || object.wrapped_data_key.size() > kWrappedKeySizeMax) {
    return InvalidArgument("a wrapped key of {} bytes", object.wrapped_data_key.size());
  }
  if (object.box.size() < kSealOverhead || object.box.size() > kSnapshotBoxSizeMax) {
    return InvalidArgument("a box of {} bytes", object.box.size());
  }
  return Status::Ok();
}

Result<SnapshotObject> ReadObject(CborReader& reader) {
  SnapshotObject object;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(object.domain, "domain id"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(object.run, "run id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t epoch, reader.UintIn(1, 0xffffffff, "epoch"));
  object.epoch = static_cast<std::uint32_t>(epoch);
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(const ByteView key,
                          reader.ByteString(1, kWrappedKeySizeMax, "wrapped key"));
  object.wrapped_data_key.assign(key.begin(), key.end());
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_ASSIGN_OR_RETURN(const ByteView box,
                          reader.ByteString(kSealOverhead, kSnapshotBoxSizeMax, "box"));
  object.box.assign(box.begin(), box.end());
  FENCHI_RETURN_IF_ERROR(map.Close());
  return object;
}

}  // namespace

Result<Bytes> EncodeSnapshotContent(const SnapshotContent& content) {
  FENCHI_RETURN_IF_ERROR(CheckContent(content).At("snapshot content"));
  CborWriter writer;
  writer.Map(10).Key(1).Uint(kFormatVersion).Key(2).Uint(static_cast<std::uint64_t>(content.kind));
  writer.Key(3).Text(content.label).Key(4).Time(content.begun).Key(5).Time(content.ended);
  writer.Key(6).Text(content.host).Key(7).Array(content.sources.size());
  for (const std::string& source : content.sources) writer.ByteString(source);
  writer.Key(8);
  WriteList(writer, content.root);
  writer.Key(9).Array(std::size(kCounts));
  for (const auto field : kCounts) writer.Uint(content.counts.*field);
  writer.Key(10).Array(content.problems.size());
  for (const Problem& problem : content.problems) {
    writer.Array(2).ByteString(problem.path).Text(problem.code);
  }
  return writer.Take();
}

Result<SnapshotContent> DecodeSnapshotContent(ByteView bytes) {
  return DecodeWhole(bytes, kSnapshotBoxSizeMax, "snapshot content", ReadContent);
}

Result<Bytes> EncodeSnapshotObject(const SnapshotObject& object) {
  FENCHI_RETURN_IF_ERROR(CheckObject(object).At("snapshot"));
  CborWriter writer;
  writer.Map(5).Key(1).ByteString(object.domain.view()).Key(2).ByteString(object.run.view());
  writer.Key(3).Uint(object.epoch).Key(4).ByteString(object.wrapped_data_key);
  writer.Key(5).ByteString(object.box);
  return writer.Take();
}

Result<SnapshotObject> DecodeSnapshotObject(ByteView bytes) {
  return DecodeWhole(bytes, kRecordObjectSizeMax, "snapshot", ReadObject);
}

SnapshotId SnapshotIdOf(ByteView object) { return SnapshotId{Sha256(object).bytes}; }

Status SealSnapshot(Suite suite, const VaultId& vault, ByteView data_key,
                    const SnapshotContent& content, Random& random, SnapshotObject& object) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes bytes, EncodeSnapshotContent(content));
  const SecretBytes key = SnapshotKey(data_key, vault, object.domain);
  const Bytes context = RunContext(object.run, object.domain);
  FENCHI_ASSIGN_OR_RETURN(
      object.box, SealPadded({suite, SealType::kSnapshot, vault, context}, key.view(), bytes,
                             kSnapshotPadding, kSnapshotBoxSizeMax, random));
  return Status::Ok();
}

Result<SnapshotContent> OpenSnapshot(const VaultId& vault, ByteView data_key,
                                     const SnapshotObject& object) {
  const SecretBytes key = SnapshotKey(data_key, vault, object.domain);
  const Bytes context = RunContext(object.run, object.domain);
  FENCHI_ASSIGN_OR_RETURN(
      const SecretBytes bytes,
      OpenPadded({Suite::kAes256Gcm, SealType::kSnapshot, vault, context}, key.view(), object.box,
                 kSnapshotPadding, kSnapshotBoxSizeMax));
  return DecodeSnapshotContent(bytes.view());
}

}  // namespace fenchi::format
