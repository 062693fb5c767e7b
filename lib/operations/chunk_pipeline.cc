#include "operations/chunk_pipeline.h"

#include <algorithm>
#include <cstring>
#include <optional>
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

}  // namespace

struct ChunkPipeline::Batch {
  struct Chunk {
    std::size_t offset = 0;  // in `plain`
    std::size_t size = 0;
    TicketPtr ticket;
    ChunkId id;
    bool known = false;
    ByteView frame;  // its shorter form, if there is one
  };
  std::shared_ptr<Bytes> plain;
  std::shared_ptr<Bytes> frames;
  std::size_t used = 0;
  std::vector<Chunk> chunks;
  bool mostly_raw = false;
  Status status;
  bool done = false;

  ByteView Plain(const Chunk& chunk) const {
    return ByteView(*plain).subspan(chunk.offset, chunk.size);
  }
  bool Full() const { return used >= kBatchBytes || chunks.size() >= kBatchChunks; }
  void Name(ByteView id_key, const SeemsKnown& known_before);
  void Shrink(Compressor& compressor, int level);
};

ChunkPipeline::ChunkPipeline(Executor& executor, ByteView id_key, int compression_level,
                             SeemsKnown known, Take take)
    : executor_(executor),
      chunker_(*Chunker::Create({})),
      id_key_(SecretBytes::CopyOf(id_key)),
      level_(compression_level),
      known_(std::move(known)),
      take_(std::move(take)),
      buffers_(kBufferSize) {}

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
    std::unique_ptr<Batch> next = NewBatch();
    std::memcpy(next->plain->data(), open_->plain->data() + open_->used, tail_);
    FENCHI_RETURN_IF_ERROR(Submit(std::exchange(open_, std::move(next))));
  }
  const std::size_t begin = open_->used + tail_;
  return MutableBytes(*open_->plain).subspan(begin, std::min(kReadMax, kBufferSize - begin));
}

void ChunkPipeline::Feed(std::size_t size, const OnChunk& chunk) {
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
  open_->chunks.push_back({open_->used, size, ticket, {}, false, {}});
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

// A copy in memory that many share: a small stored chunk must not keep a whole batch's.
StoredChunk ChunkPipeline::Keep(ByteView bytes, bool raw) {
  if (!kept_ || kBufferSize - kept_used_ < bytes.size()) {
    kept_ = buffers_.Get();
    kept_used_ = 0;
  }
  std::uint8_t* const at = kept_->data() + kept_used_;
  std::memcpy(at, bytes.data(), bytes.size());
  kept_used_ += bytes.size();
  return {ByteView(at, bytes.size()), kept_, raw};
}

Status ChunkPipeline::TakeOldest() {
  std::unique_ptr<Batch> batch;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return working_.front()->done; });
    batch = std::move(working_.front());
    working_.pop_front();
  }
  FENCHI_RETURN_IF_ERROR(batch->status);
  for (Batch::Chunk& chunk : batch->chunks) {
    NamedChunk named{batch->Plain(chunk), chunk.id, {}, std::move(chunk.ticket)};
    if (!chunk.known) {
      const bool raw = chunk.frame.empty();
      named.stored = raw && batch->mostly_raw ? StoredChunk{named.plain, batch->plain, true}
                                              : Keep(raw ? named.plain : chunk.frame, raw);
    }
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

void ChunkPipeline::Batch::Shrink(Compressor& compressor, int level) {
  std::size_t raw = 0;
  std::size_t at = 0;
  for (Chunk& chunk : chunks) {
    if (chunk.known) continue;
    const MutableBytes room = MutableBytes(*frames).subspan(at, chunk.size);
    const Result<std::size_t> size = compressor.Shrink(Plain(chunk), level, room);
    if (!size.ok()) {
      status = size.status();
      return;
    }
    chunk.frame = room.first(*size);
    at += *size;
    if (*size == 0) raw += chunk.size;
  }
  mostly_raw = raw >= used / 2;
}

void ChunkPipeline::Work(Batch& batch) {
  batch.Name(id_key_.view(), known_);
  if (!batch.status.ok()) return;
  if (level_ == kCompressionLevelNone) {
    batch.mostly_raw = true;
    return;
  }
  std::unique_ptr<Compressor> compressor;
  {
    const std::lock_guard lock(mutex_);
    if (!compressors_.empty()) {
      compressor = std::move(compressors_.back());
      compressors_.pop_back();
    }
  }
  if (!compressor) compressor = std::make_unique<Compressor>();
  batch.frames = buffers_.Get();
  batch.Shrink(*compressor, level_);
  const std::lock_guard lock(mutex_);
  compressors_.push_back(std::move(compressor));
}

}  // namespace fenchi
