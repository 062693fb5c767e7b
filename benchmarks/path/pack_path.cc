#include "pack_path.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "format/derive.h"
#include "repository/tile_tagger.h"
#include "zstd_alone.h"

namespace fenchi::bench {
namespace {

constexpr int kSegments = 240;
constexpr std::size_t kChunk = std::size_t{1} << 20;

}  // namespace

// Stored forms, in memory that is used again once their pack is sealed.
struct PackPath::StoredMemory {
  static std::shared_ptr<Bytes> Get(const std::shared_ptr<StoredMemory>& memory) {
    auto bytes = std::make_unique<Bytes>();
    if (!memory->free.empty()) {
      bytes = std::move(memory->free.back());
      memory->free.pop_back();
    }
    return {bytes.release(), [memory](Bytes* used) { memory->free.emplace_back(used); }};
  }
  std::vector<std::unique_ptr<Bytes>> free;
};

PackPath::PackPath(int needed, int seats)
    : needed_(needed),
      seats_(seats),
      access_{.policy = {}, .seats = Seats({}, nullptr)},
      plain_(RandomBytes(format::PackPlainSize(kSegments))),
      shards_(static_cast<std::size_t>(seats),
              Bytes(static_cast<std::size_t>(format::BlocksPerShard(kSegments, needed)) *
                    format::kBlockSize)),
      block_(format::kBlockSize),
      decoded_(format::kBlockSize),
      chunker_(Need(Chunker::Create({}))),
      stored_(std::make_shared<StoredMemory>()) {
  Random& random = SystemRandom();
  access_.policy.needed = needed;
  random.Fill(access_.vault.mutable_view());
  access_.outer_key = SecretBytes::Random(32, random);
  keys_.epoch = 1;
  keys_.suite = Suite::kAes256Gcm;
  keys_.data_key = SecretBytes::Random(32, random);
  keys_.tag_key = SecretBytes::Random(32, random);
  id_key_ = SecretBytes::Random(32, random);
  keys_.wrapped_data_key = Bytes(256);
  keys_.wrapped_tag_key = Bytes(256);
}

ByteView PackPath::Segment(int i) const {
  return ByteView(plain_).subspan(static_cast<std::size_t>(i) * format::kSegmentPlainSize,
                                  format::kSegmentPlainSize);
}

void PackPath::SealOne(PlannedPack& pack) {
  Need(SealPack(access_, keys_, format::PackType::kData, pack, seats_, SystemRandom(), one_thread_,
                buffers_));
}

void PackPath::SealFull(PackPlanner& planner) {
  std::vector<PlannedPack> packs = Need(planner.PlanFull());
  if (packs.size() != 1) std::abort();  // the input fills one pack, but for its trailer's bytes
  SealOne(packs.front());
}

void PackPath::FullPath() {
  KeyedHash hash = Need(KeyedHash::Create(id_key_.view()));
  PackPlanner planner(keys_.run, SystemRandom());
  for (std::size_t at = 0; at < plain_.size();) {
    const ByteView window = ByteView(plain_).subspan(at);
    const std::size_t size = chunker_.FirstCut(window, true);
    ChunkId id;
    id.bytes = hash(window.first(size)).bytes;
    Need(planner.Add(id, size, {window.first(size), nullptr}, std::make_shared<ChunkTicket>()));
    at += size;
  }
  SealFull(planner);
}

void PackPath::Seal() {
  PackPlanner planner(keys_.run, SystemRandom());
  for (std::size_t at = 0; at < plain_.size(); at += kChunk) {
    const std::size_t size = std::min(kChunk, plain_.size() - at);
    Need(planner.Add(ChunkId{}, size, {ByteView(plain_).subspan(at, size), nullptr},
                     std::make_shared<ChunkTicket>()));
  }
  SealFull(planner);
}

void PackPath::SealPlain() {
  SegmentCipher cipher = Need(SegmentCipher::Create(keys_.suite, keys_.data_key.view()));
  const ErasureCode code = Need(ErasureCode::Create(needed_, seats_));
  const int blocks = format::BlocksPerShard(kSegments, needed_);
  std::vector<ByteView> data(needed_);
  std::vector<MutableBytes> parity(seats_ - needed_);
  for (int block = 0; block < blocks; ++block) {
    const auto at = [&](int shard) {
      return MutableBytes(shards_[shard])
          .subspan(static_cast<std::size_t>(block) * format::kBlockSize, format::kBlockSize);
    };
    for (int j = 0; j < needed_; ++j) {
      const int segment = j * blocks + block;
      Need(cipher.SealSegment(segment, segment == kSegments - 1, Segment(segment), at(j)));
      data[j] = at(j);
    }
    for (int i = needed_; i < seats_; ++i) parity[i - needed_] = at(i);
    Need(code.Encode(data, parity));
  }
}

void PackPath::Encrypt() {
  SegmentCipher cipher = Need(SegmentCipher::Create(keys_.suite, keys_.data_key.view()));
  for (int i = 0; i < kSegments; ++i) {
    Need(cipher.SealSegment(i, i == kSegments - 1, Segment(i), block_));
  }
}

void PackPath::Split() {
  const ErasureCode code = Need(ErasureCode::Create(needed_, seats_));
  std::vector<MutableBytes> parity;
  for (int i = needed_; i < seats_; ++i) {  // one block of each, which stays in cache
    parity.push_back(MutableBytes(shards_[i]).first(format::kBlockSize));
  }
  std::vector<ByteView> data(needed_);
  const std::size_t whole = plain_.size() / format::kBlockSize;
  for (std::size_t i = 0; i + needed_ <= whole; i += needed_) {
    for (int j = 0; j < needed_; ++j) {
      data[j] = ByteView(plain_).subspan((i + j) * format::kBlockSize, format::kBlockSize);
    }
    Need(code.Encode(data, parity));
  }
}

// Tags of every tile, whose blocks `block_of(tile, shard)` gives.
template <typename BlockOf>
void PackPath::TagTiles(const BlockOf& block_of) {
  TileTagger tagger = Need(TileTagger::Create(keys_.suite, keys_.tag_key.view(), needed_));
  std::vector<std::array<std::uint8_t, kAeadTagSize>> room(static_cast<std::size_t>(seats_));
  const std::vector<MutableBytes> tags(room.begin(), room.end());
  std::vector<ByteView> blocks(room.size());
  for (int tile = 0; tile < format::BlocksPerShard(kSegments, needed_); ++tile) {
    for (int i = 0; i < seats_; ++i) blocks[static_cast<std::size_t>(i)] = block_of(tile, i);
    Need(tagger.Tag(tile, blocks, tags));
  }
}

void PackPath::Tags() {
  const std::size_t places = plain_.size() / format::kBlockSize;
  TagTiles([&](int tile, int shard) {
    const auto at = static_cast<std::size_t>(tile * seats_ + shard) % places;
    return ByteView(plain_).subspan(at * format::kBlockSize, format::kBlockSize);
  });
}

// What SealPack does to one random tile: tags of k blocks, as many decodings, decryptions and
// comparisons. The last k shards stand for the random ones, which is the dearest choice.
void PackPath::CheckTile() {
  SegmentCipher cipher = Need(SegmentCipher::Create(keys_.suite, keys_.data_key.view()));
  Aead tagger = Need(Aead::Create(keys_.suite, keys_.tag_key.view()));
  const ErasureCode code = Need(ErasureCode::Create(needed_, seats_));
  std::array<std::uint8_t, kAeadTagSize> tag;
  std::vector<ErasureCode::ShardView> present;
  for (int i = seats_ - needed_; i < seats_; ++i) {
    const ByteView bytes = ByteView(shards_[i]).first(format::kBlockSize);
    Need(tagger.Tag(format::BlockTagNonce(i, 0), bytes, tag));
    present.push_back({i, bytes});
  }
  for (int j = 0; j < needed_; ++j) {
    const std::array<int, 1> wanted = {j};
    const std::array<MutableBytes, 1> out = {decoded_};
    Need(code.Decode(present, wanted, out));
    Need(cipher.SealSegment(j, false, Segment(j), block_));
    if (std::memcmp(Segment(j).data(), block_.data(), format::kSegmentPlainSize) == 0) std::abort();
  }
}

MutableBytes PackPath::Block(int shard, int block) {
  return MutableBytes(shards_[static_cast<std::size_t>(shard)])
      .subspan(static_cast<std::size_t>(block) * format::kBlockSize, format::kBlockSize);
}

void PackPath::EncryptToMemory() {
  SegmentCipher cipher = Need(SegmentCipher::Create(keys_.suite, keys_.data_key.view()));
  const int blocks = format::BlocksPerShard(kSegments, needed_);
  for (int block = 0; block < blocks; ++block) {
    for (int j = 0; j < needed_; ++j) {
      const int segment = j * blocks + block;
      Need(
          cipher.SealSegment(segment, segment == kSegments - 1, Segment(segment), Block(j, block)));
    }
  }
}

void PackPath::SplitToMemory() {
  const ErasureCode code = Need(ErasureCode::Create(needed_, seats_));
  std::vector<ByteView> data;
  for (int j = 0; j < needed_; ++j) data.push_back(Block(j, 0));
  std::vector<MutableBytes> parity(static_cast<std::size_t>(seats_ - needed_));
  for (int block = 0; block < format::BlocksPerShard(kSegments, needed_); ++block) {
    for (int i = needed_; i < seats_; ++i) {
      parity[static_cast<std::size_t>(i - needed_)] = Block(i, block);
    }
    Need(code.Encode(data, parity));
  }
}

void PackPath::TagsOfCached() {
  TagTiles([&](int, int shard) { return Block(shard, 0); });
}

void PackPath::Gather() {
  for (int i = 0; i < kSegments; ++i) {
    std::memcpy(block_.data(), Segment(i).data(), format::kSegmentPlainSize);
    asm volatile("" ::"r"(block_.data()) : "memory");  // every copy is made
  }
}

void PackPath::Ids() {
  KeyedHash hash = Need(KeyedHash::Create(id_key_.view()));
  for (std::size_t at = 0; at < plain_.size(); at += kChunk) {
    (void)hash(ByteView(plain_).subspan(at, std::min(kChunk, plain_.size() - at)));
  }
}

void PackPath::Cuts() const {
  for (std::size_t at = 0; at < plain_.size();) {
    at += chunker_.FirstCut(ByteView(plain_).subspan(at), true);
  }
}

StoredChunk PackPath::Store(ByteView chunk, bool check) {
  const std::shared_ptr<Bytes> memory = StoredMemory::Get(stored_);
  if (!check) {
    const std::size_t size = CompressAlone(chunk, *memory);  // may move it
    return {ByteView(*memory).first(size), memory};
  }
  Need(compressor_.Compress(chunk, kCompressionLevelDefault, *memory));
  return {*memory, memory};
}

void PackPath::CompressedPath(ByteView data, bool check) {
  KeyedHash hash = Need(KeyedHash::Create(id_key_.view()));
  PackPlanner planner(keys_.run, SystemRandom());
  for (std::size_t at = 0; at < data.size();) {
    const ByteView window = data.subspan(at);
    const ByteView chunk = window.first(chunker_.FirstCut(window, true));
    ChunkId id;
    id.bytes = hash(chunk).bytes;
    Need(planner.Add(id, chunk.size(), Store(chunk, check), std::make_shared<ChunkTicket>()));
    for (PlannedPack& pack : Need(planner.PlanFull())) SealOne(pack);
    at += chunk.size();
  }
  for (PlannedPack& pack : Need(planner.PlanRest())) SealOne(pack);
}

}  // namespace fenchi::bench
