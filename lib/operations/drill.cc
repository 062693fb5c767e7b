// The drill verb: restore to scratch without some providers, compare every byte and attribute, and
// take the time.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <utility>

#include "base/error.h"
#include "filesystem/source_tree.h"
#include "operations/file_compare.h"
#include "operations/operations.h"
#include "operations/snapshot_view.h"

namespace fenchi {
namespace {

using filesystem::SourceDirectory;
using filesystem::SourceFile;
using filesystem::SourceNode;

constexpr std::uint32_t kModeBitsKept = 01777;  // setuid and setgid are dropped by a restore

// A new directory that is removed, with all in it, at the end.
class Scratch {
 public:
  static Result<Scratch> Make(const std::string& parent) {
    std::string base = parent;
    if (base.empty()) {
      const char* from_environment = std::getenv("TMPDIR");
      base = from_environment != nullptr && *from_environment != '\0' ? from_environment : "/tmp";
    }
    std::string path = base + "/fenchi-drill-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return ErrnoStatus(errno, "cannot make a scratch directory in " + base);
    }
    return Scratch(path);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (!path_.empty()) (void)Remove();
  }
  // What was restored is plaintext: whoever made it wants to know when it stays.
  Status Remove() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    if (error) {  // directories that were restored without their owner's write permission
      MakeRemovable(path_);
      error.clear();
      std::filesystem::remove_all(path_, error);
    }
    if (error) {
      return Io("the restored files in {} could not be removed: {}", path_, error.message())
          .WithHint("remove that directory yourself");
    }
    path_.clear();
    return Status::Ok();
  }
  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  static void MakeRemovable(const std::filesystem::path& top) {
    std::vector<std::filesystem::path> directories = {top};
    while (!directories.empty()) {
      const std::filesystem::path directory = std::move(directories.back());
      directories.pop_back();
      std::error_code ignored;
      std::filesystem::permissions(directory, std::filesystem::perms::owner_all,
                                   std::filesystem::perm_options::add, ignored);
      for (std::filesystem::directory_iterator at(directory, ignored), end; at != end;
           at.increment(ignored)) {
        if (at->symlink_status(ignored).type() == std::filesystem::file_type::directory) {
          directories.push_back(at->path());
        }
      }
    }
  }
  std::string path_;
};

// Compares what lies in the scratch directory with the snapshot, reading the disk again.
class Comparison {
 public:
  Comparison(SnapshotView& view, SourceDirectory root, DrillReport& report)
      : view_(view), report_(report) {
    chain_.push_back({"", std::move(root)});
  }

  Status Run() {
    return view_.chunks->WalkTree(view_.content.root, "",
                                  [&](const format::Entry& entry) -> Result<bool> {
                                    FENCHI_RETURN_IF_ERROR(Compare(entry));
                                    return true;
                                  });
  }

 private:
  struct Level {
    std::string path;
    SourceDirectory directory;
  };
  void Mismatch(const format::Entry& entry, const Status& status) {
    report_.mismatches.push_back({entry.path, status});
  }
  Status Compare(const format::Entry& entry);
  Status CompareContent(const SourceDirectory& parent, const std::string& name,
                        const SourceNode& node, const format::Entry& entry);

  SnapshotView& view_;
  DrillReport& report_;
  std::vector<Level> chain_;
};

bool IsDropped(EntryType type) {
  return type == EntryType::kCharDevice || type == EntryType::kBlockDevice ||
         type == EntryType::kSocket;
}

Status Comparison::Compare(const format::Entry& entry) {
  const std::size_t slash = entry.path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : entry.path.substr(0, slash);
  const std::string name = slash == std::string::npos ? entry.path : entry.path.substr(slash + 1);
  while (chain_.size() > 1 && chain_.back().path != parent) chain_.pop_back();
  if (chain_.back().path != parent || IsDropped(entry.attributes.type)) return Status::Ok();
  const SourceDirectory directory = chain_.back().directory;
  const Result<SourceNode> node = directory.ReadAttributes(name);
  if (!node.ok()) {
    Mismatch(entry, node.status().At("not restored"));
    return Status::Ok();
  }
  const Attributes& now = node->attributes;
  const Attributes& wanted = entry.attributes;
  const bool has_mode = wanted.type != EntryType::kSymlink;
  if (now.type != wanted.type || now.symlink_target != wanted.symlink_target ||
      now.modified != wanted.modified ||
      (has_mode && (now.mode & kModeBitsKept) != (wanted.mode & kModeBitsKept))) {
    Mismatch(entry, Damaged("type, mode, time or link target differ from the snapshot"));
  }
  if (wanted.type == EntryType::kDirectory) {
    Result<SourceDirectory> child = directory.OpenChild(name, &*node);
    if (!child.ok()) {
      Mismatch(entry, child.status());
      return Status::Ok();
    }
    chain_.push_back({entry.path, std::move(*child)});
    return Status::Ok();
  }
  if (wanted.type != EntryType::kFile) return Status::Ok();
  ++report_.files_compared;
  return CompareContent(directory, name, *node, entry);
}

Status Comparison::CompareContent(const SourceDirectory& parent, const std::string& name,
                                  const SourceNode& node, const format::Entry& entry) {
  const Result<SourceFile> file = parent.OpenFile(name, node);
  if (!file.ok()) {
    Mismatch(entry, file.status());
    return Status::Ok();
  }
  Status difference;
  FENCHI_RETURN_IF_ERROR(CompareFile(*view_.chunks, entry, node, *file, difference));
  if (!difference.ok()) Mismatch(entry, difference);
  if (difference.ok()) report_.bytes_compared += entry.attributes.size;
  return Status::Ok();
}

}  // namespace

Result<DrillReport> DrillSnapshot(Session& session, const SnapshotId& snapshot,
                                  const DrillOptions& options) {
  DrillReport report;
  report.absent_providers = options.absent_providers;
  report.rto_seconds = options.rto_seconds;
  report.rpo_seconds = options.rpo_seconds;
  FENCHI_ASSIGN_OR_RETURN(Scratch scratch, Scratch::Make(options.scratch_directory));
  RestoreOptions restore;
  restore.absent_providers = options.absent_providers;
  restore.observer = options.observer;
  FENCHI_ASSIGN_OR_RETURN(report.restore,
                          RestoreSnapshot(session, snapshot, scratch.path(), restore));
  FENCHI_ASSIGN_OR_RETURN(SnapshotView view,
                          OpenSnapshotView(session, snapshot, options.absent_providers));
  report.data_age_seconds = session.clock.Now().seconds - view.content.begun.seconds;
  FENCHI_ASSIGN_OR_RETURN(SourceDirectory root, SourceDirectory::Open(scratch.path()));
  FENCHI_RETURN_IF_ERROR(Comparison(view, std::move(root), report).Run());
  const std::string scratch_path = scratch.path();
  const Status removed = scratch.Remove();
  if (!removed.ok()) report.restore.problems.push_back({scratch_path, removed});
  return report;
}

}  // namespace fenchi
