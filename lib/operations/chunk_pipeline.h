// Cuts a stream into chunks where it was read to, names and compresses them on all cores, and gives
// them back in the order they came.
//
// The caller reads straight into a batch's memory; a batch (about 3 MiB of whole chunks) is handed
// to one worker, which owns it from its bytes to what will be stored: a hand-off costs as much as
// encrypting a small file. Memory is pooled, in buffers of 4.25 MiB: one for each of kBatchesMax
// that are filled or in work, and those in which stored chunks wait for their pack. Call from one
// thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/buffer_pool.h"
#include "base/executor.h"
#include "base/stage_clock.h"
#include "fenchi/chunker.h"
#include "fenchi/compression.h"
#include "fenchi/secret.h"
#include "repository/pack_plan.h"

namespace fenchi {

// What a worker is told of a chunk before it compresses it in vain.
struct KnownChunk {
  bool known = false;       // the vault seems to have it already
  std::uint64_t as_of = 0;  // which state of what is known this was; handed on with the chunk
};

// A chunk with its name. `stored` is empty where the vault seemed to have the chunk already.
struct NamedChunk {
  ByteView plain;  // valid during the call
  ChunkId id;
  std::uint64_t as_of = 0;
  StoredChunk stored;
  TicketPtr ticket;
};

class ChunkPipeline {
 public:
  // Called from several threads at once.
  using SeemsKnown = std::function<KnownChunk(const ChunkId&)>;
  // Takes the chunks, one after the other.
  using Take = std::function<Status(NamedChunk&)>;
  // Told of a chunk of the stream as soon as it is cut.
  using OnChunk = std::function<void(TicketPtr ticket, std::size_t size)>;

  // id_key: 32 bytes. Executor and clock must outlive the pipeline.
  ChunkPipeline(Executor& executor, StageClock& stages, ByteView id_key, int compression_level,
                SeemsKnown known, Take take);
  ~ChunkPipeline();  // waits for what is in work, and drops it
  ChunkPipeline(const ChunkPipeline&) = delete;
  ChunkPipeline& operator=(const ChunkPipeline&) = delete;

  // A stream begins; what is left of one that did not end is forgotten.
  void BeginStream() { tail_ = scanned_ = 0; }
  // Memory for its next bytes, 256 KiB to 1 MiB. May call `take` for chunks that came before.
  Result<MutableBytes> Space();
  // The stream goes on with the first `size` bytes of Space().
  void Feed(std::size_t size, const OnChunk& chunk);
  // It ends: what is left of it is its last chunk.
  void EndStream(const OnChunk& chunk);
  // Ends the open batch, waits for all, and calls `take` for all. Not within a stream.
  Status Flush();

 private:
  struct Batch;
  struct Encoder;
  std::unique_ptr<Batch> NewBatch();
  void Cut(std::size_t size, const OnChunk& chunk);
  Status Submit(std::unique_ptr<Batch> batch);
  Status TakeOldest();
  StoredChunk Keep(ByteView bytes, bool raw);
  Status Store(Batch& batch, Encoder& encoder);
  void Work(Batch& batch);

  Executor& executor_;
  StageClock& stages_;
  const Chunker chunker_;
  const SecretBytes id_key_;
  const int level_;
  const SeemsKnown known_;
  const Take take_;
  BufferPool buffers_;
  std::unique_ptr<Batch> open_;
  std::size_t tail_ = 0;     // bytes of the stream behind the open batch's last chunk
  std::size_t scanned_ = 0;  // of these, known to hold no cut
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Batch>> working_;      // in the order they came
  std::vector<std::unique_ptr<Encoder>> encoders_;  // that no worker has just now
  std::shared_ptr<Bytes> kept_;                     // where stored forms are gathered
  std::size_t kept_used_ = 0;
};

}  // namespace fenchi
