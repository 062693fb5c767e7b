// The restore verb: a snapshot's tree into a target directory, resumable, never outside it.
#include <map>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "filesystem/restore_target.h"
#include "operations/file_compare.h"
#include "operations/operations.h"
#include "operations/read_ahead.h"
#include "operations/restore_queue.h"
#include "operations/snapshot_view.h"
#include "repository/state_folder.h"

namespace fenchi {
namespace {

using filesystem::RestoredFile;
using filesystem::RestoreDirectory;
using filesystem::RestoreTarget;
using filesystem::SourceNode;
using filesystem::Warnings;

// Of what was fetched over slow lines and is not restored yet: at 20 Mbit/s half an hour.
constexpr std::uint64_t kSpoolBytesMax = std::uint64_t{4} << 30;

std::string_view LastComponent(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}
std::string_view ParentOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// Equal for the names of one file, FORMAT.md section 8.1: of all but path and flags.
Hash256 HashOfLinked(const format::Entry& entry) {
  format::Entry nameless = entry;
  nameless.path.clear();
  nameless.flags = 0;
  return Sha256(format::EncodeItem(nameless));
}

// A failure of the vault's content, against one of the target's file system.
bool IsLoss(const Status& status) {
  return status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kDamaged;
}
// After these nothing else can be restored either. That a byte budget is used up is among them:
// ShardSet tells it by kTooFewProviders, so kFull is the target's.
bool IsFatal(const Status& status) {
  return status.code() == StatusCode::kFull || status.code() == StatusCode::kCancelled ||
         status.code() == StatusCode::kTooFewProviders;
}

// A full disk says where it was met and how to go on.
Status Fatal(std::string_view path, const Status& status) {
  if (status.code() != StatusCode::kFull) return status;
  return status.At(fmt::format("restoring '{}'", EscapeForDisplay(path)))
      .WithHint("free space there and run the same again, which goes on, or choose another target");
}

// Content that cannot be read is lost, whatever the reason: a method or version that this build
// does not know, a key that it lacks.
Status AsLoss(const Status& status) {
  if (status.ok() || IsLoss(status) || IsFatal(status)) return status;
  return Status(StatusCode::kDataLoss, status.message(), status.hint());
}

class Restore {
 public:
  // fresh: nothing is in the target yet.
  Restore(SnapshotView& view, const RestoreOptions& options, RestoreTarget target, bool fresh,
          RestoreReport& report)
      : view_(view),
        options_(options),
        target_(std::move(target)),
        fresh_(fresh),
        report_(report),
        meter_(options.observer, "restore"),
        queue_(view.seats->executor()) {
    meter_.now().items_total =
        view.content.counts.files + view.content.counts.directories + view.content.counts.others;
    meter_.now().bytes_total = view.content.counts.bytes;
  }

  ~Restore() { view_.packs->set_let_go(nullptr); }  // whose hook is ours

  Status Run();

 private:
  // A directory on the current path: its attributes are set when the walk leaves it.
  struct Open {
    std::size_t path_size = 0;  // its path is that much of chain_
    RestoreDirectory directory;
    Attributes attributes;
    bool restored = false;  // entered as wanted, not only passed through
  };
  struct FirstLink {
    RestoreDirectory directory;
    std::string name;
  };
  Result<bool> Visit(const format::Entry& entry, bool wanted);
  Status LeaveUntil(std::string_view parent);
  Result<const RestoreDirectory*> DirectoryFor(std::string_view path);
  Status RestoreEntry(const RestoreDirectory& parent, const format::Entry& entry);
  Status BeginFile(const RestoreDirectory& parent, const format::Entry& entry);
  Status AddChunk(const format::ContentItem& item);
  Status EndFile(const Status& walked);
  Status FileDone(const RestoreDirectory& parent, const format::Entry& entry,
                  RestoreQueue::Outcome& outcome);
  Status RestoreFile(const RestoreDirectory& parent, const format::Entry& entry);
  void Restored(const RestoreDirectory& parent, const format::Entry& entry);
  Result<bool> Resume(const RestoreDirectory& parent, const format::Entry& entry);
  Status RestoreLink(const RestoreDirectory& parent, const format::Entry& entry, bool& done);
  void NoteWarnings(std::string_view path, Warnings warnings);
  void Fail(std::string_view path, const Status& status);
  bool Wanted(const format::Entry& entry);

  SnapshotView& view_;
  const RestoreOptions& options_;
  RestoreTarget target_;
  const bool fresh_;
  RestoreReport& report_;
  ProgressMeter meter_;
  std::string_view PathOf(const Open& open) const {
    return std::string_view(chain_).substr(0, open.path_size);
  }

  std::vector<Open> open_;
  std::string chain_;                   // path of the innermost: that of each other one begins it
  std::map<Hash256, FirstLink> links_;  // by what all names of one file say of it
  bool any_wanted_ = false;             // `include` named something
  std::string wanted_below_;            // a directory that `include` named: all below it is wanted
  bool file_begun_ = false;             // by the entry that is being visited
  Status file_failure_;                 // of a chunk of the file begun last
  RestoreQueue queue_;                  // last: it ends its work before anything above goes away
};

Status Restore::Run() {
  const auto lost = [&](const format::Reference&, const Status& failure) {
    report_.lost.push_back({"", failure.At("a part of the list of files cannot be read")});
  };
  ReadAhead::Handlers handlers;
  handlers.wanted = [&](const format::Entry& entry) { return Wanted(entry); };
  handlers.entry = [&](const format::Entry& entry, bool wanted) -> Result<bool> {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    meter_.SetCurrent(entry.path);
    meter_.Tick();
    ++meter_.now().items_done;
    return Visit(entry, wanted);
  };
  handlers.chunk = [&](const format::ContentItem& item) { return AddChunk(item); };
  handlers.end = [&](const Status& walked) { return EndFile(walked); };
  view_.packs->set_let_go([this] { queue_.HandOver(); });
  const Status walked = ReadAhead(view_, std::move(handlers), fresh_).Walk(lost);
  if (!walked.ok()) {
    queue_.Settle(walked);
    return walked;
  }
  FENCHI_RETURN_IF_ERROR(LeaveUntil(""));
  FENCHI_RETURN_IF_ERROR(queue_.Drain());
  if (options_.include && !any_wanted_ && report_.lost.empty()) {
    return NotFound("nothing in the snapshot is what was asked for")
        .WithHint(
            "patterns are as in .gitignore, from the snapshot's top; `fenchi ls --recursive` "
            "shows its paths");
  }
  meter_.SetCurrent("");
  meter_.Finish();
  return target_.Sync();
}

bool Restore::Wanted(const format::Entry& entry) {
  if (!options_.include) return true;
  const std::string_view path = entry.path;
  if (!wanted_below_.empty() && path.size() > wanted_below_.size() &&
      path.starts_with(wanted_below_) && path[wanted_below_.size()] == '/') {
    return true;
  }
  if (!options_.include(path, entry.attributes.type)) return false;
  any_wanted_ = true;
  if (entry.attributes.type == EntryType::kDirectory) wanted_below_ = entry.path;
  return true;
}

// True: a file that was begun, whose content is to follow.
Result<bool> Restore::Visit(const format::Entry& entry, bool wanted) {
  FENCHI_RETURN_IF_ERROR(LeaveUntil(ParentOf(entry.path)));
  if (entry.attributes.type == EntryType::kDirectory) {
    // Kept on the path even when not wanted: something below it may be.
    open_.push_back({entry.path.size(), target_.root(), entry.attributes, false});
    chain_ = entry.path;
    if (!wanted) return false;
    const Result<const RestoreDirectory*> made = DirectoryFor(entry.path);
    if (!made.ok()) {
      Fail(entry.path, made.status());
      if (IsFatal(made.status())) return Fatal(entry.path, made.status());
    }
    return false;
  }
  if (!wanted) return false;
  const Result<const RestoreDirectory*> parent = DirectoryFor(ParentOf(entry.path));
  file_begun_ = false;
  const Status status = parent.ok() ? RestoreEntry(**parent, entry) : parent.status();
  if (status.ok()) return file_begun_;
  if (IsFatal(status)) return Fatal(entry.path, status);
  Fail(entry.path, status);
  return false;
}

// The restored directory of a path on the current chain, made when it is needed first.
Result<const RestoreDirectory*> Restore::DirectoryFor(std::string_view path) {
  const RestoreDirectory* current = &target_.root();
  if (path.empty()) return current;
  if (!open_.empty() && open_.back().restored && PathOf(open_.back()) == path) {
    return &open_.back().directory;
  }
  for (Open& open : open_) {
    if (!open.restored) {
      const std::string name(LastComponent(PathOf(open)));
      FENCHI_ASSIGN_OR_RETURN(open.directory, current->MakeDirectory(name));
      if (!open.directory.is_new()) {
        FENCHI_RETURN_IF_ERROR(open.directory.RemoveLeftovers().status());
      }
      open.restored = true;
      ++report_.directories;
    }
    current = &open.directory;
    if (PathOf(open) == path) return current;
  }
  return Damaged("its directory is not in the snapshot before it: a planted entry");
}

Status Restore::LeaveUntil(std::string_view parent) {
  while (!open_.empty()) {
    const std::string_view path = PathOf(open_.back());
    const bool inside = parent == path || (parent.size() > path.size() &&
                                           parent.starts_with(path) && parent[path.size()] == '/');
    if (inside) return Status::Ok();
    Open left = std::move(open_.back());
    open_.pop_back();
    if (!left.restored) continue;
    FENCHI_RETURN_IF_ERROR(
        queue_.Follow([this, path = std::string(path), left](RestoreQueue::Outcome&) -> Status {
          Warnings warnings;
          const Status status = left.directory.SetAttributes(left.attributes, warnings);
          NoteWarnings(path, std::move(warnings));
          if (IsFatal(status)) return Fatal(path, status);
          if (!status.ok()) Fail(path, status);
          return Status::Ok();
        }));
  }
  return Status::Ok();
}

void Restore::NoteWarnings(std::string_view path, Warnings warnings) {
  for (Status& warning : warnings) {
    if (warning.code() == StatusCode::kPolicy) ++report_.dropped;
    report_.problems.push_back({std::string(path), std::move(warning)});
  }
}

void Restore::Fail(std::string_view path, const Status& status) {
  if (!IsLoss(status)) ++report_.failed;
  (IsLoss(status) ? report_.lost : report_.problems).push_back({std::string(path), status});
}

Status Restore::RestoreEntry(const RestoreDirectory& parent, const format::Entry& entry) {
  const std::string name(LastComponent(entry.path));
  const Attributes& attributes = entry.attributes;
  bool linked = false;
  FENCHI_RETURN_IF_ERROR(RestoreLink(parent, entry, linked));
  if (linked) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const bool resumed, Resume(parent, entry));
  if (!resumed && attributes.type == EntryType::kFile) return BeginFile(parent, entry);
  Warnings warnings;
  Status status;
  if (!resumed) {
    switch (attributes.type) {
      case EntryType::kSymlink:
        status = parent.MakeSymlink(name, attributes.symlink_target, attributes, warnings);
        break;
      case EntryType::kFifo:
        status = parent.MakeFifo(name, attributes, warnings);
        break;
      case EntryType::kCharDevice:
      case EntryType::kBlockDevice:
        status = parent.MakeDevice(name, attributes, warnings);
        break;
      default:
        status = Policy("sockets are not restored: the program makes them anew");
        break;
    }
  }
  NoteWarnings(entry.path, std::move(warnings));
  if (status.code() == StatusCode::kPolicy) {
    ++report_.dropped;
    report_.problems.push_back({entry.path, status});
    return Status::Ok();
  }
  FENCHI_RETURN_IF_ERROR(status);
  Restored(parent, entry);
  return Status::Ok();
}

void Restore::Restored(const RestoreDirectory& parent, const format::Entry& entry) {
  const Attributes& attributes = entry.attributes;
  ++(attributes.type == EntryType::kFile ? report_.files : report_.others);
  if (attributes.hard_link) {
    links_.emplace(HashOfLinked(entry), FirstLink{parent, std::string(LastComponent(entry.path))});
  }
}

// One more name for a file that this run has restored: only where both entries say the same of it.
// A file's number is used again, and a tree that changes meanwhile may show it for two files.
Status Restore::RestoreLink(const RestoreDirectory& parent, const format::Entry& entry,
                            bool& done) {
  if (!entry.attributes.hard_link) return Status::Ok();
  FENCHI_RETURN_IF_ERROR(queue_.Drain());  // the first name may be in work
  const auto first = links_.find(HashOfLinked(entry));
  if (first == links_.end()) return Status::Ok();
  const Status linked = parent.MakeHardLink(std::string(LastComponent(entry.path)),
                                            first->second.directory, first->second.name);
  if (linked.code() == StatusCode::kUnsupported) return Status::Ok();  // restored as a copy
  FENCHI_RETURN_IF_ERROR(linked);
  done = true;
  ++(entry.attributes.type == EntryType::kFile ? report_.files : report_.others);
  return Status::Ok();
}

// Whether an earlier run has restored this entry already: same type and time, and of files the same
// bytes, which are read again: a file that decayed meanwhile has its size and time still.
Result<bool> Restore::Resume(const RestoreDirectory& parent, const format::Entry& entry) {
  if (parent.is_new()) return false;
  const std::string name(LastComponent(entry.path));
  FENCHI_ASSIGN_OR_RETURN(std::optional<SourceNode> there, parent.Existing(name));
  if (!there) return false;
  const Attributes& now = there->attributes;
  const Attributes& wanted = entry.attributes;
  bool same = now.type == wanted.type && now.modified == wanted.modified &&
              (wanted.type != EntryType::kFile || now.size == wanted.size) &&
              now.symlink_target == wanted.symlink_target;
  if (same && wanted.type == EntryType::kFile) {
    const Result<filesystem::SourceFile> file = parent.ForReading().OpenFile(name, *there);
    Status difference = file.status();
    if (file.ok()) {
      FENCHI_RETURN_IF_ERROR(CompareFile(*view_.chunks, entry, *there, *file, difference));
    }
    same = difference.ok();
  }
  if (same) {
    ++report_.files_resumed;
    meter_.now().bytes_done += wanted.size;
    return true;
  }
  if (options_.overwrite) return false;
  return AlreadyExists("something else is there already; it was left as it is")
      .WithHint("restore into an empty directory, or use --overwrite");
}

// Chunks are fetched here; the rest is left to the queue.
Status Restore::BeginFile(const RestoreDirectory& parent, const format::Entry& entry) {
  FENCHI_ASSIGN_OR_RETURN(
      RestoredFile file,
      parent.CreateFile(std::string(LastComponent(entry.path)), entry.attributes.size));
  FENCHI_RETURN_IF_ERROR(queue_.Begin(std::move(file), entry.attributes,
                                      [this, parent, entry](RestoreQueue::Outcome& outcome) {
                                        return FileDone(parent, entry, outcome);
                                      }));
  file_begun_ = true;
  file_failure_ = Status::Ok();
  return Status::Ok();
}

Status Restore::AddChunk(const format::ContentItem& item) {
  if (!file_failure_.ok()) return Status::Ok();
  FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
  Result<ChunkReader::Fetched> chunk = view_.chunks->Fetch(item.chunk);
  if (!chunk.ok()) {
    file_failure_ = chunk.status();
    return Status::Ok();
  }
  FENCHI_RETURN_IF_ERROR(queue_.Add(item.offset, std::move(*chunk)));
  meter_.now().bytes_done += item.chunk.plain_size;
  meter_.Tick();
  return Status::Ok();
}

Status Restore::EndFile(const Status& walked) {
  return queue_.End(AsLoss(file_failure_.ok() ? walked : file_failure_));
}

Status Restore::FileDone(const RestoreDirectory& parent, const format::Entry& entry,
                         RestoreQueue::Outcome& outcome) {
  Status status = outcome.status;
  if (outcome.content_refused) {
    status = RestoreFile(parent, entry);
  } else {
    report_.bytes += outcome.bytes;
  }
  NoteWarnings(entry.path, std::move(outcome.warnings));
  if (status.ok()) {
    Restored(parent, entry);
  } else if (IsFatal(status)) {
    return Fatal(entry.path, status);
  } else {
    Fail(entry.path, status);
  }
  return Status::Ok();
}

// One chunk after the other, each by what most providers say where one of them lies.
Status Restore::RestoreFile(const RestoreDirectory& parent, const format::Entry& entry) {
  FENCHI_ASSIGN_OR_RETURN(
      RestoredFile file,
      parent.CreateFile(std::string(LastComponent(entry.path)), entry.attributes.size));
  Status written;
  const Status walked = view_.chunks->WalkContent(
      entry.content, [&](const format::ContentItem& item) -> Result<bool> {
        FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
        FENCHI_ASSIGN_OR_RETURN(Bytes plain, view_.chunks->Read(item.chunk));
        if (item.offset + plain.size() > entry.attributes.size) {
          return Damaged("its content reaches behind its end: a planted entry");
        }
        written = file.Write(item.offset, plain);
        FENCHI_RETURN_IF_ERROR(written);
        report_.bytes += plain.size();
        meter_.now().bytes_done += plain.size();
        meter_.Tick();
        return true;
      });
  FENCHI_RETURN_IF_ERROR(written);
  FENCHI_RETURN_IF_ERROR(AsLoss(walked));
  Warnings warnings;
  const Status finished = file.Finish(entry.attributes, warnings);
  NoteWarnings(entry.path, std::move(warnings));
  return finished;
}

// Null where this host has no room for state: a restore goes without.
std::shared_ptr<ShardSpool> OpenSpool(const Session& session) {
  const Result<StateFolder> folder =
      StateFolder::Open(session.state_directory, session.access.vault);
  if (!folder.ok()) return nullptr;
  return std::make_shared<ShardSpool>(folder->PathOf("fetched"), kSpoolBytesMax);
}

}  // namespace

Result<RestoreReport> RestoreSnapshot(Session& session, const SnapshotId& snapshot,
                                      const std::string& target, const RestoreOptions& options) {
  const Stopwatch watch;
  RestoreReport report;
  report.snapshot = snapshot;
  report.target = target;
  const std::shared_ptr<ShardSpool> spool = OpenSpool(session);
  FENCHI_ASSIGN_OR_RETURN(SnapshotView view,
                          OpenSnapshotView(session, snapshot, options.absent_providers, spool));
  report.freshness_proven = view.freshness.proven;
  FENCHI_RETURN_IF_ERROR(RestoreView(view, target, options, report));
  if (spool && report.complete()) spool->Clear();
  report.seconds = watch.seconds();
  return report;
}

Status RestoreView(SnapshotView& view, const std::string& target, const RestoreOptions& options,
                   RestoreReport& report) {
  view.packs->set_whole_packs(!options.include);
  filesystem::RestoreTargetOptions target_options;
  target_options.keep_setuid = options.keep_setuid;
  target_options.make_devices = options.make_devices;
  target_options.overwrite = options.overwrite;
  FENCHI_ASSIGN_OR_RETURN(RestoreTarget opened, RestoreTarget::Open(target, target_options));
  const auto names = opened.root().ForReading().ListNames();
  const bool fresh = names.ok() && names->empty();
  Restore restore(view, options, std::move(opened), fresh, report);
  FENCHI_RETURN_IF_ERROR(restore.Run());
  report.chunks_checked = view.chunks->chunks_checked();
  report.bytes_fetched = view.packs->statistics().bytes_fetched;
  report.shards_replaced = view.packs->statistics().shards_replaced.size();
  return Status::Ok();
}

}  // namespace fenchi
