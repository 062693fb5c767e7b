// Long calls, errors and text on their way between C++ and Python.
#include <cerrno>

#include "core.h"

namespace fenchi_python {

using fenchi::Status;
using fenchi::StatusCode;

namespace {

constexpr std::chrono::milliseconds kPollEvery{50};

py::str Decode(std::string_view text, const char* errors) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), errors);
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

// Whether a failure with this code can be the work of a provider.
bool ProvidersMayCause(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kWrongKey:
    case StatusCode::kPolicy:
    case StatusCode::kConflict:
      return false;
    default:
      return true;
  }
}

bool Matches(const py::object& exception, PyObject* type) {
  return PyErr_GivenExceptionMatches(exception.ptr(), type) != 0;
}

}  // namespace

py::str DecodePath(std::string_view raw) { return Decode(raw, "surrogateescape"); }
py::str DecodeText(std::string_view text) { return Decode(text, "backslashreplace"); }

void Throw(const Status& status, py::object cause) {
  const py::object make = py::module_::import("fenchi._errors").attr("from_status");
  const py::object error = make(static_cast<int>(status.code()), DecodeText(status.message()),
                                DecodeText(status.hint()));
  if (!cause.is_none()) PyException_SetCause(error.ptr(), cause.release().ptr());
  PyErr_SetObject(py::type::handle_of(error).ptr(), error.ptr());
  throw py::error_already_set();
}

Status StatusOf(const py::object& exception) {
  const py::object describe = py::module_::import("fenchi._errors").attr("to_status");
  const auto [code, message, hint] =
      describe(exception).cast<std::tuple<int, std::string, std::string>>();
  const Status status(static_cast<StatusCode>(code), message, hint);
  const py::object wait = py::module_::import("fenchi._errors").attr("retry_after_ms")(exception);
  if (wait.is_none()) return status;
  return status.WithRetryAfter(std::chrono::milliseconds(wait.cast<std::int64_t>()));
}

Call::Call(std::shared_ptr<ProviderFailures> failures) : failures_(std::move(failures)) {
  if (failures_) failures_->last = py::none();
}

void Call::Keep(py::object exception) {
  if (exception_.is_none()) exception_ = std::move(exception);
  stopped_ = true;
}

bool Call::PollSignals() {
  if (stopped_) return true;
  if (std::this_thread::get_id() != caller_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_poll_ < kPollEvery) return false;
  last_poll_ = now;
  Guard([] {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  });
  return stopped_;
}

fenchi::Observer Call::MakeObserver(const py::object& progress, const py::object& cancelled) {
  fenchi::Observer observer;
  // The objects outlive the call: they are arguments of the function that makes it.
  if (!progress.is_none()) {
    observer.progress = [this, callback = progress.ptr()](const fenchi::Progress& now) {
      Guard([&] {
        py::reinterpret_borrow<py::object>(callback)(DecodeText(now.phase), now.items_done,
                                                     now.items_total, now.bytes_done,
                                                     now.bytes_total, DecodePath(now.current));
      });
    };
  }
  PyObject* ask = cancelled.is_none() ? nullptr : cancelled.ptr();
  observer.cancelled = [this, ask] {
    if (PollSignals()) return true;
    bool stop = false;
    if (ask != nullptr) {
      Guard([&] { stop = py::bool_(py::reinterpret_borrow<py::object>(ask)()); });
    }
    return stop || stopped_;
  };
  return observer;
}

void Call::Check(const Status& status) {
  if (!exception_.is_none()) {
    if (!Matches(exception_, PyExc_Exception)) {
      PyErr_SetObject(py::type::handle_of(exception_).ptr(), exception_.ptr());
      throw py::error_already_set();
    }
    Throw(status.ok() ? Status(StatusCode::kCancelled, "a callback failed after the work was done")
                      : status,
          exception_);
  }
  if (status.ok()) return;
  const bool by_provider = failures_ && ProvidersMayCause(status.code());
  const py::object cause = by_provider ? failures_->last : py::object(py::none());
  if (!cause.is_none() && !Matches(cause, PyExc_Exception)) {
    PyErr_SetObject(py::type::handle_of(cause).ptr(), cause.ptr());
    throw py::error_already_set();
  }
  Throw(status, cause);
}

}  // namespace fenchi_python
