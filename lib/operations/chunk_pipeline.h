// Names and compresses chunks on all cores, in batches, and gives them back in the order they came.
//
// One worker owns a batch (about 2 MiB of chunks) from its bytes to what will be stored: a hand-off
// costs as much as encrypting a small file. Memory is pooled: 5 batches of twice 4 MiB at most, and
// what still waits for its pack. Call from one thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/executor.h"
#include "fenchi/secret.h"
#include "repository/pack_plan.h"

namespace fenchi {

// A chunk with its name. `stored` is empty where the vault seems to have the chunk already.
struct NamedChunk {
  ByteView plain;  // valid while `keeper` lives
  std::shared_ptr<const void> keeper;
  ChunkId id;
  StoredChunk stored;
  TicketPtr ticket;
};

class ChunkPipeline {
 public:
  // Whether the vault seems to have a chunk, so that compressing it would be in vain. Called from
  // several threads at once.
  using SeemsKnown = std::function<bool(const ChunkId&)>;
  // Takes the chunks, one after the other.
  using Take = std::function<Status(NamedChunk&)>;

  // id_key: 32 bytes. The executor must outlive the pipeline.
  ChunkPipeline(Executor& executor, ByteView id_key, int compression_level, SeemsKnown known,
                Take take);
  ~ChunkPipeline();  // waits for what is in work, and drops it
  ChunkPipeline(const ChunkPipeline&) = delete;
  ChunkPipeline& operator=(const ChunkPipeline&) = delete;

  // Copies the chunk, 1 byte to 4 MiB. May call `take` for chunks that came before.
  Status Add(ByteView plain, TicketPtr ticket);
  // Ends the open batch, waits for all, and calls `take` for all.
  Status Flush();

 private:
  struct Batch;
  struct Pool;
  Status Submit();
  Status TakeOldest();
  void Work(Batch& batch);

  Executor& executor_;
  const SecretBytes id_key_;
  const int level_;
  const SeemsKnown known_;
  const Take take_;
  std::shared_ptr<Pool> pool_;
  std::unique_ptr<Batch> open_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Batch>> working_;  // in the order they came
};

}  // namespace fenchi
