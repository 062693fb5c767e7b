// fenchi._core: what the Python package stands on. python/fenchi/ gives it its Python face; nothing
// here is meant to be imported by users.
#include <pybind11/native_enum.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

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

// Overwrites the characters of a str that only this function's caller holds. Python shares strings
// of one character and those that it interned.
void WipeText(const py::object& text) {
  PyObject* const object = text.ptr();
  const Py_ssize_t length = PyUnicode_GET_LENGTH(object);
  if (Py_REFCNT(object) != 1 || length < 2 || PyUnicode_CHECK_INTERNED(object) != 0) return;
  fenchi::Wipe({static_cast<std::uint8_t*>(PyUnicode_DATA(object)),
                static_cast<std::size_t>(length) * PyUnicode_KIND(object)});
}

// Overwrites what functions that have ended left on the stack below.
[[gnu::noinline]] void WipeStack() {
  std::array<std::uint8_t, 16384> below;
  fenchi::Wipe(below);
}

// Words in UTF-8 as UTF-8 in normal form C, or none where they are no UTF-8. What Python makes of
// them on the way is overwritten.
std::optional<fenchi::SecretBytes> SecretOfWords(const Input& words) {
  const auto below_128 = [](std::uint8_t byte) { return byte < 128; };
  if (std::ranges::all_of(words.view(), below_128)) return SecretOf(words);
  const std::string_view text = fenchi::AsText(words.view());
  auto given = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
  if (!given) {
    PyErr_Clear();
    return std::nullopt;
  }
  py::object normal = py::module_::import("unicodedata").attr("normalize")("NFC", given);
  if (normal.is(given)) given = py::none();
  Py_ssize_t size = 0;
  const char* const encoded = PyUnicode_AsUTF8AndSize(normal.ptr(), &size);
  if (encoded == nullptr) throw py::error_already_set();
  // A copy that Python keeps beside the characters, and frees as it is.
  auto* const bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(encoded));
  const fenchi::MutableBytes copy(bytes, static_cast<std::size_t>(size));
  fenchi::SecretBytes secret = fenchi::SecretBytes::CopyOf(copy);
  fenchi::Wipe(copy);
  WipeStack();  // Python encodes short texts there
  WipeText(normal);
  if (!given.is_none()) WipeText(given);
  return secret;
}

}  // namespace

void BindSecrets(py::module_& module) {
  py::class_<fenchi::SecretBytes>(
      module, "SecretBytes",
      "Key material in locked memory, wiped when it dies. Never shown or pickled.")
      .def(py::init(&SecretOf), py::arg("data"))
      .def("__len__", &fenchi::SecretBytes::size)
      .def(
          "reveal", [](const fenchi::SecretBytes& secret) { return CopyBytes(secret.view()); },
          "A copy that Python cannot wipe: write it where it belongs and forget it.")
      .def_static("of_words", &SecretOfWords, py::arg("words"),
                  "UTF-8 in Unicode normal form C; None where `words` is no UTF-8.")
      .def(
          "equals",
          [](const fenchi::SecretBytes& secret, const Input& other) {
            return secret.Equals(other.view());
          },
          py::arg("other"), "Whether the bytes are the same, in constant time.")
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
  fenchi_python::BindTokens(module);
  fenchi_python::BindCustody(module);
  module.def(
      "escape_path", [](const std::string& path) { return fenchi::EscapePath(path); },
      pybind11::arg("path"));
}
