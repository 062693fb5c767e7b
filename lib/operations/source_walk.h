// Walks the sources of a backup in path order and feeds their entries and chunks into a run.
//
// An unchanged file costs one status call. What cannot be read is a problem in the report, and the
// rest is saved. A file that changes while it is read is saved as caught and reported.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/source_tree.h"
#include "operations/entry_queue.h"

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

class SourceWalk {
 public:
  SourceWalk(const BackupOptions& options, BackupRun& run, ChunkIndex& index, EntryQueue& queue,
             const DomainId& domain, StageClock& stages, ProgressMeter& meter,
             BackupReport& report);

  Status Walk(const SourceRoot& root);

 private:
  struct Place {
    std::string path;      // in the snapshot
    std::string relative;  // to the source, for `exclude`
    std::string source;    // canonical, for the cache
  };
  // A directory whose children are being visited. Kept on a stack of our own, and the paths in one
  // place: a tree may be deeper than the thread's stack.
  struct Level {
    filesystem::SourceDirectory directory;
    std::vector<std::string> names;
    std::size_t next = 0;                               // of names
    std::size_t path_size, relative_size, source_size;  // of its own place
  };
  Status WalkLevels();
  Result<filesystem::SourceNode> Scan(
      const std::function<Result<filesystem::SourceNode>()>& read) const;
  Status Visit(const filesystem::SourceDirectory& parent, const std::string& name);
  Status VisitDirectory(const filesystem::SourceDirectory& parent, const std::string& name,
                        const filesystem::SourceNode& node);
  void Enter(const filesystem::SourceDirectory& directory);
  Status VisitFile(const filesystem::SourceDirectory& parent, const std::string& name,
                   const filesystem::SourceNode& status);
  Result<std::optional<CachedFile>> FindUnchanged(const filesystem::SourceNode& node);
  Status ReadFile(const filesystem::SourceDirectory& parent, const std::string& name,
                  const filesystem::SourceNode& node, std::uint64_t& size, QueuedEntry& queued,
                  Status& unreadable);
  Result<bool> Push(QueuedEntry queued);
  Status ReadContent(const filesystem::SourceFile& file, std::uint64_t size, FileChunks& chunks,
                     std::uint64_t& end, Status& unreadable);
  QueuedEntry NewEntry(const filesystem::SourceNode& node);
  void Unreadable(const Status& status);

  const BackupOptions& options_;
  BackupRun& run_;
  ChunkIndex& index_;
  EntryQueue& queue_;
  const DomainId domain_;
  StageClock& stages_;
  ProgressMeter& meter_;
  BackupReport& report_;
  Place place_;  // of what is being visited
  std::vector<Level> levels_;
  // What has several names and was saved in this run, by its first name.
  struct Linked {
    filesystem::SourceNode node;  // as it was seen then
    std::shared_ptr<FileChunks> chunks;
    format::ContentList content;
  };
  const Linked* FindLinked(const filesystem::SourceNode& node, QueuedEntry& queued);
  Status VisitOther(const filesystem::SourceNode& node);
  std::map<HardLinkKey, Linked> linked_;
};

}  // namespace fenchi
