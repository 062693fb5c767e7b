#include "operations/chunk_pipeline.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/ids.h"

namespace fenchi {
namespace {

constexpr std::size_t kReadMin = std::size_t{256} << 10;
constexpr std::size_t kReadMax = std::size_t{1} << 20;
constexpr std::size_t kBufferSize = format::kChunkSizeMax + kReadMin;
constexpr std::size_t kBatchBytes = std::size_t{3} << 20;
constexpr std::size_t kBatchChunks = 1024;
constexpr std::size_t kBatchesMax = 3;

// A further encoder would only take memory where there is no core for it.
std::size_t EncoderCount() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kBatchesMax);
}

}  // namespace

struct ChunkPipeline::Batch {
  struct Chunk {
    std::size_t offset = 0;  // in `plain`
    std::size_t size = 0;
    TicketPtr ticket;
    ChunkId id;
    KnownChunk known;
    StoredChunk stored;  // unless it is known
  };
  std::shared_ptr<Bytes> plain;
  std::size_t used = 0;
  std::vector<Chunk> chunks;
  Status status;
  bool done = false;

  ByteView Plain(const Chunk& chunk) const {
    return ByteView(*plain).subspan(chunk.offset, chunk.size);
  }
  bool Full() const { return used >= kBatchBytes || chunks.size() >= kBatchChunks; }
  void Name(ByteView id_key, const SeemsKnown& known_before);
};

// What one worker compresses with.
struct ChunkPipeline::Encoder {
  Compressor compressor;  // zstd's contexts are megabytes each
  // For one frame. Not zeroed, so that it takes no more memory than the longest frame.
  std::unique_ptr<std::uint8_t[]> room =
      std::make_unique_for_overwrite<std::uint8_t[]>(format::kChunkSizeMax);
};

ChunkPipeline::ChunkPipeline(Executor& executor, StageClock& stages, ByteView id_key,
                             int compression_level, SeemsKnown known, Take take)
    : executor_(executor),
      stages_(stages),
      chunker_(*Chunker::Create({})),
      id_key_(SecretBytes::CopyOf(id_key)),
      level_(compression_level),
      known_(std::move(known)),
      take_(std::move(take)),
      buffers_(kBufferSize) {
  for (std::size_t i = 0; i < EncoderCount(); ++i) {
    encoders_.push_back(std::make_unique<Encoder>());
  }
}

ChunkPipeline::~ChunkPipeline() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return std::ranges::all_of(working_, [](const auto& batch) { return batch->done; });
  });
}

std::unique_ptr<ChunkPipeline::Batch> ChunkPipeline::NewBatch() {
  auto batch = std::make_unique<Batch>();
  batch->plain = buffers_.Get();
  return batch;
}

Result<MutableBytes> ChunkPipeline::Space() {
  if (!open_) open_ = NewBatch();
  // A batch without a chunk always has room: what it holds is shorter than the largest.
  if (open_->Full() || kBufferSize - open_->used - tail_ < kReadMin) {
    // Handed in before there is a next one, which may then get the memory of one that is done.
    const std::size_t end = open_->used;
    const std::shared_ptr<const Bytes> before = open_->plain;
    FENCHI_RETURN_IF_ERROR(Submit(std::exchange(open_, nullptr)));
    open_ = NewBatch();
    std::memcpy(open_->plain->data(), before->data() + end, tail_);
  }
  const std::size_t begin = open_->used + tail_;
  return MutableBytes(*open_->plain).subspan(begin, std::min(kReadMax, kBufferSize - begin));
}

void ChunkPipeline::Feed(std::size_t size, const OnChunk& chunk) {
  const StageTimer timer(stages_, Stage::kCut, size);
  tail_ += size;
  for (;;) {
    const ByteView window = ByteView(*open_->plain).subspan(open_->used, tail_);
    const std::size_t cut = chunker_.FirstCut(window, false, scanned_);
    if (cut == 0) break;
    Cut(cut, chunk);
  }
  scanned_ = tail_;
}

void ChunkPipeline::EndStream(const OnChunk& chunk) {
  if (tail_ > 0) Cut(tail_, chunk);
}

void ChunkPipeline::Cut(std::size_t size, const OnChunk& chunk) {
  auto ticket = std::make_shared<ChunkTicket>();
  open_->chunks.push_back({open_->used, size, ticket, {}, {}, {}});
  open_->used += size;
  tail_ -= size;
  scanned_ = 0;
  chunk(std::move(ticket), size);
}

Status ChunkPipeline::Submit(std::unique_ptr<Batch> submitted) {
  {
    const std::lock_guard lock(mutex_);
    working_.push_back(std::move(submitted));
  }
  Batch& batch = *working_.back();
  executor_.Submit([this, &batch] {
    Work(batch);
    const std::lock_guard lock(mutex_);
    batch.done = true;
    changed_.notify_all();
  });
  // What is ready is handed on; beyond the limit the oldest is waited for.
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (working_.empty()) return Status::Ok();
      if (!working_.front()->done && working_.size() < kBatchesMax) return Status::Ok();
    }
    FENCHI_RETURN_IF_ERROR(TakeOldest());
  }
}

Status ChunkPipeline::Flush() {
  if (open_ && !open_->chunks.empty()) {
    FENCHI_RETURN_IF_ERROR(Submit(std::exchange(open_, nullptr)));
  }
  while (!working_.empty()) FENCHI_RETURN_IF_ERROR(TakeOldest());
  return Status::Ok();
}

Status ChunkPipeline::TakeOldest() {
  std::unique_ptr<Batch> batch;
  {
    const StageTimer timer(stages_, Stage::kWaitForCores);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return working_.front()->done; });
    batch = std::move(working_.front());
    working_.pop_front();
  }
  FENCHI_RETURN_IF_ERROR(batch->status);
  for (Batch::Chunk& chunk : batch->chunks) {
    NamedChunk named{batch->Plain(chunk), chunk.id, chunk.known.as_of, std::move(chunk.stored),
                     std::move(chunk.ticket)};
    FENCHI_RETURN_IF_ERROR(take_(named));
  }
  return Status::Ok();
}

void ChunkPipeline::Batch::Name(ByteView id_key, const SeemsKnown& known_before) {
  Result<KeyedHash> hash = KeyedHash::Create(id_key);
  if (!hash.ok()) {
    status = hash.status();
    return;
  }
  for (Chunk& chunk : chunks) {
    chunk.id.bytes = (*hash)(Plain(chunk)).bytes;
    chunk.known = known_before(chunk.id);
  }
}

// A copy in memory that many share: a small stored chunk must not keep a whole batch's.
StoredChunk ChunkPipeline::Keep(ByteView bytes, bool raw) {
  std::shared_ptr<Bytes> buffer;
  std::size_t at = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!kept_ || kBufferSize - kept_used_ < bytes.size()) {
      kept_ = buffers_.Get();
      kept_used_ = 0;
    }
    buffer = kept_;
    at = std::exchange(kept_used_, kept_used_ + bytes.size());
  }
  const MutableBytes place = MutableBytes(*buffer).subspan(at, bytes.size());
  std::memcpy(place.data(), bytes.data(), bytes.size());
  return {place, std::move(buffer), raw};
}

Status ChunkPipeline::Store(Batch& batch, Encoder& encoder) {
  std::size_t raw = 0;
  for (Batch::Chunk& chunk : batch.chunks) {
    if (chunk.known.known) continue;
    const ByteView plain = batch.Plain(chunk);
    const MutableBytes room(encoder.room.get(), plain.size());
    FENCHI_ASSIGN_OR_RETURN(const std::size_t size, encoder.compressor.Shrink(plain, level_, room));
    if (size > 0) {
      chunk.stored = Keep(room.first(size), false);
    } else {
      raw += plain.size();
    }
  }
  // What is stored as it was read stays where it is, if that is most of the memory that it keeps.
  const bool stays = raw >= kBatchBytes;
  for (Batch::Chunk& chunk : batch.chunks) {
    if (chunk.known.known || chunk.stored.size() > 0) continue;
    const ByteView plain = batch.Plain(chunk);
    chunk.stored = stays ? StoredChunk{plain, batch.plain, true} : Keep(plain, true);
  }
  return Status::Ok();
}

void ChunkPipeline::Work(Batch& batch) {
  {
    const StageTimer timer(stages_, Stage::kName, batch.used);
    batch.Name(id_key_.view(), known_);
  }
  if (!batch.status.ok()) return;
  std::unique_ptr<Encoder> encoder;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !encoders_.empty(); });
    encoder = std::move(encoders_.back());
    encoders_.pop_back();
  }
  {
    const StageTimer timer(stages_, Stage::kCompress, batch.used);
    batch.status = Store(batch, *encoder);
  }
  const std::lock_guard lock(mutex_);
  encoders_.push_back(std::move(encoder));
  changed_.notify_all();
}

}  // namespace fenchi
