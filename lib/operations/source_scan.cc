#include "operations/source_scan.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <utility>

#include "base/error.h"
#include "base/start_thread.h"
#include "base/stop.h"
#include "format/tree.h"

namespace fenchi {
namespace {

using filesystem::SourceDirectory;
using filesystem::SourceNode;

// Entries that are handed on together, in an array that is smaller than those for which glibc's
// free() tidies the heap (64 KiB).
constexpr std::size_t kLotEntries = 96;
static_assert(kLotEntries * sizeof(ScannedEntry) < 64 * 1024);
constexpr std::size_t kLotBytesMax = 128 * 1024;
// Of each step; enough to go on while the next one is slow for a moment.
constexpr std::size_t kLotsWaitingMax = 12;
constexpr std::size_t kBytesWaitingMax = std::size_t{2} << 20;
// More than a step of the clocks of all file systems: some count seconds.
constexpr std::chrono::seconds kClearlyPast{3};
// Files of one directory that are looked at before the index is asked for them all.
constexpr std::size_t kFilesTogether = 64;

Result<std::string> Canonical(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return ErrnoStatus(errno, "cannot back up '" + path + "'");
  std::string out(resolved);
  std::free(resolved);
  return out;
}

bool LooksAsSaved(const CachedFile& cached, const SourceNode& node) {
  return cached.size == node.attributes.size && cached.modified == node.attributes.modified &&
         cached.changed_ns == node.changed_ns && cached.device == node.device &&
         cached.inode == node.inode;
}

// Also where a clock was set back.
bool ChangedLately(const SourceNode& node) {
  const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::chrono::nanoseconds(node.changed_ns) < kClearlyPast;
}

std::size_t MemoryOf(const ScannedEntry& entry) {
  const Attributes& a = entry.node.attributes;
  std::size_t bytes = sizeof(entry) + entry.path.size() + entry.source.size() + entry.name.size() +
                      a.user.size() + a.group.size() + a.symlink_target.size();
  for (const Xattr& xattr : a.xattrs) {
    bytes += sizeof(xattr) + xattr.name.size() + xattr.value.size();
  }
  bytes += entry.node.warning.message().size();
  if (entry.known) bytes += entry.known->content.size() + entry.known->packs.size();
  return bytes;
}

std::size_t MemoryOf(const SourceScan::Entries& entries) {
  std::size_t bytes = 0;
  for (const ScannedEntry& entry : entries) bytes += MemoryOf(entry);
  return bytes;
}

void SetProblem(ScannedEntry& entry, ScannedEntry::Lacks lacks, Status problem) {
  entry.lacks = lacks;
  entry.problem = std::move(problem);
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

SourceScan::SourceScan(std::vector<SourceRoot> roots, FindFiles find, const Exclude& exclude,
                       StageClock& stages)
    : roots_(std::move(roots)),
      find_(std::move(find)),
      exclude_(exclude),
      stages_(stages),
      lot_(exclude ? 1 : kLotEntries),
      looked_(kLotsWaitingMax, kBytesWaitingMax),
      looked_closer_(kLotsWaitingMax, kBytesWaitingMax) {}

SourceScan::~SourceScan() {
  ending_ = true;
  looked_.Close();
  looked_closer_.Close();
  for (std::thread& thread : threads_) thread.join();
}

// ---- Between the threads ----

void SourceScan::Begin() {
  // The filter may be Python's: it is asked on the caller's thread, as everything of his.
  if (exclude_) return;
  Start(looked_, [this](Handoff<Entries>& to) { return LookAtAll(to); });
  if (!threads_.empty()) {
    Start(looked_closer_, [this](Handoff<Entries>& to) { return LookCloserAtAll(to); });
  }
}

// Does a step on a thread of its own, if there is one.
void SourceScan::Start(Handoff<Entries>& to, std::function<Status(Handoff<Entries>& to)> work) {
  (void)StartThread(threads_, [&to, work = std::move(work), stop = Stop::Current()] {
    const StopTaken taken(stop);
    try {
      to.Finish(work(to));
    } catch (const std::exception& error) {  // no memory: the backup fails, not the process
      to.Finish(Internal("while the sources were scanned: {}", error.what()));
    }
  });
}

Status SourceScan::LookAtAll(Handoff<Entries>& to) {
  for (;;) {
    Entries entries;
    Status filled = Fill(entries);
    const bool last = entries.empty() || !filled.ok();
    const std::size_t bytes = MemoryOf(entries);
    if (!entries.empty() && !to.Put(std::move(entries), bytes)) return Status::Ok();
    if (last) return filled;
  }
}

Status SourceScan::LookCloserAtAll(Handoff<Entries>& to) {
  for (;;) {
    FENCHI_ASSIGN_OR_RETURN(std::optional<Entries> entries, looked_.Take());
    if (!entries) return Status::Ok();
    FENCHI_RETURN_IF_ERROR(AskIndex(*entries));
    LookCloser(*entries);
    const std::size_t bytes = MemoryOf(*entries);
    if (!to.Put(std::move(*entries), bytes)) return Status::Ok();
  }
}

Result<SourceScan::Entries> SourceScan::Next() {
  if (!std::exchange(begun_, true)) Begin();
  if (threads_.size() == 2) {
    FENCHI_ASSIGN_OR_RETURN(std::optional<Entries> entries, looked_closer_.Take());
    return std::move(entries).value_or(Entries());
  }
  Entries entries;
  if (threads_.size() == 1) {
    FENCHI_ASSIGN_OR_RETURN(std::optional<Entries> looked, looked_.Take());
    entries = std::move(looked).value_or(Entries());
  } else {
    FENCHI_RETURN_IF_ERROR(std::exchange(failure_, Status::Ok()));
    failure_ = Fill(entries);
    if (entries.empty()) FENCHI_RETURN_IF_ERROR(std::exchange(failure_, Status::Ok()));
  }
  FENCHI_RETURN_IF_ERROR(AskIndex(entries));
  return entries;
}

// ---- Scanning ----

bool SourceScan::Unwanted() const { return ending_ || Stop::Current().requested(); }

// A lot of entries; none at the end. On failure those before it.
Status SourceScan::Fill(Entries& entries) {
  entries.reserve(lot_);
  lot_bytes_ = 0;
  while (!IsFull(entries)) {
    if (Unwanted()) return StoppedOnRequest();
    if (!levels_.empty()) {
      FENCHI_RETURN_IF_ERROR(LookAtSome(entries));
    } else if (next_root_ < roots_.size()) {
      FENCHI_RETURN_IF_ERROR(BeginRoot(roots_[next_root_++], entries));
    } else {
      break;
    }
  }
  return Status::Ok();
}

bool SourceScan::IsFull(const Entries& entries) const {
  return entries.size() == lot_ || lot_bytes_ >= kLotBytesMax;
}

Status SourceScan::BeginRoot(const SourceRoot& root, Entries& entries) {
  Result<SourceDirectory> opened = SourceDirectory::Open(root.parent);
  if (!opened.ok()) return opened.status();
  const auto parent = std::make_shared<const SourceDirectory>(std::move(*opened));
  const std::string source = root.parent == "/" ? "/" + root.leaf : root.parent + "/" + root.leaf;
  place_ = {root.name, "", source};
  if (root.leaf.empty()) {
    ScannedEntry& entry = entries.emplace_back();
    entry.path = place_.path;
    entry.source = place_.source;
    entry.parent = parent;
    Enter(parent, entry);
    return entry.lacks == ScannedEntry::Lacks::kItself ? entry.problem : Status::Ok();
  }
  // The user named it: that it is missing is an error, not a file that vanished.
  const Result<SourceNode> there = parent->ReadStatus(root.leaf);
  if (!there.ok()) return there.status().At("cannot back up '" + source + "'");
  const StageTimer timer(stages_, Stage::kScan);
  Look(parent, root.leaf, entries);
  return Status::Ok();
}

// Entries of one directory, up to its next directory or the end: what lies below that comes first.
Status SourceScan::LookAtSome(Entries& entries) {
  const std::size_t depth = levels_.size();
  const std::size_t end = entries.size() + kFilesTogether;
  const StageTimer timer(stages_, Stage::kScan);
  while (levels_.size() == depth && entries.size() < end && !IsFull(entries)) {
    if (Unwanted()) return StoppedOnRequest();
    Level& level = levels_.back();
    place_.path.resize(level.path_size);
    place_.relative.resize(level.relative_size);
    place_.source.resize(level.source_size);
    if (level.next == level.names.size()) {
      levels_.pop_back();
      break;
    }
    std::string name = std::move(level.names[level.next++]);
    place_.path.append(1, '/').append(name);
    if (!place_.relative.empty()) place_.relative += '/';
    place_.relative += name;
    if (place_.source != "/") place_.source += '/';
    place_.source += name;
    const auto directory = level.directory;  // `level` may move
    const std::size_t before = entries.size();
    Look(directory, std::move(name), entries);
    if (entries.size() > before) lot_bytes_ += MemoryOf(entries.back());
  }
  return Status::Ok();
}

// Adds the entry at place_, unless it is left out, and enters it if it is a directory.
void SourceScan::Look(const std::shared_ptr<const SourceDirectory>& parent, std::string name,
                      Entries& entries) {
  using Lacks = ScannedEntry::Lacks;
  ScannedEntry& entry = entries.emplace_back();
  entry.path = place_.path;
  entry.source = place_.source;
  entry.name = std::move(name);
  entry.parent = parent;
  entry.depth = levels_.size();
  entry.seen = std::chrono::steady_clock::now();
  if (entry.path.size() > format::kPathSizeMax) {
    SetProblem(entry, Lacks::kItself,
               Unsupported("a path of {} bytes is longer than the {} that a snapshot can hold",
                           entry.path.size(), format::kPathSizeMax));
    return;
  }
  Result<SourceNode> node = parent->ReadStatus(entry.name);
  if (!node.ok()) return SetProblem(entry, Lacks::kItself, node.status());
  const EntryType type = node->attributes.type;
  if (exclude_ && !place_.relative.empty() && exclude_(place_.relative, type)) {
    entries.pop_back();
    return;
  }
  if (type == EntryType::kFile) {
    entry.node = std::move(*node);
    return parent->NameOwners(entry.node);
  }
  if (type == EntryType::kDirectory) {
    Result<SourceDirectory> opened = parent->OpenChild(entry.name);
    if (opened.ok()) return Enter(std::make_shared<const SourceDirectory>(*opened), entry);
    SetProblem(entry, Lacks::kOpening, opened.status());
  }
  node = parent->ReadAttributes(entry.name);
  if (!node.ok()) return SetProblem(entry, Lacks::kItself, node.status());
  if (node->attributes.type != EntryType::kDirectory) {
    SetProblem(entry, Lacks::kNothing, Status::Ok());
  } else if (type != EntryType::kDirectory) {
    SetProblem(entry, Lacks::kOpening, Conflict("it was replaced while the tree was read"));
  }
  entry.node = std::move(*node);
}

// Reads a directory's attributes and names; what is in it comes next.
void SourceScan::Enter(std::shared_ptr<const SourceDirectory> directory, ScannedEntry& entry) {
  using Lacks = ScannedEntry::Lacks;
  Result<SourceNode> node = directory->ReadOwnAttributes();
  if (!node.ok()) return SetProblem(entry, Lacks::kItself, node.status());
  entry.node = std::move(*node);
  Result<std::vector<std::string>> names = directory->ListNames();
  if (!names.ok()) return SetProblem(entry, Lacks::kNames, names.status());
  levels_.push_back({std::move(directory), std::move(*names), 0, place_.path.size(),
                     place_.relative.size(), place_.source.size()});
}

// What is known of each file, if it is as it was when it was last saved.
Status SourceScan::AskIndex(std::span<ScannedEntry> entries) const {
  if (!find_) return Status::Ok();
  const StageTimer timer(stages_, Stage::kIndex);
  std::size_t bytes = 0;
  std::vector<ScannedEntry*> files;  // of one directory
  for (ScannedEntry& entry : entries) {
    const bool file = entry.node.attributes.type == EntryType::kFile;
    if (!file || entry.lacks != ScannedEntry::Lacks::kNothing) continue;
    const bool elsewhere = !files.empty() && files.front()->parent != entry.parent;
    if (elsewhere || files.size() == kFilesTogether) {
      FENCHI_RETURN_IF_ERROR(AskIndex(files, bytes));
      files.clear();
    }
    files.push_back(&entry);
  }
  return files.empty() ? Status::Ok() : AskIndex(files, bytes);
}

// `bytes`: of the rows that the lot holds so far.
Status SourceScan::AskIndex(std::span<ScannedEntry* const> files, std::size_t& bytes) const {
  std::vector<std::string_view> sources;
  sources.reserve(files.size());
  for (const ScannedEntry* file : files) sources.emplace_back(file->source);
  FENCHI_ASSIGN_OR_RETURN(auto found, find_(sources));
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::optional<FileRow>& row = found[i];
    if (!row || !LooksAsSaved(row->file, files[i]->node)) continue;
    bytes += row->content.size() + row->packs.size();
    // What the lot has no room for is read again when its turn comes, as long rows are.
    if (bytes > kLotBytesMax) row = FileRow{std::move(row->file), true, {}, {}};
    files[i]->known = std::move(row);
  }
  return Status::Ok();
}

// Reads the attributes of files that are not known, as far as the lot has room for them. What fails
// or finds no room is looked at when its turn comes. So are files of several names, each of which
// must show the state that was saved under the first, and files that changed lately, whose next
// change might not show.
void SourceScan::LookCloser(std::span<ScannedEntry> entries) const {
  const StageTimer timer(stages_, Stage::kScan);
  std::size_t bytes = 0;
  for (ScannedEntry& entry : entries) {
    const bool file = entry.node.attributes.type == EntryType::kFile;
    if (!file || entry.lacks != ScannedEntry::Lacks::kNothing || entry.known) continue;
    if (entry.node.attributes.hard_link || ChangedLately(entry.node)) continue;
    if (bytes > kLotBytesMax || Unwanted()) return;
    const auto now = std::chrono::steady_clock::now();
    Result<SourceNode> node = entry.parent->ReadAttributes(entry.name);
    if (!node.ok() || !filesystem::LooksUnchanged(entry.node, *node)) continue;
    entry.node = std::move(*node);
    entry.seen = now;
    entry.whole = true;
    bytes += MemoryOf(entry);
  }
}

}  // namespace fenchi
