// fenchi._core: what the Python package stands on. python/fenchi/ gives it its Python face; nothing
// here is meant to be imported by users.
#include <pybind11/native_enum.h>
#include <pybind11/pybind11.h>

#include <string>

#include "fenchi/status.h"
#include "fenchi/version.h"

namespace py = pybind11;

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

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.attr("__version__") = std::string(fenchi::Version());
  BindStatusCodes(module);
}
