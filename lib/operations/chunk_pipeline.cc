#include "operations/chunk_pipeline.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"
#include "fenchi/compression.h"
#include "fenchi/hash.h"
#include "format/ids.h"

namespace fenchi {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{2} << 20;
constexpr std::size_t kBatchesMax = 4;
constexpr std::size_t kRawMark = 1;  // the byte before a chunk that makes it its own raw form
constexpr std::size_t kBatchRoom = kRawMark + format::kChunkSizeMax;

}  // namespace

// Memory that batches use in turn: fresh pages for every chunk would cost more than encrypting it.
// Shared with whoever keeps a stored chunk, so it may outlive the pipeline.
struct ChunkPipeline::Pool {
  static std::shared_ptr<Bytes> Get(const std::shared_ptr<Pool>& pool) {
    std::unique_ptr<Bytes> buffer;
    {
      const std::lock_guard lock(pool->mutex);
      if (!pool->free.empty()) {
        buffer = std::move(pool->free.back());
        pool->free.pop_back();
      }
    }
    if (!buffer) buffer = std::make_unique<Bytes>();
    return {buffer.release(), [pool](Bytes* used) {
              std::unique_ptr<Bytes> back(used);
              const std::lock_guard lock(pool->mutex);
              if (pool->free.size() < 2 * kBatchesMax) pool->free.push_back(std::move(back));
            }};
  }
  std::mutex mutex;
  std::vector<std::unique_ptr<Bytes>> free;
  // Contexts are dear: zstd's alone is megabytes.
  std::vector<std::unique_ptr<Compressor>> compressors;
};

struct ChunkPipeline::Batch {
  struct Chunk {
    std::size_t offset = 0;  // in `plain`, of its raw mark
    std::size_t size = 0;    // without the mark
    TicketPtr ticket;
    ChunkId id;
    bool known = false;
    ByteView stored;
    bool in_frames = false;
  };
  std::shared_ptr<Bytes> plain;   // raw marks and chunks
  std::shared_ptr<Bytes> frames;  // stored forms that are shorter
  std::size_t used = 0;
  std::vector<Chunk> chunks;
  Status status;
  bool done = false;

  ByteView Plain(const Chunk& chunk) const {
    return ByteView(*plain).subspan(chunk.offset + kRawMark, chunk.size);
  }
  void Name(ByteView id_key, const SeemsKnown& known_before);
  void Shrink(Compressor& compressor, int level);
};

ChunkPipeline::ChunkPipeline(Executor& executor, ByteView id_key, int compression_level,
                             SeemsKnown known, Take take)
    : executor_(executor),
      id_key_(SecretBytes::CopyOf(id_key)),
      level_(compression_level),
      known_(std::move(known)),
      take_(std::move(take)),
      pool_(std::make_shared<Pool>()) {}

ChunkPipeline::~ChunkPipeline() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return std::ranges::all_of(working_, [](const auto& batch) { return batch->done; });
  });
}

Status ChunkPipeline::Add(ByteView plain, TicketPtr ticket) {
  if (plain.empty() || plain.size() > format::kChunkSizeMax) {
    return InvalidArgument("a chunk has 1 byte to 4 MiB, not {}", plain.size());
  }
  if (open_ && kBatchRoom - open_->used < kRawMark + plain.size()) {
    FENCHI_RETURN_IF_ERROR(Submit());
  }
  if (!open_) {
    open_ = std::make_unique<Batch>();
    open_->plain = Pool::Get(pool_);
    if (open_->plain->size() < kBatchRoom) open_->plain->resize(kBatchRoom);
  }
  Batch& batch = *open_;
  std::uint8_t* const at = batch.plain->data() + batch.used;
  at[0] = static_cast<std::uint8_t>(CompressionMethod::kRaw);
  std::memcpy(at + kRawMark, plain.data(), plain.size());
  batch.chunks.push_back({batch.used, plain.size(), std::move(ticket), {}, false, {}, false});
  batch.used += kRawMark + plain.size();
  return batch.used >= kBatchBytes ? Submit() : Status::Ok();
}

Status ChunkPipeline::Submit() {
  {
    const std::lock_guard lock(mutex_);
    working_.push_back(std::move(open_));
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
  if (open_) FENCHI_RETURN_IF_ERROR(Submit());
  while (!working_.empty()) FENCHI_RETURN_IF_ERROR(TakeOldest());
  return Status::Ok();
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
    NamedChunk named{batch->Plain(chunk), batch->plain, chunk.id, {}, std::move(chunk.ticket)};
    if (!chunk.known) {
      named.stored =
          chunk.in_frames
              ? StoredChunk{chunk.stored, batch->frames}
              : StoredChunk{ByteView(*batch->plain).subspan(chunk.offset, kRawMark + chunk.size),
                            batch->plain};
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
    chunk.in_frames = *size > 0;
    chunk.stored = room.first(*size);
    at += *size;
    if (*size == 0) raw += chunk.size;
  }
  // A few raw chunks would keep the memory of all from the next batch: they move to the others.
  if (raw >= used / 2) return;
  for (Chunk& chunk : chunks) {
    if (chunk.known || chunk.in_frames) continue;
    const ByteView form = ByteView(*plain).subspan(chunk.offset, kRawMark + chunk.size);
    std::memcpy(frames->data() + at, form.data(), form.size());
    chunk.stored = ByteView(*frames).subspan(at, form.size());
    chunk.in_frames = true;
    at += form.size();
  }
}

void ChunkPipeline::Work(Batch& batch) {
  batch.Name(id_key_.view(), known_);
  if (!batch.status.ok()) return;
  std::unique_ptr<Compressor> compressor;
  {
    const std::lock_guard lock(pool_->mutex);
    if (!pool_->compressors.empty()) {
      compressor = std::move(pool_->compressors.back());
      pool_->compressors.pop_back();
    }
  }
  if (!compressor) compressor = std::make_unique<Compressor>();
  batch.frames = Pool::Get(pool_);
  if (batch.frames->size() < kBatchRoom) batch.frames->resize(kBatchRoom);
  batch.Shrink(*compressor, level_);
  const std::lock_guard lock(pool_->mutex);
  pool_->compressors.push_back(std::move(compressor));
}

}  // namespace fenchi
