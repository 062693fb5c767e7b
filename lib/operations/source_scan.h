// The sources of a backup in path order: each entry with what the file system tells of it and what
// the local index knows of it.
//
// Runs some way ahead of who saves the entries, on two threads of its own: one looks at names and
// their status, which costs more than the list that is made of them, the next asks the index and
// looks closer at the files that it does not know. What finds no thread is done in Next(), but for
// the closer look, which is left to who saves the file then; so is all, one entry at a time, where
// the caller's filter is to be asked. Order and results are the same either way.
//
// Memory: the names that are left of each directory around, and up to 2,600 entries, of 4 MiB at
// most but for three lots (384 KiB and two entries each).
// Threads: one calls Next(); the index is asked from there, or from a thread of the scan.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/handoff.h"
#include "base/stage_clock.h"
#include "filesystem/source_tree.h"
#include "repository/chunk_index.h"

namespace fenchi {

// Where a source comes from and what it is called in the snapshot.
struct SourceRoot {
  std::string name;    // top component of its paths
  std::string parent;  // canonical directory that holds it
  std::string leaf;    // its name there; empty: the file system's root itself
};
// In path order. Errors: kNotFound for a path that is not there; kInvalidArgument when two would
// have one name.
Result<std::vector<SourceRoot>> ResolveSources(std::span<const std::string> paths);

// An entry as the scan met it.
struct ScannedEntry {
  std::string path;    // in the snapshot
  std::string source;  // canonical, for the cache
  std::string name;    // in `parent`
  std::shared_ptr<const filesystem::SourceDirectory> parent;
  std::size_t depth = 0;        // of the directories of its source around it
  filesystem::SourceNode node;  // of files, unless it is whole: what one call told, and the owners
  bool whole = false;           // with all attributes, as of when it was `seen`
  // Of a file that looked as it did when it was last saved. Whether its packs are still there is
  // for the caller to know.
  std::optional<FileRow> known;
  std::chrono::steady_clock::time_point seen;
  // What could not be read: the entry itself; or what a directory holds.
  enum class Lacks { kNothing, kItself, kOpening, kNames };
  Lacks lacks = Lacks::kNothing;
  Status problem;
};

class SourceScan {
 public:
  using Entries = std::vector<ScannedEntry>;
  // Asks the index for several files of one directory, as ChunkIndex::FindFiles does. Empty: none
  // is to be asked for.
  using FindFiles = std::function<Result<std::vector<std::optional<FileRow>>>(
      std::span<const std::string_view> sources)>;
  // True: leave it out. `path` is relative to the source.
  using Exclude = std::function<bool(std::string_view path, EntryType type)>;

  // What is handed in must outlive the scan.
  SourceScan(std::vector<SourceRoot> roots, FindFiles find, const Exclude& exclude,
             StageClock& stages);
  ~SourceScan();
  SourceScan(const SourceScan&) = delete;
  SourceScan& operator=(const SourceScan&) = delete;

  // The next entries, in order; none: that was all.
  // Errors: kNotFound, kDenied, kIo for a source that the user named; what the index returned.
  Result<Entries> Next();

 private:
  // A directory whose children are being looked at. Kept on a stack of our own, and the paths in
  // one place: a tree may be deeper than the thread's stack.
  struct Level {
    std::shared_ptr<const filesystem::SourceDirectory> directory;
    std::vector<std::string> names;
    std::size_t next = 0;                               // of names
    std::size_t path_size, relative_size, source_size;  // of its own place
  };
  struct Place {
    std::string path;      // in the snapshot
    std::string relative;  // to the source, for `exclude`
    std::string source;    // canonical, for the cache
  };
  void Begin();
  void Start(Handoff<Entries>& to, std::function<Status(Handoff<Entries>& to)> work);
  Status LookAtAll(Handoff<Entries>& to);
  Status LookCloserAtAll(Handoff<Entries>& to);
  Status Fill(Entries& entries);
  bool IsFull(const Entries& entries) const;
  bool Unwanted() const;
  Status BeginRoot(const SourceRoot& root, Entries& entries);
  Status LookAtSome(Entries& entries);
  void Look(const std::shared_ptr<const filesystem::SourceDirectory>& parent, std::string name,
            Entries& entries);
  void Enter(std::shared_ptr<const filesystem::SourceDirectory> directory, ScannedEntry& entry);
  Status AskIndex(std::span<ScannedEntry> entries) const;
  Status AskIndex(std::span<ScannedEntry* const> files, std::size_t& bytes) const;
  void LookCloser(std::span<ScannedEntry> entries) const;

  const std::vector<SourceRoot> roots_;
  const FindFiles find_;
  const Exclude& exclude_;
  StageClock& stages_;
  const std::size_t lot_;  // entries that are handed on together
  // Of whoever looks.
  std::size_t next_root_ = 0;
  Place place_;  // of what is being looked at
  std::vector<Level> levels_;
  std::size_t lot_bytes_ = 0;  // of the lot that is being filled
  Status failure_;             // without threads: after what was returned
  bool begun_ = false;
  std::atomic<bool> ending_ = false;
  Handoff<Entries> looked_;
  Handoff<Entries> looked_closer_;
  std::vector<std::thread>
      threads_;  // one for each step, as far as there are; uses all of the above
};

}  // namespace fenchi
