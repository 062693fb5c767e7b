#include "repository/shard_set.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <numeric>
#include <random>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "format/derive.h"
#include "format/names.h"
#include "repository/first_answer.h"
#include "repository/run_keys.h"

namespace fenchi {
namespace {

// More subsets are not tried: C(14, 7).
constexpr int kSubsetsMax = 3432;

constexpr std::chrono::milliseconds kEquallyFast{50};

std::string ShortId(const PackId& pack) { return ToHex(pack.view().first(8)); }

Result<format::ShardHeader> OpenHeader(const Access& access, const Seat& seat, const PackId& pack,
                                       int needed, ByteView box) {
  FENCHI_ASSIGN_OR_RETURN(format::ShardHeader header,
                          format::OpenShardHeader(access.vault, access.outer_key.view(), box));
  if (header.pack != pack || header.needed != needed ||
      header.shard_index != format::ShardIndexForSeat(pack, seat.number, header.seats)) {
    return Damaged("another shard's header");
  }
  FENCHI_RETURN_IF_ERROR(CheckHeaderKeys(access, header));
  return header;
}

// The header in one generation at one seat, if it is the one that belongs there.
Result<format::ShardHeader> ReadHeader(const Access& access, const Seat& seat, const PackId& pack,
                                       int needed, int generation) {
  const std::string name =
      format::ShardName(access.name_key.view(), seat.id, pack, needed, generation);
  Bytes box(format::kHeaderSize);
  FENCHI_RETURN_IF_ERROR(seat.provider->Get(name, 0, box));
  Result<format::ShardHeader> header = OpenHeader(access, seat, pack, needed, box);
  if (!header.ok()) return Damaged("object {}: {}", name, header.status().message());
  return header;
}

// The lowest generation at one seat whose header is good.
Result<format::ShardHeader> LowestHeader(const Access& access, const Seat& seat, const PackId& pack,
                                         int needed) {
  Status worst = NotFound("no shard is there");
  for (int generation = 0; generation < kGenerations; ++generation) {
    Result<format::ShardHeader> header = ReadHeader(access, seat, pack, needed, generation);
    if (header.ok() || TellsOfPlace(header.status())) return header;
    if (header.status().code() == StatusCode::kNotFound) break;
    worst = header.status();
  }
  return worst;
}

// Those that are about equally fast in their own order; those without a provider first, which cost
// nothing.
std::vector<Seat> FastestFirst(const Seats& seats) {
  std::vector<Seat> out = seats.all();
  std::ranges::stable_sort(out, {}, [](const Seat& seat) {
    return seat.lane ? seat.lane->Expected(format::kHeaderSize) / kEquallyFast : 0;
  });
  return out;
}

// The first good header that comes, of lowest generations only. nullopt: a closer look is needed.
std::optional<format::ShardHeader> FirstHeader(const Access& access, const Seats& seats,
                                               const PackId& pack,
                                               const std::shared_ptr<ShardSpool>& spool) {
  const std::vector<Seat> order = FastestFirst(seats);
  std::vector<SmallObject> objects;
  std::vector<int> needed_of;
  for (const int needed : access.shards_needed) {
    for (const Seat& seat : order) {
      if (!seat.provider) continue;
      objects.push_back(
          {&seat, format::ShardName(access.name_key.view(), seat.id, pack, needed, 0)});
      needed_of.push_back(needed);
    }
  }
  std::optional<format::ShardHeader> found;
  const auto good = [&](std::size_t i, ByteView box) {
    Result<format::ShardHeader> header =
        OpenHeader(access, *objects[i].seat, pack, needed_of[i], box);
    if (header.ok()) found = std::move(*header);
    return header.ok();
  };
  Bytes kept(format::kHeaderSize);
  for (std::size_t i = 0; spool && i < objects.size(); ++i) {
    if (spool->Read(objects[i].name, 0, kept) && good(i, kept)) return found;
  }
  AnswerCame came;  // also what comes too late is kept
  if (spool) {
    came = [spool](const std::string& name, ByteView box) { spool->Keep(name, 0, box); };
  }
  FirstGoodAnswer(objects, format::kHeaderSize, came, good);
  return found;
}

// Whether there are at most kSubsetsMax ways to pick k of `count`.
bool FewSubsets(int count, int k) {
  double ways = 1;
  for (int i = 0; i < k; ++i) ways = ways * (count - i) / (i + 1);
  return ways <= kSubsetsMax;
}

// Calls `body` with each k of the numbers 0..count-1, in order, until it returns true. Of too many
// only the first and then random ones are tried: in order, one bad shard near the front would be in
// all that the limit allows.
bool AnySubset(int count, int k, const std::function<bool(std::span<const int>)>& body) {
  if (count < k) return false;
  std::vector<int> pick(static_cast<std::size_t>(k));
  std::iota(pick.begin(), pick.end(), 0);
  if (!FewSubsets(count, k)) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    std::minstd_rand spread;
    for (int tries = 0; tries < kSubsetsMax; ++tries) {
      if (body(pick)) return true;
      std::ranges::sample(all, pick.begin(), k, spread);
    }
    return false;
  }
  for (;;) {
    if (body(pick)) return true;
    int i = k - 1;
    while (i >= 0 && pick[i] == count - k + i) --i;
    if (i < 0) return false;
    ++pick[i];
    for (int j = i + 1; j < k; ++j) pick[j] = pick[j - 1] + 1;
  }
}

}  // namespace

ShardSet::ShardSet(const Access& access, const Seats& seats, format::ShardHeader header)
    : access_(&access), seats_(&seats), header_(std::move(header)) {
  blocks_ = format::BlocksPerShard(header_.segments, header_.needed);
  for (const Seat& seat : seats.all()) {
    index_at_.push_back(format::ShardIndexForSeat(header_.pack, seat.number, header_.seats));
  }
}

Result<ShardSet> ShardSet::Make(const Access& access, const Seats& seats,
                                format::ShardHeader header) {
  ShardSet set(access, seats, std::move(header));
  FENCHI_ASSIGN_OR_RETURN(
      ErasureCode code,
      ErasureCode::Create(set.header_.needed, std::max({set.header_.seats, set.header_.needed,
                                                        SeatCount(access.policy)})));
  set.code_ = std::move(code);
  if (access.verify) {
    FENCHI_ASSIGN_OR_RETURN(
        SecretBytes tag_key,
        OpenTagKey(access, set.header_.domain, set.header_.run, set.header_.wrapped_tag_key));
    set.tag_key_ = format::BlockTagKey(tag_key.view(), set.identity(), set.needed());
  }
  return set;
}

Result<ShardSet> ShardSet::Find(const Access& access, const Seats& seats, const PackId& pack,
                                bool agreed, const std::shared_ptr<ShardSpool>& spool) {
  if (!agreed) {
    std::optional<format::ShardHeader> first = FirstHeader(access, seats, pack, spool);
    if (first) {
      first->shard_index = 0;  // all else is the same at every seat
      return Make(access, seats, std::move(*first));
    }
    if (Stop::Current().requested()) return StoppedOnRequest();
  }
  AwaySeats away;
  Status worst = NotFound("pack {}: no provider has a shard of it", ShortId(pack));
  std::vector<std::pair<format::ShardHeader, int>> votes;
  for (int needed : access.shards_needed) {
    for (const Seat& seat : seats.all()) {
      if (!seat.provider) {
        away.Add(seat, Unavailable("{}", seat.absent_reason));
        continue;
      }
      Result<format::ShardHeader> header = LowestHeader(access, seat, pack, needed);
      if (!header.ok()) {
        if (TellsOfPlace(header.status())) {
          away.Add(seat, header.status());
        } else if (header.status().code() != StatusCode::kNotFound) {
          worst = header.status().At("provider " + seat.name);
        }
        continue;
      }
      header->shard_index = 0;
      if (!agreed) return Make(access, seats, std::move(*header));
      const auto same =
          std::ranges::find(votes, *header, &std::pair<format::ShardHeader, int>::first);
      if (same != votes.end()) {
        ++same->second;
      } else {
        votes.emplace_back(std::move(*header), 1);
      }
    }
  }
  const auto most =
      std::ranges::max_element(votes, {}, &std::pair<format::ShardHeader, int>::second);
  if (most != votes.end()) return Make(access, seats, std::move(most->first));
  // Those that are away may hold enough.
  if (away.count() >= std::ranges::min(access.shards_needed)) {
    return away.TooFew("pack " + ShortId(pack));
  }
  return DataLoss("pack {}: no good shard header is left ({})", ShortId(pack), worst.message());
}

Result<ShardSet> ShardSet::Open(const Access& access, const Seats& seats, const PackId& pack,
                                const std::shared_ptr<ShardSpool>& spool) {
  return Find(access, seats, pack, false, spool);
}

Result<ShardSet> ShardSet::OpenAgreed(const Access& access, const Seats& seats,
                                      const PackId& pack) {
  return Find(access, seats, pack, true, nullptr);
}

int ShardSet::PositionOf(int shard_index) const {
  const auto found = std::find(index_at_.begin(), index_at_.end(), shard_index);
  return found == index_at_.end() ? -1 : static_cast<int>(found - index_at_.begin());
}

std::string ShardSet::ObjectAt(std::size_t position) const {
  return format::ShardName(access_->name_key.view(), seats_->all()[position].id, header_.pack,
                           header_.needed, 0);
}

Result<Bytes> ShardSet::SealedHeaderAt(std::size_t position) const {
  format::ShardHeader header = header_;
  header.shard_index = index_at_[position];
  return format::SealShardHeader(access_->vault, access_->outer_key.view(), header);
}

Result<Bytes> ShardSet::TagsOf(int shard_index, ByteView blocks, int first) const {
  if (!tag_key_) return Denied("this credential has no verify key");
  FENCHI_ASSIGN_OR_RETURN(Aead tagger, Aead::Create(header_.suite, tag_key_->view()));
  Bytes tags(blocks.size() / format::kBlockSize * kAeadTagSize);
  for (std::size_t i = 0; i * format::kBlockSize < blocks.size(); ++i) {
    FENCHI_RETURN_IF_ERROR(tagger.Tag(format::BlockTagNonce(shard_index, first + i),
                                      blocks.subspan(i * format::kBlockSize, format::kBlockSize),
                                      MutableBytes(tags).subspan(i * kAeadTagSize, kAeadTagSize)));
  }
  return tags;
}

Result<std::optional<Aead>> ShardSet::Tagger() const {
  if (!tag_key_) return std::optional<Aead>();
  FENCHI_ASSIGN_OR_RETURN(Aead tagger, Aead::Create(header_.suite, tag_key_->view()));
  return std::optional<Aead>(std::move(tagger));
}

Status ShardSet::CheckTags(int shard_index, int first, ByteView stored, int* bad_block) const {
  FENCHI_ASSIGN_OR_RETURN(std::optional<Aead> tagger, Tagger());
  if (!tagger) return Status::Ok();
  for (std::size_t i = 0; i * format::kBlockStride < stored.size(); ++i) {
    const ByteView block = stored.subspan(i * format::kBlockStride, format::kBlockStride);
    const int number = first + static_cast<int>(i);
    if (!tagger
             ->CheckTag(format::BlockTagNonce(shard_index, number), block.first(format::kBlockSize),
                        block.subspan(format::kBlockSize))
             .ok()) {
      if (bad_block != nullptr) *bad_block = number;
      return Damaged("block {} fails its tag", number);
    }
  }
  return Status::Ok();
}

// Blocks with their tags, unchecked.
Status ShardSet::ReadGeneration(std::size_t position, int generation, int first,
                                MutableBytes stored) const {
  const Seat& seat = seats_->all()[position];
  if (!seat.provider) return Unavailable("provider {}: {}", seat.name, seat.absent_reason);
  const std::string name = format::ShardName(access_->name_key.view(), seat.id, header_.pack,
                                             header_.needed, generation);
  return seat.provider->Get(name, format::BlockOffset(first), stored)
      .At("provider " + seat.name + ", object " + name);
}

Status ShardSet::ReadBlocks(std::size_t position, int first, int count, MutableBytes out,
                            int* bad_block, const AcceptBlocks& accept) const {
  Bytes stored(static_cast<std::size_t>(count) * format::kBlockStride);
  Status worst = NotFound("provider {} has no shard of pack {}", seats_->all()[position].name,
                          ShortId(header_.pack));
  for (int generation = 0; generation < kGenerations; ++generation) {
    Status status = ReadGeneration(position, generation, first, stored);
    if (status.code() == StatusCode::kNotFound) return worst;
    if (status.ok()) {
      status = CheckTags(index_at_[position], first, stored, bad_block)
                   .At(fmt::format("provider {}, generation {}", seats_->all()[position].name,
                                   generation));
    }
    if (status.ok()) {
      for (int i = 0; i < count; ++i) {
        std::memcpy(out.data() + static_cast<std::size_t>(i) * format::kBlockSize,
                    stored.data() + static_cast<std::size_t>(i) * format::kBlockStride,
                    format::kBlockSize);
      }
      if (!accept || accept(out)) return status;
      status = Damaged("provider {}, generation {}: all tags hold, but the content is another",
                       seats_->all()[position].name, generation);
    }
    worst = status;
    if (status.code() != StatusCode::kDamaged) return worst;
  }
  return worst;
}

// The lowest good generation of each seat, until `enough` are found.
std::vector<ShardSet::Candidate> ShardSet::GoodBlocks(int wanted, int block, std::size_t enough,
                                                      const std::set<int>& without,
                                                      Missing& missing) const {
  std::vector<Candidate> out;
  for (std::size_t i = 0; i < seats_->size() && out.size() < enough; ++i) {
    const int position = static_cast<int>(i);
    if (index_at_[i] == wanted || without.contains(position)) continue;
    Candidate candidate{position, Bytes(format::kBlockSize)};
    const Status status = ReadBlocks(i, block, 1, candidate.bytes);
    if (status.ok()) {
      out.push_back(std::move(candidate));
    } else {
      const bool away = TellsOfPlace(status);
      if (away) missing.away.Add(seats_->all()[i], status);
      missing.text +=
          fmt::format("{}{} ({}{})", missing.text.empty() ? "" : ", ", seats_->all()[i].name,
                      StatusCodeName(status.code()), away ? ": " + status.message() : "");
    }
  }
  return out;
}

// Every generation of every seat.
std::vector<ShardSet::Candidate> ShardSet::AllBlocks(int wanted, int block, bool check_tags,
                                                     const std::set<int>& without) const {
  std::vector<Candidate> out;
  Bytes stored(format::kBlockStride);
  for (std::size_t i = 0; i < seats_->size(); ++i) {
    const int position = static_cast<int>(i);
    if (index_at_[i] == wanted || without.contains(position)) continue;
    for (int generation = 0; generation < kGenerations; ++generation) {
      const Status read = ReadGeneration(i, generation, block, stored);
      if (read.code() == StatusCode::kDamaged) continue;  // too short; the next one may be whole
      if (!read.ok()) break;
      if (check_tags && !CheckTags(index_at_[i], block, stored, nullptr).ok()) continue;
      out.push_back({position, Bytes(stored.begin(), stored.begin() + format::kBlockSize)});
    }
  }
  return out;
}

// Errors: kInvalidArgument when two of the picked blocks are of one shard.
Status ShardSet::DecodeFrom(const std::vector<Candidate>& from, std::span<const int> pick,
                            int wanted, MutableBytes out) const {
  std::vector<ErasureCode::ShardView> present;
  for (const int i : pick) present.push_back({index_at_[from[i].position], from[i].bytes});
  const std::array<int, 1> want = {wanted};
  const std::array<MutableBytes, 1> outputs = {out};
  return code_->Decode(present, want, outputs);
}

bool ShardSet::DecodeAccepted(const std::vector<Candidate>& from, int wanted, MutableBytes out,
                              const AcceptBlocks& accept) const {
  return AnySubset(static_cast<int>(from.size()), needed(), [&](std::span<const int> pick) {
    return DecodeFrom(from, pick, wanted, out).ok() && accept(out);
  });
}

// How many seats hold what the picked blocks say that they must hold.
int ShardSet::Agreeing(const std::vector<Candidate>& from, std::span<const int> pick) const {
  std::set<int> agreeing;
  Bytes computed(format::kBlockSize);
  for (const Candidate& candidate : from) {
    if (DecodeFrom(from, pick, index_at_[candidate.position], computed).ok() &&
        computed == candidate.bytes) {
      agreeing.insert(candidate.position);
    }
  }
  return static_cast<int>(agreeing.size());
}

// Takes the result on which more than k seats, and more than on any other, agree.
Status ShardSet::DecodeByMajority(const std::vector<Candidate>& from, int wanted, int block,
                                  MutableBytes out) const {
  int best = 0;
  bool tie = false;
  Bytes computed(format::kBlockSize);
  AnySubset(static_cast<int>(from.size()), needed(), [&](std::span<const int> pick) {
    if (!DecodeFrom(from, pick, wanted, computed).ok()) return false;
    const bool same = best > 0 && std::ranges::equal(computed, out);
    const int agreeing = same ? 0 : Agreeing(from, pick);
    if (agreeing == best && !same) tie = true;
    if (agreeing > best) {
      best = agreeing;
      tie = false;
      std::ranges::copy(computed, out.begin());
    }
    return false;
  });
  if (best > needed() && !tie) return Status::Ok();
  return DataLoss(
             "pack {}, block {}: all tags hold, but the shards disagree: the verify key was "
             "misused",
             ShortId(header_.pack), block)
      .WithHint("`fenchi verify --depth data` names the odd shard, then `fenchi repair` mends it");
}

// The seat whose block is wanted may only be away, and give it once it is back.
void ShardSet::AddWanted(int wanted, int block, Missing& missing) const {
  const int position = PositionOf(wanted);
  if (position < 0) return;
  Bytes unused(format::kBlockSize);
  const auto at = static_cast<std::size_t>(position);
  const Status status = ReadBlocks(at, block, 1, unused);
  if (TellsOfPlace(status)) missing.away.Add(seats_->all()[at], status);
}

// 1. With k good blocks, decode.
// 2. Where `accept` refuses every subset of them: any blocks that are there, in any generation.
// 3. Without `accept`: compare with one more, and ask for a majority where they disagree.
Status ShardSet::DecodeBlock(int wanted, int block, MutableBytes out, const AcceptBlocks& accept,
                             const std::set<int>& without) const {
  const std::size_t k = static_cast<std::size_t>(needed());
  Missing missing;
  const std::size_t enough = accept ? seats_->size() : k + 1;
  const std::vector<Candidate> good = GoodBlocks(wanted, block, enough, without, missing);
  if (accept) {
    if (DecodeAccepted(good, wanted, out, accept) ||
        DecodeAccepted(AllBlocks(wanted, block, false, without), wanted, out, accept)) {
      return Status::Ok();
    }
  }
  if (good.size() < k) {
    const std::string what =
        fmt::format("pack {}: {} of {} shards readable, need {} (missing: {})",
                    ShortId(header_.pack), good.size(), seats_->size(), k, missing.text);
    const auto away = [&] { return static_cast<std::size_t>(missing.away.count()); };
    if (good.size() + away() < k) AddWanted(wanted, block, missing);
    if (good.size() + away() < k) return DataLoss("{}", what);
    return TooFewProviders("{}", what).WithHint(missing.away.hint());
  }
  if (accept) {
    const std::string what = fmt::format(
        "pack {}, block {}: no {} of {} shards give readable data (missing: {})",
        ShortId(header_.pack), block, k, good.size(), missing.text.empty() ? "none" : missing.text);
    return missing.away.none() ? DataLoss("{}", what) : missing.away.TooFew(what);
  }
  std::vector<int> first(k);
  std::iota(first.begin(), first.end(), 0);
  if (!tag_key_ || good.size() == k || Agreeing(good, first) == static_cast<int>(k) + 1) {
    return DecodeFrom(good, first, wanted, out);
  }
  const Status agreed =
      DecodeByMajority(AllBlocks(wanted, block, true, without), wanted, block, out);
  return agreed.ok() || missing.away.none() ? agreed : missing.away.TooFew(agreed.message());
}

}  // namespace fenchi
