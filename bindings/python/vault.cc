// fenchi._core.Vault: one method for each verb, with plain arguments. python/fenchi/_vault.py is
// its Python face.
#include <pybind11/stl.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "buffers.h"
#include "core.h"
#include "custody.h"

namespace fenchi_python {

using fenchi::SnapshotId;
using fenchi::Status;
using fenchi::StatusCode;

namespace {

using Providers = std::vector<std::pair<std::string, py::object>>;

template <typename T>
T Take(const py::dict& fields, const char* name, T otherwise) {
  return fields.contains(name) ? fields[name].cast<T>() : std::move(otherwise);
}

fenchi::VaultPolicy PolicyOf(const py::dict& fields) {
  fenchi::VaultPolicy policy;
  policy.name = Take(fields, "name", policy.name);
  policy.needed = Take(fields, "needed", policy.needed);
  policy.liars = Take(fields, "liars", policy.liars);
  policy.spare_losses = Take(fields, "spare_losses", policy.spare_losses);
  policy.write_quorum = Take(fields, "write_quorum", policy.write_quorum);
  policy.read_quorum = Take(fields, "read_quorum", policy.read_quorum);
  policy.key_domains = Take(fields, "key_domains", policy.key_domains);
  if (const auto suite = Take(fields, "suite", std::optional<std::string>())) {
    Call call;
    policy.suite = call.Value(fenchi::SuiteFromName(*suite));
  }
  fenchi::PlacementRules& placement = policy.placement;
  placement.home_country = Take(fields, "home_country", placement.home_country);
  placement.deny_countries = Take(fields, "deny_countries", placement.deny_countries);
  placement.abroad_min = Take(fields, "abroad", placement.abroad_min);
  for (const py::handle item : Take(fields, "relax", py::list())) {
    const auto [axis, ground, approver, expires] =
        item.cast<std::tuple<std::string, std::string, std::string, std::int64_t>>();
    placement.relaxations.push_back({axis, ground, approver, expires});
  }
  return policy;
}

SnapshotId SnapshotOf(const std::string& hex) {
  Call call;
  return call.Value(SnapshotId::FromHexText(hex));
}

// An opened vault until close(). One verb at a time: a second one, from another thread or from a
// callback of the first, is refused instead of waiting, so that it can never wait for itself.
class VaultHandle {
 public:
  VaultHandle(fenchi::Vault vault, std::shared_ptr<ProviderFailures> failures)
      : vault_(std::move(vault)), failures_(std::move(failures)) {}
  ~VaultHandle() {
    const py::gil_scoped_release released;  // its threads may need the GIL to end
    vault_.reset();
  }

  // Runs `verb`, which gets the vault and gives a Status or a Result, without the GIL.
  template <typename F>
  auto Do(Call& call, F&& verb) {
    const Turn turn(*this);
    return call.Run([&] { return verb(*vault_); });
  }
  const std::shared_ptr<ProviderFailures>& failures() const { return failures_; }

  const fenchi::Vault& Look() {
    const Turn turn(*this);
    return *vault_;
  }
  void Close() {
    if (!vault_) return;
    const Turn turn(*this);
    const py::gil_scoped_release released;
    vault_.reset();
  }

 private:
  class Turn {
   public:
    explicit Turn(VaultHandle& handle) : handle_(handle) {
      if (!handle.vault_) {
        Throw(Status(StatusCode::kInvalidArgument, "this vault is closed", "open it again"));
      }
      if (handle.busy_.exchange(true)) {
        Throw(Status(StatusCode::kConflict, "this vault is busy with another call",
                     "wait for it, or open the vault a second time"));
      }
    }
    ~Turn() { handle_.busy_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    VaultHandle& handle_;
  };

  std::optional<fenchi::Vault> vault_;
  std::shared_ptr<ProviderFailures> failures_;
  std::atomic<bool> busy_ = false;
};

std::vector<fenchi::NamedProvider> NamedProvidersOf(
    const Providers& providers, const std::shared_ptr<ProviderFailures>& failures) {
  std::vector<fenchi::NamedProvider> named;
  for (const auto& [name, object] : providers)
    named.push_back({name, ProviderOf(object, failures)});
  return named;
}

std::unique_ptr<VaultHandle> CreateVault(const Providers& providers, const py::dict& custody,
                                         const py::dict& policy, const std::string& state_directory,
                                         int threads) {
  const auto failures = std::make_shared<ProviderFailures>();
  const auto named = NamedProvidersOf(providers, failures);
  fenchi::CreateOptions options;
  options.policy = PolicyOf(policy);
  options.state_directory = state_directory;
  options.environment.threads = threads;
  Call call(failures);
  const fenchi::CustodyPlan plan = PlanOf(call, custody);
  return std::make_unique<VaultHandle>(
      call.Value(call.Run([&] { return fenchi::Vault::Create(named, plan, options); })), failures);
}

fenchi::VaultHead HeadOf(const py::dict& fields) {
  Call call;
  fenchi::VaultHead head;
  head.policy_version = fields["policy_version"].cast<std::uint32_t>();
  head.policy_hash =
      call.Value(fenchi::Hash256::FromHexText(fields["policy_hash"].cast<std::string>()));
  for (const py::handle one : fields["logs"].cast<py::list>()) {
    const auto [writer, seq, hash] =
        one.cast<std::tuple<std::string, std::uint64_t, std::string>>();
    head.logs.push_back({call.Value(fenchi::WriterId::FromHexText(writer)), seq,
                         call.Value(fenchi::Hash256::FromHexText(hash))});
  }
  return head;
}

py::dict CheckShare(const Providers& providers, const Input& share,
                    const std::optional<std::string>& vault_id,
                    const std::string& state_directory) {
  const auto failures = std::make_shared<ProviderFailures>();
  const auto named = NamedProvidersOf(providers, failures);
  fenchi::OpenOptions options;
  Call call(failures);
  if (vault_id) options.vault_id = call.Value(fenchi::VaultId::FromHexText(*vault_id));
  options.state_directory = state_directory;
  const auto secret = fenchi::SecretBytes::CopyOf(share.view());
  return ToDict(call.Value(
      call.Run([&] { return fenchi::Vault::CheckShare(named, secret.view(), options); })));
}

std::unique_ptr<VaultHandle> OpenVault(const Providers& providers, const py::dict& unlock,
                                       const std::optional<std::string>& vault_id,
                                       const std::string& state_directory, int threads,
                                       const py::dict& known_head) {
  const auto failures = std::make_shared<ProviderFailures>();
  const auto named = NamedProvidersOf(providers, failures);
  fenchi::OpenOptions options;
  Call call(failures);
  if (vault_id) options.vault_id = call.Value(fenchi::VaultId::FromHexText(*vault_id));
  options.state_directory = state_directory;
  options.environment.threads = threads;
  if (!known_head.empty()) options.known_head = HeadOf(known_head);
  const fenchi::Unlock brought = UnlockOf(unlock);
  return std::make_unique<VaultHandle>(
      call.Value(call.Run([&] { return fenchi::Vault::Open(named, brought, options); })), failures);
}

// A callable (path, type) -> bool of Python, or nothing for None. A failing one answers `failed`.
std::function<bool(std::string_view, fenchi::EntryType)> FilterOf(Call& call,
                                                                  const py::object& filter,
                                                                  bool failed) {
  if (filter.is_none()) return {};
  return [&call, failed, ask = filter.ptr()](std::string_view path, fenchi::EntryType type) {
    bool answer = failed;
    call.Guard([&] {
      answer = py::bool_(py::reinterpret_borrow<py::object>(ask)(
          DecodePath(path), py::str(std::string(EntryTypeName(type)))));
    });
    return answer;
  };
}

fenchi::BackupOptions BackupOptionsOf(Call& call, const py::dict& fields) {
  fenchi::BackupOptions options;
  options.label = Take(fields, "label", options.label);
  options.key_domain = Take(fields, "key_domain", options.key_domain);
  options.compression_level = Take(fields, "compression_level", options.compression_level);
  options.host = Take(fields, "host", options.host);
  options.rescan = Take(fields, "rescan", options.rescan);
  if (const auto seconds = Take<std::optional<std::int64_t>>(fields, "lock_until", {})) {
    options.lock_until = fenchi::Timestamp{.seconds = *seconds};
  }
  options.exclude = FilterOf(call, Take<py::object>(fields, "exclude", py::none()), true);
  options.observer = call.MakeObserver(Take<py::object>(fields, "progress", py::none()),
                                       Take<py::object>(fields, "cancelled", py::none()));
  return options;
}

py::dict Backup(VaultHandle& handle, const std::vector<std::string>& paths,
                const py::dict& fields) {
  Call call(handle.failures());
  const fenchi::BackupOptions options = BackupOptionsOf(call, fields);
  return ToDict(call.Value(
      handle.Do(call, [&](fenchi::Vault& vault) { return vault.BackupTrees(paths, options); })));
}

// `read(size)` returns at most `size` bytes, and none at the end.
py::dict BackupStream(VaultHandle& handle, const py::object& read, const std::string& name,
                      const py::dict& fields) {
  Call call(handle.failures());
  const fenchi::BackupOptions options = BackupOptionsOf(call, fields);
  const fenchi::StreamReader reader = [&](fenchi::MutableBytes out) -> fenchi::Result<std::size_t> {
    std::size_t got = 0;
    const bool fine = call.Guard([&] {
      const py::buffer_info info = py::buffer(read(out.size())).request();
      got = static_cast<std::size_t>(info.size * info.itemsize);
      if (got > out.size()) throw py::value_error("read() returned more bytes than asked for");
      std::copy_n(static_cast<const std::uint8_t*>(info.ptr), got, out.data());
    });
    if (!fine) return Status(StatusCode::kIo, "the stream could not be read to its end");
    return got;
  };
  return ToDict(call.Value(handle.Do(
      call, [&](fenchi::Vault& vault) { return vault.BackupStream(reader, name, options); })));
}

py::list List(VaultHandle& handle, const std::string& snapshot, const std::string& path,
              bool recursive) {
  Call call(handle.failures());
  const SnapshotId id = SnapshotOf(snapshot);
  std::vector<fenchi::ListedEntry> entries;
  call.Check(handle.Do(call, [&](fenchi::Vault& vault) {
    return vault.List(id, path, recursive, [&](const fenchi::ListedEntry& entry) {
      entries.push_back(entry);
      return true;
    });
  }));
  py::list out;
  for (const fenchi::ListedEntry& entry : entries) out.append(ToDict(entry));
  return out;
}

void Cat(VaultHandle& handle, const std::string& snapshot, const std::string& path,
         const py::object& write) {
  Call call(handle.failures());
  const SnapshotId id = SnapshotOf(snapshot);
  const fenchi::StreamWriter writer = [&](fenchi::ByteView view) {
    const bool fine = call.Guard([&] {
      write(py::bytes(reinterpret_cast<const char*>(view.data()), view.size()));
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    });
    return fine ? Status::Ok() : Status(StatusCode::kIo, "the output could not be written");
  };
  call.Check(handle.Do(call, [&](fenchi::Vault& vault) { return vault.Cat(id, path, writer); }));
}

py::dict Restore(VaultHandle& handle, const std::string& snapshot, const std::string& target,
                 const py::dict& fields) {
  Call call(handle.failures());
  const SnapshotId id = SnapshotOf(snapshot);
  fenchi::RestoreOptions options;
  options.include = FilterOf(call, Take<py::object>(fields, "include", py::none()), false);
  options.overwrite = Take(fields, "overwrite", false);
  options.keep_setuid = Take(fields, "keep_setuid", false);
  options.make_devices = Take(fields, "make_devices", false);
  options.absent_providers = Take(fields, "absent", options.absent_providers);
  options.observer = call.MakeObserver(Take<py::object>(fields, "progress", py::none()),
                                       Take<py::object>(fields, "cancelled", py::none()));
  return ToDict(call.Value(
      handle.Do(call, [&](fenchi::Vault& vault) { return vault.Restore(id, target, options); })));
}

py::dict Verify(VaultHandle& handle, int depth, const py::object& progress,
                const py::object& cancelled) {
  Call call(handle.failures());
  fenchi::VerifyOptions options;
  options.depth = static_cast<fenchi::VerifyDepth>(std::clamp(depth, 0, 2));
  options.observer = call.MakeObserver(progress, cancelled);
  return ToDict(
      call.Value(handle.Do(call, [&](fenchi::Vault& vault) { return vault.Verify(options); })));
}

py::dict Attest(VaultHandle& handle, const py::object& progress, const py::object& cancelled) {
  Call call(handle.failures());
  fenchi::AttestOptions options;
  options.observer = call.MakeObserver(progress, cancelled);
  const fenchi::AttestReport report =
      call.Value(handle.Do(call, [&](fenchi::Vault& vault) { return vault.Attest(options); }));
  py::dict out;
  out["packs"] = report.packs;
  out["chunks"] = report.chunks;
  out["attested_before"] = report.attested;
  out["bytes_read"] = report.bytes_read;
  out["seconds"] = report.seconds;
  out["refused"] = report.refused;
  return out;
}

py::dict Repair(VaultHandle& handle, const py::dict& report, const py::object& progress,
                const py::object& cancelled) {
  Call call(handle.failures());
  const fenchi::VerifyReport health = VerifyReportOf(report);
  fenchi::RepairOptions options;
  options.observer = call.MakeObserver(progress, cancelled);
  return ToDict(call.Value(
      handle.Do(call, [&](fenchi::Vault& vault) { return vault.Repair(health, options); })));
}

py::dict ExportCourier(VaultHandle& handle, const std::string& provider, const py::bytes& path,
                       const py::object& progress) {
  Call call(handle.failures());
  const std::string where(path);
  const fenchi::Observer observer = call.MakeObserver(progress, py::none());
  return ToDict(call.Value(handle.Do(
      call, [&](fenchi::Vault& vault) { return vault.ExportCourier(provider, where, observer); })));
}

py::dict Drill(VaultHandle& handle, const std::string& snapshot, const py::dict& fields) {
  Call call(handle.failures());
  const SnapshotId id = SnapshotOf(snapshot);
  fenchi::DrillOptions options;
  options.absent_providers = Take(fields, "absent", options.absent_providers);
  options.scratch_directory = Take(fields, "scratch_directory", options.scratch_directory);
  options.rto_seconds = Take(fields, "rto_seconds", options.rto_seconds);
  options.rpo_seconds = Take(fields, "rpo_seconds", options.rpo_seconds);
  options.observer = call.MakeObserver(Take<py::object>(fields, "progress", py::none()),
                                       Take<py::object>(fields, "cancelled", py::none()));
  return ToDict(
      call.Value(handle.Do(call, [&](fenchi::Vault& vault) { return vault.Drill(id, options); })));
}

fenchi::SecretBytes ExportCredential(VaultHandle& handle, int role,
                                     const std::vector<std::string>& domains) {
  Call call(handle.failures());
  return call.Value(handle.Do(call, [&](fenchi::Vault& vault) {
    return vault.ExportCredential(static_cast<fenchi::Role>(role), domains);
  }));
}

py::dict Custody(VaultHandle& handle,
                 const std::optional<std::pair<std::int64_t, std::uint32_t>>& at) {
  Call call(handle.failures());
  std::optional<fenchi::Timestamp> time;
  if (at) time = fenchi::Timestamp{at->first, at->second};
  return ToDict(call.Value(
      handle.Do(call, [&](fenchi::Vault& vault) { return vault.DescribeCustody(time); })));
}

py::list Epochs(VaultHandle& handle) {
  Call call(handle.failures());
  py::list out;
  for (const fenchi::EpochUse& use :
       call.Value(handle.Do(call, [](fenchi::Vault& vault) { return vault.DescribeEpochs(); }))) {
    py::dict fields;
    fields["epoch"] = use.epoch;
    fields["snapshots"] = use.snapshots;
    fields["packs"] = use.packs;
    fields["bytes"] = use.bytes;
    out.append(fields);
  }
  return out;
}

using PlannedChange =
    fenchi::Result<fenchi::PolicyChange> (fenchi::Vault::*)(const fenchi::CustodyPlan&);
template <PlannedChange change>
py::dict ChangeByPlan(VaultHandle& handle, const py::dict& custody) {
  Call call(handle.failures());
  const fenchi::CustodyPlan plan = PlanOf(call, custody);
  return ToDict(
      call.Value(handle.Do(call, [&](fenchi::Vault& vault) { return (vault.*change)(plan); })));
}

py::dict ChangePolicy(VaultHandle& handle, const py::dict& fields) {
  Call call(handle.failures());
  const fenchi::PolicyEdit edit = EditOf(fields);
  return ToDict(
      call.Value(handle.Do(call, [&](fenchi::Vault& vault) { return vault.ChangePolicy(edit); })));
}

py::list ReviewProposal(VaultHandle& handle, const Input& proposal) {
  Call call(handle.failures());
  const fenchi::Bytes bytes(proposal.view().begin(), proposal.view().end());
  py::list out;
  for (const std::string& sentence : call.Value(
           handle.Do(call, [&](fenchi::Vault& vault) { return vault.ReviewProposal(bytes); }))) {
    out.append(DecodeText(sentence));
  }
  return out;
}

py::dict Publish(VaultHandle& handle, const Input& proposal, const std::vector<Input>& approvals) {
  Call call(handle.failures());
  const fenchi::Bytes bytes(proposal.view().begin(), proposal.view().end());
  std::vector<fenchi::Bytes> files;
  for (const Input& one : approvals) files.emplace_back(one.view().begin(), one.view().end());
  return ToDict(call.Value(
      handle.Do(call, [&](fenchi::Vault& vault) { return vault.Publish(bytes, files); })));
}

}  // namespace

void BindVault(py::module_& module) {
  const auto none = py::none();
  module.def("create_vault", &CreateVault, py::arg("providers"), py::arg("custody"),
             py::arg("policy"), py::arg("state_directory"), py::arg("threads"));
  module.def("open_vault", &OpenVault, py::arg("providers"), py::arg("unlock"), py::arg("vault_id"),
             py::arg("state_directory"), py::arg("threads"), py::arg("known_head") = py::dict());
  module.def("check_share", &CheckShare, py::arg("providers"), py::arg("share"),
             py::arg("vault_id"), py::arg("state_directory"));
  py::class_<VaultHandle>(module, "Vault")
      .def("id", [](VaultHandle& handle) { return handle.Look().id().hex(); })
      .def("name", [](VaultHandle& handle) { return DecodeText(handle.Look().name()); })
      .def("role", [](VaultHandle& handle) { return static_cast<int>(handle.Look().role()); })
      .def("warnings",
           [](VaultHandle& handle) {
             py::list out;
             for (const std::string& warning : handle.Look().warnings()) {
               out.append(DecodeText(warning));
             }
             return out;
           })
      .def("close", &VaultHandle::Close)
      .def("backup", &Backup, py::arg("paths"), py::arg("options"))
      .def("backup_stream", &BackupStream, py::arg("read"), py::arg("name"), py::arg("options"))
      .def("snapshots",
           [](VaultHandle& handle) {
             Call call(handle.failures());
             return ToDict(call.Value(
                 handle.Do(call, [](fenchi::Vault& vault) { return vault.Snapshots(); })));
           })
      .def(
          "find_snapshot",
          [](VaultHandle& handle, const std::string& text) {
            Call call(handle.failures());
            return call
                .Value(
                    handle.Do(call, [&](fenchi::Vault& vault) { return vault.FindSnapshot(text); }))
                .hex();
          },
          py::arg("text"))
      .def("list", &List, py::arg("snapshot"), py::arg("path"), py::arg("recursive"))
      .def("cat", &Cat, py::arg("snapshot"), py::arg("path"), py::arg("write"))
      .def("restore", &Restore, py::arg("snapshot"), py::arg("target"), py::arg("options"))
      .def("verify", &Verify, py::arg("depth"), py::arg("progress") = none,
           py::arg("cancelled") = none)
      .def("repair", &Repair, py::arg("report"), py::arg("progress") = none,
           py::arg("cancelled") = none)
      .def("export_courier", &ExportCourier, py::arg("provider"), py::arg("path"),
           py::arg("progress") = none)
      .def("drill", &Drill, py::arg("snapshot"), py::arg("options"))
      .def("status",
           [](VaultHandle& handle) {
             Call call(handle.failures());
             return ToDict(call.Value(
                 handle.Do(call, [](fenchi::Vault& vault) { return vault.DescribeStatus(); })));
           })
      .def("export_credential", &ExportCredential, py::arg("role"), py::arg("key_domains"))
      .def("custody", &Custody, py::arg("at") = none)
      .def("epochs", &Epochs)
      .def("attest", &Attest, py::arg("progress") = none, py::arg("cancelled") = none)
      .def("rotate", &ChangeByPlan<&fenchi::Vault::Rotate>, py::arg("custody"))
      .def("add_access", &ChangeByPlan<&fenchi::Vault::AddAccess>, py::arg("custody"))
      .def("change_policy", &ChangePolicy, py::arg("edit"))
      .def("review_proposal", &ReviewProposal, py::arg("proposal"))
      .def("publish", &Publish, py::arg("proposal"), py::arg("approvals"));
}

}  // namespace fenchi_python
