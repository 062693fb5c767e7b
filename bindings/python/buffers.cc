#include "buffers.h"

#include <algorithm>
#include <functional>

namespace fenchi_python {

using fenchi::ByteView;
using fenchi::MutableBytes;

void HeldBuffer::Hold(py::handle object, bool writable) {
  if (PyObject_CheckBuffer(object.ptr()) == 0) {
    const std::string type = py::str(py::type::handle_of(object).attr("__qualname__"));
    throw py::type_error("a bytes-like object is needed, not '" + type + "'");
  }
  if (PyObject_GetBuffer(object.ptr(), &view_, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) == 0) {
    return;
  }
  py::error_already_set cause;  // takes Python's error
  py::raise_from(cause, PyExc_BufferError,
                 writable ? "the buffer must be contiguous and writable, like a bytearray"
                          : "the buffer must be contiguous: copy it with bytes()");
  throw py::error_already_set();
}

void Input::Hold(py::handle object) {
  // Asked in this order because the first question is quick, and nearly always answered by yes.
  if (PyObject_CheckBuffer(object.ptr()) == 0 && py::isinstance<fenchi::SecretBytes>(object)) {
    secret_ = &object.cast<const fenchi::SecretBytes&>();
  } else {
    held_.Hold(object, false);
  }
}

MutableBytes Output::First(std::size_t size_bytes) const {
  if (bytes().size() < size_bytes) {
    Refuse("the output has room for " + std::to_string(bytes().size()) + " bytes, needs " +
           std::to_string(size_bytes));
  }
  return bytes().first(size_bytes);
}

NewBytes::NewBytes(std::size_t size_bytes)
    : object_(py::reinterpret_steal<py::bytes>(
          PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size_bytes)))) {
  if (!object_) throw py::error_already_set();
}

MutableBytes NewBytes::bytes() const {
  return {reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(object_.ptr())),
          static_cast<std::size_t>(PyBytes_GET_SIZE(object_.ptr()))};
}

py::bytes CopyBytes(ByteView view) {
  const std::string_view text = fenchi::AsText(view);
  return py::bytes(text.data(), text.size());
}

std::vector<ByteView> ViewsOf(const std::vector<Input>& inputs) {
  std::vector<ByteView> views;
  views.reserve(inputs.size());
  for (const Input& input : inputs) views.push_back(input.view());
  return views;
}

namespace {

template <typename T>
std::vector<MutableBytes> AllBytes(const std::vector<T>& outputs) {
  std::vector<MutableBytes> all;
  all.reserve(outputs.size());
  for (const T& output : outputs) all.push_back(output.bytes());
  return all;
}

}  // namespace

std::vector<MutableBytes> BytesOf(const std::vector<Output>& outputs) { return AllBytes(outputs); }
std::vector<MutableBytes> BytesOf(const std::vector<NewBytes>& outputs) {
  return AllBytes(outputs);
}

std::vector<NewBytes> NewBytesOf(std::size_t count, std::size_t size_bytes) {
  std::vector<NewBytes> made;
  made.reserve(count);
  for (std::size_t i = 0; i < count; ++i) made.emplace_back(size_bytes);
  return made;
}

py::list TakeAll(std::vector<NewBytes>& outputs) {
  py::list list;
  for (NewBytes& output : outputs) list.append(output.Take());
  return list;
}

void RequireApart(std::span<const ByteView> inputs, std::span<const MutableBytes> outputs) {
  struct Range {
    const std::uint8_t* begin;
    const std::uint8_t* end;
    bool written;
  };
  std::vector<Range> ranges;
  ranges.reserve(inputs.size() + outputs.size());
  const auto add = [&](ByteView view, bool written) {
    if (!view.empty()) ranges.push_back({view.data(), view.data() + view.size(), written});
  };
  for (const ByteView view : inputs) add(view, false);
  for (const MutableBytes view : outputs) add(view, true);
  const std::less<const std::uint8_t*> before;
  std::sort(ranges.begin(), ranges.end(),
            [&](const Range& a, const Range& b) { return before(a.begin, b.begin); });
  // Inputs may share memory. The furthest end so far, of all ranges and of the written ones, says
  // whether a range that starts later runs into one of them.
  const std::uint8_t* end = nullptr;
  const std::uint8_t* end_written = nullptr;
  for (const Range& range : ranges) {
    if (before(range.begin, range.written ? end : end_written)) {
      Refuse("an output overlaps an input or another output");
    }
    end = std::max(end, range.end, before);
    if (range.written) end_written = std::max(end_written, range.end, before);
  }
}

fenchi::Suite SuiteOf(const SuiteText& name) {
  return name ? Value(fenchi::SuiteFromName(*name)) : fenchi::DefaultSuite();
}

void Refuse(const std::string& message, const std::string& hint) {
  Throw(fenchi::Status(fenchi::StatusCode::kInvalidArgument, message, hint));
}

}  // namespace fenchi_python
