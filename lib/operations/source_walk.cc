#include "operations/source_walk.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

using filesystem::SourceFile;
using filesystem::SourceNode;

constexpr std::size_t kReportedPathMax = 4096;  // of one that could not be read
constexpr std::chrono::seconds kSeenLongAgo{1};

// What LooksUnchanged compares, and nothing that takes memory.
SourceNode Seen(const SourceNode& node) {
  SourceNode seen;
  seen.attributes.type = node.attributes.type;
  seen.attributes.size = node.attributes.size;
  seen.attributes.modified = node.attributes.modified;
  seen.changed_ns = node.changed_ns;
  seen.device = node.device;
  seen.inode = node.inode;
  return seen;
}

// Where a stored range ends. Looked for once a block of zeros was read, as a hole reads as zeros: a
// file without holes is read at once where looking for one would go through all of it.
class RangeEnd {
 public:
  RangeEnd(const SourceFile& file, std::uint64_t begin, std::uint64_t at_most)
      : file_(file), begin_(begin), at_most_(at_most) {}

  std::uint64_t at_most() const { return at_most_; }
  // `bytes` of the range were read at `at`.
  Status Look(std::uint64_t at, ByteView bytes) {
    if (looked_ || !HasBlockOfZeros(at, bytes)) return Status::Ok();
    looked_ = true;
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t end, file_.DataEnd(at));
    // A file system may contradict itself: that ends no range where it began, nor before `at`.
    if (end > begin_) at_most_ = std::min(at_most_, std::max(at, end));
    return Status::Ok();
  }

 private:
  // Also of what is in view of a block at either end.
  static bool HasBlockOfZeros(std::uint64_t at, ByteView bytes) {
    constexpr std::size_t kBlock = 512;  // no file system has smaller ones
    static constexpr std::array<std::uint8_t, kBlock> kZeros{};
    while (!bytes.empty()) {
      const std::size_t size = std::min<std::size_t>(kBlock - at % kBlock, bytes.size());
      if (bytes[0] == 0 && std::memcmp(bytes.data(), kZeros.data(), size) == 0) return true;
      at += size;
      bytes = bytes.subspan(size);
    }
    return false;
  }

  const SourceFile& file_;
  const std::uint64_t begin_;
  std::uint64_t at_most_;
  bool looked_ = false;
};

}  // namespace

SourceWalk::SourceWalk(const BackupOptions& options, BackupRun& run, EntryQueue& queue,
                       StageClock& stages, ProgressMeter& meter, BackupReport& report)
    : options_(options),
      run_(run),
      queue_(queue),
      stages_(stages),
      meter_(meter),
      report_(report) {}

void SourceWalk::Unreadable(const std::string& path, const Status& status) {
  ++report_.unreadable;
  report_.problems.push_back({path.substr(0, kReportedPathMax), status});
}

// Takes the entry's path.
QueuedEntry SourceWalk::NewEntry(ScannedEntry& entry) {
  QueuedEntry queued;
  queued.entry.path = std::move(entry.path);
  queued.entry.attributes = entry.node.attributes;
  if (!entry.node.warning.ok()) {
    queued.entry.flags |= format::kEntryIncomplete;
    report_.problems.push_back({queued.entry.path, entry.node.warning});
  }
  return queued;
}

// False: the format cannot hold it (a file system that lies about links or times). That is a
// problem of this entry, not the end of the backup.
Result<bool> SourceWalk::Push(QueuedEntry queued) {
  const Status fits = format::CheckEntry(queued.entry);
  if (!fits.ok()) {
    Unreadable(queued.entry.path, Unsupported("it cannot be kept: {}", fits.message()));
    return false;
  }
  FENCHI_RETURN_IF_ERROR(queue_.Push(std::move(queued)));
  return true;
}

Status SourceWalk::Walk(std::vector<SourceRoot> roots) {
  SourceScan::FindFiles find;
  if (!options_.rescan && run_.knows_files()) {
    find = [this](std::span<const std::string_view> sources) { return run_.FindFiles(sources); };
  }
  SourceScan scan(std::move(roots), std::move(find), options_.exclude, stages_);
  for (;;) {
    FENCHI_ASSIGN_OR_RETURN(SourceScan::Entries entries, scan.Next());
    // A filter that failed answers "leave out" from then on: the caller's reason comes first.
    if (entries.empty()) return meter_.CheckCancelled();
    for (ScannedEntry& entry : entries) FENCHI_RETURN_IF_ERROR(Visit(entry));
  }
}

Status SourceWalk::Visit(ScannedEntry& entry) {
  FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
  if (skipped_depth_ && entry.depth > *skipped_depth_) return Status::Ok();
  skipped_depth_.reset();
  meter_.SetCurrent(entry.path);
  now_ = meter_.Tick();
  if (entry.lacks == ScannedEntry::Lacks::kItself) {
    Unreadable(entry.path, entry.problem);
    return Status::Ok();
  }
  ++meter_.now().items_done;
  switch (entry.node.attributes.type) {
    case EntryType::kDirectory:
      return VisitDirectory(entry);
    case EntryType::kFile:
      return VisitFile(entry);
    default:
      return VisitOther(entry);
  }
}

// The names of one file are one group while the file is seen unchanged. A number that stands for
// another file by now (the first was removed, or it changed) makes an entry that stands alone.
const SourceWalk::Linked* SourceWalk::FindLinked(const SourceNode& node, QueuedEntry& queued) {
  std::optional<HardLinkKey>& key = queued.entry.attributes.hard_link;
  if (!key) return nullptr;
  const auto seen = linked_.find(*key);
  if (seen == linked_.end()) return nullptr;
  if (filesystem::LooksUnchanged(seen->second.node, node)) return &seen->second;
  key.reset();
  return nullptr;
}

Status SourceWalk::VisitOther(ScannedEntry& entry) {
  ++report_.others;
  QueuedEntry queued = NewEntry(entry);
  const bool known = FindLinked(entry.node, queued) != nullptr;
  const std::optional<HardLinkKey> key = queued.entry.attributes.hard_link;
  FENCHI_ASSIGN_OR_RETURN(const bool kept, Push(std::move(queued)));
  if (kept && key && !known) linked_.emplace(*key, Linked{Seen(entry.node), nullptr, {}});
  return Status::Ok();
}

Status SourceWalk::VisitDirectory(ScannedEntry& entry) {
  using Lacks = ScannedEntry::Lacks;
  ++report_.directories;
  const std::string path = entry.path;
  QueuedEntry queued = NewEntry(entry);
  if (entry.lacks == Lacks::kOpening || entry.lacks == Lacks::kNames) {
    Unreadable(path, entry.problem);
    queued.entry.flags |= format::kEntryIncomplete;
  }
  FENCHI_ASSIGN_OR_RETURN(const bool kept, Push(std::move(queued)));
  if (!kept) skipped_depth_ = entry.depth;
  return Status::Ok();
}

// What is known of the file, if it looked unchanged and all of that is stored.
Result<std::optional<CachedFile>> SourceWalk::FindCached(const ScannedEntry& entry) {
  std::optional<CachedFile> cached;
  if (!entry.known) return cached;
  if (entry.known->large) {
    FENCHI_ASSIGN_OR_RETURN(cached, run_.FindFile(entry.source));
  } else {
    cached = entry.known->Open();
  }
  if (cached && !run_.UseCached(*cached)) cached.reset();
  return cached;
}

// Opens a file of which the scan read all attributes, which stand if it looks the same now. Nothing
// if it cannot be opened as the file that was seen; it is then looked at anew by name.
std::optional<SourceFile> SourceWalk::OpenWhole(ScannedEntry& entry) const {
  const StageTimer timer(stages_, Stage::kScan);
  Result<SourceFile> file = entry.parent->OpenFile(entry.name, entry.node);
  if (!file.ok()) return std::nullopt;
  if (!filesystem::LooksUnchanged(entry.node, file->opened())) {
    Result<SourceNode> read = file->ReadAttributes();
    if (!read.ok()) return std::nullopt;
    entry.node = std::move(*read);
  }
  return std::move(*file);
}

// More is asked only where what the scan saw does not do, or was seen while other files took long.
// What is read then counts from its beginning.
Status SourceWalk::VisitFile(ScannedEntry& entry) {
  FENCHI_ASSIGN_OR_RETURN(std::optional<CachedFile> cached, FindCached(entry));
  const bool long_ago = now_ - entry.seen > kSeenLongAgo;
  std::optional<SourceFile> file;
  if (!cached && entry.whole && !long_ago) file = OpenWhole(entry);
  if (!file && (!cached || !cached->plain || long_ago)) {
    Result<SourceNode> read = [&] {
      const StageTimer timer(stages_, Stage::kScan);
      return entry.parent->ReadAttributes(entry.name);
    }();
    if (read.ok() && read->attributes.type != EntryType::kFile) {
      read = Conflict("it was replaced while the tree was read");
    }
    if (!read.ok()) {
      Unreadable(entry.path, read.status());
      return Status::Ok();
    }
    if (!filesystem::LooksUnchanged(entry.node, *read)) cached.reset();
    entry.node = std::move(*read);
  }
  const SourceNode& node = entry.node;
  QueuedEntry queued = NewEntry(entry);
  if (const Linked* first = FindLinked(node, queued)) {
    queued.chunks = first->chunks;
    queued.entry.content = first->content;
    ++report_.files;
    return Push(std::move(queued)).status();
  }
  std::uint64_t size = node.attributes.size;
  if (cached) {
    ++report_.files_unchanged;
    queued.entry.content = std::move(cached->content);
  } else {
    Status unreadable;
    FENCHI_RETURN_IF_ERROR(ReadFile(entry, std::move(file), size, queued, unreadable));
    if (!unreadable.ok()) {
      Unreadable(queued.entry.path, unreadable);
      return Status::Ok();
    }
  }
  ++report_.files;
  report_.bytes += size;
  if (const auto& key = queued.entry.attributes.hard_link) {
    linked_.emplace(*key, Linked{Seen(node), queued.chunks, queued.entry.content});
  }
  return Push(std::move(queued)).status();
}

// Stores the file's content and notes what to remember of it. `size`: in, what the status says;
// out, what was saved. `unreadable`: as of ReadContent.
Status SourceWalk::ReadFile(const ScannedEntry& entry, std::optional<SourceFile> file,
                            std::uint64_t& size, QueuedEntry& queued, Status& unreadable) {
  const SourceNode& node = entry.node;
  if (!file) {
    Result<SourceFile> opened = entry.parent->OpenFile(entry.name, node);
    if (!opened.ok()) {
      unreadable = opened.status();
      return Status::Ok();
    }
    file = std::move(*opened);
  }
  filesystem::WaitForLaterTick(node);
  queued.chunks = std::make_shared<FileChunks>();
  queued.source = entry.source;
  std::uint64_t end = 0;
  FENCHI_RETURN_IF_ERROR(ReadContent(*file, size, *queued.chunks, end, unreadable));
  if (!unreadable.ok()) return Status::Ok();
  const Result<SourceNode> after = file->Now();
  if (after.ok() && filesystem::LooksUnchanged(node, *after)) {
    const bool plain = node.attributes.xattrs.empty() && node.warning.ok();
    queued.cache =
        CachedFile{size, node.attributes.modified, node.changed_ns, node.device, node.inode, plain};
    return Status::Ok();
  }
  ++report_.changed_while_read;
  report_.problems.push_back(
      {queued.entry.path,
       Conflict("the file changed while it was read; the copy may mix old and new")});
  queued.entry.flags |= format::kEntryChanged;
  queued.entry.attributes.hard_link.reset();  // another name may show another state of it
  size = end;
  queued.entry.attributes.size = size;
  return Status::Ok();
}

// Reads the stored ranges up to `size` and stores their chunks. `end`: how much of the file was
// there, at most `size`. `unreadable`: the source failed, which concerns this file only; a failure
// that is returned is the vault's.
Status SourceWalk::ReadContent(const SourceFile& file, std::uint64_t size, FileChunks& chunks,
                               std::uint64_t& end, Status& unreadable) {
  end = size;
  std::uint64_t at = 0;
  while (at < size) {
    const Result<std::optional<std::uint64_t>> data = file.DataFrom(at);
    if (!data.ok()) {
      unreadable = data.status();
      return Status::Ok();
    }
    if (!*data || **data >= size) {
      // A hole up to the end; if the file was cut meanwhile, only up to there.
      const Result<SourceNode> now = file.Now();
      end = now.ok() ? std::min(size, std::max(at, now->attributes.size)) : size;
      return Status::Ok();
    }
    at = **data;
    FENCHI_ASSIGN_OR_RETURN(const bool goes_on, ReadRange(file, size, at, chunks, unreadable));
    if (!goes_on) {
      end = at;
      return Status::Ok();
    }
  }
  return Status::Ok();
}

// The range that begins at `at`, which moves to where the range ends. False: the file was cut there
// or is unreadable.
Result<bool> SourceWalk::ReadRange(const SourceFile& file, std::uint64_t size, std::uint64_t& at,
                                   FileChunks& chunks, Status& unreadable) {
  std::uint64_t offset = at;  // of the next chunk
  const ChunkPipeline::OnChunk on_chunk = [&](TicketPtr ticket, std::size_t chunk_size) {
    chunks.chunks.emplace_back(offset, std::move(ticket));
    offset += chunk_size;
  };
  RangeEnd end(file, at, size);
  bool cut = false;
  ChunkPipeline& content = run_.content();
  content.BeginStream();
  while (at < end.at_most() && !cut) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    FENCHI_ASSIGN_OR_RETURN(const MutableBytes space, content.Space());
    const std::size_t want = std::min<std::uint64_t>(space.size(), end.at_most() - at);
    const Result<std::size_t> got = [&]() -> Result<std::size_t> {
      const StageTimer timer(stages_, Stage::kRead, want);
      FENCHI_ASSIGN_OR_RETURN(const std::size_t read, file.Read(at, space.first(want)));
      FENCHI_RETURN_IF_ERROR(end.Look(at, space.first(read)));
      cut = read < want && at + read <= end.at_most();
      return std::min<std::uint64_t>(read, end.at_most() - at);
    }();
    if (!got.ok()) {
      unreadable = got.status();
      return false;
    }
    content.Feed(*got, on_chunk);
    at += *got;
    report_.bytes_read += *got;
    meter_.now().bytes_done += *got;
    meter_.Tick();
  }
  content.EndStream(on_chunk);
  return !cut;
}

}  // namespace fenchi
