// Tokens: the library's for Python, and Python's for the library.
#include "fenchi/token.h"

#include <algorithm>
#include <utility>

#include "buffers.h"
#include "custody.h"

namespace fenchi_python {

using fenchi::KeyToken;
using fenchi::Result;
using fenchi::SecretBytes;
using fenchi::Status;
using fenchi::TokenKey;

TokenKey TokenKeyOf(fenchi::ByteView bytes) {
  TokenKey key;
  if (bytes.size() != key.size()) {
    Refuse("a token's public key has " + std::to_string(bytes.size()) + " bytes, needs " +
           std::to_string(key.size()));
  }
  std::ranges::copy(bytes, key.begin());
  return key;
}

namespace {

// An object of Python with name, public_key and agree(). Owns it; every call takes the GIL.
class PythonToken final : public KeyToken {
 public:
  // Needs the GIL.
  explicit PythonToken(py::object object)
      : object_(std::move(object)),
        name_(py::str(object_.attr("name")).cast<std::string>()),
        public_key_(TokenKeyOf(object_.attr("public_key").cast<Input>().view())) {}
  ~PythonToken() override {
    const py::gil_scoped_acquire gil;
    object_ = py::object();
  }
  PythonToken(const PythonToken&) = delete;
  PythonToken& operator=(const PythonToken&) = delete;

  std::string name() const override { return name_; }
  TokenKey public_key() const override { return public_key_; }
  Result<SecretBytes> Agree(const TokenKey& peer) override {
    const py::gil_scoped_acquire gil;
    try {
      const py::object answer = object_.attr("agree")(CopyBytes(peer));
      return SecretBytes::CopyOf(answer.cast<Input>().view());
    } catch (py::error_already_set& error) {
      return StatusOf(error.value());
    } catch (const std::exception& error) {
      return StatusOf(py::reinterpret_borrow<py::object>(PyExc_TypeError)(error.what()));
    }
  }

 private:
  py::object object_;
  std::string name_;
  TokenKey public_key_;
};

py::dict ToDict(const fenchi::TokenInfo& info) {
  py::dict out;
  out["label"] = DecodeText(info.label);
  out["manufacturer"] = DecodeText(info.manufacturer);
  out["model"] = DecodeText(info.model);
  out["serial"] = DecodeText(info.serial);
  out["takes_pin"] = info.takes_pin;
  out["pin_pad"] = info.pin_pad;
  out["wrong_before"] = info.wrong_before;
  out["last_try"] = info.last_try;
  out["locked"] = info.locked;
  return out;
}

// `work` with the options of a URI, without the GIL: a token may take a while.
template <typename F>
auto WithToken(const std::string& uri, F&& work) {
  const fenchi::Pkcs11Options options = Value(fenchi::ParsePkcs11Uri(uri));
  Call call;
  return call.Value(call.Run([&] { return work(options); }));
}

}  // namespace

std::shared_ptr<KeyToken> TokenOf(const py::object& token) {
  if (py::isinstance<KeyToken>(token)) return token.cast<std::shared_ptr<KeyToken>>();
  return std::make_shared<PythonToken>(token);
}

void BindTokens(py::module_& module) {
  py::class_<KeyToken, std::shared_ptr<KeyToken>>(
      module, "KeyToken", "A key pair in a token, which never gives the secret key out.")
      .def_property_readonly("name", [](const KeyToken& token) { return DecodeText(token.name()); })
      .def_property_readonly(
          "public_key", [](const KeyToken& token) { return CopyBytes(token.public_key()); },
          "65 bytes: 04, x, y of a point of P-256.")
      .def(
          "agree",
          [](KeyToken& token, const Input& peer) {
            const TokenKey key = TokenKeyOf(peer.view());
            Call call;
            return call.Value(call.Run([&] { return token.Agree(key); }));
          },
          py::arg("peer"), "The x-coordinate of the secret key times another public key.")
      .def("__repr__", [](const KeyToken& token) {
        return "<fenchi.custody.KeyToken: " + std::string(DecodeText(token.name())) + ">";
      });
  module.def(
      "token_uri_pin_source",
      [](const std::string& uri) {
        return DecodePath(Value(fenchi::ParsePkcs11Uri(uri)).pin_source);
      },
      py::arg("uri"));
  module.def(
      "find_token",
      [](const std::string& uri) {
        return ToDict(WithToken(uri, [](const auto& where) { return FindPkcs11Token(where); }));
      },
      py::arg("uri"));
  module.def(
      "open_token",
      [](const std::string& uri, const SecretBytes& pin) {
        return WithToken(uri, [&](const auto& where) { return OpenPkcs11Token(where, pin); });
      },
      py::arg("uri"), py::arg("pin"));
  module.def(
      "make_token_key",
      [](const std::string& uri, const std::string& label, const SecretBytes& pin) {
        return WithToken(uri, [&](const auto& where) {
          return MakePkcs11Key(where, label, pin, fenchi::SystemRandom());
        });
      },
      py::arg("uri"), py::arg("label"), py::arg("pin"));
  module.def(
      "check_token",
      [](const py::object& token) {
        const std::shared_ptr<KeyToken> asked = TokenOf(token);
        Call call;
        call.Check(call.Run([&] { return fenchi::CheckToken(*asked, fenchi::SystemRandom()); }));
      },
      py::arg("token"));
}

}  // namespace fenchi_python
