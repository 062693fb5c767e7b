#include "repository/history.h"

#include <algorithm>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/ids.h"
#include "repository/names_at.h"

namespace fenchi {
namespace {

// Backups of several sources alternate in one log, each with a parent chain of its own.
constexpr std::size_t kRecentMax = 8;

bool IsHeartbeat(const format::CommitBody& body) {
  return body.snapshots.empty() && body.added.empty() && body.reused.empty() &&
         body.dropped.empty();
}

}  // namespace

Result<History> History::Read(const Access& access, const Seats& seats, const Log& log) {
  History history(access, seats, log);
  history.AddCommits();
  for (const auto& [writer, records] : log.records()) history.ApplySealsAndVoids(writer, records);
  history.ApplyForeignVoids();
  FENCHI_RETURN_IF_ERROR(history.AddSnapshots());
  return history;
}

// A COMMIT counts if any version of the policy gave its writer the right to make it.
void History::AddCommits() {
  for (const auto& [writer, records] : log_->records()) {
    const auto known = std::ranges::find(access_->writers, writer, &format::PolicyWriter::id);
    if (known == access_->writers.end() || (known->rights & format::kRightBackup) == 0) continue;
    for (const format::OpenedRecord& opened : records) {
      const auto* body = std::get_if<format::CommitBody>(&opened.record.body);
      if (body == nullptr) continue;
      positions_.emplace(std::pair(writer, opened.record.seq), commits_.size());
      commits_.push_back({{writer, opened.record.seq, opened.hash}, body, opened.record.time});
    }
  }
}

Commit* History::FindCommit(const format::RecordRef& ref) {
  const auto found = positions_.find({ref.writer, ref.seq});
  if (found == positions_.end()) return nullptr;
  Commit& commit = commits_[found->second];
  return commit.record.hash == ref.hash ? &commit : nullptr;
}

const Commit* History::FindCommit(const format::RecordRef& ref) const {
  return const_cast<History*>(this)->FindCommit(ref);
}

// In log order: a SEAL counts unless the writer's own VOID came before it, and a VOID that comes
// after the SEAL ends nothing. FORMAT.md section 9.2.
void History::ApplySealsAndVoids(const WriterId& writer, const Log::Records& records) {
  for (const format::OpenedRecord& opened : records) {
    if (const auto* seal = std::get_if<format::SealBody>(&opened.record.body)) {
      Commit* commit = FindCommit({writer, seal->commit_seq, seal->commit_hash});
      if (commit != nullptr && !commit->voided) commit->sealed = true;
    }
    if (const auto* end = std::get_if<format::VoidBody>(&opened.record.body)) {
      if (end->commit.writer != writer) continue;
      Commit* commit = FindCommit(end->commit);
      if (commit != nullptr && !commit->sealed) commit->voided = true;
    }
  }
}

// Another's VOID needs approvals and a revoked writer. It ends a commit that was never sealed; a
// sealed one is a snapshot and only an approved FORGET ends it.
void History::ApplyForeignVoids() {
  std::set<WriterId> revoked;
  for (const format::PolicyWriter& writer : access_->writers) {
    if (writer.state == format::WriterState::kRevoked) revoked.insert(writer.id);
  }
  for (const auto& [writer, records] : log_->records()) {
    for (const format::OpenedRecord& opened : records) {
      const auto* end = std::get_if<format::VoidBody>(&opened.record.body);
      if (end == nullptr || end->commit.writer == writer) continue;
      if (!revoked.contains(end->commit.writer)) continue;
      Commit* commit = FindCommit(end->commit);
      if (commit == nullptr || commit->sealed || !Approved(opened)) continue;
      commit->voided = true;
    }
  }
}

bool History::Approved(const format::OpenedRecord& record) const {
  const auto eras = ErasThatApprove(*access_, record.record.writer, record.record.seq);
  return std::ranges::any_of(eras, [&](const AdminEra& era) {
    const Result<std::vector<SigningPublicKey>> valid =
        format::ValidApprovals(access_->vault, record.signed_record.payload, era.admins.keys);
    return valid.ok() && static_cast<int>(valid->size()) >= era.admins.threshold;
  });
}

Status History::AddSnapshots() {
  std::set<SnapshotId> forgotten;
  for (const auto& [writer, records] : log_->records()) {
    for (const format::OpenedRecord& opened : records) {
      const auto* forget = std::get_if<format::ForgetBody>(&opened.record.body);
      if (forget == nullptr || !Approved(opened)) continue;
      forgotten.insert(forget->snapshots.begin(), forget->snapshots.end());
    }
  }
  for (const Commit& commit : commits_) {
    if (!commit.sealed) continue;
    for (const Bytes& raw : commit.body->snapshots) {
      const SnapshotId id = format::SnapshotIdOf(raw);
      if (forgotten.contains(id)) continue;
      Result<format::SnapshotObject> object = format::DecodeSnapshotObject(raw);
      if (!object.ok()) return object.status().At(fmt::format("snapshot {}", id));
      snapshots_.push_back({id, std::move(*object), &commit});
    }
  }
  return Status::Ok();
}

const StoredSnapshot* History::Find(const SnapshotId& id) const {
  const auto found =
      std::find_if(snapshots_.begin(), snapshots_.end(),
                   [&](const StoredSnapshot& snapshot) { return snapshot.id == id; });
  return found == snapshots_.end() ? nullptr : &*found;
}

std::uint64_t History::incomplete() const {
  return static_cast<std::uint64_t>(
      std::count_if(commits_.begin(), commits_.end(), [](const Commit& commit) {
        return !commit.sealed && !commit.voided && !IsHeartbeat(*commit.body);
      }));
}

// ---- Packs ----

Result<std::vector<format::PackListEntry>> History::Entries(const format::PackList& list) const {
  if (!list.in_objects()) return list.entries;
  std::vector<format::PackListEntry> out;
  for (const format::ObjectRef& object : list.objects) {
    const NameAt name = ListNameAt(*access_, object.hash);
    const CheckBytes check = [&](ByteView bytes) {
      if (Sha256(bytes) == object.hash) return Status::Ok();
      return Damaged("its hash is not the one in the log");
    };
    Result<ObjectAt> found =
        seats_->GetAny(name, object.size, check, object.hash.bytes[0] % seats_->size());
    if (!found.ok() && found.status().code() == StatusCode::kNotFound) {
      return DataLoss("pack list {} is at no provider", object.hash);
    }
    if (!found.ok()) return found.status().At(fmt::format("pack list {}", object.hash));
    FENCHI_ASSIGN_OR_RETURN(
        const std::vector<format::PackListEntry> part,
        format::OpenListObject(access_->vault, access_->outer_key.view(), found->bytes));
    if (!out.empty() && !part.empty() && !(out.back().pack < part.front().pack)) {
      return Damaged("pack list {}: its packs do not ascend", object.hash);
    }
    out.insert(out.end(), part.begin(), part.end());
  }
  if (out.size() != list.count) {
    return Damaged("a pack list says {} packs, its objects hold {}", list.count, out.size());
  }
  return out;
}

// packs += added + re-used - dropped.
Status History::Apply(const format::CommitBody& body, PackMap& packs) const {
  for (const format::PackList* list : {&body.added, &body.reused}) {
    FENCHI_ASSIGN_OR_RETURN(const std::vector<format::PackListEntry> entries, Entries(*list));
    for (const format::PackListEntry& entry : entries) packs.insert_or_assign(entry.pack, entry);
  }
  FENCHI_ASSIGN_OR_RETURN(const std::vector<format::PackListEntry> dropped, Entries(body.dropped));
  for (const format::PackListEntry& entry : dropped) packs.erase(entry.pack);
  return Status::Ok();
}

void History::Remember(const Hash256& record, const PackMap& packs) const {
  if (recent_.size() == kRecentMax) recent_.pop_front();
  recent_.emplace_back(record, packs);
}

Result<PackMap> History::PacksOf(const Commit& commit) const {
  // 1. Up the parents, to the first or to one whose packs are known. A parent is named by its hash,
  //    so no chain comes back to itself.
  std::vector<const Commit*> chain;
  PackMap packs;
  for (const Commit* at = &commit; at != nullptr;) {
    const auto known = std::find_if(recent_.begin(), recent_.end(),
                                    [&](const auto& one) { return one.first == at->record.hash; });
    if (known != recent_.end()) {
      packs = known->second;
      break;
    }
    chain.push_back(at);
    if (!at->body->parent) break;
    const format::RecordRef& parent = *at->body->parent;
    at = FindCommit(parent);
    if (at == nullptr) {
      const std::string what =
          fmt::format("log record {} of writer {}, on which a later one builds, is not there",
                      parent.seq, parent.writer);
      return log_->away().none() ? DataLoss("{}", what) : log_->away().TooFew(what);
    }
  }
  // 2. Down again.
  for (auto step = chain.rbegin(); step != chain.rend(); ++step) {
    FENCHI_RETURN_IF_ERROR(Apply(*(*step)->body, packs));
  }
  if (!chain.empty()) Remember(commit.record.hash, packs);
  return packs;
}

Result<PackMap> History::LivePacks(std::vector<Status>& lost) const {
  PackMap live;
  const Commit* last = nullptr;
  for (const StoredSnapshot& snapshot : snapshots_) {
    if (snapshot.commit == last) continue;  // one COMMIT, snapshots of several key domains
    last = snapshot.commit;
    Result<PackMap> packs = PacksOf(*last);
    if (packs.ok()) {
      live.merge(*packs);
    } else if (packs.status().code() == StatusCode::kCancelled) {
      return packs.status();
    } else {
      lost.push_back(
          packs.status().At(fmt::format("snapshot {}", ToHex(snapshot.id.view().first(8)))));
    }
  }
  return live;
}

Result<std::set<PackId>> History::Tombstoned() const {
  std::set<PackId> buried;
  for (const auto& [writer, records] : log_->records()) {
    for (const format::OpenedRecord& opened : records) {
      const auto* tombstone = std::get_if<format::TombstoneBody>(&opened.record.body);
      if (tombstone == nullptr || !Approved(opened)) continue;
      FENCHI_ASSIGN_OR_RETURN(const std::vector<format::PackListEntry> entries,
                              Entries(tombstone->packs));
      for (const format::PackListEntry& entry : entries) buried.insert(entry.pack);
    }
  }
  return buried;
}

Result<History::Attested> History::AttestedIn(const DomainId& domain) const {
  Attested out;
  for (const auto& [writer, records] : log_->records()) {
    const auto known = std::ranges::find(access_->writers, writer, &format::PolicyWriter::id);
    if (known == access_->writers.end() || known->state != format::WriterState::kActive ||
        (known->rights & format::kRightAttest) == 0) {
      continue;
    }
    for (const format::OpenedRecord& opened : records) {
      const auto* attest = std::get_if<format::AttestBody>(&opened.record.body);
      if (attest == nullptr || attest->domain != domain) continue;
      FENCHI_ASSIGN_OR_RETURN(const std::vector<format::PackListEntry> entries,
                              Entries(attest->packs));
      for (const format::PackListEntry& entry : entries) out.packs.emplace(entry.pack, entry);
      for (const format::DomainObjectRef& index : attest->indexes) {
        if (index.domain == domain) out.indexes.push_back(index.object);
      }
    }
  }
  return out;
}

std::vector<History::NamedObject> History::Objects() const {
  std::vector<NamedObject> out;
  std::set<std::pair<Hash256, bool>> known;
  const auto add = [&](const format::ObjectRef& object, bool is_index) {
    if (known.emplace(object.hash, is_index).second) out.push_back({object, is_index});
  };
  const auto add_lists = [&](std::initializer_list<const format::PackList*> lists) {
    for (const format::PackList* list : lists) {
      for (const format::ObjectRef& object : list->objects) add(object, false);
    }
  };
  const auto add_indexes = [&](const std::vector<format::DomainObjectRef>& indexes) {
    for (const format::DomainObjectRef& index : indexes) add(index.object, true);
  };
  for (const Commit& commit : commits_) {
    if (commit.voided) continue;
    add_lists({&commit.body->added, &commit.body->reused, &commit.body->dropped});
    add_indexes(commit.body->indexes);
  }
  for (const auto& [writer, records] : log_->records()) {
    for (const format::OpenedRecord& opened : records) {
      const format::RecordBody& body = opened.record.body;
      if (const auto* tombstone = std::get_if<format::TombstoneBody>(&body)) {
        if (!Approved(opened)) continue;
        add_lists({&tombstone->packs});
        add_indexes(tombstone->moved);
      } else if (const auto* attest = std::get_if<format::AttestBody>(&body)) {
        add_lists({&attest->packs});
        add_indexes(attest->indexes);
      } else if (const auto* checkpoint = std::get_if<format::CheckpointBody>(&body)) {
        add_lists({&checkpoint->live, &checkpoint->buried});
        add_indexes(checkpoint->indexes);
      }
    }
  }
  return out;
}

}  // namespace fenchi
