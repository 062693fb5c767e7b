// The backup verb: trees and streams into one committed snapshot.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "operations/backup_run.h"
#include "operations/commit.h"
#include "operations/entry_queue.h"
#include "operations/operations.h"
#include "operations/snapshot_locks.h"
#include "operations/snapshot_view.h"
#include "operations/source_walk.h"
#include "repository/bootstrap.h"
#include "repository/placement.h"

namespace fenchi {
namespace {

// How often chunks are stored again because a prune buried their packs at the same time.
constexpr int kAttemptsMax = 5;
constexpr int kParentSearchMax = 100;

// Everything that one backup holds while it runs.
struct Backup {
  Session& session;
  const BackupOptions& options;
  WriteKeys domain;
  WriterState writer;
  ChunkIndex index;
  BackupReport report;
  Timestamp begun;
  std::vector<std::string> sources;
  format::SnapshotKind kind = format::SnapshotKind::kTree;
};
// Fills the queue with entries.
using FillQueue = std::function<Status(Backup&, BackupRun&, EntryQueue&, ProgressMeter&)>;

std::string HostName(const BackupOptions& options) {
  if (!options.host.empty()) return options.host;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

Status CheckMayWrite(Session& session) {
  std::vector<std::pair<std::string, Domain>> providers;
  for (const Seat& seat : session.access.seats.all()) {
    providers.emplace_back(seat.name, seat.domain);
  }
  return PlacementStatus(CheckPlacement(providers, session.access.needed(),
                                        RulesOf(session.access.details), session.clock.Now()));
}

// Whether there is such a key domain, before any provider is asked.
Status CheckDomain(const Access& access, std::string_view label) {
  const Status known = WriteKeysFor(access, label).status();
  return known.code() == StatusCode::kNotFound ? known : Status::Ok();
}

Status CheckLock(const BackupOptions& options, Timestamp now) {
  if (!options.lock_until || *options.lock_until > now) return Status::Ok();
  return InvalidArgument("lock_until {} has passed", ToIso8601(*options.lock_until))
      .WithHint("give a date to come, or set this machine's clock");
}

format::SnapshotContent ContentOf(const Backup& backup, format::TreeList root) {
  format::SnapshotContent content;
  content.kind = backup.kind;
  content.label = backup.options.label;
  content.begun = backup.begun;
  content.ended = backup.session.clock.Now();
  content.host = HostName(backup.options);
  content.sources = backup.sources;
  content.root = std::move(root);
  const BackupReport& report = backup.report;
  content.counts = {report.files, report.directories, report.others,
                    report.bytes, report.unreadable,  report.changed_while_read};
  for (const Problem& problem : report.problems) {
    if (content.problems.size() == format::kProblemsMax) break;
    content.problems.push_back({problem.path, std::string(StatusCodeName(problem.status.code()))});
  }
  return content;
}

Result<Bytes> SealSnapshotObject(const Backup& backup, const BackupRun& run,
                                 const format::SnapshotContent& content) {
  const Access& access = backup.session.access;
  format::SnapshotObject object;
  object.domain = backup.domain.id;
  object.run = run.keys().run;
  object.epoch = run.keys().epoch;
  object.wrapped_data_key = run.keys().wrapped_data_key;
  FENCHI_RETURN_IF_ERROR(format::SealSnapshot(access.suite(), access.vault,
                                              run.keys().data_key.view(), content,
                                              backup.session.random, object));
  return format::EncodeSnapshotObject(object);
}

// The writer's newest sealed commit of the same label and domain: what it needs is listed there. A
// write-only host cannot read labels and takes the newest of the domain.
Status FindParent(const Backup& backup, const History& history, CommitPlan& plan) {
  int searched = 0;
  const auto& snapshots = history.snapshots();
  for (auto it = snapshots.rbegin(); it != snapshots.rend() && searched < kParentSearchMax; ++it) {
    if (it->commit->record.writer != backup.writer.id() || it->object.domain != backup.domain.id) {
      continue;
    }
    ++searched;
    if (backup.domain.may_read()) {
      const Result<format::SnapshotContent> content =
          OpenSnapshotContent(backup.session.access, it->object);
      if (!content.ok() || content->label != backup.options.label) continue;
    }
    Result<PackMap> packs = history.PacksOf(*it->commit);
    if (!packs.ok()) return Status::Ok();  // no parent is always correct, only longer
    plan.parent = it->commit->record;
    plan.parent_packs = std::move(*packs);
    return Status::Ok();
  }
  return Status::Ok();
}

// Reads the sources and stores what is new: the tree's root, with everything at >= W.
Result<format::TreeList> StoreTree(Backup& backup, BackupRun& run, const FillQueue& fill) {
  ProgressMeter meter(backup.options.observer, "backup");
  EntryQueue queue(run, backup.index, backup.domain.id, backup.session.stages);
  FENCHI_RETURN_IF_ERROR(fill(backup, run, queue, meter));
  FENCHI_ASSIGN_OR_RETURN(format::TreeList root, queue.Finish());
  FENCHI_RETURN_IF_ERROR(run.Finish());
  meter.Finish();
  return root;
}

// Who lacks a part of it: a shard of a new pack, or the records that make it a snapshot.
std::vector<std::string> MissedBy(const Seats& seats, const BackupRun& run,
                                  const CommitOutcome& outcome) {
  std::vector<std::string> missed;
  for (const Seat& seat : seats.all()) {
    const bool has_packs = run.added().empty() || run.acknowledged().contains(seat.number);
    if (!has_packs || !outcome.holders.contains(seat.number)) missed.push_back(seat.name);
  }
  return missed;
}

// One attempt. True: committed.
Result<bool> Attempt(Backup& backup, const FillQueue& fill) {
  Session& session = backup.session;
  backup.report = BackupReport{};
  backup.report.label = backup.options.label;
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<BackupRun> run,
                          BackupRun::Start(session, backup.writer, backup.index, backup.domain,
                                           history, backup.options.compression_level));
  Result<format::TreeList> root = StoreTree(backup, *run, fill);
  if (!root.ok()) {
    run->Abandon();
    return root.status();
  }
  CommitPlan plan;
  plan.added = run->AddedInUse();
  plan.reused = run->ReusedInUse();
  plan.acknowledged.assign(run->acknowledged().begin(), run->acknowledged().end());
  plan.lock_until = backup.options.lock_until;
  const StageTimer timer(session.stages, Stage::kCommit);
  if (backup.options.lock_until) {
    PackMap needed = plan.added;
    needed.insert(plan.reused.begin(), plan.reused.end());
    FENCHI_ASSIGN_OR_RETURN(
        backup.report.locks,
        LockSnapshot(session, backup.writer, history, *backup.options.lock_until, needed,
                     run->retained(), backup.options.observer));
  }
  FENCHI_RETURN_IF_ERROR(FindParent(backup, history, plan));
  FENCHI_ASSIGN_OR_RETURN(plan.indexes, run->StoreIndexes());
  FENCHI_ASSIGN_OR_RETURN(Bytes object,
                          SealSnapshotObject(backup, *run, ContentOf(backup, std::move(*root))));
  backup.report.snapshot = format::SnapshotIdOf(object);
  plan.snapshots.push_back(std::move(object));
  FENCHI_ASSIGN_OR_RETURN(const CommitOutcome outcome,
                          CommitSnapshot(session, backup.writer, plan));
  backup.report.bytes_new = run->bytes_new;
  backup.report.bytes_uploaded = run->bytes_uploaded;
  backup.report.packs_added = run->added().size();
  backup.report.packs_resumed = run->resumed();
  backup.report.providers = run->uploads();
  backup.report.providers_missed = MissedBy(session.access.seats, *run, outcome);
  return outcome.buried.empty();
}

Result<BackupReport> RunBackup(Session& session, const BackupOptions& options,
                               std::vector<std::string> sources, format::SnapshotKind kind,
                               const FillQueue& fill, int attempts_max) {
  const Stopwatch watch;
  session.stages.Reset();
  FENCHI_RETURN_IF_ERROR(CheckMayWrite(session));
  FENCHI_RETURN_IF_ERROR(CheckDomain(session.access, options.key_domain));
  FENCHI_RETURN_IF_ERROR(CheckLock(options, session.clock.Now()));
  FENCHI_ASSIGN_OR_RETURN(WriterState writer, WriterState::Acquire(session.state_directory,
                                                                   session.access, session.random));
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  // An old copy of a host's state (a cloned or reset machine) goes on as a new writer.
  if (session.log.WentOnElsewhere(writer)) FENCHI_RETURN_IF_ERROR(writer.Renew(session.random));
  // After the refresh, which may have found a new epoch.
  FENCHI_ASSIGN_OR_RETURN(WriteKeys domain, WriteKeysFor(session.access, options.key_domain));
  FENCHI_RETURN_IF_ERROR(EnsureWriter(session.access, writer, session.clock, session.random));
  FENCHI_RETURN_IF_ERROR(session.log.FinishPending(writer));
  FENCHI_ASSIGN_OR_RETURN(ChunkIndex index, ChunkIndex::Open(writer.index_path()));
  const RetainWhile retain(session.access.seats, options.lock_until);
  Backup backup{session,
                options,
                std::move(domain),
                std::move(writer),
                std::move(index),
                {},
                session.clock.Now(),
                std::move(sources),
                kind};
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    FENCHI_ASSIGN_OR_RETURN(bool committed, Attempt(backup, fill));
    if (committed) {
      backup.report.seconds = watch.seconds();
      for (std::size_t i = 0; i < kStageNames.size(); ++i) {
        const Stage stage = static_cast<Stage>(i);
        backup.report.stages.push_back({std::string(kStageNames[i]), session.stages.seconds(stage),
                                        session.stages.bytes(stage)});
      }
      return backup.report;
    }
  }
  return Conflict("a prune buried packs of this backup {} times", attempts_max)
      .WithHint("run the backup again when the prune is done");
}

}  // namespace

Result<BackupReport> BackupTrees(Session& session, std::span<const std::string> paths,
                                 const BackupOptions& options) {
  FENCHI_ASSIGN_OR_RETURN(std::vector<SourceRoot> roots, ResolveSources(paths));
  const FillQueue fill = [&](Backup& backup, BackupRun& run, EntryQueue& queue,
                             ProgressMeter& meter) -> Status {
    return SourceWalk(options, run, queue, backup.session.stages, meter, backup.report).Walk(roots);
  };
  return RunBackup(session, options, {paths.begin(), paths.end()}, format::SnapshotKind::kTree,
                   fill, kAttemptsMax);
}

Result<BackupReport> BackupStream(Session& session, const StreamReader& input,
                                  const std::string& file_name, const BackupOptions& options) {
  FENCHI_RETURN_IF_ERROR(format::CheckPath(file_name).At("name of the stream"));
  if (file_name.find('/') != std::string::npos) {
    return InvalidArgument("a stream's name has no '/'");
  }
  const FillQueue fill = [&](Backup& backup, BackupRun& run, EntryQueue& queue,
                             ProgressMeter& meter) -> Status {
    QueuedEntry queued;
    queued.chunks = std::make_shared<FileChunks>();
    std::uint64_t size = 0;
    const ChunkPipeline::OnChunk on_chunk = [&](TicketPtr ticket, std::size_t chunk_size) {
      queued.chunks->chunks.emplace_back(size, std::move(ticket));
      size += chunk_size;
    };
    ChunkPipeline& content = run.content();
    content.BeginStream();
    for (;;) {
      FENCHI_RETURN_IF_ERROR(meter.CheckCancelled());
      FENCHI_ASSIGN_OR_RETURN(const MutableBytes space, content.Space());
      FENCHI_ASSIGN_OR_RETURN(std::size_t got, input(space));
      if (got == 0) break;
      if (got > space.size()) return Internal("the stream gave more than it was asked for");
      content.Feed(got, on_chunk);
      backup.report.bytes_read += got;
      meter.now().bytes_done += got;
      meter.Tick();
    }
    content.EndStream(on_chunk);
    queued.entry.path = file_name;
    queued.entry.attributes.type = EntryType::kFile;
    queued.entry.attributes.mode = 0600;
    queued.entry.attributes.modified = backup.begun;
    queued.entry.attributes.size = size;
    backup.report.files = 1;
    backup.report.bytes = size;
    return queue.Push(std::move(queued));
  };
  // A stream cannot be read twice.
  return RunBackup(session, options, {file_name}, format::SnapshotKind::kStream, fill, 1);
}

}  // namespace fenchi
