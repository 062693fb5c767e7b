#include "operations/restore_queue.h"

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{2} << 20;
constexpr std::size_t kBatchItems = 256;
constexpr std::size_t kBatchesMax = 4;
constexpr rlim_t kOpenFilesMax = (kBatchesMax + 1) * kBatchItems;  // no more are in batches
constexpr rlim_t kOpenFilesMin = 4;

// A quarter of what this process may open: the rest is for directories, connections and whatever
// else the program does. The limit itself belongs to the program, so it is not raised.
std::size_t OpenFilesMax() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOpenFilesMin;
  return static_cast<std::size_t>(std::clamp(limit.rlim_cur / 4, kOpenFilesMin, kOpenFilesMax));
}

}  // namespace

// A file, or something that only waits for its turn.
struct RestoreQueue::Entry {
  std::optional<filesystem::RestoredFile> file;
  Attributes attributes;
  Then then;
  std::mutex writing;  // most file systems let no two into one file: whoever waits there spins
  std::mutex mutex;    // of the two below: several workers may have chunks of one file
  Outcome outcome;
  std::size_t handled = 0;  // items
  std::size_t items = 0;    // only by the caller's thread, until `ended`
  bool ended = false;       // `items` is final; guarded by the mutex
  bool done = false;        // guarded by the queue's mutex
};

// A chunk of a file, or (without a chunk) its end.
struct RestoreQueue::Item {
  std::shared_ptr<Entry> entry;
  std::uint64_t offset = 0;
  std::optional<ChunkReader::Fetched> chunk;
};

struct RestoreQueue::Batch {
  std::vector<Item> items;
  std::size_t bytes = 0;
};

RestoreQueue::RestoreQueue(Executor& executor)
    : executor_(executor), open_files_max_(OpenFilesMax()) {}

RestoreQueue::~RestoreQueue() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return batches_ == 0; });
}

Status RestoreQueue::Begin(filesystem::RestoredFile file, const Attributes& attributes, Then then) {
  FENCHI_RETURN_IF_ERROR(AwaitRoom());
  auto entry = std::make_shared<Entry>();
  entry->file = std::move(file);
  entry->attributes = attributes;
  entry->then = std::move(then);
  entries_.push_back(std::move(entry));
  return Status::Ok();
}

// The files before have ended: once the open batch is on its way, nothing but work keeps them open.
Status RestoreQueue::AwaitRoom() {
  const auto has_room = [this] { return open_files_ < open_files_max_; };
  {
    const std::lock_guard lock(mutex_);
    if (has_room()) {
      ++open_files_;
      return Status::Ok();
    }
  }
  if (open_) FENCHI_RETURN_IF_ERROR(Submit());
  std::unique_lock lock(mutex_);
  changed_.wait(lock, has_room);
  ++open_files_;
  return Status::Ok();
}

Status RestoreQueue::Add(std::uint64_t offset, ChunkReader::Fetched chunk) {
  const std::size_t bytes = chunk.stored.bytes.size() + chunk.plain_size;
  return Put({entries_.back(), offset, std::move(chunk)}, bytes);
}

Status RestoreQueue::End(const Status& failure) {
  const std::shared_ptr<Entry> entry = entries_.back();
  {
    const std::lock_guard lock(entry->mutex);
    if (!failure.ok()) {
      entry->outcome.status = failure;
      entry->outcome.content_refused = false;
    }
    ++entry->items;
    entry->ended = true;
  }
  return Put({entry, 0, std::nullopt}, 0);
}

Status RestoreQueue::Follow(Then then) {
  auto entry = std::make_shared<Entry>();
  entry->then = std::move(then);
  entry->done = true;
  entries_.push_back(std::move(entry));
  return TakeDone(false);
}

Status RestoreQueue::Put(Item item, std::size_t bytes) {
  if (item.chunk) {
    const std::lock_guard lock(item.entry->mutex);
    ++item.entry->items;
  }
  if (!open_) open_ = std::make_unique<Batch>();
  open_->items.push_back(std::move(item));
  open_->bytes += bytes;
  const bool full = open_->bytes >= 2 * kBatchBytes || open_->items.size() >= kBatchItems;
  return full ? Submit() : Status::Ok();
}

Status RestoreQueue::Submit() {
  Send();
  return TakeDone(false);
}

void RestoreQueue::HandOver() {
  if (open_) Send();
}

void RestoreQueue::Send() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return batches_ < kBatchesMax; });
    ++batches_;
  }
  executor_.Submit([this, batch = std::shared_ptr<Batch>(std::move(open_))]() mutable {
    Work(*batch);
    batch.reset();
    const std::lock_guard lock(mutex_);
    --batches_;
    changed_.notify_all();
  });
}

Status RestoreQueue::Drain() {
  if (open_) FENCHI_RETURN_IF_ERROR(Submit());
  return TakeDone(true);
}

void RestoreQueue::Settle(const Status& failure) {
  const bool open = !entries_.empty() && !entries_.back()->ended && entries_.back()->file;
  Status settled = open ? End(failure) : Status::Ok();
  // Each failure that is told ends a Drain(); what comes behind it is settled as well.
  do settled = Drain();
  while (!settled.ok());
}

Status RestoreQueue::TakeDone(bool wait_for_all) {
  while (!entries_.empty()) {
    {
      std::unique_lock lock(mutex_);
      if (wait_for_all) changed_.wait(lock, [this] { return entries_.front()->done; });
      if (!entries_.front()->done) return Status::Ok();
    }
    const std::shared_ptr<Entry> entry = std::move(entries_.front());
    entries_.pop_front();
    FENCHI_RETURN_IF_ERROR(entry->then(entry->outcome));
  }
  return Status::Ok();
}

void RestoreQueue::Work(Batch& batch) {
  std::unique_ptr<Decompressor> decompressor;
  {
    const std::lock_guard lock(mutex_);
    if (!decompressors_.empty()) {
      decompressor = std::move(decompressors_.back());
      decompressors_.pop_back();
    }
  }
  if (!decompressor) decompressor = std::make_unique<Decompressor>();
  Bytes room;
  for (Item& item : batch.items) Handle(item, *decompressor, room);
  const std::lock_guard lock(mutex_);
  decompressors_.push_back(std::move(decompressor));
}

void RestoreQueue::Handle(Item& item, Decompressor& decompressor, Bytes& room) {
  Entry& entry = *item.entry;
  Status status;
  bool refused = false;
  if (item.chunk) {
    const Result<ByteView> plain = ChunkReader::OpenFetched(*item.chunk, decompressor, room);
    status = plain.status();
    refused = !status.ok();
    if (status.ok() && (item.offset > entry.attributes.size ||
                        plain->size() > entry.attributes.size - item.offset)) {
      status = Damaged("its content reaches behind its end: a planted entry");
    }
    if (status.ok()) {
      const std::lock_guard lock(entry.writing);
      status = entry.file->Write(item.offset, *plain);
    }
  }
  bool last = false;
  {
    const std::lock_guard lock(entry.mutex);
    if (!status.ok() && entry.outcome.status.ok()) {
      entry.outcome.status = status;
      entry.outcome.content_refused = refused;
    }
    if (item.chunk && status.ok()) entry.outcome.bytes += item.chunk->plain_size;
    last = ++entry.handled == entry.items && entry.ended;
  }
  if (!last) return;
  if (entry.outcome.status.ok()) {
    entry.outcome.status = entry.file->Finish(entry.attributes, entry.outcome.warnings);
  }
  entry.file.reset();
  const std::lock_guard lock(mutex_);
  --open_files_;
  entry.done = true;
  changed_.notify_all();
}

}  // namespace fenchi
