// The bare cipher and segmented streams. python/fenchi/primitives/aead.py is their Python face.
#include "fenchi/aead.h"

#include <functional>

#include "buffers.h"

namespace fenchi_python {

using fenchi::ByteView;
using fenchi::kAeadTagSize;
using fenchi::MutableBytes;
using fenchi::Status;

namespace {

using Aead = Turns<fenchi::Aead>;
using SegmentCipher = Turns<fenchi::SegmentCipher>;
// In place or apart: anything between would read what was written already.
void RequireInPlaceOrApart(ByteView in, MutableBytes out) {
  const std::less<const std::uint8_t*> before;
  if (in.data() != out.data() && before(in.data(), out.data() + out.size()) &&
      before(out.data(), in.data() + in.size())) {
    Refuse("the output overlaps the input and does not start where it starts");
  }
}

// What is left without a tag; a shorter input is refused by the library.
std::size_t OpenedSize(const Input& sealed) {
  return sealed.size() < kAeadTagSize ? 0 : sealed.size() - kAeadTagSize;
}

// ---- Aead ----

void Encrypt(Aead& self, const Input& nonce, const Input& data, const Input& aad,
             MutableBytes out) {
  RequireInPlaceOrApart(data.view(), out);
  Check(self.Work(data.size() + aad.size(), [&](fenchi::Aead& aead) {
    return aead.Encrypt(nonce.view(), aad.view(), data.view(), out);
  }));
}

void Decrypt(Aead& self, const Input& nonce, const Input& sealed, const Input& aad,
             MutableBytes out) {
  RequireInPlaceOrApart(sealed.view(), out);
  Check(self.Work(sealed.size() + aad.size(), [&](fenchi::Aead& aead) {
    return aead.Decrypt(nonce.view(), aad.view(), sealed.view(), out);
  }));
}

py::bytes EncryptNew(Aead& self, const Input& nonce, const Input& data, const Input& aad) {
  NewBytes out(data.size() + kAeadTagSize);
  Encrypt(self, nonce, data, aad, out.bytes());
  return out.Take();
}

std::size_t EncryptInto(Aead& self, const Input& nonce, const Input& data, const Output& out,
                        const Input& aad) {
  const std::size_t size = data.size() + kAeadTagSize;
  Encrypt(self, nonce, data, aad, out.First(size));
  return size;
}

py::bytes DecryptNew(Aead& self, const Input& nonce, const Input& sealed, const Input& aad) {
  NewBytes out(OpenedSize(sealed));
  Decrypt(self, nonce, sealed, aad, out.bytes());
  return out.Take();
}

std::size_t DecryptInto(Aead& self, const Input& nonce, const Input& sealed, const Output& out,
                        const Input& aad) {
  const std::size_t size = OpenedSize(sealed);
  Decrypt(self, nonce, sealed, aad, out.First(size));
  return size;
}

py::bytes Tag(Aead& self, const Input& nonce, const Input& message) {
  NewBytes out(kAeadTagSize);
  Check(self.Work(message.size(), [&](fenchi::Aead& aead) {
    return aead.Tag(nonce.view(), message.view(), out.bytes());
  }));
  return out.Take();
}

void CheckTag(Aead& self, const Input& nonce, const Input& message, const Input& tag) {
  Check(self.Work(message.size(), [&](fenchi::Aead& aead) {
    return aead.CheckTag(nonce.view(), message.view(), tag.view());
  }));
}

void BindAeadClass(py::module_& module) {
  const py::bytes none("");
  py::class_<Aead>(module, "Aead", R"(One cipher with one key, kept ready.

key: 32 bytes, uniformly random. suite: "aes256gcm" or "chacha20poly1305"; None: default_suite().
WARNING: never use a (key, nonce) twice, tag() included. One key is good for 2**32 messages. A
ciphertext may open under more than one key: compare a commitment first, as open_sealed does.
Errors: InvalidArgument when the key has another size; Unsupported for an unknown suite.
Source: SP 800-38D (GCM, GMAC), RFC 8439 (ChaCha20-Poly1305).)")
      .def(py::init([](const Input& key, const SuiteText& suite) {
             return std::make_unique<Aead>(Value(fenchi::Aead::Create(SuiteOf(suite), key.view())));
           }),
           py::arg("key"), py::arg("suite") = py::none())
      .def_property_readonly(
          "suite", [](const Aead& self) { return fenchi::SuiteName(self.constant().suite()); })
      .def(
          "rekey",
          [](Aead& self, const Input& key) {
            Check(self.Work(0, [&](fenchi::Aead& aead) { return aead.Rekey(key.view()); }));
          },
          py::arg("key"), R"(Takes another key of 32 bytes, cheaper than a new Aead.

Errors: InvalidArgument when the key has another size; the old key then stays.)")
      .def("encrypt", &EncryptNew, py::arg("nonce"), py::arg("data"), py::arg("aad") = none,
           R"(The ciphertext and then the 16-byte tag: len(data) + 16 bytes.

nonce: 12 bytes. data, aad: up to 1 GiB each; empty is allowed.
Errors: InvalidArgument when a size is wrong.)")
      .def("encrypt_into", &EncryptInto, py::arg("nonce"), py::arg("data"), py::arg("out"),
           py::arg("aad") = none, R"(As encrypt; writes to the start of `out` and returns the size.

out: room for len(data) + 16 bytes; it may start where data starts (in place) and not overlap it
otherwise. Errors: as encrypt.)")
      .def("decrypt", &DecryptNew, py::arg("nonce"), py::arg("data"), py::arg("aad") = none,
           R"(The inverse of encrypt: len(data) - 16 bytes.

Errors: Damaged when anything was changed, or key, nonce or aad are others; InvalidArgument when a
size is wrong.)")
      .def("decrypt_into", &DecryptInto, py::arg("nonce"), py::arg("data"), py::arg("out"),
           py::arg("aad") = none, R"(As decrypt; writes to the start of `out` and returns the size.

out: room for len(data) - 16 bytes, in place allowed as in encrypt_into. After Damaged it holds
zeros, never unchecked plaintext.)")
      .def("tag", &Tag, py::arg("nonce"), py::arg("message"),
           R"(A 16-byte tag over `message` without encryption (with aes256gcm: GMAC).

Proves nothing to a holder of the key, who can forge it. Errors: InvalidArgument: a wrong size.)")
      .def("check_tag", &CheckTag, py::arg("nonce"), py::arg("message"), py::arg("tag"),
           R"(Returns if the tag fits. Errors: Damaged when not; InvalidArgument: a wrong size.)");
}

// ---- Segmented streams ----

void SealSegment(SegmentCipher& self, std::uint64_t segment, const Input& data, bool final,
                 MutableBytes out) {
  RequireInPlaceOrApart(data.view(), out);
  Check(self.Work(data.size(), [&](fenchi::SegmentCipher& cipher) {
    return cipher.SealSegment(segment, final, data.view(), out);
  }));
}

void OpenSegment(SegmentCipher& self, std::uint64_t segment, const Input& sealed, bool final,
                 MutableBytes out) {
  RequireInPlaceOrApart(sealed.view(), out);
  Check(self.Work(sealed.size(), [&](fenchi::SegmentCipher& cipher) {
    return cipher.OpenSegment(segment, final, sealed.view(), out);
  }));
}

void BindSegmentCipher(py::module_& module) {
  const auto segment = py::arg("segment");
  const auto data = py::arg("data");
  const auto final = py::arg("final");
  py::class_<SegmentCipher>(module, "SegmentCipher",
                            R"(Seals and opens the segments of one stream in any order, each alone.

Number and final flag are in the nonce: a segment that was moved, repeated, dropped or taken from
another stream does not open where it stands, nor does a stream cut short, provided that the reader
asks for the last segment as final. Each segment of a key is sealed once; take key from
derive_stream_keys. Errors: as Aead.)")
      .def(py::init([](const Input& key, const SuiteText& suite) {
             return std::make_unique<SegmentCipher>(
                 Value(fenchi::SegmentCipher::Create(SuiteOf(suite), key.view())));
           }),
           py::arg("key"), py::arg("suite") = py::none())
      .def_property_readonly(
          "suite",
          [](const SegmentCipher& self) { return fenchi::SuiteName(self.constant().suite()); })
      .def(
          "seal",
          [](SegmentCipher& self, std::uint64_t number, const Input& input, bool is_final) {
            NewBytes out(input.size() + kAeadTagSize);
            SealSegment(self, number, input, is_final, out.bytes());
            return out.Take();
          },
          segment, data, py::kw_only(), final,
          "The sealed segment: len(data) + 16 bytes. Errors: InvalidArgument over 1 GiB.")
      .def(
          "seal_into",
          [](SegmentCipher& self, std::uint64_t number, const Input& input, const Output& out,
             bool is_final) {
            const std::size_t size = input.size() + kAeadTagSize;
            SealSegment(self, number, input, is_final, out.First(size));
            return size;
          },
          segment, data, py::arg("out"), py::kw_only(), final,
          "As seal, to the start of `out`; returns the size. In place is allowed.")
      .def(
          "open",
          [](SegmentCipher& self, std::uint64_t number, const Input& input, bool is_final) {
            NewBytes out(OpenedSize(input));
            OpenSegment(self, number, input, is_final, out.bytes());
            return out.Take();
          },
          segment, data, py::kw_only(), final, R"(The plaintext: len(data) - 16 bytes.

Errors: Damaged when this is not that segment, unchanged; InvalidArgument when it is too short.)")
      .def(
          "open_into",
          [](SegmentCipher& self, std::uint64_t number, const Input& input, const Output& out,
             bool is_final) {
            const std::size_t size = OpenedSize(input);
            OpenSegment(self, number, input, is_final, out.First(size));
            return size;
          },
          segment, data, py::arg("out"), py::kw_only(), final,
          "As open, to the start of `out`; returns the size. In place is allowed.");
}

}  // namespace

void BindAead(py::module_& module) {
  BindAeadClass(module);
  BindSegmentCipher(module);
  module.def(
      "default_suite", [] { return fenchi::SuiteName(fenchi::DefaultSuite()); },
      R"("aes256gcm" where this CPU has AES instructions, else "chacha20poly1305".)");
  module.def(
      "derive_stream_keys",
      [](const Input& secret, const Input& salt, const Input& info) {
        fenchi::StreamKeys keys =
            Value(fenchi::DeriveStreamKeys(secret.view(), salt.view(), info.view()));
        return py::make_tuple(std::move(keys.key), CopyBytes(keys.commitment.view()));
      },
      py::arg("secret"), py::arg("salt"), py::arg("info"));
}

}  // namespace fenchi_python
