#include "repository/pack_seal.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "base/huge_pages.h"
#include "fenchi/compression.h"
#include "fenchi/erasure_code.h"
#include "format/derive.h"
#include "repository/tile_tagger.h"

namespace fenchi {
namespace {

// The pack's plaintext, a segment at a time: pieces | zeros | trailer | be32(length of trailer).
class PackText {
 public:
  explicit PackText(const PlannedPack& pack) : segments_(pack.segments) {
    for (const PlannedPiece& piece : pack.pieces) {
      if (piece.part.raw) parts_.push_back({piece.offset, kRawMark});
      parts_.push_back({piece.offset + (piece.part.raw ? 1 : 0), piece.part.bytes});
    }
    const std::size_t end = format::PackPlainSize(pack.segments) - length_.size();
    PutBe32(length_, static_cast<std::uint32_t>(pack.trailer.size()));
    parts_.push_back({end - pack.trailer.size(), pack.trailer});
    parts_.push_back({end, length_});
  }
  PackText(const PackText&) = delete;  // a part lies in it
  PackText& operator=(const PackText&) = delete;

  int segments() const { return segments_; }
  // One segment: where it lies if it is in one piece, else gathered in `scratch`.
  ByteView Segment(int segment, Bytes& scratch) const {
    scratch.resize(format::kSegmentPlainSize);
    const MutableBytes out = scratch;
    const std::size_t begin = static_cast<std::size_t>(segment) * format::kSegmentPlainSize;
    const std::size_t end = begin + out.size();
    std::size_t at = begin;
    auto part = std::ranges::partition_point(
        parts_, [&](const Part& p) { return p.offset + p.bytes.size() <= begin; });
    if (part != parts_.end() && part->offset <= begin && end <= part->offset + part->bytes.size()) {
      return part->bytes.subspan(begin - part->offset, out.size());
    }
    for (; part != parts_.end() && part->offset < end; ++part) {
      const std::size_t from = std::max(at, part->offset);
      const std::size_t to = std::min(end, part->offset + part->bytes.size());
      std::memset(out.data() + (at - begin), 0, from - at);
      std::memcpy(out.data() + (from - begin), part->bytes.data() + (from - part->offset),
                  to - from);
      at = to;
    }
    std::memset(out.data() + (at - begin), 0, end - at);
    return out;
  }

 private:
  static constexpr std::array<std::uint8_t, 1> kRawMark = {
      static_cast<std::uint8_t>(CompressionMethod::kRaw)};
  struct Part {
    std::size_t offset;
    ByteView bytes;
  };
  int segments_;
  std::vector<Part> parts_;  // by offset, not overlapping
  std::array<std::uint8_t, 4> length_{};
};

MutableBytes BlockOf(Bytes& shard, int block) {
  return MutableBytes(shard).subspan(
      format::kHeaderSize + static_cast<std::size_t>(block) * format::kBlockStride,
      format::kBlockSize);
}

MutableBytes TagOf(Bytes& shard, int block) {
  return MutableBytes(shard).subspan(format::kHeaderSize +
                                         static_cast<std::size_t>(block) * format::kBlockStride +
                                         format::kBlockSize,
                                     kAeadTagSize);
}

// Everything that sealing one pack works on.
struct Work {
  const PackText& text;
  int needed;
  int blocks;
  SegmentCipher cipher;
  TileTagger tagger;
  ErasureCode code;
  std::vector<Bytes>& shards;
  Bytes scratch = {};  // for one segment

  bool IsLast(int segment) const { return segment == text.segments() - 1; }
};

// Block `block` of every shard: encrypt the data blocks, encode parity, tag all.
Status SealTile(Work& work, int block) {
  std::vector<ByteView> blocks;  // of all shards
  std::vector<MutableBytes> parity;
  std::vector<MutableBytes> tags;
  for (int j = 0; j < work.needed; ++j) {
    const int segment = j * work.blocks + block;
    const MutableBytes out = BlockOf(work.shards[j], block);
    if (segment < work.text.segments()) {
      FENCHI_RETURN_IF_ERROR(work.cipher.SealSegment(
          segment, work.IsLast(segment), work.text.Segment(segment, work.scratch), out));
    } else {
      std::ranges::fill(out, 0);
    }
    blocks.push_back(out);
  }
  const std::size_t k = blocks.size();
  for (std::size_t i = k; i < work.shards.size(); ++i) {
    parity.push_back(BlockOf(work.shards[i], block));
    blocks.push_back(parity.back());
  }
  for (Bytes& shard : work.shards) tags.push_back(TagOf(shard, block));
  FENCHI_RETURN_IF_ERROR(work.code.Encode(std::span(blocks).first(k), parity));
  return work.tagger.Tag(block, blocks, tags);
}

constexpr int kBlocksPerPart = 30;  // of each shard: some milliseconds of work

// All tiles, in parts that idle threads take; each part has ciphers of its own.
template <typename MakeWork>
Status SealTiles(Executor& executor, int blocks, const MakeWork& make_work) {
  const int parts = std::max(1, blocks / kBlocksPerPart);
  std::vector<Status> ended(static_cast<std::size_t>(parts));
  executor.ForEach(ended.size(), [&](std::size_t part) {
    ended[part] = [&]() -> Status {
      FENCHI_ASSIGN_OR_RETURN(Work work, make_work());
      const auto from = [&](std::size_t i) { return blocks * static_cast<int>(i) / parts; };
      for (int block = from(part); block < from(part + 1); ++block) {
        FENCHI_RETURN_IF_ERROR(SealTile(work, block));
      }
      return Status::Ok();
    }();
  });
  const auto failed = std::ranges::find_if_not(ended, &Status::ok);
  return failed == ended.end() ? Status::Ok() : *failed;
}

Status NotWhatWentIn(const std::string& what) {
  return Internal("a sealed pack did not open to what went in{}", what)
      .WithHint("nothing was uploaded; this points to faulty memory or hardware");
}

// Decodes one random tile from random shards and compares it with the plaintext.
Status CheckRandomTile(Work& work, Random& random) {
  std::array<std::uint8_t, 8> raw{};
  random.Fill(raw);
  const int block = static_cast<int>(GetBe32(raw) % static_cast<std::uint32_t>(work.blocks));
  std::vector<int> order(work.shards.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) {
    random.Fill(raw);
    std::swap(order[i - 1], order[GetBe32(raw) % i]);
  }
  std::vector<ErasureCode::ShardView> present;
  for (int i = 0; i < work.needed; ++i) {
    const ByteView bytes = BlockOf(work.shards[order[i]], block);
    const Status good =
        work.tagger.Check(order[i], block, bytes, TagOf(work.shards[order[i]], block));
    if (!good.ok()) return NotWhatWentIn(fmt::format(": shard {}, {}", order[i], good.message()));
    present.push_back({order[i], bytes});
  }
  Bytes decoded(format::kBlockSize);
  Bytes opened(format::kSegmentPlainSize);
  for (int j = 0; j < work.needed; ++j) {
    const int segment = j * work.blocks + block;
    if (segment >= work.text.segments()) continue;
    const std::array<int, 1> wanted = {j};
    const std::array<MutableBytes, 1> out = {decoded};
    FENCHI_RETURN_IF_ERROR(work.code.Decode(present, wanted, out));
    const Status open = work.cipher.OpenSegment(segment, work.IsLast(segment), decoded, opened);
    if (!open.ok()) return NotWhatWentIn(fmt::format(": segment {}, {}", segment, open.message()));
    if (!std::ranges::equal(opened, work.text.Segment(segment, work.scratch))) {
      return NotWhatWentIn("");
    }
  }
  return Status::Ok();
}

format::ShardHeader HeaderOf(const Access& access, const RunKeys& keys, format::PackType type,
                             const PlannedPack& pack, int seats) {
  format::ShardHeader header;
  header.suite = keys.suite;
  header.epoch = keys.epoch;
  header.writer = keys.writer;
  header.domain = keys.domain;
  header.pack = pack.id;
  header.needed = access.needed();
  header.segments = pack.segments;
  header.seats = seats;
  header.wrapped_data_key = keys.wrapped_data_key;
  header.wrapped_tag_key = keys.wrapped_tag_key;
  header.run = keys.run;
  header.type = type;
  header.id_scope = keys.id_scope;
  return header;
}

}  // namespace

Status SealPack(const Access& access, const RunKeys& keys, format::PackType type, PlannedPack& pack,
                int seats, Random& random, Executor& executor, PackBuffers& buffers) {
  format::ShardHeader header = HeaderOf(access, keys, type, pack, seats);
  const format::PackIdentity identity = header.identity(access.vault);
  FENCHI_ASSIGN_OR_RETURN(StreamKeys stream, format::PackKeys(keys.data_key.view(), identity));
  header.commitment = stream.commitment;
  const SecretBytes tag_key = format::BlockTagKey(keys.tag_key.view(), identity, access.needed());
  const PackText text(pack);
  buffers.shards.resize(static_cast<std::size_t>(seats));
  // Every byte is written below: what an earlier pack left needs no zeroing.
  for (Bytes& shard : buffers.shards) {
    ResizeInHugePages(shard, format::ShardSize(pack.segments, access.needed()));
  }

  const int blocks = format::BlocksPerShard(pack.segments, access.needed());
  const auto make_work = [&]() -> Result<Work> {
    FENCHI_ASSIGN_OR_RETURN(SegmentCipher cipher,
                            SegmentCipher::Create(keys.suite, stream.key.view()));
    FENCHI_ASSIGN_OR_RETURN(TileTagger tagger,
                            TileTagger::Create(keys.suite, tag_key.view(), access.needed()));
    FENCHI_ASSIGN_OR_RETURN(ErasureCode code, ErasureCode::Create(access.needed(), seats));
    return Work{text,
                access.needed(),
                blocks,
                std::move(cipher),
                std::move(tagger),
                std::move(code),
                buffers.shards};
  };
  FENCHI_RETURN_IF_ERROR(SealTiles(executor, blocks, make_work));
  FENCHI_ASSIGN_OR_RETURN(Work work, make_work());
  FENCHI_RETURN_IF_ERROR(CheckRandomTile(work, random));
  pack.pieces.clear();
  for (int i = 0; i < seats; ++i) {
    header.shard_index = i;
    FENCHI_ASSIGN_OR_RETURN(Bytes box,
                            format::SealShardHeader(access.vault, access.outer_key.view(), header));
    std::copy(box.begin(), box.end(), buffers.shards[i].begin());
  }
  return Status::Ok();
}

}  // namespace fenchi
