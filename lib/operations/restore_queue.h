// Files that are being restored: opened, checked and written in the background, done with in order.
//
// The caller fetches chunks and adds them; batches of about 2 MiB go to the executor, and whoever
// handles a file's last chunk gives it its attributes and its name. What became of a file is told
// on the caller's thread, in the order in which the files began, so that a directory's own
// attributes can follow everything below it. Memory: at most 4 batches. Open files: a quarter of
// what the process may open. Call from one thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/executor.h"
#include "fenchi/compression.h"
#include "filesystem/restore_target.h"
#include "repository/chunk_reader.h"

namespace fenchi {

class RestoreQueue {
 public:
  struct Outcome {
    Status status;
    bool content_refused = false;  // a chunk did not open: reading it once more may help
    filesystem::Warnings warnings;
    std::uint64_t bytes = 0;
  };
  using Then = std::function<Status(Outcome&)>;

  explicit RestoreQueue(Executor& executor);
  ~RestoreQueue();  // waits for what is in work; what is not finished leaves nothing behind
  RestoreQueue(const RestoreQueue&) = delete;
  RestoreQueue& operator=(const RestoreQueue&) = delete;

  // `then` is called once the file is finished, or has failed. The file before must have ended.
  // Errors of all: what a `then` returns.
  Status Begin(filesystem::RestoredFile file, const Attributes& attributes, Then then);
  // Of the file begun last. Chunks that would reach behind its end fail it.
  Status Add(std::uint64_t offset, ChunkReader::Fetched chunk);
  // No more chunks for it. `failure`: why it cannot be finished.
  Status End(const Status& failure = Status::Ok());
  // Calls `then` after everything before it.
  Status Follow(Then then);
  Status Drain();
  // What was added goes to the executor now. No `then` is called.
  void HandOver();
  // After a failure: finishes the files that ended, drops the one that did not.
  void Settle(const Status& failure);

 private:
  struct Entry;
  struct Item;
  struct Batch;
  Status AwaitRoom();
  Status Put(Item item, std::size_t bytes);
  Status Submit();
  void Send();
  Status TakeDone(bool wait_for_all);
  void Work(Batch& batch);
  void Handle(Item& item, Decompressor& decompressor, Bytes& room);

  Executor& executor_;
  const std::size_t open_files_max_;
  std::unique_ptr<Batch> open_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t batches_ = 0;                     // in work
  std::size_t open_files_ = 0;                  // begun, not done
  std::deque<std::shared_ptr<Entry>> entries_;  // in order
  std::vector<std::unique_ptr<Decompressor>> decompressors_;
};

}  // namespace fenchi
