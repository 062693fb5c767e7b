#include "repository/shard_set.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "format/derive.h"
#include "format/names.h"
#include "repository/run_keys.h"

namespace fenchi {
namespace {

// More subsets are not tried: C(14, 7).
constexpr int kSubsetsMax = 3432;

std::string ShortId(const PackId& pack) { return ToHex(pack.view().first(8)); }

// The header in one generation at one seat, if it is the one that belongs there.
Result<format::ShardHeader> ReadHeader(const Access& access, const Seat& seat, const PackId& pack,
                                       int needed, int generation) {
  const std::string name =
      format::ShardName(access.name_key.view(), seat.id, pack, needed, generation);
  Bytes box(format::kHeaderSize);
  FENCHI_RETURN_IF_ERROR(seat.provider->Get(name, 0, box));
  FENCHI_ASSIGN_OR_RETURN(format::ShardHeader header,
                          format::OpenShardHeader(access.vault, access.outer_key.view(), box));
  if (header.pack != pack || header.needed != needed ||
      header.shard_index != format::ShardIndexForSeat(pack, seat.number, header.seats)) {
    return Damaged("object {} is another shard's", name);
  }
  return header;
}

// Calls `body` with each k-subset of `from`, in order, until it returns true or the limit is hit.
bool AnySubset(const std::vector<int>& from, int k,
               const std::function<bool(std::span<const int>)>& body) {
  std::vector<int> pick(k);
  std::iota(pick.begin(), pick.end(), 0);
  for (int tries = 0; tries < kSubsetsMax; ++tries) {
    std::vector<int> subset;
    for (int i : pick) subset.push_back(from[i]);
    if (body(subset)) return true;
    int i = k - 1;
    while (i >= 0 && pick[i] == static_cast<int>(from.size()) - k + i) --i;
    if (i < 0) return false;
    ++pick[i];
    for (int j = i + 1; j < k; ++j) pick[j] = pick[j - 1] + 1;
  }
  return false;
}

bool IsAway(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadline;
}

}  // namespace

NameAt ShardNameAt(const Access& access, const PackId& pack, int needed) {
  return [&access, pack, needed](const Seat& seat, int generation) {
    return format::ShardName(access.name_key.view(), seat.id, pack, needed, generation);
  };
}

ShardSet::ShardSet(const Access& access, const Seats& seats, format::ShardHeader header)
    : access_(&access), seats_(&seats), header_(std::move(header)) {
  blocks_ = format::BlocksPerShard(header_.segments, header_.needed);
  for (const Seat& seat : seats.all()) {
    index_at_.push_back(format::ShardIndexForSeat(header_.pack, seat.number, header_.seats));
  }
}

Result<ShardSet> ShardSet::Open(const Access& access, const Seats& seats, const PackId& pack) {
  bool answered = false;
  Status worst = NotFound("pack {}: no provider has a shard of it", ShortId(pack));
  for (int needed : access.shards_needed) {
    for (const Seat& seat : seats.all()) {
      if (!seat.provider) continue;
      for (int generation = 0; generation < kGenerations; ++generation) {
        Result<format::ShardHeader> header = ReadHeader(access, seat, pack, needed, generation);
        if (header.ok()) {
          ShardSet set(access, seats, std::move(*header));
          FENCHI_ASSIGN_OR_RETURN(
              ErasureCode code, ErasureCode::Create(set.header_.needed,
                                                    std::max({set.header_.seats, set.header_.needed,
                                                              SeatCount(access.policy)})));
          set.code_ = std::move(code);
          if (access.verify) {
            FENCHI_ASSIGN_OR_RETURN(SecretBytes tag_key,
                                    OpenTagKey(access, set.header_.domain, set.header_.run,
                                               set.header_.wrapped_tag_key));
            set.tag_key_ = format::BlockTagKey(tag_key.view(), set.identity(), set.needed());
          }
          return set;
        }
        const StatusCode code = header.status().code();
        if (code != StatusCode::kUnavailable && code != StatusCode::kDeadline) answered = true;
        if (code == StatusCode::kNotFound) break;
        worst = header.status().At("provider " + seat.name);
        if (code == StatusCode::kUnavailable || code == StatusCode::kDeadline) break;
      }
    }
  }
  if (!answered) return TooFewProviders("pack {}: no provider answers", ShortId(pack));
  return DataLoss("pack {}: no good shard header is left ({})", ShortId(pack), worst.message());
}

int ShardSet::PositionOf(int shard_index) const {
  const auto found = std::find(index_at_.begin(), index_at_.end(), shard_index);
  return found == index_at_.end() ? -1 : static_cast<int>(found - index_at_.begin());
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

Status ShardSet::CheckTags(int shard_index, int first, ByteView stored, int* bad_block) const {
  if (!tag_key_) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(Aead tagger, Aead::Create(header_.suite, tag_key_->view()));
  for (std::size_t i = 0; i * format::kBlockStride < stored.size(); ++i) {
    const ByteView block = stored.subspan(i * format::kBlockStride, format::kBlockStride);
    const int number = first + static_cast<int>(i);
    if (!tagger
             .CheckTag(format::BlockTagNonce(shard_index, number), block.first(format::kBlockSize),
                       block.subspan(format::kBlockSize))
             .ok()) {
      if (bad_block != nullptr) *bad_block = number;
      return Damaged("block {} fails its tag", number);
    }
  }
  return Status::Ok();
}

Status ShardSet::ReadBlocks(std::size_t position, int first, int count, MutableBytes out,
                            int* bad_block) const {
  const Seat& seat = seats_->all()[position];
  if (!seat.provider) return Unavailable("provider {}: {}", seat.name, seat.absent_reason);
  Bytes stored(static_cast<std::size_t>(count) * format::kBlockStride);
  Status worst = NotFound("provider {} has no shard of pack {}", seat.name, ShortId(header_.pack));
  for (int generation = 0; generation < kGenerations; ++generation) {
    const std::string name = format::ShardName(access_->name_key.view(), seat.id, header_.pack,
                                               header_.needed, generation);
    const std::uint64_t offset =
        format::kHeaderSize + static_cast<std::uint64_t>(first) * format::kBlockStride;
    Status status = seat.provider->Get(name, offset, stored);
    if (status.code() == StatusCode::kNotFound) return worst;
    if (status.ok()) status = CheckTags(index_at_[position], first, stored, bad_block);
    if (status.ok()) {
      for (int i = 0; i < count; ++i) {
        std::memcpy(out.data() + static_cast<std::size_t>(i) * format::kBlockSize,
                    stored.data() + static_cast<std::size_t>(i) * format::kBlockStride,
                    format::kBlockSize);
      }
      return status;
    }
    worst = status.At("provider " + seat.name + ", object " + name);
    if (status.code() != StatusCode::kDamaged) return worst;
  }
  return worst;
}

Status ShardSet::DecodeBlock(int wanted, int block, MutableBytes out,
                             const std::function<bool(ByteView)>& accept) const {
  // 1. Gather blocks. With tags k good ones are enough; without, all are candidates.
  std::vector<int> indexes;
  std::vector<Bytes> bytes(seats_->size());
  std::string missing;
  int away = 0;  // seats that do not answer: what they hold is unknown, not lost
  for (std::size_t position = 0; position < seats_->size(); ++position) {
    if (index_at_[position] == wanted) continue;
    Bytes buffer(format::kBlockSize);
    const Status status = ReadBlocks(position, block, 1, buffer);
    if (!status.ok()) {
      away += IsAway(status) ? 1 : 0;
      missing += fmt::format("{}{} ({})", missing.empty() ? "" : ", ", seats_->all()[position].name,
                             StatusCodeName(status.code()));
      continue;
    }
    bytes[position] = std::move(buffer);
    indexes.push_back(static_cast<int>(position));
    if (tag_key_ && !accept && static_cast<int>(indexes.size()) == needed()) break;
  }
  if (static_cast<int>(indexes.size()) < needed()) {
    const int own = PositionOf(wanted);
    Bytes ignored(format::kBlockSize);
    if (own >= 0 && IsAway(ReadBlocks(static_cast<std::size_t>(own), block, 1, ignored))) ++away;
    if (static_cast<int>(indexes.size()) + away >= needed()) {
      return TooFewProviders("pack {}: {} of {} shards readable, need {} (missing: {})",
                             ShortId(header_.pack), indexes.size(), seats_->size(), needed(),
                             missing)
          .WithHint("bring the providers back that do not answer");
    }
    return DataLoss("pack {}: {} of {} shards readable, need {} (missing: {})",
                    ShortId(header_.pack), indexes.size(), seats_->size(), needed(), missing);
  }
  // 2. Decode from subsets until the result is accepted.
  Status failure = Status::Ok();
  const bool found = AnySubset(indexes, needed(), [&](std::span<const int> positions) {
    std::vector<ErasureCode::ShardView> present;
    for (int position : positions) present.push_back({index_at_[position], bytes[position]});
    const std::array<int, 1> want = {wanted};
    const std::array<MutableBytes, 1> outputs = {out};
    failure = code_->Decode(present, want, outputs);
    return !failure.ok() || !accept || accept(out);
  });
  if (!failure.ok()) return failure;
  if (found) return Status::Ok();
  return DataLoss("pack {}, block {}: no {} of {} shards give readable data (missing: {})",
                  ShortId(header_.pack), block, needed(), indexes.size(),
                  missing.empty() ? "none" : missing);
}

}  // namespace fenchi
