// The verify verb: is everything where it must be, unchanged, and does it decrypt?
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/error.h"
#include "format/names.h"
#include "operations/content_check.h"
#include "operations/lock_check.h"
#include "operations/objects.h"
#include "operations/operations.h"
#include "operations/snapshot_check.h"
#include "repository/shard_set.h"

namespace fenchi {
namespace {

constexpr std::string_view kRepairHint = "`fenchi repair` writes it again from the others";

// What was found of one pack's shard at one seat.
struct ShardFinding {
  bool present = false;           // header good, object complete
  std::vector<bool> good_blocks;  // empty: none
  int generation = 0;             // the one that is described here
  std::vector<Bytes> blocks;      // with depth kData: those read, by number
  std::vector<Damage> damage;
  std::uint64_t bytes_read = 0;
  std::string object;  // that `away` was about
  Status away;         // not ok: nothing is known about the shard, and why
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
        down_(seats_.size(), false),
        readable_(seats_.size()) {}

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
  struct Refusal {
    std::string object;
    std::string what;
    Status status;
  };
  Status CheckObject(std::size_t position, const ExpectedObject& object);
  bool StillReads(std::size_t position);
  void Unreadable(std::size_t position, const Refusal& refusal);
  bool Repairable(const ShardSet& shards, const std::vector<ShardFinding>& findings,
                  bool& needs_return) const;
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
  std::vector<std::string> readable_;  // of each provider an object that it gave; empty: none yet
};

// A provider that is away is reported once, not for every object.
void Verify::Down(std::size_t position, const Status& status) {
  if (down_[position]) return;
  down_[position] = true;
  const Seat& seat = seats_.all()[position];
  report_.unreachable.push_back(seat.name);
  const std::string next = status.hint().empty() ? "bring it back" : status.hint();
  report_.damage.push_back({seat.name, "", DamageKind::kUnreachable, std::nullopt,
                            "the provider is away, because " + status.message() + "; " + next +
                                ", then verify again; or replace it",
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
    const std::string next = failure.hint().empty() ? "" : "; " + failure.hint();
    report_.damage.push_back({"", "list of packs", DamageKind::kObject, std::nullopt,
                              failure.message() + "; its packs were not looked at" + next,
                              failure.code() == StatusCode::kTooFewProviders});
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
  if (options_.depth == VerifyDepth::kData) {
    FENCHI_RETURN_IF_ERROR(CheckSnapshots(session_, history, meter_, report_));
  }
  meter_.Finish();
  return CheckLocks(session_, history, options_.observer, report_);
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
  std::vector<Refusal> refusals;
  for (const ExpectedObject& object : objects) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    ++report_.objects;
    const Status found = CheckObject(position, object);
    if (found.ok()) {
      readable_[position] = object.name(seat, 0);
      continue;
    }
    if (found.code() == StatusCode::kDenied) {
      refusals.push_back({object.name(seat, 0), object.what, found});
      const bool reads =
          readable_[position].empty() ? refusals.size() < kRefusalsMax : StillReads(position);
      if (reads) continue;
    }
    if (TellsOfPlace(found)) {
      Down(position, found);
      return Status::Ok();
    }
    const bool missing = found.code() == StatusCode::kNotFound;
    Add(position, object.name(seat, 0), missing ? DamageKind::kMissing : DamageKind::kObject,
        std::nullopt,
        fmt::format("{} {}; {}", object.what, missing ? "is missing" : "is damaged", kRepairHint));
  }
  if (!refusals.empty() && readable_[position].empty()) {
    Down(position, refusals.front().status);
    return Status::Ok();
  }
  for (const Refusal& refusal : refusals) Unreadable(position, refusal);
  return Status::Ok();
}

Status Verify::CheckObject(std::size_t position, const ExpectedObject& object) {
  if (options_.depth == VerifyDepth::kExists) {
    const auto info = StatAt(position, object.name(seats_.all()[position], 0));
    return !info.ok() ? info.status() : *info ? Status::Ok() : NotFound("absent");
  }
  // Generation 0 is what repair wrote first: damage there is old news once a later one is good.
  const Result<ObjectAt> at = seats_.GetAt(position, object.name, object.size_max, object.check);
  if (at.ok()) report_.bytes_read += at->bytes.size();
  return at.status();
}

// Whether a provider that has refused an object still gives one that it gave before: credentials
// may expire in the middle of a verify.
bool Verify::StillReads(std::size_t position) {
  const std::string& name = readable_[position];
  if (name.empty()) return false;
  if (options_.depth == VerifyDepth::kExists) return StatAt(position, name).ok();
  std::array<std::uint8_t, 1> byte{};
  return !TellsOfPlace(seats_.all()[position].provider->Get(name, 0, byte));
}

void Verify::Unreadable(std::size_t position, const Refusal& refusal) {
  const std::string next = refusal.status.hint().empty() ? "look at what its credentials may read"
                                                         : refusal.status.hint();
  Add(position, refusal.object, DamageKind::kUnreadable, std::nullopt,
      fmt::format("{} cannot be read, while others there can: {}; {}", refusal.what,
                  refusal.status.message(), next));
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
  if (TellsOfPlace(got)) {
    finding.away = got;
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
    if (TellsOfPlace(read)) {
      finding.away = read;
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
    finding.object = object;
    if (TellsOfPlace(info.status())) {
      finding.away = info.status();
      return finding;
    }
    if (!info.ok() || !*info) break;
    CheckGeneration(shards, position, object, (*info)->size_bytes, finding);
    finding.bytes_read += first.bytes_read;
    if (finding.damage.empty() || !finding.away.ok()) return finding;
    if (generation == 0) {
      first = std::move(finding);
    } else {
      first.bytes_read = finding.bytes_read;
    }
  }
  if (first.damage.empty()) {
    first.damage.push_back({seat.name, name(seat, 0), DamageKind::kMissing, std::nullopt,
                            "the shard is missing", true});
  }
  return first;
}

Status Verify::CheckPack(const format::PackListEntry& pack) {
  const bool shallow = options_.depth == VerifyDepth::kExists;
  Result<ShardSet> shards = shallow ? ShardSet::Open(access_, seats_, pack.pack)
                                    : ShardSet::OpenAgreed(access_, seats_, pack.pack);
  if (!shards.ok()) {
    const StatusCode code = shards.status().code();
    if (code == StatusCode::kTooFewProviders || code == StatusCode::kCancelled) {
      return shards.status();
    }
    report_.damage.push_back({"", "pack " + pack.pack.hex(), DamageKind::kHeader, std::nullopt,
                              shards.status().message() + "; what is in it is lost", false});
    return Status::Ok();
  }
  std::vector<ShardFinding> findings(seats_.size());
  seats_.executor().ForEach(seats_.size(), [&](std::size_t i) {
    if (down_[i]) {
      findings[i].away = Unavailable("it is away");
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

// A block can be rebuilt while k shards have it good; those that are away may have it.
bool Verify::Repairable(const ShardSet& shards, const std::vector<ShardFinding>& findings,
                        bool& needs_return) const {
  bool repairable = true;
  for (int block = 0; block < shards.blocks(); ++block) {
    int good = 0;
    int unknown = 0;
    for (const ShardFinding& finding : findings) {
      unknown += !finding.away.ok();
      good += finding.away.ok() && !finding.good_blocks.empty() && finding.good_blocks[block];
    }
    if (good < shards.needed()) needs_return = true;
    if (good + unknown < shards.needed()) repairable = false;
  }
  return repairable;
}

void Verify::ReportPack(const ShardSet& shards, std::vector<ShardFinding>& findings) {
  bool needs_return = false;
  const bool repairable = Repairable(shards, findings, needs_return);
  const std::string next =
      !repairable    ? fmt::format("it cannot be repaired: fewer than {} good shards are left",
                                   shards.needed())
      : needs_return ? "it can be repaired only once a provider that is away is back"
                     : std::string(kRepairHint);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    ShardFinding& finding = findings[i];
    report_.bytes_read += finding.bytes_read;
    if (!finding.away.ok()) {
      if (down_[i]) continue;
      if (finding.away.code() == StatusCode::kDenied && StillReads(i)) {
        ++report_.shards;
        Unreadable(i, {finding.object, "the shard", finding.away});
      } else {
        Down(i, finding.away);
      }
      continue;
    }
    ++report_.shards;
    for (Damage& damage : finding.damage) {
      damage.repairable = repairable;
      damage.what += "; " + next;
      report_.damage.push_back(std::move(damage));
    }
  }
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
