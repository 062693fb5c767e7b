// Bytes on their way between Python and the primitives, without a copy.
//
// A function takes Input and Output arguments: any object with the buffer protocol (bytes,
// bytearray, memoryview, array, mmap, ...) that is contiguous; Input takes a SecretBytes too. The
// object is held for the call, so that a bytearray cannot be resized meanwhile; its content may
// still be changed by another thread while the GIL is away, which is the caller's business.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core.h"
#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi_python {

// One object's memory, held until this dies. Move-only; needs the GIL to be made and destroyed.
class HeldBuffer {
 public:
  HeldBuffer() = default;
  HeldBuffer(HeldBuffer&& other) noexcept : view_(std::exchange(other.view_, Py_buffer{})) {}
  HeldBuffer& operator=(HeldBuffer&& other) noexcept {
    std::swap(view_, other.view_);
    return *this;
  }
  ~HeldBuffer() { PyBuffer_Release(&view_); }  // does nothing where nothing is held

  // Throws TypeError when `object` is no buffer, BufferError when it is not contiguous or, where
  // that is asked for, not writable.
  void Hold(py::handle object, bool writable);
  fenchi::MutableBytes bytes() const {
    return {static_cast<std::uint8_t*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
};

class Input {
 public:
  void Hold(py::handle object);
  fenchi::ByteView view() const { return secret_ ? secret_->view() : held_.bytes(); }
  std::size_t size() const { return view().size(); }

 private:
  HeldBuffer held_;
  const fenchi::SecretBytes* secret_ = nullptr;  // an argument of the call: outlives it
};

class Output {
 public:
  void Hold(py::handle object) { held_.Hold(object, true); }
  fenchi::MutableBytes bytes() const { return held_.bytes(); }
  // The first `size_bytes` bytes. Errors: InvalidArgument when there is less room.
  fenchi::MutableBytes First(std::size_t size_bytes) const;

 private:
  HeldBuffer held_;
};

// A bytes object that is filled before anybody sees it.
class NewBytes {
 public:
  explicit NewBytes(std::size_t size_bytes);
  fenchi::MutableBytes bytes() const;
  py::bytes Take() { return std::move(object_); }

 private:
  py::bytes object_;
};

py::bytes CopyBytes(fenchi::ByteView view);

std::vector<fenchi::ByteView> ViewsOf(const std::vector<Input>& inputs);
std::vector<fenchi::MutableBytes> BytesOf(const std::vector<Output>& outputs);
// `count` new bytes objects of one size, and what gives them to Python.
std::vector<NewBytes> NewBytesOf(std::size_t count, std::size_t size_bytes);
std::vector<fenchi::MutableBytes> BytesOf(const std::vector<NewBytes>& outputs);
py::list TakeAll(std::vector<NewBytes>& outputs);

// Throws InvalidArgument when an output overlaps an input or another output.
void RequireApart(std::span<const fenchi::ByteView> inputs,
                  std::span<const fenchi::MutableBytes> outputs);

inline void Check(const fenchi::Status& status) {
  if (!status.ok()) Throw(status);
}
template <typename T>
T Value(fenchi::Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}
// The suite of that name, or this CPU's best.
using SuiteText = std::optional<std::string>;
fenchi::Suite SuiteOf(const SuiteText& name);
[[noreturn]] void Refuse(const std::string& message, const std::string& hint = "");

// Giving the GIL away and taking it back costs as much as encrypting a few KiB.
inline constexpr std::size_t kKeepGilBytesMax = std::size_t{32} << 10;

// Runs `work` on `size_bytes` bytes; other Python threads run meanwhile if that is worth it.
template <typename F>
auto Work(std::size_t size_bytes, F&& work) {
  if (size_bytes <= kKeepGilBytesMax) return std::forward<F>(work)();
  const py::gil_scoped_release released;
  return std::forward<F>(work)();
}

// An object of the library that belongs to one thread at a time: Python's threads take turns. Who
// has the turn never waits for the GIL, so that waiting for it is safe with the GIL or without.
template <typename T>
class Turns {
 public:
  explicit Turns(T object) : object_(std::move(object)) {}

  template <typename F>
  auto Work(std::size_t size_bytes, F&& work) {
    if (size_bytes <= kKeepGilBytesMax && mutex_.try_lock()) {
      const std::lock_guard turn(mutex_, std::adopt_lock);
      return work(object_);
    }
    const py::gil_scoped_release released;
    const std::lock_guard turn(mutex_);
    return work(object_);
  }

  // For what never changes after construction.
  const T& constant() const { return object_; }

 private:
  std::mutex mutex_;
  T object_;
};

}  // namespace fenchi_python

namespace pybind11::detail {

// Errors are thrown from here, since "incompatible function arguments" would say less.
template <>
struct type_caster<fenchi_python::Input> {
  PYBIND11_TYPE_CASTER(fenchi_python::Input, const_name("Buffer | SecretBytes"));
  bool load(handle source, bool) {
    value.Hold(source);
    return true;
  }
};

template <>
struct type_caster<fenchi_python::Output> {
  PYBIND11_TYPE_CASTER(fenchi_python::Output, const_name("Buffer"));
  bool load(handle source, bool) {
    value.Hold(source);
    return true;
  }
};

}  // namespace pybind11::detail
