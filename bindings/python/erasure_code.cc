// The erasure code. python/fenchi/primitives/erasure_code.py is its Python face.
#include "fenchi/erasure_code.h"

#include <map>

#include "buffers.h"

namespace fenchi_python {

using fenchi::ByteView;
using fenchi::ErasureCode;
using fenchi::MutableBytes;

namespace {

using Inputs = std::vector<Input>;
using Outputs = std::vector<Output>;
using Indexes = std::vector<int>;
using Present = std::map<int, Input>;  // in the order of indexes: data shards cost least

std::size_t SizeOf(const Inputs& inputs) { return inputs.empty() ? 0 : inputs[0].size(); }
std::size_t SizeOf(const Present& present) {
  return present.empty() ? 0 : present.begin()->second.size();
}

void Encode(const ErasureCode& self, const Inputs& data, std::span<const MutableBytes> parity) {
  const std::vector<ByteView> views = ViewsOf(data);
  RequireApart(views, parity);
  Check(Work(SizeOf(data) * data.size(), [&] { return self.Encode(views, parity); }));
}

void EncodeShard(const ErasureCode& self, const Inputs& data, int index, MutableBytes out) {
  const std::vector<ByteView> views = ViewsOf(data);
  RequireApart(views, {{out}});
  Check(Work(SizeOf(data) * data.size(), [&] { return self.EncodeShard(views, index, out); }));
}

void Decode(const ErasureCode& self, const Present& present, const Indexes& wanted,
            std::span<const MutableBytes> out) {
  std::vector<ErasureCode::ShardView> shards;
  std::vector<ByteView> views;
  for (const auto& [index, input] : present) {
    shards.push_back({index, input.view()});
    views.push_back(input.view());
  }
  RequireApart(views, out);
  Check(Work(SizeOf(present) * shards.size(), [&] { return self.Decode(shards, wanted, out); }));
}

// A prepared decoding; Python's face of it also knows how many outputs there are.
struct Decoder {
  ErasureCode::Decoder decoder;
  std::size_t outputs;

  void Apply(const Inputs& inputs, std::span<const MutableBytes> out) const {
    const std::vector<ByteView> views = ViewsOf(inputs);
    RequireApart(views, out);
    Check(Work(SizeOf(inputs) * inputs.size(), [&] { return decoder.Apply(views, out); }));
  }
};

std::size_t ParityCount(const ErasureCode& self) {
  return static_cast<std::size_t>(self.n() - self.k());
}

void BindEncoding(py::class_<ErasureCode>& code) {
  const auto data = py::arg("data");
  code.def(py::init([](int data_shards, int total_shards) {
             return Value(ErasureCode::Create(data_shards, total_shards));
           }),
           py::arg("data_shards"), py::arg("total_shards"))
      .def_property_readonly("k", &ErasureCode::k)
      .def_property_readonly("n", &ErasureCode::n)
      .def("__repr__",
           [](const ErasureCode& self) {
             return "ErasureCode(" + std::to_string(self.k()) + ", " + std::to_string(self.n()) +
                    ")";
           })
      .def(
          "encode",
          [](const ErasureCode& self, const Inputs& inputs) {
            std::vector<NewBytes> parity = NewBytesOf(ParityCount(self), SizeOf(inputs));
            Encode(self, inputs, BytesOf(parity));
            return TakeAll(parity);
          },
          data, R"(The parity shards k..n-1 of the data shards 0..k-1.

data: k shards, or equal ranges of them, all of one length, which may be 0.
Errors: InvalidArgument when a count or a length differs.)")
      .def(
          "encode_into",
          [](const ErasureCode& self, const Inputs& inputs, const Outputs& parity) {
            Encode(self, inputs, BytesOf(parity));
          },
          data, py::arg("parity"), R"(As encode, into n - k buffers of exactly the shards' length.

Buffers must not overlap; aligned to 32 bytes they reach the fastest kernels.
Errors: InvalidArgument when a count or a length differs, or buffers overlap.)")
      .def(
          "encode_shard",
          [](const ErasureCode& self, const Inputs& inputs, int index) {
            NewBytes out(SizeOf(inputs));
            EncodeShard(self, inputs, index, out.bytes());
            return out.Take();
          },
          data, py::arg("index"), R"(One shard, for a place that is added (n or more) or replaced.

index: 0..254; below k it is a copy of that data shard.
Errors: InvalidArgument when the index, a count or a length is wrong.)")
      .def(
          "encode_shard_into",
          [](const ErasureCode& self, const Inputs& inputs, int index, const Output& out) {
            EncodeShard(self, inputs, index, out.bytes());
          },
          data, py::arg("index"), py::arg("out"),
          "As encode_shard, into a buffer of exactly the shards' length.");
}

void BindDecoding(py::class_<ErasureCode>& code) {
  code.def(
          "decode",
          [](const ErasureCode& self, const Present& present, const Indexes& wanted) {
            std::vector<NewBytes> out = NewBytesOf(wanted.size(), SizeOf(present));
            Decode(self, present, wanted, BytesOf(out));
            return TakeAll(out);
          },
          py::arg("present"), py::arg("wanted"),
          R"(The shards `wanted` (distinct, 0..254, data or parity), in that order.

present: at least k shards by index, or equal ranges of them, all of one length.
Errors: InvalidArgument when fewer than k are present, or an index, count or length is wrong.)")
      .def(
          "decode_into",
          [](const ErasureCode& self, const Present& present, const Indexes& wanted,
             const Outputs& out) { Decode(self, present, wanted, BytesOf(out)); },
          py::arg("present"), py::arg("wanted"), py::arg("out"),
          "As decode, into one buffer for each of `wanted`, of exactly the shards' length.")
      .def(
          "prepare_decode",
          [](const ErasureCode& self, const Indexes& present, const Indexes& wanted) {
            return Decoder{Value(self.PrepareDecode(present, wanted)), wanted.size()};
          },
          py::arg("present"), py::arg("wanted"),
          R"(The decoding of `wanted` from the k shards `present`, prepared for many ranges.

Cost: at most some 20 ms. Errors: InvalidArgument when a count or an index is wrong.)");
}

}  // namespace

void BindErasureCode(py::module_& module) {
  py::class_<ErasureCode> code(module, "ErasureCode",
                               R"(k data shards become n, and any k of the n give all back.

data_shards: k, 1..255. total_shards: n, k..255. Shard indexes are 0..254. Systematic: shards
0..k-1 are the data. It finds no error and hides nothing: give it authenticated shards only, and
treat a wrong one as absent. Every call works on whole shards or on equal byte ranges of them.
Errors: InvalidArgument when a count is out of range.
Source: Reed-Solomon over GF(2^8)/0x11d; the rows are in FORMAT.md section "Erasure code".)");
  BindEncoding(code);
  BindDecoding(code);
  py::class_<Decoder>(module, "Decoder", "A decoding worked out once for one set of shards.")
      .def(
          "apply",
          [](const Decoder& self, const Inputs& inputs) {
            std::vector<NewBytes> out = NewBytesOf(self.outputs, SizeOf(inputs));
            self.Apply(inputs, BytesOf(out));
            return TakeAll(out);
          },
          py::arg("inputs"), R"(The wanted ranges, in the order in which they were asked for.

inputs: equal ranges of the k present shards, in the order given to prepare_decode.
Errors: InvalidArgument when a count or a length differs.)")
      .def(
          "apply_into",
          [](const Decoder& self, const Inputs& inputs, const Outputs& out) {
            self.Apply(inputs, BytesOf(out));
          },
          py::arg("inputs"), py::arg("out"), "As apply, into buffers of exactly that length.");
}

}  // namespace fenchi_python
