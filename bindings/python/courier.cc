// Courier media: what needs no vault; Vault.export_courier is in vault.cc.
#include "fenchi/courier.h"

#include <pybind11/stl.h>

#include "core.h"

namespace fenchi_python {

namespace {

py::dict ToDict(const fenchi::CourierReport& report) {
  py::dict out;
  out["path"] = DecodePath(report.path);
  py::list cargo;
  for (const fenchi::CourierCargo& one : report.cargo) {
    py::dict fields;
    fields["provider"] = one.provider.hex();
    fields["objects"] = one.objects;
    fields["bytes"] = one.bytes;
    cargo.append(fields);
  }
  out["cargo"] = cargo;
  out["objects"] = report.objects;
  out["bytes"] = report.bytes;
  out["fingerprint"] = report.fingerprint.hex();
  out["closed"] = report.closed;
  py::list damage;
  for (const std::string& one : report.damage) damage.append(DecodeText(one));
  out["damage"] = damage;
  return out;
}

py::dict Check(const std::string& path, const py::object& progress) {
  Call call;
  const fenchi::Observer observer = call.MakeObserver(progress, py::none());
  return ToDict(call.Value(call.Run([&] { return fenchi::CheckCourier(path, observer); })));
}

py::dict Import(const std::string& path, const py::object& place, const std::string& destination,
                const py::object& progress) {
  const auto failures = std::make_shared<ProviderFailures>();
  const std::shared_ptr<fenchi::Provider> provider = ProviderOf(place, failures);
  Call call(failures);
  fenchi::CourierImportOptions options;
  if (!destination.empty()) {
    options.destination = call.Value(fenchi::ProviderId::FromHexText(destination));
  }
  options.observer = call.MakeObserver(progress, py::none());
  const fenchi::CourierImportReport report =
      call.Value(call.Run([&] { return fenchi::ImportCourier(path, *provider, options); }));
  py::dict out;
  out["objects_stored"] = report.objects_stored;
  out["bytes_stored"] = report.bytes_stored;
  out["objects_there"] = report.objects_there;
  out["seconds"] = report.seconds;
  out["medium"] = ToDict(report.medium);
  out["left"] = DamageListOf(report.left);
  return out;
}

}  // namespace

py::dict ToDict(const fenchi::CourierExportReport& report) {
  py::dict out;
  out["objects_written"] = report.objects_written;
  out["bytes_written"] = report.bytes_written;
  out["objects_there"] = report.objects_there;
  out["seconds"] = report.seconds;
  out["medium"] = ToDict(report.medium);
  out["left"] = DamageListOf(report.left);
  return out;
}

void BindCourier(py::module_& module) {
  module.def(
      "check_courier",
      [](const py::bytes& path, const py::object& progress) {
        return Check(std::string(path), progress);
      },
      py::arg("path"), py::arg("progress") = py::none());
  module.def(
      "import_courier",
      [](const py::bytes& path, const py::object& place, const std::string& destination,
         const py::object& progress) {
        return Import(std::string(path), place, destination, progress);
      },
      py::arg("path"), py::arg("place"), py::arg("destination") = "",
      py::arg("progress") = py::none());
}

}  // namespace fenchi_python
