#include "repository/pack_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "format/derive.h"
#include "format/trailer.h"
#include "repository/run_keys.h"

namespace fenchi {

// A pack whose segments are decrypted as they are needed.
struct PackReader::OpenPack {
  ShardSet shards;
  bool agreed = false;  // its header is the one that most providers have
  SecretBytes cipher_key;
  Bytes plain;
  std::vector<bool> have;
  std::vector<bool> lost;  // not asked for again until somebody needs it

  int segments() const { return shards.header().segments; }
  MutableBytes Segment(int segment) {
    return MutableBytes(plain).subspan(
        static_cast<std::size_t>(segment) * format::kSegmentPlainSize, format::kSegmentPlainSize);
  }
};

Result<PackReader::OpenPack*> PackReader::Open(const PackId& id) {
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    if ((*it)->shards.header().pack == id) {
      open_.splice(open_.begin(), open_, it);
      return open_.front().get();
    }
  }
  while (open_.size() >= kOpenPacksMax) open_.pop_back();
  FENCHI_ASSIGN_OR_RETURN(ShardSet first, ShardSet::Open(access_, seats_, id));
  Result<OpenPack> pack = Unlock(std::move(first));
  if (!pack.ok()) return OpenAgreed(id);
  open_.push_front(std::make_shared<OpenPack>(std::move(*pack)));
  return open_.front().get();
}

// One provider may have sealed a header of its own: what do most of them say?
Result<PackReader::OpenPack*> PackReader::OpenAgreed(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(ShardSet agreed, ShardSet::OpenAgreed(access_, seats_, id));
  FENCHI_ASSIGN_OR_RETURN(OpenPack pack, Unlock(std::move(agreed)));
  pack.agreed = true;
  open_.remove_if([&](const auto& one) { return one->shards.header().pack == id; });
  open_.push_front(std::make_shared<OpenPack>(std::move(pack)));
  return open_.front().get();
}

Result<PackReader::OpenPack> PackReader::Unlock(ShardSet shards) {
  const format::ShardHeader& header = shards.header();
  // By what is wrapped, not by its run: a header may lie about that.
  auto key = data_keys_.find(header.wrapped_data_key);
  if (key == data_keys_.end()) {
    FENCHI_ASSIGN_OR_RETURN(SecretBytes opened, OpenDataKey(access_, header.domain, header.epoch,
                                                            header.run, header.wrapped_data_key));
    key = data_keys_.emplace(header.wrapped_data_key, std::move(opened)).first;
  }
  FENCHI_ASSIGN_OR_RETURN(StreamKeys stream,
                          format::PackKeys(key->second.view(), shards.identity()));
  if (!ConstantTimeEquals(stream.commitment.view(), header.commitment.view())) {
    return Damaged("pack {}: its header does not belong to its key",
                   ToHex(header.pack.view().first(8)));
  }
  const int segments = header.segments;
  return OpenPack{std::move(shards),
                  false,
                  std::move(stream.key),
                  Bytes(format::PackPlainSize(segments)),
                  std::vector<bool>(segments, false),
                  std::vector<bool>(segments, false)};
}

// Reads blocks of one data shard and decrypts them. Segments that stay unread are put into `bad`.
Status PackReader::FetchRun(OpenPack& pack, int shard, int first_block, int count,
                            std::vector<int>& bad, std::uint64_t& fetched) const {
  const int position = pack.shards.PositionOf(shard);
  Bytes bytes(static_cast<std::size_t>(count) * format::kBlockSize);
  const Status read = position < 0 ? NotFound("no seat holds shard {}", shard)
                                   : pack.shards.ReadBlocks(position, first_block, count, bytes);
  if (read.code() == StatusCode::kDamaged && count > 1) {
    // One bad block must not condemn its neighbours.
    for (int i = 0; i < count; ++i) {
      FENCHI_RETURN_IF_ERROR(FetchRun(pack, shard, first_block + i, 1, bad, fetched));
    }
    return Status::Ok();
  }
  if (read.ok()) fetched += bytes.size();
  FENCHI_ASSIGN_OR_RETURN(SegmentCipher cipher, SegmentCipher::Create(pack.shards.header().suite,
                                                                      pack.cipher_key.view()));
  for (int i = 0; i < count; ++i) {
    const int segment = shard * pack.shards.blocks() + first_block + i;
    const ByteView block = ByteView(bytes).subspan(static_cast<std::size_t>(i) * format::kBlockSize,
                                                   format::kBlockSize);
    const auto opens = [&](ByteView candidate) {
      const bool last = segment == pack.segments() - 1;
      return cipher.OpenSegment(segment, last, candidate, pack.Segment(segment)).ok();
    };
    if (read.ok() && opens(block)) continue;
    // Its tag holds, made by somebody with the verify secret: a later generation may be the mended
    // one.
    Bytes again(format::kBlockSize);
    if (read.ok() &&
        pack.shards.ReadBlocks(position, first_block + i, 1, again, nullptr, opens).ok()) {
      continue;
    }
    bad.push_back(segment);
  }
  return Status::Ok();
}

Status PackReader::Decode(OpenPack& pack, int segment) {
  const int blocks = pack.shards.blocks();
  FENCHI_ASSIGN_OR_RETURN(SegmentCipher cipher, SegmentCipher::Create(pack.shards.header().suite,
                                                                      pack.cipher_key.view()));
  Bytes block(format::kBlockSize);
  const bool last = segment == pack.segments() - 1;
  return pack.shards.DecodeBlock(
      segment / blocks, segment % blocks, block, [&](ByteView candidate) {
        return cipher.OpenSegment(segment, last, candidate, pack.Segment(segment)).ok();
      });
}

// What is missing of a run, in one piece: from the first k other shards that are whole there. What
// does not open afterwards stays in `bad`: Decode() tries harder, one block after the other.
void PackReader::DecodeRun(OpenPack& pack, int shard, int first_block, int count,
                           std::vector<int>& bad, std::uint64_t& fetched) const {
  const auto needed = static_cast<std::size_t>(pack.shards.needed());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_.all()[i].provider && pack.shards.IndexAt(i) != shard) places.push_back(i);
  }
  // 1. As many at once as are still needed.
  const std::size_t size = static_cast<std::size_t>(count) * format::kBlockSize;
  std::vector<Bytes> ranges;
  std::vector<int> indexes;
  for (std::size_t asked = 0; ranges.size() < needed && asked < places.size();) {
    const std::size_t more = std::min(needed - ranges.size(), places.size() - asked);
    std::vector<Bytes> read(more, Bytes(size));
    std::vector<Status> results(more);
    seats_.executor().ForEach(more, [&](std::size_t i) {
      results[i] = pack.shards.ReadBlocks(places[asked + i], first_block, count, read[i]);
    });
    for (std::size_t i = 0; i < more; ++i) {
      if (!results[i].ok()) continue;
      fetched += size;
      indexes.push_back(pack.shards.IndexAt(places[asked + i]));
      ranges.push_back(std::move(read[i]));
    }
    asked += more;
  }
  if (ranges.size() < needed) return;
  // 2. Decode, and keep what opens.
  const std::array<int, 1> wanted = {shard};
  const Result<ErasureCode::Decoder> decoder = pack.shards.code().PrepareDecode(indexes, wanted);
  Bytes decoded(size);
  const std::array<MutableBytes, 1> out = {decoded};
  const std::vector<ByteView> inputs(ranges.begin(), ranges.end());
  Result<SegmentCipher> cipher =
      SegmentCipher::Create(pack.shards.header().suite, pack.cipher_key.view());
  if (!cipher.ok() || !decoder.ok() || !decoder->Apply(inputs, out).ok()) return;
  const int first_segment = shard * pack.shards.blocks() + first_block;
  std::erase_if(bad, [&](int segment) {
    const ByteView block = ByteView(decoded).subspan(
        static_cast<std::size_t>(segment - first_segment) * format::kBlockSize, format::kBlockSize);
    return cipher
        ->OpenSegment(segment, segment == pack.segments() - 1, block, pack.Segment(segment))
        .ok();
  });
}

// Decrypts segments first..last unless they are there already; with whole packs the others too, but
// what is lost of them harms nobody yet.
Status PackReader::Ensure(OpenPack& pack, int first, int last) {
  const auto needed = [first, last](int segment) { return segment >= first && segment <= last; };
  if (whole_packs_) {
    first = 0;
    last = pack.segments() - 1;
  }
  // 1. Runs of missing segments, each within one data shard.
  struct Run {
    int shard, block, count;
    std::vector<int> bad;
    std::uint64_t fetched = 0;
    Status status;
  };
  std::vector<Run> runs;
  const int blocks = pack.shards.blocks();
  for (int segment = first; segment <= last; ++segment) {
    if (pack.have[segment] || (pack.lost[segment] && !needed(segment))) continue;
    const int shard = segment / blocks;
    const int block = segment % blocks;
    if (!runs.empty() && runs.back().shard == shard &&
        runs.back().block + runs.back().count == block) {
      ++runs.back().count;
    } else {
      runs.push_back({shard, block, 1, {}, 0, {}});
    }
  }
  // 2. Fetch them at once.
  seats_.executor().ForEach(runs.size(), [&](std::size_t i) {
    Run& run = runs[i];
    run.status = FetchRun(pack, run.shard, run.block, run.count, run.bad, run.fetched);
  });
  // 3. Decode what is still missing.
  Status failure;
  for (Run& run : runs) {
    FENCHI_RETURN_IF_ERROR(run.status);
    statistics_.bytes_fetched += run.fetched;
    for (int i = 0; i < run.count; ++i) pack.have[run.shard * blocks + run.block + i] = true;
    if (run.bad.empty()) continue;
    statistics_.shards_replaced.emplace(pack.shards.header().pack,
                                        pack.shards.PositionOf(run.shard));
    if (run.bad.size() > 1) {
      DecodeRun(pack, run.shard, run.block, run.count, run.bad, statistics_.bytes_fetched);
    }
    for (int segment : run.bad) {
      const Status decoded = Decode(pack, segment);
      pack.have[segment] = decoded.ok();
      pack.lost[segment] = !decoded.ok();
      if (!decoded.ok() && needed(segment)) failure = decoded;
      statistics_.bytes_fetched +=
          static_cast<std::uint64_t>(pack.shards.needed()) * format::kBlockSize;
    }
  }
  return failure;
}

Status PackReader::ReadFrom(OpenPack& pack, std::uint64_t offset, MutableBytes out) {
  if (offset > pack.plain.size() || out.size() > pack.plain.size() - offset) {
    return Damaged("a reference points behind the end of pack {}",
                   ToHex(pack.shards.header().pack.view().first(8)));
  }
  const int first = static_cast<int>(offset / format::kSegmentPlainSize);
  const int last = static_cast<int>((offset + out.size() - 1) / format::kSegmentPlainSize);
  FENCHI_RETURN_IF_ERROR(Ensure(pack, first, last));
  std::memcpy(out.data(), pack.plain.data() + offset, out.size());
  return Status::Ok();
}

Status PackReader::Read(const PackId& id, std::uint64_t offset, MutableBytes out) {
  if (out.empty()) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(OpenPack * pack, Open(id));
  const Status read = ReadFrom(*pack, offset, out);
  if (read.ok() || pack->agreed || read.code() == StatusCode::kTooFewProviders) return read;
  // A header with keys of its own opens, and then no segment does.
  const format::ShardHeader header = pack->shards.header();
  const Result<OpenPack*> agreed = OpenAgreed(id);
  if (!agreed.ok() || (*agreed)->shards.header() == header) return read;
  return ReadFrom(**agreed, offset, out);
}

Result<format::ShardHeader> PackReader::ReadHeader(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(OpenPack * pack, Open(id));
  return pack->shards.header();
}

Result<format::ShardHeader> PackReader::ReadAgreedHeader(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(ShardSet shards, ShardSet::OpenAgreed(access_, seats_, id));
  return shards.header();
}

Result<format::Trailer> PackReader::ReadTrailer(const PackId& id) {
  FENCHI_ASSIGN_OR_RETURN(OpenPack * pack, Open(id));
  const std::size_t size = pack->plain.size();
  const int last = pack->segments() - 1;
  FENCHI_RETURN_IF_ERROR(Ensure(*pack, last, last));
  FENCHI_ASSIGN_OR_RETURN(std::size_t tail_size,
                          format::TrailerSizeIn(ByteView(pack->plain).last(4), size));
  const int first = static_cast<int>((size - tail_size) / format::kSegmentPlainSize);
  FENCHI_RETURN_IF_ERROR(Ensure(*pack, first, last));
  FENCHI_ASSIGN_OR_RETURN(ByteView trailer,
                          format::FindTrailer(ByteView(pack->plain).last(tail_size), size));
  return format::DecodeTrailer(trailer);
}

}  // namespace fenchi
