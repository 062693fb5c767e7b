#include "repository/pack_seal.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/erasure_code.h"
#include "format/derive.h"

namespace fenchi {
namespace {

// The pack's plaintext: pieces | zeros | trailer | be32(length of trailer).
void Compose(const PlannedPack& pack, Bytes& plain) {
  plain.assign(format::PackPlainSize(pack.segments), 0);
  for (const PlannedPiece& piece : pack.pieces) {
    std::memcpy(plain.data() + piece.offset, piece.stored->data() + piece.first, piece.size);
  }
  const std::size_t end = plain.size() - 4;
  std::memcpy(plain.data() + end - pack.trailer.size(), pack.trailer.data(), pack.trailer.size());
  PutBe32(MutableBytes(plain).subspan(end), static_cast<std::uint32_t>(pack.trailer.size()));
}

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
  const Bytes& plain;
  int segments;
  int needed;
  int blocks;
  SegmentCipher cipher;
  Aead tagger;
  ErasureCode code;
  std::vector<Bytes>& shards;

  ByteView Plain(int segment) const {
    return ByteView(plain).subspan(static_cast<std::size_t>(segment) * format::kSegmentPlainSize,
                                   format::kSegmentPlainSize);
  }
};

// Block `block` of every shard: encrypt the data blocks, encode parity, tag all.
Status SealTile(Work& work, int block) {
  std::vector<ByteView> data;
  std::vector<MutableBytes> parity;
  for (int j = 0; j < work.needed; ++j) {
    const int segment = j * work.blocks + block;
    const MutableBytes out = BlockOf(work.shards[j], block);
    if (segment < work.segments) {
      FENCHI_RETURN_IF_ERROR(
          work.cipher.SealSegment(segment, segment == work.segments - 1, work.Plain(segment), out));
    }
    data.push_back(out);
  }
  for (std::size_t i = work.needed; i < work.shards.size(); ++i) {
    parity.push_back(BlockOf(work.shards[i], block));
  }
  FENCHI_RETURN_IF_ERROR(work.code.Encode(data, parity));
  for (std::size_t i = 0; i < work.shards.size(); ++i) {
    FENCHI_RETURN_IF_ERROR(work.tagger.Tag(format::BlockTagNonce(static_cast<int>(i), block),
                                           BlockOf(work.shards[i], block),
                                           TagOf(work.shards[i], block)));
  }
  return Status::Ok();
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
    FENCHI_RETURN_IF_ERROR(work.tagger.CheckTag(format::BlockTagNonce(order[i], block), bytes,
                                                TagOf(work.shards[order[i]], block)));
    present.push_back({order[i], bytes});
  }
  Bytes decoded(format::kBlockSize);
  Bytes opened(format::kSegmentPlainSize);
  for (int j = 0; j < work.needed; ++j) {
    const int segment = j * work.blocks + block;
    if (segment >= work.segments) continue;
    const std::array<int, 1> wanted = {j};
    const std::array<MutableBytes, 1> out = {decoded};
    FENCHI_RETURN_IF_ERROR(work.code.Decode(present, wanted, out));
    FENCHI_RETURN_IF_ERROR(
        work.cipher.OpenSegment(segment, segment == work.segments - 1, decoded, opened));
    if (!std::ranges::equal(opened, work.Plain(segment))) {
      return Internal("a sealed pack did not open to what went in")
          .WithHint("nothing was uploaded; this points to faulty memory or hardware");
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
                int seats, Random& random, PackBuffers& buffers) {
  format::ShardHeader header = HeaderOf(access, keys, type, pack, seats);
  const format::PackIdentity identity = header.identity(access.vault);
  FENCHI_ASSIGN_OR_RETURN(StreamKeys stream, format::PackKeys(keys.data_key.view(), identity));
  header.commitment = stream.commitment;
  const SecretBytes tag_key = format::BlockTagKey(keys.tag_key.view(), identity, access.needed());
  Compose(pack, buffers.plain);
  pack.pieces.clear();
  buffers.shards.resize(static_cast<std::size_t>(seats));
  for (Bytes& shard : buffers.shards) {
    shard.assign(format::ShardSize(pack.segments, access.needed()), 0);
  }

  FENCHI_ASSIGN_OR_RETURN(SegmentCipher cipher,
                          SegmentCipher::Create(keys.suite, stream.key.view()));
  FENCHI_ASSIGN_OR_RETURN(Aead tagger, Aead::Create(keys.suite, tag_key.view()));
  FENCHI_ASSIGN_OR_RETURN(ErasureCode code, ErasureCode::Create(access.needed(), seats));
  Work work{buffers.plain,     pack.segments,
            access.needed(),   format::BlocksPerShard(pack.segments, access.needed()),
            std::move(cipher), std::move(tagger),
            std::move(code),   buffers.shards};
  for (int block = 0; block < work.blocks; ++block) {
    FENCHI_RETURN_IF_ERROR(SealTile(work, block));
  }
  FENCHI_RETURN_IF_ERROR(CheckRandomTile(work, random));
  for (int i = 0; i < seats; ++i) {
    header.shard_index = i;
    FENCHI_ASSIGN_OR_RETURN(Bytes box,
                            format::SealShardHeader(access.vault, access.outer_key.view(), header));
    std::copy(box.begin(), box.end(), buffers.shards[i].begin());
  }
  return Status::Ok();
}

}  // namespace fenchi
