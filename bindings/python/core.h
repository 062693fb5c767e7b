// What the parts of the extension fenchi._core share.
//
// Every long call lets other Python threads run: it gives the GIL away and takes it back for each
// callback, provider call and signal check. No lock of ours is held while Python code runs. A
// Python exception inside a callback stops the call; it is raised again as it was when it is a
// KeyboardInterrupt or the like, and else becomes the `__cause__` of the fenchi error.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "fenchi/entry.h"
#include "fenchi/provider.h"
#include "fenchi/provider_wrappers.h"
#include "fenchi/report.h"
#include "fenchi/status.h"
#include "fenchi/testing/provider_contract.h"
#include "fenchi/vault.h"

namespace fenchi_python {

namespace py = pybind11;

// File names: UTF-8 with surrogateescape, as os.fsdecode does on Linux.
py::str DecodePath(std::string_view raw);
// Text of ours, which may quote somebody else's: what is not UTF-8 is escaped.
py::str DecodeText(std::string_view text);

// Throws the Python exception of fenchi._errors for `status`, which is no Ok.
[[noreturn]] void Throw(const fenchi::Status& status, py::object cause = py::none());
// The Status that a Python exception of a provider stands for. Needs the GIL.
fenchi::Status StatusOf(const py::object& exception);

// Where providers written in Python leave their last exception. Touched under the GIL only.
struct ProviderFailures {
  py::object last = py::none();
};

// Where one provider written in Python finds the ProviderFailures of the call that it serves.
// Touched under the GIL only.
struct FailureSlot {
  std::shared_ptr<ProviderFailures> failures = std::make_shared<ProviderFailures>();
};
using FailureSlots = std::vector<std::shared_ptr<FailureSlot>>;

// A provider with some written in Python inside, however deep.
class PythonBacked final : public fenchi::ProviderWrapper {
 public:
  PythonBacked(std::shared_ptr<fenchi::Provider> inner, std::shared_ptr<FailureSlots> slots)
      : ProviderWrapper(std::move(inner)), slots_(std::move(slots)) {}
  const std::shared_ptr<FailureSlots>& slots() const { return slots_; }

 private:
  std::shared_ptr<FailureSlots> slots_;
};

// A provider over HTTP whose credentials `callable` gives: a dict of texts or bytes, and "expires"
// in seconds. Needs the GIL. Errors: as OpenProvider; kInvalidArgument for other schemes.
fenchi::Result<std::shared_ptr<fenchi::Provider>> OpenWithCredentials(const std::string& url,
                                                                      const fenchi::Domain& domain,
                                                                      py::object callable);

// One long call from Python: construct, Run, Check.
class Call {
 public:
  // Either may be null: no provider is written in Python; the caller cannot be asked to stop.
  explicit Call(std::shared_ptr<ProviderFailures> failures = nullptr);

  // `progress`: None, or called with (phase, items_done, items_total, bytes_done, bytes_total,
  // current). `cancelled`: None, or returns whether to stop. Signals are looked at in any case.
  fenchi::Observer MakeObserver(const py::object& progress, const py::object& cancelled);

  // Runs `callback` under the GIL unless the call is being stopped. True if it returned normally.
  template <typename F>
  bool Guard(F&& callback) {
    if (stopped_) return false;
    const py::gil_scoped_acquire gil;
    try {
      std::forward<F>(callback)();
      return true;
    } catch (py::error_already_set& error) {
      Keep(error.value());
    } catch (const std::exception& error) {  // a cast that failed: the callback's answer is wrong
      Keep(py::reinterpret_borrow<py::object>(PyExc_TypeError)(error.what()));
    }
    return false;
  }

  // Runs `work` without the GIL.
  template <typename F>
  auto Run(F&& work) {
    const py::gil_scoped_release released;
    return std::forward<F>(work)();
  }

  // Throws what went wrong, in Python or in `status`; returns if nothing did.
  void Check(const fenchi::Status& status);

  template <typename T>
  T Value(fenchi::Result<T> result) {
    Check(result.status());
    return std::move(result).value();
  }

 private:
  void Keep(py::object exception);
  bool PollSignals();

  std::shared_ptr<ProviderFailures> failures_;
  py::object exception_ = py::none();
  std::atomic<bool> stopped_ = false;
  std::thread::id caller_ = std::this_thread::get_id();
  std::chrono::steady_clock::time_point last_poll_ = std::chrono::steady_clock::now();
};

// A provider of the library as it is; any other object behind an adapter that calls its verbs.
std::shared_ptr<fenchi::Provider> ProviderOf(const py::object& provider,
                                             const std::shared_ptr<ProviderFailures>& failures);
// The same where no call is known yet; `slots` gets those of the providers inside.
std::shared_ptr<fenchi::Provider> ProviderOf(const py::object& provider, FailureSlots& slots);
// What a call on `provider` itself should look at for the cause of a failure; may be null.
std::shared_ptr<ProviderFailures> FailuresOf(const fenchi::Provider& provider);
fenchi::Domain DomainOf(const py::dict& fields);

std::string_view EntryTypeName(fenchi::EntryType type);

py::dict ToDict(const fenchi::Domain& domain);
py::dict ToDict(const fenchi::BackupReport& report);
py::dict ToDict(const fenchi::SnapshotList& list);
py::dict ToDict(const fenchi::ListedEntry& entry);
py::dict ToDict(const fenchi::RestoreReport& report);
py::dict ToDict(const fenchi::VerifyReport& report);
py::dict ToDict(const fenchi::RepairReport& report);
py::dict ToDict(const fenchi::CourierExportReport& report);
py::dict ToDict(const fenchi::DrillReport& report);
py::list DamageListOf(const std::vector<fenchi::Damage>& damage);
py::dict ToDict(const fenchi::VaultStatus& status);
py::dict ToDict(const fenchi::ContractReport& report);
// What Repair needs of a report that went through Python.
fenchi::VerifyReport VerifyReportOf(const py::dict& fields);

void BindSecrets(py::module_& module);
void BindAead(py::module_& module);
void BindSeal(py::module_& module);
void BindHashing(py::module_& module);
void BindChunking(py::module_& module);
void BindErasureCode(py::module_& module);
void BindKeySharing(py::module_& module);
void BindProviders(py::module_& module);
void BindWrappers(py::module_& module);
void BindVault(py::module_& module);
void BindCourier(py::module_& module);

}  // namespace fenchi_python
