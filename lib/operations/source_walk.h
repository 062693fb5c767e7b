// Saves the sources of a backup: takes their entries in path order and feeds them and their chunks
// into a run.
//
// An unchanged file costs one status call. What cannot be read is a problem in the report, and the
// rest is saved. A file that changes while it is read is saved as caught and reported.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filesystem/source_tree.h"
#include "operations/entry_queue.h"
#include "operations/source_scan.h"

namespace fenchi {

class SourceWalk {
 public:
  SourceWalk(const BackupOptions& options, BackupRun& run, EntryQueue& queue, StageClock& stages,
             ProgressMeter& meter, BackupReport& report);

  Status Walk(std::vector<SourceRoot> roots);

 private:
  Status Visit(ScannedEntry& entry);
  Status VisitDirectory(ScannedEntry& entry);
  Status VisitFile(ScannedEntry& entry);
  Result<std::optional<CachedFile>> FindCached(const ScannedEntry& entry);
  Status VisitOther(ScannedEntry& entry);
  std::optional<filesystem::SourceFile> OpenWhole(ScannedEntry& entry) const;
  // `file`: if it is open already.
  Status ReadFile(const ScannedEntry& entry, std::optional<filesystem::SourceFile> file,
                  std::uint64_t& size, QueuedEntry& queued, Status& unreadable);
  Result<bool> Push(QueuedEntry queued);
  Status ReadContent(const filesystem::SourceFile& file, std::uint64_t size, FileChunks& chunks,
                     std::uint64_t& end, Status& unreadable);
  Result<bool> ReadRange(const filesystem::SourceFile& file, std::uint64_t size, std::uint64_t& at,
                         FileChunks& chunks, Status& unreadable);
  QueuedEntry NewEntry(ScannedEntry& entry);
  void Unreadable(const std::string& path, const Status& status);

  const BackupOptions& options_;
  BackupRun& run_;
  EntryQueue& queue_;
  StageClock& stages_;
  ProgressMeter& meter_;
  BackupReport& report_;
  std::chrono::steady_clock::time_point now_;  // when the entry's turn came
  std::optional<std::size_t> skipped_depth_;   // of a directory that is not kept, nor what it holds
  // What has several names and was saved in this run, by its first name.
  struct Linked {
    filesystem::SourceNode node;  // as it was seen then
    std::shared_ptr<FileChunks> chunks;
    format::ContentList content;
  };
  const Linked* FindLinked(const filesystem::SourceNode& node, QueuedEntry& queued);
  std::map<HardLinkKey, Linked> linked_;
};

}  // namespace fenchi
