#include "operations/source_walk.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

using filesystem::SourceDirectory;
using filesystem::SourceFile;
using filesystem::SourceNode;

constexpr std::size_t kReportedPathMax = 4096;  // of one that could not be read

Result<std::string> Canonical(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return ErrnoStatus(errno, "cannot back up '" + path + "'");
  std::string out(resolved);
  std::free(resolved);
  return out;
}

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

}  // namespace

Result<std::vector<SourceRoot>> ResolveSources(std::span<const std::string> paths) {
  if (paths.empty()) return InvalidArgument("nothing to back up: no path was given");
  std::vector<SourceRoot> roots;
  for (const std::string& path : paths) {
    if (path.empty()) return InvalidArgument("an empty path is given to back up");
    // The parent is resolved, the last component is not: a link is backed up as a link.
    std::string trimmed = path;
    while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
    const std::size_t slash = trimmed.rfind('/');
    std::string leaf = slash == std::string::npos ? trimmed : trimmed.substr(slash + 1);
    std::string parent = slash == std::string::npos ? "." : trimmed.substr(0, slash + 1);
    if (leaf == "." || leaf == ".." || trimmed == "/" || trimmed.size() < path.size()) {
      FENCHI_ASSIGN_OR_RETURN(const std::string whole, Canonical(path));
      const std::size_t at = whole.rfind('/');
      leaf = whole.substr(at + 1);
      parent = whole.substr(0, at + 1);
    }
    SourceRoot root;
    FENCHI_ASSIGN_OR_RETURN(root.parent, Canonical(parent));
    root.leaf = leaf;
    root.name = leaf.empty() ? "root" : leaf;
    roots.push_back(std::move(root));
  }
  std::ranges::sort(roots, {}, &SourceRoot::name);
  const auto twin = std::ranges::adjacent_find(roots, {}, &SourceRoot::name);
  if (twin != roots.end()) {
    return InvalidArgument("two sources are called '{}'", twin->name)
        .WithHint("back up their common parent directory, or each in a backup of its own");
  }
  return roots;
}

SourceWalk::SourceWalk(const BackupOptions& options, BackupRun& run, ChunkIndex& index,
                       EntryQueue& queue, const DomainId& domain, StageClock& stages,
                       ProgressMeter& meter, BackupReport& report)
    : options_(options),
      run_(run),
      index_(index),
      queue_(queue),
      domain_(domain),
      stages_(stages),
      meter_(meter),
      report_(report) {}

void SourceWalk::Unreadable(const Status& status) {
  ++report_.unreadable;
  report_.problems.push_back({place_.path.substr(0, kReportedPathMax), status});
}

QueuedEntry SourceWalk::NewEntry(const SourceNode& node) {
  QueuedEntry queued;
  queued.entry.path = place_.path;
  queued.entry.attributes = node.attributes;
  queued.source = place_.source;
  if (!node.warnings.empty()) {
    queued.entry.flags |= format::kEntryIncomplete;
    report_.problems.push_back({place_.path, node.warnings.front()});
  }
  return queued;
}

// False: the format cannot hold it (a file system that lies about links or times). That is a
// problem of this entry, not the end of the backup.
Result<bool> SourceWalk::Push(QueuedEntry queued) {
  const Status fits = format::CheckEntry(queued.entry);
  if (!fits.ok()) {
    Unreadable(Unsupported("it cannot be kept: {}", fits.message()));
    return false;
  }
  FENCHI_RETURN_IF_ERROR(queue_.Push(std::move(queued)));
  return true;
}

Status SourceWalk::Walk(const SourceRoot& root) {
  Result<SourceDirectory> parent = SourceDirectory::Open(root.parent);
  if (!parent.ok()) return parent.status();
  const std::string source = root.parent == "/" ? "/" + root.leaf : root.parent + "/" + root.leaf;
  place_ = {root.name, "", source};
  if (!root.leaf.empty()) {
    // The user named it: that it is missing is an error, not a file that vanished.
    const Result<SourceNode> there = parent->ReadStatus(root.leaf);
    if (!there.ok()) return there.status().At("cannot back up '" + source + "'");
    FENCHI_RETURN_IF_ERROR(Visit(*parent, root.leaf));
    return WalkLevels();
  }
  FENCHI_ASSIGN_OR_RETURN(SourceNode node, parent->ReadOwnAttributes());
  ++report_.directories;
  FENCHI_ASSIGN_OR_RETURN(const bool kept, Push(NewEntry(node)));
  if (kept) Enter(*parent);
  return WalkLevels();
}

// Visits the children of every directory that was entered, depth first.
Status SourceWalk::WalkLevels() {
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      levels_.pop_back();
      continue;
    }
    place_.path.resize(level.path_size);
    place_.relative.resize(level.relative_size);
    place_.source.resize(level.source_size);
    const std::string name = std::move(level.names[level.next++]);
    place_.path += "/" + name;
    place_.relative += place_.relative.empty() ? name : "/" + name;
    place_.source += place_.source == "/" ? name : "/" + name;
    const SourceDirectory directory = level.directory;  // `level` may move while it is visited
    FENCHI_RETURN_IF_ERROR(Visit(directory, name));
  }
  return Status::Ok();
}

// What `read` gives, counted as scanning.
Result<SourceNode> SourceWalk::Scan(const std::function<Result<SourceNode>()>& read) const {
  const StageTimer timer(stages_, Stage::kScan);
  return read();
}

Status SourceWalk::Visit(const SourceDirectory& parent, const std::string& name) {
  FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
  meter_.SetCurrent(place_.path);
  meter_.Tick();
  if (place_.path.size() > format::kPathSizeMax) {
    Unreadable(Unsupported("a path of {} bytes is longer than the {} that a snapshot can hold",
                           place_.path.size(), format::kPathSizeMax));
    return Status::Ok();
  }
  Result<SourceNode> node = Scan([&] { return parent.ReadStatus(name); });
  if (!node.ok()) {
    Unreadable(node.status());
    return Status::Ok();
  }
  if (options_.exclude && !place_.relative.empty() &&
      options_.exclude(place_.relative, node->attributes.type)) {
    return Status::Ok();
  }
  ++meter_.now().items_done;
  if (node->attributes.type == EntryType::kFile) return VisitFile(parent, name, *node);
  node = Scan([&] { return parent.ReadAttributes(name); });
  if (!node.ok()) {
    Unreadable(node.status());
    return Status::Ok();
  }
  switch (node->attributes.type) {
    case EntryType::kDirectory:
      return VisitDirectory(parent, name, *node);
    case EntryType::kFile:  // it was something else a moment ago
      return VisitFile(parent, name, *node);
    default:
      return VisitOther(*node);
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

Status SourceWalk::VisitOther(const SourceNode& node) {
  ++report_.others;
  QueuedEntry queued = NewEntry(node);
  const bool known = FindLinked(node, queued) != nullptr;
  const std::optional<HardLinkKey> key = queued.entry.attributes.hard_link;
  FENCHI_ASSIGN_OR_RETURN(const bool kept, Push(std::move(queued)));
  if (kept && key && !known) linked_.emplace(*key, Linked{Seen(node), nullptr, {}});
  return Status::Ok();
}

Status SourceWalk::VisitDirectory(const SourceDirectory& parent, const std::string& name,
                                  const SourceNode& node) {
  ++report_.directories;
  QueuedEntry queued = NewEntry(node);
  const Result<SourceDirectory> directory = parent.OpenChild(name, &node);
  if (!directory.ok()) {
    Unreadable(directory.status());
    queued.entry.flags |= format::kEntryIncomplete;
  }
  FENCHI_ASSIGN_OR_RETURN(const bool kept, Push(std::move(queued)));
  if (kept && directory.ok()) Enter(*directory);
  return Status::Ok();
}

void SourceWalk::Enter(const SourceDirectory& directory) {
  const StageTimer timer(stages_, Stage::kScan);
  Result<std::vector<std::string>> names = directory.ListNames();
  if (!names.ok()) return Unreadable(names.status());
  levels_.push_back({directory, std::move(*names), 0, place_.path.size(), place_.relative.size(),
                     place_.source.size()});
}

// What is known of the file, if it is as it was when it was last saved and all of that is stored.
Result<std::optional<CachedFile>> SourceWalk::FindUnchanged(const SourceNode& node) {
  std::optional<CachedFile> none;
  if (options_.rescan) return none;
  const StageTimer timer(stages_, Stage::kIndex);
  FENCHI_ASSIGN_OR_RETURN(std::optional<CachedFile> cached,
                          index_.FindFile(domain_, place_.source));
  if (!cached || cached->size != node.attributes.size ||
      cached->modified != node.attributes.modified || cached->changed_ns != node.changed_ns ||
      cached->device != node.device || cached->inode != node.inode || !run_.UseCached(*cached)) {
    return none;
  }
  return cached;
}

// `status`: what one call told. More is asked only where that does not show the file unchanged.
Status SourceWalk::VisitFile(const SourceDirectory& parent, const std::string& name,
                             const SourceNode& status) {
  FENCHI_ASSIGN_OR_RETURN(std::optional<CachedFile> cached, FindUnchanged(status));
  SourceNode node = status;
  parent.NameOwners(node);
  if (!cached || !cached->plain) {
    Result<SourceNode> read = Scan([&] { return parent.ReadAttributes(name); });
    if (read.ok() && read->attributes.type != EntryType::kFile) {
      read = Conflict("it was replaced while the tree was read");
    }
    if (!read.ok()) {
      Unreadable(read.status());
      return Status::Ok();
    }
    // The rest stays as it was first seen: what changes from then on is found when all is read.
    node.attributes.xattrs = std::move(read->attributes.xattrs);
    node.warnings = std::move(read->warnings);
    if (!filesystem::LooksUnchanged(status, *read)) cached.reset();
  }
  QueuedEntry queued = NewEntry(node);
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
    FENCHI_RETURN_IF_ERROR(ReadFile(parent, name, node, size, queued, unreadable));
    if (!unreadable.ok()) {
      Unreadable(unreadable);
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
Status SourceWalk::ReadFile(const SourceDirectory& parent, const std::string& name,
                            const SourceNode& node, std::uint64_t& size, QueuedEntry& queued,
                            Status& unreadable) {
  const Result<SourceFile> file = parent.OpenFile(name, node);
  if (!file.ok()) {
    unreadable = file.status();
    return Status::Ok();
  }
  filesystem::WaitForLaterTick(node);
  queued.chunks = std::make_shared<FileChunks>();
  std::uint64_t end = 0;
  FENCHI_RETURN_IF_ERROR(ReadContent(*file, size, *queued.chunks, end, unreadable));
  if (!unreadable.ok()) return Status::Ok();
  const Result<SourceNode> after = file->Now();
  if (after.ok() && filesystem::LooksUnchanged(node, *after)) {
    const bool plain = node.attributes.xattrs.empty() && node.warnings.empty();
    queued.cache =
        CachedFile{size, node.attributes.modified, node.changed_ns, node.device, node.inode, plain};
    return Status::Ok();
  }
  ++report_.changed_while_read;
  report_.problems.push_back(
      {place_.path, Conflict("the file changed while it was read; the copy may mix old and new")});
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
    const Result<std::optional<filesystem::DataExtent>> extent = file.NextData(at);
    if (!extent.ok()) {
      unreadable = extent.status();
      return Status::Ok();
    }
    if (!*extent || (*extent)->offset >= size) {
      // A hole up to the end; if the file was cut meanwhile, only up to there.
      const Result<SourceNode> now = file.Now();
      end = now.ok() ? std::min(size, std::max(at, now->attributes.size)) : size;
      return Status::Ok();
    }
    at = (*extent)->offset;
    std::uint64_t offset = at;  // of the next chunk
    const std::uint64_t stop = std::min(size, at + (*extent)->length);
    const ChunkPipeline::OnChunk on_chunk = [&](TicketPtr ticket, std::size_t chunk_size) {
      chunks.chunks.emplace_back(offset, std::move(ticket));
      offset += chunk_size;
    };
    ChunkPipeline& content = run_.content();
    content.BeginStream();
    while (at < stop) {
      FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
      FENCHI_ASSIGN_OR_RETURN(const MutableBytes space, content.Space());
      const std::size_t want = std::min<std::uint64_t>(space.size(), stop - at);
      const Result<std::size_t> got = [&] {
        const StageTimer timer(stages_, Stage::kRead, want);
        return file.Read(at, space.first(want));
      }();
      if (!got.ok()) {
        unreadable = got.status();
        return Status::Ok();
      }
      content.Feed(*got, on_chunk);
      at += *got;
      report_.bytes_read += *got;
      meter_.now().bytes_done += *got;
      meter_.Tick();
      if (*got < want) {  // cut while it was read
        end = at;
        content.EndStream(on_chunk);
        return Status::Ok();
      }
    }
    content.EndStream(on_chunk);
  }
  return Status::Ok();
}

}  // namespace fenchi
