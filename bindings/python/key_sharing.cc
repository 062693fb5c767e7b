// Key sharing. python/fenchi/primitives/key_sharing.py is its Python face.
#include "fenchi/key_sharing.h"

#include <optional>

#include "buffers.h"

namespace fenchi_python {

using fenchi::ByteView;
using fenchi::KeyShare;
using fenchi::SecretBytes;
using fenchi::Status;
using fenchi::StatusCode;

namespace {

using Items = std::vector<std::pair<std::string, Input>>;
using OptionalInput = std::optional<Input>;

template <std::size_t N>
std::array<std::uint8_t, N> ArrayOf(ByteView view, const char* what) {
  if (view.size() != N) {
    Refuse(std::string(what) + " has " + std::to_string(view.size()) + " bytes, needs " +
           std::to_string(N));
  }
  std::array<std::uint8_t, N> out;
  std::copy(view.begin(), view.end(), out.begin());
  return out;
}

// A dealer written in Python: `public_key`, 32 bytes, and sign(message) -> 64 bytes.
class PythonDealer : public fenchi::ShareSigner {
 public:
  PythonDealer(const py::object& dealer, Call& call)
      : dealer_(dealer),
        call_(call),
        public_key_(ArrayOf<32>(dealer.attr("public_key").cast<Input>().view(), "public_key")) {}

  std::array<std::uint8_t, 32> PublicKey() const override { return public_key_; }
  fenchi::Result<std::array<std::uint8_t, 64>> Sign(ByteView message) const override {
    std::array<std::uint8_t, 64> signature{};
    const bool fine = call_.Guard([&] {
      const py::object made = dealer_.attr("sign")(CopyBytes(message));
      signature = ArrayOf<64>(made.cast<Input>().view(), "a signature");
    });
    if (!fine) return Status(StatusCode::kInvalidArgument, "the dealer did not sign");
    return signature;
  }

 private:
  py::object dealer_;
  Call& call_;
  std::array<std::uint8_t, 32> public_key_;
};

py::list SplitKey(const Input& key, int threshold, int count, const Input& context,
                  const py::object& dealer) {
  Call call;
  std::optional<PythonDealer> signer;
  if (!dealer.is_none()) signer.emplace(dealer, call);
  const SecretBytes secret = SecretBytes::CopyOf(key.view());
  std::vector<KeyShare> shares = call.Value(call.Run([&] {
    return fenchi::SplitKey(secret, {threshold, count}, context.view(), fenchi::SystemRandom(),
                            signer ? &*signer : nullptr);
  }));
  py::list list;
  for (KeyShare& share : shares) list.append(py::cast(std::move(share)));
  return list;
}

std::vector<fenchi::NamedShare> NamedOf(const Items& items) {
  std::vector<fenchi::NamedShare> named;
  for (const auto& [name, bytes] : items) named.push_back({name, bytes.view()});
  return named;
}

fenchi::RecoverOptions OptionsOf(Call& call, const OptionalInput& context,
                                 const OptionalInput& dealer_public_key, const py::object& accept,
                                 std::size_t vault_prefix_size_bytes) {
  fenchi::RecoverOptions options;
  if (context) options.context = fenchi::Bytes(context->view().begin(), context->view().end());
  if (dealer_public_key) {
    options.dealer_public_key = ArrayOf<32>(dealer_public_key->view(), "dealer_public_key");
  }
  if (!accept.is_none()) {
    options.accept = [&call, ask = accept.ptr()](ByteView key) {  // an argument: outlives the call
      bool accepted = false;
      call.Guard([&] {
        accepted = py::bool_(py::reinterpret_borrow<py::object>(ask)(SecretBytes::CopyOf(key)));
      });
      return accepted;
    };
  }
  options.vault_prefix_size_bytes = vault_prefix_size_bytes;
  return options;
}

// (key, names of the good shares, (name, kind, message) of each other one).
py::tuple RecoverKey(const Items& items, const OptionalInput& context,
                     const OptionalInput& dealer_public_key, const py::object& accept,
                     std::size_t vault_prefix_size_bytes) {
  Call call;
  const fenchi::RecoverOptions options =
      OptionsOf(call, context, dealer_public_key, accept, vault_prefix_size_bytes);
  const std::vector<fenchi::NamedShare> named = NamedOf(items);
  fenchi::RecoveredKey back =
      call.Value(call.Run([&] { return fenchi::RecoverKey(named, options); }));
  py::list faults;
  for (const fenchi::ShareFault& fault : back.faults) {
    faults.append(py::make_tuple(DecodeText(fault.name), fenchi::ShareFaultKindName(fault.kind),
                                 DecodeText(fault.message), fault.claimed_index));
  }
  return py::make_tuple(std::move(back.key), back.used, faults);
}

KeyShare RebuildShare(const Items& items, int index, const OptionalInput& context,
                      const py::object& accept) {
  Call call;
  const fenchi::RecoverOptions options = OptionsOf(call, context, {}, accept, 32);
  const std::vector<fenchi::NamedShare> named = NamedOf(items);
  return call.Value(call.Run([&] { return fenchi::RebuildShare(named, index, options); }));
}

void BindKeyShare(py::module_& module) {
  py::class_<KeyShare>(module, "KeyShare", R"(One share of a key: secret, and never shown.

serialize() gives the bytes that a custodian keeps; parse() reads them.)")
      .def_readonly("threshold", &KeyShare::threshold, "Shares that recover the key, 1..255.")
      .def_readonly("index", &KeyShare::index, "1..255.")
      .def_property_readonly(
          "context", [](const KeyShare& self) { return CopyBytes(self.context); },
          "What the sharing is for: equal in all shares of it.")
      .def_property_readonly("is_signed", &KeyShare::is_signed)
      .def_property_readonly(
          "dealer_public_key",
          [](const KeyShare& self) -> std::optional<py::bytes> {
            if (!self.is_signed()) return std::nullopt;
            return CopyBytes(self.dealer_public_key);
          },
          "The Ed25519 key that signed the share, 32 bytes, or None.")
      .def("serialize", &KeyShare::Serialize,
           "238 bytes and the context. Source: FORMAT.md section \"Key share\".")
      .def_static(
          "parse", [](const Input& data) { return Value(KeyShare::Parse(data.view())); },
          py::arg("data"),
          R"(Checks form, checksum, ranges and, on a signed share, the signature by its own key.

Errors: Damaged when any of these is wrong; Unsupported when the scheme is unknown.)")
      .def("__repr__",
           [](const KeyShare& self) {
             return "<fenchi key share " + std::to_string(self.index) + ", " +
                    std::to_string(self.threshold) + " needed>";
           })
      .def("__reduce__", [](const KeyShare&) -> py::object {
        throw py::type_error("a key share cannot be pickled or copied: serialize it");
      });
}

}  // namespace

void BindKeySharing(py::module_& module) {
  BindKeyShare(module);
  module.def("split_key", &SplitKey, py::arg("key"), py::arg("threshold"), py::arg("count"),
             py::arg("context"), py::arg("dealer"));
  module.def("recover_key", &RecoverKey, py::arg("items"), py::arg("context"),
             py::arg("dealer_public_key"), py::arg("accept"), py::arg("vault_prefix_size_bytes"));
  module.def("rebuild_share", &RebuildShare, py::arg("items"), py::arg("index"), py::arg("context"),
             py::arg("accept"));
}

}  // namespace fenchi_python
