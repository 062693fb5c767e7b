// fenchi._core: what the Python package stands on. python/fenchi/ gives it its Python face; nothing
// here is meant to be imported by users.
#include <pybind11/native_enum.h>
#include <pybind11/pybind11.h>

#include <string>

#include "buffers.h"
#include "core.h"
#include "custody.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "fenchi/version.h"

namespace fenchi_python {
namespace {

// Members are named as in the JSON output: StatusCode.too_few_providers.
void BindStatusCodes(py::module_& module) {
  py::native_enum<fenchi::StatusCode> codes(module, "StatusCode", "enum.IntEnum",
                                            "What a caller can do about a failure.");
  for (int number = 0;; ++number) {
    const auto code = static_cast<fenchi::StatusCode>(number);
    codes.value(std::string(fenchi::StatusCodeName(code)).c_str(), code);
    if (code == fenchi::StatusCode::kInternal) break;
  }
  codes.finalize();
}

fenchi::SecretBytes SecretOf(const Input& data) { return fenchi::SecretBytes::CopyOf(data.view()); }

}  // namespace

void BindSecrets(py::module_& module) {
  py::class_<fenchi::SecretBytes>(
      module, "SecretBytes",
      "Key material in locked memory, wiped when it dies. Never shown, compared or pickled.")
      .def(py::init(&SecretOf), py::arg("data"))
      .def("__len__", &fenchi::SecretBytes::size)
      .def(
          "reveal", [](const fenchi::SecretBytes& secret) { return CopyBytes(secret.view()); },
          "A copy that Python cannot wipe: write it where it belongs and forget it.")
      .def("__repr__",
           [](const fenchi::SecretBytes& secret) {
             return "<fenchi.SecretBytes of " + std::to_string(secret.size()) + " bytes>";
           })
      .def("__reduce__", [](const fenchi::SecretBytes&) -> py::object {
        throw py::type_error("a secret cannot be pickled or copied");
      });
}

}  // namespace fenchi_python

PYBIND11_MODULE(_core, module) {
  module.attr("__version__") = std::string(fenchi::Version());
  fenchi_python::BindStatusCodes(module);
  fenchi_python::BindSecrets(module);
  fenchi_python::BindAead(module);
  fenchi_python::BindSeal(module);
  fenchi_python::BindHashing(module);
  fenchi_python::BindChunking(module);
  fenchi_python::BindErasureCode(module);
  fenchi_python::BindKeySharing(module);
  fenchi_python::BindProviders(module);
  fenchi_python::BindWrappers(module);
  fenchi_python::BindVault(module);
  fenchi_python::BindCourier(module);
  fenchi_python::BindCustody(module);
  module.def(
      "escape_path", [](const std::string& path) { return fenchi::EscapePath(path); },
      pybind11::arg("path"));
}
