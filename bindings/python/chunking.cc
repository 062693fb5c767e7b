// The chunker. python/fenchi/primitives/chunking.py is its Python face.
#include "buffers.h"
#include "fenchi/chunker.h"

namespace fenchi_python {

using fenchi::Chunker;
using fenchi::ChunkerKind;
using fenchi::ChunkerOptions;

namespace {

using Lengths = std::vector<std::size_t>;

constexpr std::pair<std::string_view, ChunkerKind> kKinds[] = {
    {"content_defined", ChunkerKind::kContentDefined},
    {"fixed", ChunkerKind::kFixed},
};

ChunkerKind KindOf(const std::string& name) {
  for (const auto& [known, kind] : kKinds) {
    if (name == known) return kind;
  }
  Refuse("no chunker is called '" + name + "'", "use content_defined or fixed");
}

std::string_view NameOf(ChunkerKind kind) {
  for (const auto& [name, known] : kKinds) {
    if (kind == known) return name;
  }
  return "unknown";
}

// Where a stream is cut: keeps the lengths, lets the chunks go.
class LengthStream {
 public:
  explicit LengthStream(const Chunker& chunker)
      : lengths_(std::make_unique<Lengths>()),
        stream_(chunker, [lengths = lengths_.get()](fenchi::ByteView chunk) {
          lengths->push_back(chunk.size());
          return fenchi::Status::Ok();
        }) {}

  fenchi::Result<Lengths> Feed(fenchi::ByteView data) { return Taken(stream_.Feed(data)); }
  fenchi::Result<Lengths> Finish() { return Taken(stream_.Finish()); }

 private:
  fenchi::Result<Lengths> Taken(const fenchi::Status& status) {
    if (!status.ok()) return status;
    return std::exchange(*lengths_, {});
  }

  std::unique_ptr<Lengths> lengths_;  // stays where it is when the stream moves
  fenchi::ChunkStream stream_;
};

using Stream = Turns<LengthStream>;

void BindChunker(py::module_& module) {
  const ChunkerOptions defaults;
  py::class_<Chunker>(module, "Chunker", R"(Where a stream is cut: the rule, an immutable value.

kind: "content_defined" (Gear hash, normalised limits) or "fixed". min_bytes <= average_bytes <=
max_bytes, 64 bytes to 4 MiB, the average a power of two; with "fixed" average_bytes is the size of
every chunk but the last, and the other two are not looked at. Cut points are a pure function of
bytes and options, on every CPU and for every way of feeding the stream.
Errors: InvalidArgument when a size breaks the rule. Source: FastCDC, Xia et al., ATC 2016.)")
      .def(py::init([](const std::string& kind, std::size_t min_bytes, std::size_t average_bytes,
                       std::size_t max_bytes) {
             return Value(Chunker::Create({KindOf(kind), min_bytes, average_bytes, max_bytes}));
           }),
           py::arg("kind") = "content_defined", py::kw_only(),
           py::arg("min_bytes") = defaults.min_bytes,
           py::arg("average_bytes") = defaults.average_bytes,
           py::arg("max_bytes") = defaults.max_bytes)
      .def_property_readonly("kind",
                             [](const Chunker& self) { return NameOf(self.options().kind); })
      .def_property_readonly("min_bytes",
                             [](const Chunker& self) { return self.options().min_bytes; })
      .def_property_readonly("average_bytes",
                             [](const Chunker& self) { return self.options().average_bytes; })
      .def_property_readonly("max_bytes",
                             [](const Chunker& self) { return self.options().max_bytes; })
      .def(
          "first_cut",
          [](const Chunker& self, const Input& window, bool last) {
            return Work(window.size(), [&] { return self.FirstCut(window.view(), last); });
          },
          py::arg("window"), py::kw_only(), py::arg("last"),
          R"(The length in bytes of the first chunk of `window`, which starts where a chunk starts.

last: whether the stream ends where the window ends. 0 when more bytes are needed, and when the
window is empty. Scans from the window's start each time: small pieces belong into a ChunkStream.)")
      .def("__repr__", [](const Chunker& self) {
        const ChunkerOptions& options = self.options();
        const std::string average = std::to_string(options.average_bytes);
        if (options.kind == ChunkerKind::kFixed) {
          return "Chunker('fixed', average_bytes=" + average + ")";
        }
        return "Chunker(min_bytes=" + std::to_string(options.min_bytes) +
               ", average_bytes=" + average + ", max_bytes=" + std::to_string(options.max_bytes) +
               ")";
      });
}

}  // namespace

void BindChunking(py::module_& module) {
  BindChunker(module);
  py::class_<Stream>(module, "ChunkStream", R"(The cuts of one stream that comes in pieces.

Each byte is scanned once; at most one largest chunk is held.)")
      .def(py::init([](const Chunker& chunker) {
             return std::make_unique<Stream>(LengthStream(chunker));
           }),
           py::arg("chunker"))
      .def(
          "feed",
          [](Stream& self, const Input& data) {
            return Value(self.Work(data.size(),
                                   [&](LengthStream& stream) { return stream.Feed(data.view()); }));
          },
          py::arg("data"),
          "The lengths in bytes of the chunks that are now complete, in order; may be none.")
      .def(
          "finish",
          [](Stream& self) {
            return Value(self.Work(0, [](LengthStream& stream) { return stream.Finish(); }));
          },
          "The stream ends: the length of its last chunk, if bytes are left; starts again.");
}

}  // namespace fenchi_python
