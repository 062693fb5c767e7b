// Reports as dicts whose keys are the field names of the dataclasses in fenchi._reports. Times are
// (seconds, nanoseconds); paths are decoded with surrogateescape.
#include <pybind11/stl.h>

#include "core.h"

namespace fenchi_python {

static py::tuple TimeOf(const fenchi::Timestamp& time) {
  return py::make_tuple(time.seconds, time.nanoseconds);
}

static py::dict ToDict(const fenchi::Problem& problem) {
  py::dict out;
  out["path"] = DecodePath(problem.path);
  out["code"] = std::string(fenchi::StatusCodeName(problem.status.code()));
  out["message"] = DecodeText(problem.status.message());
  out["hint"] = DecodeText(problem.status.hint());
  return out;
}

static py::dict ToDict(const fenchi::Damage& damage) {
  py::dict out;
  out["provider"] = damage.provider;
  out["object"] = DecodeText(damage.object);
  out["kind"] = std::string(fenchi::DamageKindName(damage.kind));
  out["block"] = damage.block;
  out["what"] = DecodeText(damage.what);
  out["repairable"] = damage.repairable;
  return out;
}

static py::dict ToDict(const fenchi::SnapshotInfo& info) {
  py::dict out;
  out["id"] = info.id.hex();
  out["label"] = DecodeText(info.label);
  out["key_domain"] = DecodeText(info.key_domain);
  out["host"] = DecodeText(info.host);
  out["began"] = TimeOf(info.began);
  out["ended"] = TimeOf(info.ended);
  py::list paths;
  for (const std::string& path : info.paths) paths.append(DecodePath(path));
  out["paths"] = paths;
  out["is_stream"] = info.is_stream;
  out["files"] = info.files;
  out["directories"] = info.directories;
  out["bytes"] = info.bytes;
  out["problems"] = info.problems;
  return out;
}

static py::dict ToDict(const fenchi::ProviderStatus& status) {
  py::dict out;
  out["name"] = status.name;
  out["seat"] = status.seat;
  out["location"] = DecodeText(status.location);
  out["reachable"] = status.reachable;
  out["holds_vault"] = status.holds_vault;
  out["message"] = DecodeText(status.message);
  out["domain"] = ToDict(status.domain);
  return out;
}

static py::dict ToDict(const fenchi::StageTime& time) {
  py::dict out;
  out["stage"] = time.stage;
  out["seconds"] = time.seconds;
  out["bytes"] = time.bytes;
  return out;
}

static py::dict ToDict(const fenchi::ProviderTime& time) {
  py::dict out;
  out["provider"] = time.provider;
  out["seconds"] = time.seconds;
  out["bytes"] = time.bytes;
  out["objects"] = time.objects;
  return out;
}

static py::dict ToDict(const fenchi::PlaceLocks& place) {
  py::dict out;
  out["provider"] = place.provider;
  out["can_lock"] = place.can_lock;
  out["locked"] = place.locked;
  out["failed"] = place.failed;
  out["message"] = place.message;
  return out;
}

static py::dict ToDict(const fenchi::SnapshotLocks& locks) {
  py::dict out;
  out["snapshot"] = locks.snapshot.hex();
  out["until"] = TimeOf(locks.until);
  out["packs"] = locks.packs;
  out["packs_unlocked"] = locks.packs_unlocked;
  out["packs_unknown"] = locks.packs_unknown;
  out["opening"] = std::string(fenchi::LockStandingName(locks.opening));
  out["message"] = DecodeText(locks.message);
  return out;
}

template <typename T>
static py::list ListOf(const std::vector<T>& items) {
  py::list out;
  for (const T& item : items) out.append(ToDict(item));
  return out;
}

static fenchi::DamageKind KindOf(const std::string& name) {
  for (int number = 0; number <= static_cast<int>(fenchi::DamageKind::kUnreadable); ++number) {
    const auto kind = static_cast<fenchi::DamageKind>(number);
    if (fenchi::DamageKindName(kind) == name) return kind;
  }
  Throw(
      fenchi::Status(fenchi::StatusCode::kInvalidArgument, "no kind of damage is called " + name));
}

std::string_view EntryTypeName(fenchi::EntryType type) {
  switch (type) {
    case fenchi::EntryType::kFile:
      return "file";
    case fenchi::EntryType::kDirectory:
      return "directory";
    case fenchi::EntryType::kSymlink:
      return "symlink";
    case fenchi::EntryType::kFifo:
      return "fifo";
    case fenchi::EntryType::kCharDevice:
      return "char_device";
    case fenchi::EntryType::kBlockDevice:
      return "block_device";
    case fenchi::EntryType::kSocket:
      return "socket";
  }
  return "unknown";
}

py::dict ToDict(const fenchi::Domain& domain) {
  py::dict out;
  out["vendor"] = domain.vendor;
  out["vendor_home"] = domain.vendor_home;
  out["country"] = domain.country;
  out["region"] = domain.region;
  out["account"] = domain.account;
  out["medium"] = domain.medium;
  return out;
}

static py::dict ToDict(const fenchi::LockReport& locks) {
  py::dict out;
  out["until"] = TimeOf(locks.until);
  out["packs"] = locks.packs;
  out["packs_unlocked"] = locks.packs_unlocked;
  out["opening_locked"] = locks.opening_locked;
  out["places"] = ListOf(locks.places);
  return out;
}

static py::dict ToDict(const fenchi::LockCheck& locks) {
  py::dict out;
  out["snapshots"] = ListOf(locks.snapshots);
  out["places"] = ListOf(locks.places);
  return out;
}

py::dict ToDict(const fenchi::BackupReport& report) {
  py::dict out;
  out["snapshot"] = report.snapshot.hex();
  out["label"] = DecodeText(report.label);
  out["files"] = report.files;
  out["directories"] = report.directories;
  out["others"] = report.others;
  out["files_unchanged"] = report.files_unchanged;
  out["bytes"] = report.bytes;
  out["bytes_read"] = report.bytes_read;
  out["bytes_new"] = report.bytes_new;
  out["bytes_uploaded"] = report.bytes_uploaded;
  out["packs_added"] = report.packs_added;
  out["packs_resumed"] = report.packs_resumed;
  out["unreadable"] = report.unreadable;
  out["changed_while_read"] = report.changed_while_read;
  out["seconds"] = report.seconds;
  out["providers_missed"] = report.providers_missed;
  out["problems"] = ListOf(report.problems);
  out["stages"] = ListOf(report.stages);
  out["providers"] = ListOf(report.providers);
  out["locks"] = report.locks ? py::object(ToDict(*report.locks)) : py::object(py::none());
  return out;
}

py::dict ToDict(const fenchi::SnapshotList& list) {
  py::dict out;
  out["snapshots"] = ListOf(list.snapshots);
  out["incomplete"] = list.incomplete;
  out["other_domains"] = list.other_domains;
  out["unreadable"] = list.unreadable;
  out["freshness_proven"] = list.freshness_proven;
  return out;
}

py::dict ToDict(const fenchi::ListedEntry& entry) {
  const fenchi::Attributes& attributes = entry.attributes;
  py::dict out;
  out["path"] = DecodePath(entry.path);
  out["type"] = std::string(EntryTypeName(attributes.type));
  out["mode"] = attributes.mode;
  out["uid"] = attributes.uid;
  out["gid"] = attributes.gid;
  out["user"] = DecodeText(attributes.user);
  out["group"] = DecodeText(attributes.group);
  out["modified"] = TimeOf(attributes.modified);
  out["size"] = attributes.size;
  out["symlink_target"] = DecodePath(attributes.symlink_target);
  out["device"] = py::make_tuple(attributes.device_major, attributes.device_minor);
  out["hard_link"] = py::none();
  if (attributes.hard_link) {
    out["hard_link"] = py::make_tuple(attributes.hard_link->device, attributes.hard_link->inode);
  }
  py::dict xattrs;
  for (const fenchi::Xattr& xattr : attributes.xattrs) {
    const std::string_view value = fenchi::AsText(xattr.value);
    xattrs[DecodePath(xattr.name)] = py::bytes(value.data(), value.size());
  }
  out["xattrs"] = xattrs;
  out["changed_while_read"] = entry.changed_while_read;
  return out;
}

py::dict ToDict(const fenchi::RestoreReport& report) {
  py::dict out;
  out["snapshot"] = report.snapshot.hex();
  out["target"] = DecodePath(report.target);
  out["files"] = report.files;
  out["directories"] = report.directories;
  out["others"] = report.others;
  out["files_resumed"] = report.files_resumed;
  out["bytes"] = report.bytes;
  out["chunks_checked"] = report.chunks_checked;
  out["bytes_fetched"] = report.bytes_fetched;
  out["shards_replaced"] = report.shards_replaced;
  out["dropped"] = report.dropped;
  out["failed"] = report.failed;
  out["seconds"] = report.seconds;
  out["lost"] = ListOf(report.lost);
  out["problems"] = ListOf(report.problems);
  out["freshness_proven"] = report.freshness_proven;
  return out;
}

py::dict ToDict(const fenchi::VerifyReport& report) {
  py::dict out;
  out["depth"] = report.depth;
  out["packs"] = report.packs;
  out["shards"] = report.shards;
  out["objects"] = report.objects;
  out["bytes_read"] = report.bytes_read;
  out["chunks_checked"] = report.chunks_checked;
  out["snapshots_checked"] = report.snapshots_checked;
  out["seconds"] = report.seconds;
  out["damage"] = ListOf(report.damage);
  out["unreachable"] = report.unreachable;
  out["freshness_proven"] = report.freshness_proven;
  out["locks"] = report.locks ? py::object(ToDict(*report.locks)) : py::object(py::none());
  return out;
}

py::list DamageListOf(const std::vector<fenchi::Damage>& damage) { return ListOf(damage); }

py::dict ToDict(const fenchi::RepairReport& report) {
  py::dict out;
  out["shards_written"] = report.shards_written;
  out["objects_written"] = report.objects_written;
  out["bytes_written"] = report.bytes_written;
  out["seconds"] = report.seconds;
  out["left"] = ListOf(report.left);
  return out;
}

py::dict ToDict(const fenchi::DrillReport& report) {
  py::dict out;
  out["restore"] = ToDict(report.restore);
  out["absent_providers"] = report.absent_providers;
  out["files_compared"] = report.files_compared;
  out["bytes_compared"] = report.bytes_compared;
  out["data_age_seconds"] = report.data_age_seconds;
  out["rto_seconds"] = report.rto_seconds;
  out["rpo_seconds"] = report.rpo_seconds;
  out["mismatches"] = ListOf(report.mismatches);
  return out;
}

namespace {

py::dict HeadToDict(const fenchi::VaultHead& head) {
  py::list logs;
  for (const fenchi::LogEnd& log : head.logs) {
    logs.append(py::make_tuple(log.writer.hex(), log.seq, log.hash.hex()));
  }
  py::dict out;
  out["policy_version"] = head.policy_version;
  out["policy_hash"] = head.policy_hash.hex();
  out["logs"] = logs;
  return out;
}

}  // namespace

py::dict ToDict(const fenchi::VaultStatus& status) {
  py::dict out;
  out["vault"] = status.vault.hex();
  out["name"] = DecodeText(status.name);
  out["needed"] = status.needed;
  out["total"] = status.total;
  out["write_quorum"] = status.write_quorum;
  out["read_quorum"] = status.read_quorum;
  out["liars"] = status.liars;
  out["spare_losses"] = status.spare_losses;
  out["policy_version"] = status.policy_version;
  out["epoch"] = status.epoch;
  out["key_domains"] = status.key_domains;
  out["providers"] = ListOf(status.providers);
  out["placement_notes"] = status.placement_notes;
  out["snapshots"] = status.snapshots;
  out["incomplete"] = status.incomplete;
  out["writers"] = status.writers;
  out["head"] = HeadToDict(status.head);
  out["freshness_proven"] = status.freshness_proven;
  return out;
}

py::dict ToDict(const fenchi::ContractReport& report) {
  py::list findings;
  for (const fenchi::ContractFinding& finding : report.findings) {
    py::dict item;
    item["check"] = finding.check;
    item["passed"] = finding.passed;
    item["required"] = finding.required;
    item["message"] = DecodeText(finding.message);
    findings.append(item);
  }
  py::list abilities;
  for (const fenchi::ContractAbility& ability : report.abilities) {
    py::dict item;
    item["name"] = ability.name;
    item["value"] = ability.value;
    item["detail"] = DecodeText(ability.detail);
    abilities.append(item);
  }
  py::dict out;
  out["location"] = DecodeText(report.location);
  out["findings"] = findings;
  out["abilities"] = abilities;
  return out;
}

fenchi::VerifyReport VerifyReportOf(const py::dict& fields) {
  fenchi::VerifyReport report;
  report.depth = fields["depth"].cast<std::string>();
  report.unreachable = fields["unreachable"].cast<std::vector<std::string>>();
  report.freshness_proven = fields["freshness_proven"].cast<bool>();
  for (const py::handle item : fields["damage"].cast<py::list>()) {
    const auto from = item.cast<py::dict>();
    fenchi::Damage damage;
    damage.provider = from["provider"].cast<std::string>();
    damage.object = from["object"].cast<std::string>();
    damage.kind = KindOf(from["kind"].cast<std::string>());
    damage.block = from["block"].cast<std::optional<std::uint32_t>>();
    damage.what = from["what"].cast<std::string>();
    damage.repairable = from["repairable"].cast<bool>();
    report.damage.push_back(std::move(damage));
  }
  return report;
}

}  // namespace fenchi_python
