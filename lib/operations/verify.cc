// The verify verb: is everything where it must be, unchanged, and does it decrypt?
#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/names.h"
#include "operations/content_check.h"
#include "operations/objects.h"
#include "operations/operations.h"
#include "operations/snapshot_view.h"
#include "repository/shard_set.h"

namespace fenchi {
namespace {

constexpr std::string_view kRepairHint = "`fenchi repair` writes it again from the others";

bool IsUnreachable(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadline;
}

Hash256 HashOf(const format::Reference& reference) {
  format::CborWriter writer;
  format::WriteReference(writer, reference);
  return Sha256(writer.Take());
}

// The directories on the way to an entry.
struct DirectoryChain {
  std::string path;                // of the innermost; that of each other one begins it
  std::vector<std::size_t> sizes;  // of their paths
};

// Whether the entry's directory came before it.
Status CheckParent(const format::Entry& entry, DirectoryChain& chain) {
  const std::string_view path = entry.path;
  const auto inside = [&](std::size_t size) {
    return path.size() > size && path[size] == '/' &&
           path.starts_with(std::string_view(chain.path).substr(0, size));
  };
  while (!chain.sizes.empty() && !inside(chain.sizes.back())) chain.sizes.pop_back();
  const std::size_t slash = path.rfind('/');
  const std::size_t parent_size = slash == std::string_view::npos ? 0 : slash;
  if (parent_size != (chain.sizes.empty() ? 0 : chain.sizes.back())) {
    return Damaged("its directory is not in the snapshot before it: a planted entry");
  }
  if (entry.attributes.type == EntryType::kDirectory) {
    chain.path = path;
    chain.sizes.push_back(path.size());
  }
  return Status::Ok();
}

// What was found of one pack's shard at one seat.
struct ShardFinding {
  bool present = false;           // header good, object complete
  std::vector<bool> good_blocks;  // empty: none
  int generation = 0;             // the one that is described here
  std::vector<Bytes> blocks;      // with depth kData: those read, by number
  std::vector<Damage> damage;
  std::uint64_t bytes_read = 0;
  bool unreachable = false;
};

class Verify {
 public:
  Verify(Session& session, const VerifyOptions& options, VerifyReport& report)
      : session_(session),
        access_(session.access),
        seats_(session.access.seats),
        options_(options),
        report_(report),
        meter_(options.observer, "verify"),
        down_(seats_.size(), false) {}

  Status Run(const History& history);

 private:
  Status CheckObjects(const History& history);
  Status CheckObjectsAt(const History& history, std::size_t position);
  Status CheckPack(const format::PackListEntry& pack);
  void CheckPackContent(const ShardSet& shards, std::vector<ShardFinding>& findings);
  bool LaterGenerationHolds(const ShardSet& shards, std::size_t position, int block,
                            ByteView wanted);
  void ReportPack(const ShardSet& shards, std::vector<ShardFinding>& findings);
  ShardFinding CheckShard(const ShardSet& shards, std::size_t position);
  void CheckGeneration(const ShardSet& shards, std::size_t position, const std::string& name,
                       std::uint64_t size, ShardFinding& finding);
  Result<std::optional<ObjectInfo>> StatAt(std::size_t position, const std::string& name);
  Status CheckContent(const History& history);
  Status CheckSnapshot(const StoredSnapshot& snapshot);
  void Down(std::size_t position, const Status& status);
  void Add(std::size_t position, std::string object, DamageKind kind,
           std::optional<std::uint32_t> block, std::string what);

  Session& session_;
  const Access& access_;
  const Seats& seats_;
  const VerifyOptions& options_;
  VerifyReport& report_;
  ProgressMeter meter_;
  std::vector<bool> down_;
  std::unordered_set<Hash256> checked_;  // of references: one chunk may lie at several places
};

// A provider that does not answer is reported once, not for every object.
void Verify::Down(std::size_t position, const Status& status) {
  if (down_[position]) return;
  down_[position] = true;
  const Seat& seat = seats_.all()[position];
  report_.unreachable.push_back(seat.name);
  report_.damage.push_back({seat.name, "", DamageKind::kUnreachable, std::nullopt,
                            "the provider does not answer: " + status.message() +
                                "; bring it back and verify again, or replace it",
                            true});
}

void Verify::Add(std::size_t position, std::string object, DamageKind kind,
                 std::optional<std::uint32_t> block, std::string what) {
  report_.damage.push_back(
      {seats_.all()[position].name, std::move(object), kind, block, std::move(what), true});
}

Status Verify::Run(const History& history) {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (!seats_.all()[i].provider) Down(i, Unavailable("{}", seats_.all()[i].absent_reason));
  }
  FENCHI_RETURN_IF_ERROR(CheckObjects(history));
  std::vector<Status> lost;
  FENCHI_ASSIGN_OR_RETURN(PackMap packs, history.LivePacks(lost));
  for (const Status& failure : lost) {
    report_.damage.push_back({"", "list of packs", DamageKind::kObject, std::nullopt,
                              failure.message() + "; its packs were not looked at", false});
  }
  meter_.now().items_total = packs.size();
  for (const auto& [id, entry] : packs) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    FENCHI_RETURN_IF_ERROR(CheckPack(entry));
    ++report_.packs;
    ++meter_.now().items_done;
    meter_.now().bytes_done = report_.bytes_read;
    meter_.Tick();
  }
  if (options_.depth == VerifyDepth::kData) FENCHI_RETURN_IF_ERROR(CheckContent(history));
  meter_.Finish();
  return Status::Ok();
}

Status Verify::CheckObjects(const History& history) {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (!down_[i]) FENCHI_RETURN_IF_ERROR(CheckObjectsAt(history, i));
  }
  return Status::Ok();
}

Status Verify::CheckObjectsAt(const History& history, std::size_t position) {
  FENCHI_ASSIGN_OR_RETURN(std::vector<ExpectedObject> objects,
                          ObjectsAt(session_, history, position));
  const Seat& seat = seats_.all()[position];
  for (const ExpectedObject& object : objects) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    ++report_.objects;
    Status found;
    if (options_.depth == VerifyDepth::kExists) {
      const auto info = StatAt(position, object.name(seat, 0));
      found = !info.ok() ? info.status() : *info ? Status::Ok() : NotFound("absent");
    } else {
      // Generation 0 is what repair wrote first: damage there is old news once a later one is good.
      const Result<ObjectAt> at =
          seats_.GetAt(position, object.name, object.size_max, object.check);
      found = at.status();
      if (at.ok()) report_.bytes_read += at->bytes.size();
    }
    if (found.ok()) continue;
    if (IsUnreachable(found)) {
      Down(position, found);
      return Status::Ok();
    }
    const bool missing = found.code() == StatusCode::kNotFound;
    Add(position, object.name(seat, 0), missing ? DamageKind::kMissing : DamageKind::kObject,
        std::nullopt,
        fmt::format("{} {}; {}", object.what, missing ? "is missing" : "is damaged", kRepairHint));
  }
  return Status::Ok();
}

Result<std::optional<ObjectInfo>> Verify::StatAt(std::size_t position, const std::string& name) {
  const std::vector<std::string> names = {name};
  FENCHI_ASSIGN_OR_RETURN(auto answer, seats_.all()[position].provider->Stat(names));
  return answer.front();
}

// One generation of a shard: header, size, and by depth every block's tag.
void Verify::CheckGeneration(const ShardSet& shards, std::size_t position, const std::string& name,
                             std::uint64_t size, ShardFinding& finding) {
  Provider& provider = *seats_.all()[position].provider;
  const std::uint64_t wanted = format::ShardSize(shards.header().segments, shards.needed());
  const auto damage = [&](DamageKind kind, std::optional<std::uint32_t> block, std::string what) {
    finding.damage.push_back(
        {seats_.all()[position].name, name, kind, block, std::move(what), true});
  };
  finding.present = true;
  if (size != wanted) {
    damage(DamageKind::kTruncated, std::nullopt,
           fmt::format("the shard has {} bytes instead of {}", size, wanted));
  }
  finding.good_blocks.assign(shards.blocks(), size == wanted);
  if (options_.depth == VerifyDepth::kExists) return;
  Bytes header(format::kHeaderSize);
  const Result<Bytes> right = shards.SealedHeaderAt(position);
  const Status got = provider.Get(name, 0, header);
  if (IsUnreachable(got)) {
    finding.unreachable = true;
    return;
  }
  if (!got.ok() || !right.ok() || header != *right) {
    damage(DamageKind::kHeader, std::nullopt, "the shard's header is not what it must be");
    finding.present = false;
  }
  finding.bytes_read += header.size();
  if (!shards.can_check_tags()) return;
  Bytes block(format::kBlockStride);
  for (int b = 0; b < shards.blocks(); ++b) {
    const Status read = provider.Get(name, format::BlockOffset(b), block);
    if (IsUnreachable(read)) {
      finding.unreachable = true;
      return;
    }
    finding.bytes_read += read.ok() ? block.size() : 0;
    const ByteView bytes = ByteView(block).first(format::kBlockSize);
    const Result<Bytes> tag = shards.TagsOf(shards.IndexAt(position), bytes, b);
    finding.good_blocks[b] = read.ok() && tag.ok() &&
                             ConstantTimeEquals(*tag, ByteView(block).subspan(format::kBlockSize));
    if (options_.depth == VerifyDepth::kData)
      finding.blocks.emplace_back(bytes.begin(), bytes.end());
    if (!finding.good_blocks[b]) {
      damage(DamageKind::kBlock, static_cast<std::uint32_t>(b),
             fmt::format("block {} of the shard fails its tag", b));
    }
  }
}

// The lowest generation without damage; if there is none, what is wrong with the first.
ShardFinding Verify::CheckShard(const ShardSet& shards, std::size_t position) {
  ShardFinding first;
  const NameAt name = ShardNameAt(access_, shards.header().pack, shards.needed());
  const Seat& seat = seats_.all()[position];
  for (int generation = 0; generation < kGenerations; ++generation) {
    const std::string object = name(seat, generation);
    const auto info = StatAt(position, object);
    ShardFinding finding;
    finding.generation = generation;
    if (!info.ok() && IsUnreachable(info.status())) {
      finding.unreachable = true;
      return finding;
    }
    if (!info.ok() || !*info) break;
    CheckGeneration(shards, position, object, (*info)->size_bytes, finding);
    finding.bytes_read += first.bytes_read;
    if (finding.damage.empty() || finding.unreachable) return finding;
    if (generation == 0) {
      first = std::move(finding);
    } else {
      first.bytes_read = finding.bytes_read;
    }
  }
  if (first.damage.empty()) {
    first.damage.push_back({seat.name, name(seat, 0), DamageKind::kMissing, std::nullopt,
                            "the shard is missing; " + std::string(kRepairHint), true});
  }
  return first;
}

Status Verify::CheckPack(const format::PackListEntry& pack) {
  const bool shallow = options_.depth == VerifyDepth::kExists;
  Result<ShardSet> shards = shallow ? ShardSet::Open(access_, seats_, pack.pack)
                                    : ShardSet::OpenAgreed(access_, seats_, pack.pack);
  if (!shards.ok()) {
    if (shards.status().code() == StatusCode::kTooFewProviders) return shards.status();
    report_.damage.push_back({"", "pack " + pack.pack.hex(), DamageKind::kHeader, std::nullopt,
                              shards.status().message() + "; what is in it is lost", false});
    return Status::Ok();
  }
  std::vector<ShardFinding> findings(seats_.size());
  seats_.executor().ForEach(seats_.size(), [&](std::size_t i) {
    if (down_[i]) {
      findings[i].unreachable = true;
    } else {
      findings[i] = CheckShard(*shards, i);
    }
  });
  if (options_.depth == VerifyDepth::kData) CheckPackContent(*shards, findings);
  ReportPack(*shards, findings);
  return Status::Ok();
}

// A mended copy beside one whose tags lie.
bool Verify::LaterGenerationHolds(const ShardSet& shards, std::size_t position, int block,
                                  ByteView wanted) {
  Bytes found(format::kBlockSize);
  return shards
      .ReadBlocks(position, block, 1, found, nullptr,
                  [&](ByteView candidate) { return std::ranges::equal(candidate, wanted); })
      .ok();
}

// Shards whose tags hold but whose content does not: made by somebody with the verify secret.
void Verify::CheckPackContent(const ShardSet& shards, std::vector<ShardFinding>& findings) {
  const Result<ContentCheck> check = ContentCheck::Open(access_, shards);
  if (!check.ok()) return;  // of a key domain that this credential does not read
  const NameAt name = ShardNameAt(access_, shards.header().pack, shards.needed());
  std::vector<bool> named(findings.size(), false);
  for (int block = 0; block < shards.blocks(); ++block) {
    const std::size_t b = static_cast<std::size_t>(block);
    std::vector<ByteView> stored(findings.size());
    for (std::size_t i = 0; i < findings.size(); ++i) {
      const ShardFinding& finding = findings[i];
      if (b < finding.blocks.size() && finding.good_blocks[b]) stored[i] = finding.blocks[b];
    }
    const Result<std::vector<Bytes>> right = check->BlocksThatMustBe(block, stored);
    if (!right.ok()) continue;  // lost: the walk over the snapshots says what was in it
    for (std::size_t i = 0; i < findings.size(); ++i) {
      if (stored[i].empty() || std::ranges::equal(stored[i], (*right)[i])) continue;
      if (LaterGenerationHolds(shards, i, block, (*right)[i])) continue;
      findings[i].good_blocks[b] = false;
      if (named[i]) continue;
      named[i] = true;
      findings[i].damage.push_back(
          {seats_.all()[i].name, name(seats_.all()[i], findings[i].generation),
           DamageKind::kContent, static_cast<std::uint32_t>(block),
           fmt::format("all tags hold, but block {} is not what was sealed: the verify key was "
                       "misused",
                       block),
           true});
    }
  }
}

void Verify::ReportPack(const ShardSet& shards, std::vector<ShardFinding>& findings) {
  // A block can be rebuilt while k shards have it good.
  bool repairable = true;
  for (int block = 0; block < shards.blocks(); ++block) {
    int good = 0;
    for (const ShardFinding& finding : findings) {
      good += !finding.unreachable && !finding.good_blocks.empty() && finding.good_blocks[block];
    }
    if (good < shards.needed()) repairable = false;
  }
  for (std::size_t i = 0; i < findings.size(); ++i) {
    ShardFinding& finding = findings[i];
    report_.bytes_read += finding.bytes_read;
    if (finding.unreachable) {
      if (!down_[i]) Down(i, Unavailable("it stopped answering"));
      continue;
    }
    ++report_.shards;
    for (Damage& damage : finding.damage) {
      damage.repairable = repairable;
      damage.what += repairable ? fmt::format("; {}", kRepairHint)
                                : fmt::format(
                                      "; it cannot be repaired now: fewer than {} good "
                                      "shards answer",
                                      shards.needed());
      report_.damage.push_back(std::move(damage));
    }
  }
}

Status Verify::CheckContent(const History& history) {
  for (const StoredSnapshot& snapshot : history.snapshots()) {
    if (access_.FindDomain(snapshot.object.domain) == nullptr) continue;
    FENCHI_RETURN_IF_ERROR(CheckSnapshot(snapshot));
    ++report_.snapshots_checked;
  }
  return Status::Ok();
}

// Walks a snapshot and reads every chunk that no snapshot before had.
Status Verify::CheckSnapshot(const StoredSnapshot& snapshot) {
  const std::string name = "snapshot " + ToHex(snapshot.id.view().first(8));
  const Result<format::SnapshotContent> content = OpenSnapshotContent(access_, snapshot.object);
  const auto lost = [&](std::string_view path, const Status& status) {
    report_.damage.push_back(
        {"", name, DamageKind::kContent, std::nullopt,
         fmt::format("{}: {}", path.empty() ? "list of files" : EscapeForDisplay(path),
                     status.message()),
         false});
  };
  if (!content.ok()) {
    lost("", content.status());
    return Status::Ok();
  }
  PackReader packs(access_, seats_);
  packs.set_whole_packs(true);
  ChunkReader chunks(access_, *access_.FindDomain(snapshot.object.domain), packs);
  DirectoryChain chain;
  bool gaps = false;  // a lost part of the list takes directories with it
  FENCHI_RETURN_IF_ERROR(chunks.WalkTree(
      content->root, "",
      [&](const format::Entry& entry) -> Result<bool> {
        meter_.SetCurrent(entry.path);
        meter_.Tick();
        FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
        const Status read =
            chunks.WalkContent(entry.content, [&](const format::ContentItem& item) -> Result<bool> {
              if (item.offset + item.chunk.plain_size > entry.attributes.size) {
                return Damaged("its content reaches behind its end: a planted entry");
              }
              if (!checked_.insert(HashOf(item.chunk)).second) return true;
              FENCHI_RETURN_IF_ERROR(chunks.Read(item.chunk).status());
              return true;
            });
        if (read.code() == StatusCode::kTooFewProviders) return read;
        if (!read.ok()) lost(entry.path, read);
        const Status placed = CheckParent(entry, chain);
        if (!placed.ok() && !gaps) lost(entry.path, placed);
        return true;
      },
      [&](const format::Reference&, const Status& failure) {
        gaps = true;
        lost("", failure);
      }));
  report_.chunks_checked += chunks.chunks_checked();
  report_.bytes_read += packs.statistics().bytes_fetched;
  return Status::Ok();
}

}  // namespace

Result<VerifyReport> VerifyVault(Session& session, const VerifyOptions& options) {
  const Stopwatch watch;
  VerifyReport report;
  const Access& access = session.access;
  if (options.depth != VerifyDepth::kExists && !access.verify) {
    return Denied("checking tags needs the verify role; this credential has no verify key");
  }
  if (options.depth == VerifyDepth::kData && access.domains.empty()) {
    return Denied("checking the data needs the read role; the verify role checks tags")
        .WithHint("use --depth tags");
  }
  report.depth = options.depth == VerifyDepth::kExists ? "exists"
                 : options.depth == VerifyDepth::kTags ? "tags"
                                                       : "data";
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  report.freshness_proven = freshness.proven;
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  FENCHI_RETURN_IF_ERROR(Verify(session, options, report).Run(history));
  report.seconds = watch.seconds();
  return report;
}

}  // namespace fenchi
