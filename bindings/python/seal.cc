// The committed box. python/fenchi/primitives/aead.py is its Python face.
#include <pybind11/native_enum.h>

#include "buffers.h"
#include "fenchi/aead.h"

namespace fenchi_python {

namespace {

fenchi::SealContext ContextOf(fenchi::SealType type, const Input& vault, const Input& context) {
  return {fenchi::Suite::kAes256Gcm, type, Value(fenchi::VaultId::From(vault.view())),
          context.view()};
}

py::bytes Seal(const Input& key, const Input& data, fenchi::SealType type, const Input& vault,
               const Input& context, const SuiteText& suite, const std::optional<Input>& salt) {
  fenchi::SealContext bound = ContextOf(type, vault, context);
  bound.suite = SuiteOf(suite);
  return CopyBytes(Value(Work(data.size(), [&] {
    return salt ? fenchi::Seal(bound, key.view(), data.view(), salt->view())
                : fenchi::Seal(bound, key.view(), data.view(), fenchi::SystemRandom());
  })));
}

fenchi::SecretBytes OpenSealed(const Input& key, const Input& box, fenchi::SealType type,
                               const Input& vault, const Input& context) {
  const fenchi::SealContext bound = ContextOf(type, vault, context);
  return Value(Work(box.size(), [&] { return fenchi::OpenSealed(bound, key.view(), box.view()); }));
}

void BindSealTypes(py::module_& module) {
  using fenchi::SealType;
  py::native_enum<SealType>(module, "SealType", "enum.IntEnum", "What is in a sealed box.")
      .value("header", SealType::kHeader)
      .value("record", SealType::kRecord)
      .value("snapshot", SealType::kSnapshot)
      .value("index", SealType::kIndex)
      .value("list", SealType::kList)
      .value("keyring", SealType::kKeyring)
      .value("slot", SealType::kSlot)
      .value("wrapped_data_key", SealType::kWrappedDataKey)
      .value("wrapped_tag_key", SealType::kWrappedTagKey)
      .value("child_key", SealType::kChildKey)
      .value("policy_details", SealType::kPolicyDetails)
      .value("credential", SealType::kCredential)
      .value("local_state", SealType::kLocalState)
      .finalize();
}

}  // namespace

void BindSeal(py::module_& module) {
  const py::bytes none("");
  BindSealTypes(module);
  module.def("seal", &Seal, py::arg("key"), py::arg("data"), py::kw_only(), py::arg("type"),
             py::arg("vault"), py::arg("context") = none, py::arg("suite") = py::none(),
             py::arg("salt") = py::none(),
             R"(A box that opens under this key only: len(data) + 84 bytes.

key: 32 bytes. vault: 32 bytes. context: names the object further, may be empty. salt: 32 bytes,
never given twice with different data; None draws a fresh one.
Errors: InvalidArgument when a size is wrong; Unsupported for an unknown suite.
Source: FORMAT.md section "Seal".)");
  module.def("open_sealed", &OpenSealed, py::arg("key"), py::arg("box"), py::kw_only(),
             py::arg("type"), py::arg("vault"), py::arg("context") = none,
             R"(What is in a box that seal made.

Errors: WrongKey when key, vault or context are not those of the box, or its salt, commitment or
suite were changed; Damaged when it is too short, of another type, or changed behind its
commitment; Unsupported for an unknown version or suite; InvalidArgument: a wrong size.)");
}

}  // namespace fenchi_python
