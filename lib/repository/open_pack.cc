#include "repository/open_pack.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "repository/shard_race.h"
#include "repository/shard_spool.h"

namespace fenchi {
namespace {

// Blocks of each shard that one worker opens at a time: large enough to be worth a hand-off.
constexpr int kTilesPerWorker = 20;

}  // namespace

OpenPack::OpenPack(ShardSet shards, SecretBytes key, ReadBuffers buffers)
    : shards_(std::move(shards)),
      key_(std::move(key)),
      buffers_(std::move(buffers)),
      have_(static_cast<std::size_t>(segments()), 0) {}

std::size_t OpenPack::size() const { return format::PackPlainSize(segments()); }

PackMemory::Kind OpenPack::memory_kind() const {
  if (header().type == format::PackType::kMetadata) return PackMemory::Kind::kList;
  return narrow_ ? PackMemory::Kind::kRange : PackMemory::Kind::kWhole;
}

std::size_t OpenPack::BytesFor(int first, int last) const {
  if (!narrow_) return plain_ ? 0 : size();
  const auto count = static_cast<std::size_t>(last - first + 1);
  const auto there = std::span(have_).subspan(static_cast<std::size_t>(first), count);
  const bool all = plain_ && std::ranges::find(there, 0) == there.end();
  return all ? 0 : count * format::kSegmentPlainSize;
}

// For these segments, if they are not there yet: what else is there is given up, by a narrow pack.
void OpenPack::MakeRoom(int first, int last) {
  const std::size_t bytes = BytesFor(first, last);
  if (bytes == 0) return room_.reset();
  if (narrow_) first_ = static_cast<std::size_t>(first);
  std::ranges::fill(have_, 0);
  plain_.reset();
  PackMemory::RoomPtr room = std::exchange(room_, nullptr);
  if (!room) room = buffers_.memory.Take(memory_kind(), bytes);
  plain_ = buffers_.memory.Get(bytes, std::move(room));
}

MutableBytes OpenPack::Segment(int segment) {
  return MutableBytes(*plain_).subspan(
      (static_cast<std::size_t>(segment) - first_) * format::kSegmentPlainSize,
      format::kSegmentPlainSize);
}

Result<SegmentCipher> OpenPack::Cipher() const {
  return SegmentCipher::Create(header().suite, key_.view());
}

bool OpenPack::IsOnDisk() const {
  if (!buffers_.spool) return false;
  const auto size = static_cast<std::uint64_t>(shards_.blocks()) * format::kBlockStride;
  int kept = 0;
  for (std::size_t i = 0; i < shards_.seats().size(); ++i) {
    kept += buffers_.spool->BytesOf(shards_.ObjectAt(i)) >= size ? 1 : 0;
  }
  return kept >= shards_.needed();
}

// ---- A whole pack ----

// k shards as they are stored, with their tags, unchecked.
struct OpenPack::Inputs {
  std::vector<int> indexes;
  std::vector<int> slower;  // that were to be had as well
  std::vector<RacedShard> shards;

  ByteView Block(std::size_t input, int block) const {
    return shards[input].stored.subspan(static_cast<std::size_t>(block) * format::kBlockStride,
                                        format::kBlockSize);
  }
};

void OpenPack::FetchStored(ReadStatistics& statistics) {
  if (std::exchange(fetched_, true)) return;
  RaceOutcome race = RaceShards(shards_, buffers_.memory, buffers_.spool);
  statistics.bytes_fetched += race.bytes_fetched;
  if (race.shards.size() < static_cast<std::size_t>(shards_.needed())) return;
  auto inputs = std::make_shared<Inputs>();
  for (const RacedShard& shard : race.shards) inputs->indexes.push_back(shard.index);
  inputs->slower = std::move(race.slower);
  inputs->shards = std::move(race.shards);
  stored_ = std::move(inputs);
}

void OpenPack::OpenStored(PackMemory::RoomPtr room, ReadStatistics& statistics) {
  room_ = std::move(room);
  const std::shared_ptr<const Inputs> stored = std::exchange(stored_, nullptr);
  if (!stored) return;
  const Inputs& inputs = *stored;
  MakeRoom(0, segments() - 1);
  const int blocks = shards_.blocks();
  const int workers = (blocks + kTilesPerWorker - 1) / kTilesPerWorker;
  shards_.seats().executor().ForEach(static_cast<std::size_t>(workers), [&](std::size_t i) {
    const int first = static_cast<int>(i) * kTilesPerWorker;
    OpenTiles(inputs, first, std::min(kTilesPerWorker, blocks - first));
  });
  for (int shard = 0; shard < shards_.needed(); ++shard) {
    if (std::ranges::find(inputs.indexes, shard) == inputs.indexes.end() &&
        std::ranges::find(inputs.slower, shard) == inputs.slower.end()) {
      statistics.shards_replaced.emplace(header().pack, shards_.PositionOf(shard));
    }
  }
}

// Decodes and decrypts blocks first..first+count-1 of every shard, a block of each at a time, so
// that it is in cache for both. A segment's own tag says all that the blocks' tags would: only for
// what does not open are those asked, by Ensure().
void OpenPack::OpenTiles(const Inputs& inputs, int first, int count) {
  const auto k = static_cast<std::size_t>(shards_.needed());
  std::vector<int> absent;  // data shards
  for (int shard = 0; shard < shards_.needed(); ++shard) {
    if (std::ranges::find(inputs.indexes, shard) == inputs.indexes.end()) absent.push_back(shard);
  }
  Result<SegmentCipher> cipher = Cipher();
  const Result<ErasureCode::Decoder> decoder = shards_.code().PrepareDecode(inputs.indexes, absent);
  if (!cipher.ok() || !decoder.ok()) return;
  const auto opens = [&](int shard, int block, ByteView sealed) {
    const int segment = shard * shards_.blocks() + block;
    if (segment >= segments()) return true;  // nothing is in it
    const bool good = cipher->OpenSegment(segment, IsLast(segment), sealed, Segment(segment)).ok();
    have_[static_cast<std::size_t>(segment)] = good ? 1 : 0;
    return good;
  };
  std::vector<Bytes> decoded(absent.size(), Bytes(format::kBlockSize));
  const std::vector<MutableBytes> outputs(decoded.begin(), decoded.end());
  std::vector<ByteView> views(k);
  for (int block = first; block < first + count; ++block) {
    bool all_good = true;
    for (std::size_t i = 0; i < k; ++i) {
      views[i] = inputs.Block(i, block);
      const bool data = inputs.indexes[i] < shards_.needed();
      if (data && !opens(inputs.indexes[i], block, views[i])) all_good = false;
    }
    if (absent.empty() || !all_good || !decoder->Apply(views, outputs).ok()) continue;
    for (std::size_t i = 0; i < absent.size(); ++i) opens(absent[i], block, decoded[i]);
  }
}

// ---- Ranges, and what a whole pack left open ----

// Blocks of one data shard.
struct OpenPack::Run {
  int shard = 0;
  int block = 0;
  int count = 0;
  std::vector<int> bad = {};       // segments that stay unread
  std::set<int> lying_seats = {};  // positions of those whose blocks fail their tags
  std::uint64_t fetched = 0;
};

void OpenPack::FetchRun(Run& run) { FetchBlocks(run, run.block, run.count); }

void OpenPack::FetchBlocks(Run& run, int first_block, int count) {
  const int position = shards_.PositionOf(run.shard);
  Bytes bytes(static_cast<std::size_t>(count) * format::kBlockSize);
  const Status read = position < 0 ? NotFound("no seat holds shard {}", run.shard)
                                   : shards_.ReadBlocks(position, first_block, count, bytes);
  if (read.code() == StatusCode::kDamaged && count > 1) {
    // One bad block must not condemn its neighbours.
    for (int i = 0; i < count; ++i) FetchBlocks(run, first_block + i, 1);
    return;
  }
  if (read.ok()) run.fetched += bytes.size();
  Result<SegmentCipher> cipher = Cipher();
  for (int i = 0; i < count; ++i) {
    const int segment = run.shard * shards_.blocks() + first_block + i;
    const ByteView block = ByteView(bytes).subspan(static_cast<std::size_t>(i) * format::kBlockSize,
                                                   format::kBlockSize);
    const auto opens = [&](ByteView candidate) {
      return cipher.ok() &&
             cipher->OpenSegment(segment, IsLast(segment), candidate, Segment(segment)).ok();
    };
    if (read.ok() && opens(block)) continue;
    // Its tag holds, made by somebody with the verify secret: a later generation may be the mended
    // one.
    Bytes again(format::kBlockSize);
    if (read.ok() && shards_.ReadBlocks(position, first_block + i, 1, again, nullptr, opens).ok()) {
      continue;
    }
    run.bad.push_back(segment);
  }
}

// What is missing of a run, in one piece: from the first k other shards that are whole there. What
// does not open afterwards stays in `bad`: Decode() tries harder, one block after the other.
void OpenPack::DecodeRun(Run& run) {
  const Seats& seats = shards_.seats();
  const auto needed = static_cast<std::size_t>(shards_.needed());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < seats.size(); ++i) {
    if (seats.all()[i].provider && shards_.IndexAt(i) != run.shard) places.push_back(i);
  }
  // 1. As many at once as are still needed.
  const std::size_t size = static_cast<std::size_t>(run.count) * format::kBlockSize;
  std::vector<Bytes> ranges;
  std::vector<int> indexes;
  for (std::size_t asked = 0; ranges.size() < needed && asked < places.size();) {
    const std::size_t more = std::min(needed - ranges.size(), places.size() - asked);
    std::vector<Bytes> read(more, Bytes(size));
    std::vector<Status> results(more);
    seats.executor().ForEach(more, [&](std::size_t i) {
      results[i] = shards_.ReadBlocks(places[asked + i], run.block, run.count, read[i]);
    });
    for (std::size_t i = 0; i < more; ++i) {
      const auto position = static_cast<int>(places[asked + i]);
      if (results[i].code() == StatusCode::kDamaged) run.lying_seats.insert(position);
      if (!results[i].ok()) continue;
      run.fetched += size;
      indexes.push_back(shards_.IndexAt(places[asked + i]));
      ranges.push_back(std::move(read[i]));
    }
    asked += more;
  }
  if (ranges.size() < needed) return;
  // 2. Decode, and keep what opens.
  const std::array<int, 1> wanted = {run.shard};
  const Result<ErasureCode::Decoder> decoder = shards_.code().PrepareDecode(indexes, wanted);
  Bytes decoded(size);
  const std::array<MutableBytes, 1> out = {decoded};
  const std::vector<ByteView> inputs(ranges.begin(), ranges.end());
  Result<SegmentCipher> cipher = Cipher();
  if (!cipher.ok() || !decoder.ok() || !decoder->Apply(inputs, out).ok()) return;
  const int first_segment = run.shard * shards_.blocks() + run.block;
  std::erase_if(run.bad, [&](int segment) {
    const ByteView block = ByteView(decoded).subspan(
        static_cast<std::size_t>(segment - first_segment) * format::kBlockSize, format::kBlockSize);
    return cipher->OpenSegment(segment, IsLast(segment), block, Segment(segment)).ok();
  });
}

Status OpenPack::Decode(int segment) {
  FENCHI_ASSIGN_OR_RETURN(SegmentCipher cipher, Cipher());
  Bytes block(format::kBlockSize);
  return shards_.DecodeBlock(
      segment / shards_.blocks(), segment % shards_.blocks(), block, [&](ByteView candidate) {
        return cipher.OpenSegment(segment, IsLast(segment), candidate, Segment(segment)).ok();
      });
}

Status OpenPack::Ensure(int first, int last, ReadStatistics& statistics) {
  MakeRoom(first, last);
  // 1. Runs of missing segments, each within one data shard.
  std::vector<Run> runs;
  const int blocks = shards_.blocks();
  for (int segment = first; segment <= last; ++segment) {
    if (have_[static_cast<std::size_t>(segment)]) continue;
    const int shard = segment / blocks;
    const int block = segment % blocks;
    if (!runs.empty() && runs.back().shard == shard &&
        runs.back().block + runs.back().count == block) {
      ++runs.back().count;
    } else {
      runs.push_back({shard, block, 1});
    }
  }
  if (runs.empty()) return Status::Ok();
  if (Stop::Current().requested()) return StoppedOnRequest();
  // 2. Fetch them at once.
  shards_.seats().executor().ForEach(runs.size(), [&](std::size_t i) { FetchRun(runs[i]); });
  // 3. Decode what is still missing.
  Status failure;
  for (Run& run : runs) {
    const bool replaced = !run.bad.empty();
    if (run.bad.size() > 1) DecodeRun(run);
    for (int i = 0; i < run.count; ++i) {
      have_[static_cast<std::size_t>(run.shard * blocks + run.block + i)] = 1;
    }
    statistics.bytes_fetched += run.fetched;
    if (replaced) {
      statistics.shards_replaced.emplace(header().pack, shards_.PositionOf(run.shard));
    }
    for (const int seat : run.lying_seats) {
      statistics.shards_replaced.emplace(header().pack, seat);
    }
    for (const int segment : run.bad) {
      const Status decoded = Decode(segment);
      have_[static_cast<std::size_t>(segment)] = decoded.ok() ? 1 : 0;
      if (!decoded.ok()) failure = decoded;
      statistics.bytes_fetched += static_cast<std::uint64_t>(shards_.needed()) * format::kBlockSize;
    }
  }
  return failure;
}

}  // namespace fenchi
