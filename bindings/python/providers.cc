// Providers: the library's for Python, and Python's for the library.
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core.h"

namespace fenchi_python {

using fenchi::MutableBytes;
using fenchi::ObjectInfo;
using fenchi::Provider;
using fenchi::Result;
using fenchi::Status;
using fenchi::StatusCode;

namespace {

using fenchi_python::ToDict;  // that of a Domain, beside the one below

constexpr std::uint64_t kObjectSizeBytesMax = 1ull << 31;  // that Python takes as one `bytes`

py::bytes BytesOf(fenchi::ByteView view) {
  return py::bytes(reinterpret_cast<const char*>(view.data()), view.size());
}

py::dict ToDict(const fenchi::Capability& capability) {
  py::dict out;
  out["create_only"] = capability.create_only;
  out["ranged_read"] = capability.ranged_read;
  out["can_delete"] = capability.can_delete;
  out["retention"] = capability.retention;
  out["durable"] = capability.durable;
  out["object_size_bytes_max"] = capability.object_size_bytes_max;
  out["parallel_calls_max"] = capability.parallel_calls_max;
  return out;
}

// Whatever it says of retention: put() is not told a date, so nothing is locked.
fenchi::Capability CapabilityOf(const py::dict& fields) {
  fenchi::Capability out;
  const auto take = [&fields](const char* name, auto& field) {
    if (fields.contains(name)) field = fields[name].cast<std::decay_t<decltype(field)>>();
  };
  take("create_only", out.create_only);
  take("ranged_read", out.ranged_read);
  take("can_delete", out.can_delete);
  take("durable", out.durable);
  take("object_size_bytes_max", out.object_size_bytes_max);
  take("parallel_calls_max", out.parallel_calls_max);
  return out;
}

// An object of Python with the five verbs. Owns it; every call takes the GIL.
class PythonProvider final : public Provider {
 public:
  // Needs the GIL.
  PythonProvider(py::object object, std::shared_ptr<FailureSlot> slot)
      : object_(std::move(object)), slot_(std::move(slot)) {
    location_ = Ask("location", py::repr(py::type::of(object_))).cast<std::string>();
    domain_ = DomainOf(Ask("domain", py::dict()).cast<py::dict>());
    capability_ = CapabilityOf(Ask("capability", py::dict()).cast<py::dict>());
  }
  ~PythonProvider() override {
    const py::gil_scoped_acquire gil;
    object_ = py::object();
    slot_.reset();
  }

  Status Put(std::string_view name, fenchi::Source& source,
             const fenchi::PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(fenchi::CheckObjectName(name));
    fenchi::Bytes content(source.size());
    FENCHI_RETURN_IF_ERROR(source.Read(0, content));
    return Do([&] {
      object_.attr("put")(DecodeText(name), BytesOf(content), py::arg("replace") = options.replace);
      return Status::Ok();
    });
  }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    FENCHI_RETURN_IF_ERROR(fenchi::CheckObjectName(name));
    return Do([&] {
      const py::object answer = object_.attr("get")(DecodeText(name), offset, out.size());
      const py::buffer_info info = py::buffer(answer).request();
      const auto size = static_cast<std::size_t>(info.size * info.itemsize);
      if (size < out.size()) {
        return Status(StatusCode::kDamaged, "object " + std::string(name) + " ends after " +
                                                std::to_string(offset + size) + " bytes");
      }
      if (size > out.size()) {
        return Senseless("get() answered with more bytes than asked for");
      }
      std::copy_n(static_cast<const std::uint8_t*>(info.ptr), size, out.data());
      return Status::Ok();
    });
  }

  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    std::vector<std::optional<ObjectInfo>> out;
    FENCHI_RETURN_IF_ERROR(Do([&] {
      const py::object answer = object_.attr("stat")(ListOf(names));
      const auto sizes = answer.cast<std::vector<std::optional<std::uint64_t>>>();
      if (sizes.size() != names.size()) {
        return Senseless("stat() must answer once for each name");
      }
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        out.push_back(sizes[i] ? std::optional(ObjectInfo{names[i], *sizes[i]}) : std::nullopt);
      }
      return Status::Ok();
    }));
    return out;
  }

  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    std::vector<ObjectInfo> found;
    FENCHI_RETURN_IF_ERROR(Do([&] {
      for (const py::handle item : object_.attr("list")(DecodeText(prefix), DecodeText(after))) {
        const auto [name, size] = item.cast<std::pair<std::string, std::uint64_t>>();
        found.push_back({name, size});
      }
      return Status::Ok();
    }));
    for (const ObjectInfo& info : found) {  // without the GIL: `entry` is not ours
      if (!entry(info)) break;
    }
    return Status::Ok();
  }

  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    FENCHI_RETURN_IF_ERROR(CheckNames(names));
    FENCHI_RETURN_IF_ERROR(Do([&] {
      object_.attr("delete")(ListOf(names));
      return Status::Ok();
    }));
    return std::vector<Status>(names.size());
  }

  fenchi::Capability capability() const override { return capability_; }
  fenchi::Domain domain() const override { return domain_; }
  std::string location() const override { return location_; }

 private:
  // The grammar of names is checked here, so that no provider has to.
  static Status CheckNames(std::span<const std::string> names) {
    for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(fenchi::CheckObjectName(name));
    return Status::Ok();
  }
  // An answer that breaks the rules says nothing of the object.
  static Status Senseless(std::string_view what) {
    return Status(StatusCode::kUnavailable, std::string(what),
                  "the provider's own code is wrong: docs/providers/write-your-own.md");
  }
  static py::list ListOf(std::span<const std::string> names) {
    py::list out;
    for (const std::string& name : names) out.append(DecodeText(name));
    return out;
  }

  // What the optional method `name` returns.
  py::object Ask(const char* name, const py::object& otherwise) {
    return py::hasattr(object_, name) ? object_.attr(name)() : otherwise;
  }

  template <typename F>
  Status Do(F&& verb) {
    const py::gil_scoped_acquire gil;
    try {
      return std::forward<F>(verb)();
    } catch (py::error_already_set& error) {
      return Failed(error.value());
    } catch (const std::exception& error) {
      return Failed(py::reinterpret_borrow<py::object>(PyExc_TypeError)(error.what()));
    }
  }
  Status Failed(const py::object& exception) {
    slot_->failures->last = exception;
    return StatusOf(exception);
  }

  py::object object_;
  std::shared_ptr<FailureSlot> slot_;
  std::string location_;
  fenchi::Domain domain_;
  fenchi::Capability capability_;
};

void PutObject(Provider& provider, const std::string& name, const py::buffer& data, bool replace) {
  const py::buffer_info info = data.request();
  fenchi::MemorySource source({static_cast<const std::uint8_t*>(info.ptr),
                               static_cast<std::size_t>(info.size * info.itemsize)});
  Call call(FailuresOf(provider));
  call.Check(call.Run([&] { return provider.Put(name, source, {.replace = replace}); }));
}

py::bytes GetObject(Provider& provider, const std::string& name, std::uint64_t offset,
                    std::optional<std::uint64_t> size) {
  Call call(FailuresOf(provider));
  fenchi::Bytes content;
  if (!size) {
    content = call.Value(call.Run([&] { return GetAll(provider, name, kObjectSizeBytesMax); }));
    offset = std::min<std::uint64_t>(offset, content.size());
    return BytesOf(fenchi::ByteView(content).subspan(offset));
  }
  if (*size > kObjectSizeBytesMax) {
    Throw(Status(StatusCode::kInvalidArgument, "at most 2 GiB at a time"));
  }
  content.resize(*size);
  call.Check(call.Run([&] { return provider.Get(name, offset, content); }));
  return BytesOf(content);
}

std::vector<std::optional<std::uint64_t>> StatObjects(Provider& provider,
                                                      const std::vector<std::string>& names) {
  Call call(FailuresOf(provider));
  std::vector<std::optional<std::uint64_t>> sizes;
  for (const auto& info : call.Value(call.Run([&] { return provider.Stat(names); }))) {
    sizes.push_back(info ? std::optional(info->size_bytes) : std::nullopt);
  }
  return sizes;
}

std::vector<std::pair<std::string, std::uint64_t>> ListObjects(Provider& provider,
                                                               const std::string& prefix,
                                                               const std::string& after) {
  Call call(FailuresOf(provider));
  std::vector<std::pair<std::string, std::uint64_t>> found;
  call.Check(call.Run([&] {
    return provider.List(prefix, after, [&](const ObjectInfo& info) {
      found.emplace_back(info.name, info.size_bytes);
      return true;
    });
  }));
  return found;
}

void DeleteObjects(Provider& provider, const std::vector<std::string>& names) {
  Call call(FailuresOf(provider));
  for (const Status& status : call.Value(call.Run([&] { return provider.Delete(names); }))) {
    call.Check(status);
  }
}

py::dict RunContract(const py::object& object, const std::string& prefix, bool may_delete,
                     std::int64_t retain_seconds) {
  const auto failures = std::make_shared<ProviderFailures>();
  const std::shared_ptr<Provider> provider = ProviderOf(object, failures);
  fenchi::ContractOptions options;
  options.prefix = prefix;
  options.may_delete = may_delete;
  options.retain = std::chrono::seconds(retain_seconds);
  Call call(failures);
  return ToDict(call.Value(
      call.Run([&] { return RunProviderContract(*provider, options, fenchi::SystemRandom()); })));
}

bool AreOnePlace(const py::object& first, const py::object& second) {
  const auto failures = std::make_shared<ProviderFailures>();
  const std::shared_ptr<Provider> a = ProviderOf(first, failures);
  const std::shared_ptr<Provider> b = ProviderOf(second, failures);
  Call call(failures);
  return call.Value(call.Run([&] { return SamePlace(*a, *b, fenchi::SystemRandom()); }));
}

}  // namespace

fenchi::Domain DomainOf(const py::dict& fields) {
  fenchi::Domain domain;
  const auto take = [&fields](const char* name, std::string& field) {
    if (fields.contains(name)) field = fields[name].cast<std::string>();
  };
  take("vendor", domain.vendor);
  take("vendor_home", domain.vendor_home);
  take("country", domain.country);
  take("region", domain.region);
  take("account", domain.account);
  take("medium", domain.medium);
  return domain;
}

std::shared_ptr<Provider> ProviderOf(const py::object& provider, FailureSlots& slots) {
  if (!py::isinstance<Provider>(provider)) {
    slots.push_back(std::make_shared<FailureSlot>());
    return std::make_shared<PythonProvider>(provider, slots.back());
  }
  auto built_in = provider.cast<std::shared_ptr<Provider>>();
  if (const auto* backed = dynamic_cast<const PythonBacked*>(built_in.get())) {
    slots.insert(slots.end(), backed->slots()->begin(), backed->slots()->end());
  }
  return built_in;
}

std::shared_ptr<Provider> ProviderOf(const py::object& provider,
                                     const std::shared_ptr<ProviderFailures>& failures) {
  FailureSlots slots;
  auto out = ProviderOf(provider, slots);
  for (const auto& slot : slots) slot->failures = failures;
  return out;
}

std::shared_ptr<ProviderFailures> FailuresOf(const Provider& provider) {
  const auto* backed = dynamic_cast<const PythonBacked*>(&provider);
  if (backed == nullptr || backed->slots()->empty()) return nullptr;
  const std::shared_ptr<ProviderFailures> failures = backed->slots()->front()->failures;
  for (const auto& slot : *backed->slots()) slot->failures = failures;
  return failures;
}

void BindProviders(py::module_& module) {
  py::class_<Provider, std::shared_ptr<Provider>>(module, "BuiltinProvider")
      .def("put", &PutObject, py::arg("name"), py::arg("data"), py::arg("replace") = false)
      .def("get", &GetObject, py::arg("name"), py::arg("offset") = 0, py::arg("size") = py::none())
      .def("stat", &StatObjects, py::arg("names"))
      .def("list", &ListObjects, py::arg("prefix") = "", py::arg("after") = "")
      .def("delete", &DeleteObjects, py::arg("names"))
      .def("domain", [](const Provider& provider) { return ToDict(provider.domain()); })
      .def("capability", [](const Provider& provider) { return ToDict(provider.capability()); })
      .def("location", [](const Provider& provider) { return DecodeText(provider.location()); })
      .def("__repr__", [](const Provider& provider) {
        return DecodeText("<fenchi provider " + provider.location() + ">");
      });
  module.def(
      "open_provider",
      [](const std::string& url, const py::dict& domain, const py::object& credentials) {
        Call call;
        const fenchi::Domain parsed = DomainOf(domain);
        if (!credentials.is_none()) {
          return call.Value(OpenWithCredentials(url, parsed, credentials));
        }
        return call.Value(call.Run([&] { return fenchi::OpenProvider(url, parsed); }));
      },
      py::arg("url"), py::arg("domain") = py::dict(), py::arg("credentials") = py::none());
  module.def("provider_schemes", &fenchi::ProviderSchemes);
  module.def("run_provider_contract", &RunContract, py::arg("provider"), py::arg("prefix"),
             py::arg("may_delete"), py::arg("retain_seconds"));
  module.def("same_place", &AreOnePlace, py::arg("first"), py::arg("second"));
}

}  // namespace fenchi_python
