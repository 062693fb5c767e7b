// Providers around providers, for Python. What is inside may be written in Python.
#include "fenchi/provider_wrappers.h"

#include <pybind11/stl.h>

#include "core.h"

namespace fenchi_python {

using fenchi::Provider;
using fenchi::Result;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Wrapped = std::shared_ptr<Provider>;

milliseconds MillisecondsOf(double seconds_given) {
  return duration_cast<milliseconds>(std::chrono::duration<double>(seconds_given));
}

// Wraps `inner`, and remembers which providers inside are written in Python.
template <typename F>
Wrapped Wrap(const py::object& inner, F&& wrap) {
  auto slots = std::make_shared<FailureSlots>();
  Wrapped out = wrap(ProviderOf(inner, *slots));
  if (slots->empty()) return out;
  return std::make_shared<PythonBacked>(std::move(out), std::move(slots));
}

Wrapped Retrying(const py::object& inner, int attempts, double first_wait, double wait_max,
                 double deadline, int budget) {
  return Wrap(inner, [&](Wrapped provider) {
    return OpenRetryingProvider(std::move(provider), {.attempts_max = attempts,
                                                      .first_wait = MillisecondsOf(first_wait),
                                                      .wait_max = MillisecondsOf(wait_max),
                                                      .deadline = MillisecondsOf(deadline),
                                                      .budget = budget});
  });
}

std::shared_ptr<fenchi::RateLimit> MakeRateLimit(const std::string& rate,
                                                 std::optional<std::uint64_t> bytes_max) {
  Call call;
  fenchi::RateLimitOptions options;
  options.schedule = call.Value(fenchi::ParseRateSchedule(rate));
  options.bytes_max = bytes_max;
  return std::make_shared<fenchi::RateLimit>(options);
}

std::shared_ptr<fenchi::Meter> MakeMeter(const py::dict& fields) {
  fenchi::Prices prices;
  const auto take = [&fields](const char* name, auto& field) {
    if (fields.contains(name)) field = fields[name].cast<std::decay_t<decltype(field)>>();
  };
  take("currency", prices.currency);
  take("put_per_1000", prices.put_per_1000);
  take("get_per_1000", prices.get_per_1000);
  take("list_per_1000", prices.list_per_1000);
  take("delete_per_1000", prices.delete_per_1000);
  take("gb_in", prices.gb_in);
  take("gb_out", prices.gb_out);
  take("gb_month", prices.gb_month);
  return std::make_shared<fenchi::Meter>(prices);
}

py::dict ReadMeter(const fenchi::Meter& meter) {
  constexpr const char* kNames[] = {"put", "get", "stat", "list", "delete"};
  const fenchi::Usage usage = meter.Read();
  py::dict verbs;
  for (std::size_t i = 0; i < fenchi::kVerbCount; ++i) {
    py::dict verb;
    verb["calls"] = usage.verbs[i].calls;
    verb["requests"] = usage.verbs[i].requests;
    verb["errors"] = usage.verbs[i].errors;
    verb["waiting_seconds"] = std::chrono::duration<double>(usage.verbs[i].waiting).count();
    verbs[kNames[i]] = verb;
  }
  py::dict out;
  out["verbs"] = verbs;
  out["bytes_put"] = usage.bytes_put;
  out["bytes_got"] = usage.bytes_got;
  out["currency"] = DecodeText(usage.currency);
  out["money"] = usage.money;
  out["money_per_month"] = usage.money_per_month;
  return out;
}

Wrapped Cached(const py::object& inner, std::uint64_t bytes_max, std::uint64_t piece_bytes_max,
               const std::string& directory) {
  return Wrap(inner, [&](Wrapped provider) {
    Call call;
    return call.Value(OpenCachedProvider(
        std::move(provider),
        {.bytes_max = bytes_max, .piece_bytes_max = piece_bytes_max, .directory = directory}));
  });
}

// A line that Python opens, whenever it is needed.
fenchi::Line LineOf(const std::string& location, const py::object& open,
                    const std::shared_ptr<FailureSlots>& slots) {
  // The object may die in a thread without the GIL.
  const std::shared_ptr<py::object> held(new py::object(open), [](py::object* object) {
    const py::gil_scoped_acquire gil;
    delete object;
  });
  return {location, [held, slots]() -> Result<Wrapped> {
            const py::gil_scoped_acquire gil;
            const auto failures =
                slots->empty() ? std::make_shared<ProviderFailures>() : slots->front()->failures;
            try {
              const std::size_t before = slots->size();
              Wrapped out = ProviderOf((*held)(), *slots);
              for (std::size_t i = before; i < slots->size(); ++i) (*slots)[i]->failures = failures;
              return out;
            } catch (py::error_already_set& error) {
              failures->last = error.value();
              return StatusOf(error.value());
            } catch (const std::exception& error) {
              return fenchi::Status(fenchi::StatusCode::kUnavailable,
                                    std::string("opening a line: ") + error.what());
            }
          }};
}

Wrapped SpareLines(const std::vector<std::pair<std::string, py::object>>& lines,
                   const py::dict& domain, double back_after, bool compare_all) {
  auto slots = std::make_shared<FailureSlots>();
  slots->push_back(std::make_shared<FailureSlot>());
  const std::shared_ptr<ProviderFailures> failures = slots->front()->failures;
  std::vector<fenchi::Line> opened;
  opened.reserve(lines.size());
  for (const auto& [location, open] : lines) opened.push_back(LineOf(location, open, slots));
  fenchi::SpareLineOptions options;
  options.domain = DomainOf(domain);
  options.back_after = duration_cast<seconds>(std::chrono::duration<double>(back_after));
  options.compare_all = compare_all;
  Call call(failures);
  Wrapped out = call.Value(call.Run([&] { return OpenSpareLines(std::move(opened), options); }));
  return std::make_shared<PythonBacked>(std::move(out), std::move(slots));
}

}  // namespace

void BindWrappers(py::module_& module) {
  py::class_<fenchi::RateLimit, std::shared_ptr<fenchi::RateLimit>>(module, "RateLimit")
      .def(py::init(&MakeRateLimit), py::arg("rate"), py::arg("bytes_max") = py::none())
      .def_property_readonly("bytes_reserved", &fenchi::RateLimit::bytes_reserved);
  py::class_<fenchi::Meter, std::shared_ptr<fenchi::Meter>>(module, "Meter")
      .def(py::init(&MakeMeter), py::arg("prices") = py::dict())
      .def("read", &ReadMeter);
  module.def(
      "adapt", [](const py::object& inner) { return Wrap(inner, [](Wrapped p) { return p; }); },
      py::arg("provider"));
  module.def("retrying", &Retrying, py::arg("provider"), py::arg("attempts"), py::arg("first_wait"),
             py::arg("wait_max"), py::arg("deadline"), py::arg("budget"));
  module.def(
      "rate_limited",
      [](const py::object& inner, const std::shared_ptr<fenchi::RateLimit>& limit) {
        return Wrap(inner, [&](Wrapped p) { return OpenRateLimitedProvider(std::move(p), limit); });
      },
      py::arg("provider"), py::arg("limit"));
  module.def(
      "metered",
      [](const py::object& inner, const std::shared_ptr<fenchi::Meter>& meter) {
        return Wrap(inner, [&](Wrapped p) { return OpenMeteredProvider(std::move(p), meter); });
      },
      py::arg("provider"), py::arg("meter"));
  module.def("cached", &Cached, py::arg("provider"), py::arg("bytes_max"),
             py::arg("piece_bytes_max"), py::arg("directory"));
  module.def(
      "read_only",
      [](const py::object& inner) {
        return Wrap(inner, [](Wrapped p) { return fenchi::OpenReadOnlyProvider(std::move(p)); });
      },
      py::arg("provider"));
  module.def("spare_lines", &SpareLines, py::arg("lines"), py::arg("domain"), py::arg("back_after"),
             py::arg("compare_all"));
}

}  // namespace fenchi_python
