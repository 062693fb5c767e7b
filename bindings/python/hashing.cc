// SHA-256, HMAC and HKDF. python/fenchi/primitives/hashing.py is their Python face.
#include "buffers.h"
#include "fenchi/hash.h"

namespace fenchi_python {

using fenchi::ByteView;
using fenchi::Hash256;
using fenchi::SecretBytes;

namespace {

using KeyedHash = Turns<fenchi::KeyedHash>;
using Expander = SecretBytes (*)(ByteView, ByteView, std::size_t);
using Deriver = SecretBytes (*)(ByteView, ByteView, ByteView, std::size_t);
using Extractor = SecretBytes (*)(ByteView, ByteView);

Hash256 Hashed(KeyedHash& self, const Input& data) {
  return self.Work(data.size(), [&](fenchi::KeyedHash& hash) { return hash(data.view()); });
}

std::size_t Write(const Hash256& hash, const Output& out) {
  const fenchi::MutableBytes room = out.First(Hash256::kSize);
  std::copy(hash.bytes.begin(), hash.bytes.end(), room.begin());
  return Hash256::kSize;
}

// A hash of a message that comes in pieces, by either hasher of fenchi/hash.h.
template <typename T>
void BindPieces(py::class_<Turns<T>>& hasher) {
  hasher
      .def(
          "update",
          [](Turns<T>& self, const Input& piece) {
            self.Work(piece.size(), [&](T& state) { state.Update(piece.view()); });
          },
          py::arg("piece"), "Appends a piece; an empty one changes nothing.")
      .def(
          "finish",
          [](Turns<T>& self) {
            return CopyBytes(self.Work(0, [](T& state) { return state.Finish(); }).view());
          },
          "The 32 bytes over all pieces since the start or the last finish; starts again.");
}

void BindHashes(py::module_& module) {
  const auto data = py::arg("data");
  module.def(
      "sha256",
      [](const Input& input) {
        return CopyBytes(Work(input.size(), [&] { return fenchi::Sha256(input.view()); }).view());
      },
      data, "The SHA-256: 32 bytes. Empty data is allowed. Source: FIPS 180-4.");
  module.def(
      "sha256_into",
      [](const Input& input, const Output& out) {
        return Write(Work(input.size(), [&] { return fenchi::Sha256(input.view()); }), out);
      },
      data, py::arg("out"), "As sha256, to the start of `out` (32 bytes of room); returns 32.");
  module.def(
      "hmac_sha256",
      [](const Input& key, const Input& input) {
        const auto hash = [&] { return fenchi::HmacSha256(key.view(), input.view()); };
        return CopyBytes(Work(input.size(), hash).view());
      },
      py::arg("key"), data, R"(HMAC-SHA-256: 32 bytes; key and data of any size, empty included.

Compare a received one with hmac.compare_digest. Source: RFC 2104.)");
  module.def(
      "hmac_sha256_into",
      [](const Input& key, const Input& input, const Output& out) {
        const auto hash = [&] { return fenchi::HmacSha256(key.view(), input.view()); };
        return Write(Work(input.size(), hash), out);
      },
      py::arg("key"), data, py::arg("out"),
      "As hmac_sha256, to the start of `out` (32 bytes of room); returns 32.");
}

void BindHashers(py::module_& module) {
  const auto data = py::arg("data");
  py::class_<KeyedHash>(module, "KeyedHash", R"(HMAC-SHA-256 under one kept key: chunk ids.

key: 32 bytes, uniformly random. Key setup is paid once.
Errors: InvalidArgument when the key has another size. Source: RFC 2104.)")
      .def(py::init([](const Input& key) {
             return std::make_unique<KeyedHash>(Value(fenchi::KeyedHash::Create(key.view())));
           }),
           py::arg("key"))
      .def(
          "__call__",
          [](KeyedHash& self, const Input& input) { return CopyBytes(Hashed(self, input).view()); },
          data, "The 32 bytes of data, which may be empty.")
      .def(
          "hash_into",
          [](KeyedHash& self, const Input& input, const Output& out) {
            return Write(Hashed(self, input), out);
          },
          data, py::arg("out"), "The same to the start of `out` (32 bytes of room); returns 32.");

  using Sha256 = Turns<fenchi::Sha256Hasher>;
  py::class_<Sha256> sha(module, "Sha256Hasher", "SHA-256 of a message that comes in pieces.");
  sha.def(py::init([] { return std::make_unique<Sha256>(fenchi::Sha256Hasher()); }));
  BindPieces(sha);
  using Hmac = Turns<fenchi::HmacSha256Hasher>;
  py::class_<Hmac> hmac(module, "HmacSha256Hasher",
                        "HMAC-SHA-256 of a message that comes in pieces; key: any size.");
  hmac.def(py::init([](const Input& key) {
             return std::make_unique<Hmac>(fenchi::HmacSha256Hasher(key.view()));
           }),
           py::arg("key"));
  BindPieces(hmac);
}

// The library ends the process on a size that RFC 5869 does not allow: a Python caller may err.
void RequireSize(std::size_t size, std::size_t size_max) {
  if (size > size_max) {
    Refuse("HKDF gives at most " + std::to_string(size_max) + " bytes, not " +
           std::to_string(size));
  }
}

void BindHkdfOf(py::module_& module, const std::string& hash, std::size_t hash_size,
                Extractor extract, Expander expand, Deriver derive) {
  const py::bytes none("");
  const std::size_t size_max = 255 * hash_size;
  const std::string range = "size: 0.." + std::to_string(size_max) + " bytes.";
  const std::string rest =
      "\n\nErrors: InvalidArgument when the size is out of range. "
      "Source: RFC 5869.";
  module.def(("hkdf_extract_" + hash).c_str(),
             [extract](const Input& ikm, const Input& salt) {
               return Work(ikm.size(), [&] { return extract(ikm.view(), salt.view()); });
             },
             py::arg("ikm"), py::arg("salt") = none,
             ("The pseudo-random key, " + std::to_string(hash_size) +
              " bytes: HMAC(key = salt, message = ikm). Source: RFC 5869.")
                 .c_str());
  module.def(("hkdf_expand_" + hash).c_str(),
             [expand, size_max](const Input& prk, const Input& info, std::size_t size) {
               RequireSize(size, size_max);
               return expand(prk.view(), info.view(), size);
             },
             py::arg("prk"), py::arg("info"), py::arg("size"),
             ("Output key material from a pseudo-random key. " + range + rest).c_str());
  const std::string derive_doc =
      "An independent key for each info. ikm: secret; salt: may be public and empty. " + range;
  module.def(
      ("hkdf_" + hash).c_str(),
      [derive, size_max](const Input& ikm, const Input& salt, const Input& info, std::size_t size) {
        RequireSize(size, size_max);
        return derive(ikm.view(), salt.view(), info.view(), size);
      },
      py::arg("ikm"), py::arg("salt"), py::arg("info"), py::arg("size"),
      (derive_doc + rest).c_str());
  module.def(("hkdf_" + hash + "_into").c_str(),
             [derive, size_max](const Input& ikm, const Input& salt, const Input& info,
                                const Output& out) {
               RequireSize(out.bytes().size(), size_max);
               const SecretBytes made =
                   derive(ikm.view(), salt.view(), info.view(), out.bytes().size());
               std::copy(made.view().begin(), made.view().end(), out.bytes().begin());
               return made.size();
             },
             py::arg("ikm"), py::arg("salt"), py::arg("info"), py::arg("out"),
             ("As hkdf_" + hash + ", fills all of `out`; returns its size." + rest).c_str());
}

}  // namespace

void BindHashing(py::module_& module) {
  BindHashes(module);
  BindHashers(module);
  BindHkdfOf(module, "sha512", 64, &fenchi::HkdfExtractSha512, &fenchi::HkdfExpandSha512,
             &fenchi::HkdfSha512);
  BindHkdfOf(module, "sha256", 32, &fenchi::HkdfExtractSha256, &fenchi::HkdfExpandSha256,
             &fenchi::HkdfSha256);
}

}  // namespace fenchi_python
