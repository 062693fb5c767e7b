#include "storage/memory_provider.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kObjectBytesMax = 1ull << 30;

// The objects; several providers may look at one store.
struct MemoryStore {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Bytes>, std::less<>> objects;
};

class MemoryProvider final : public Provider {
 public:
  MemoryProvider(std::shared_ptr<MemoryStore> store, std::string location, Domain domain)
      : store_(std::move(store)), location_(std::move(location)), domain_(std::move(domain)) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    if (!options.replace && Find(name) != nullptr) return Taken(name);
    if (source.size() > kObjectBytesMax) {
      return Full("{} has {} bytes; one object in memory has at most {}", name, source.size(),
                  kObjectBytesMax);
    }
    // The source is read outside the lock: it may be slow, or a call into another language.
    auto bytes = std::make_shared<Bytes>(source.size());
    if (!bytes->empty()) FENCHI_RETURN_IF_ERROR(source.Read(0, *bytes).At(name));
    const std::lock_guard lock(store_->mutex);
    if (options.replace) {
      store_->objects.insert_or_assign(std::string(name), std::move(bytes));
      return Status::Ok();
    }
    const bool created = store_->objects.try_emplace(std::string(name), std::move(bytes)).second;
    return created ? Status::Ok() : Taken(name);
  }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    const std::shared_ptr<const Bytes> object = Find(name);
    if (object == nullptr) return NotFound("{} is not at {}", name, location_);
    if (out.empty()) return Status::Ok();
    if (offset > object->size() || out.size() > object->size() - offset) {
      return Damaged("{} at {} has {} bytes; {} bytes from offset {} were asked for", name,
                     location_, object->size(), out.size(), offset);
    }
    std::copy_n(object->begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return Status::Ok();
  }

  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    std::vector<std::optional<ObjectInfo>> out;
    out.reserve(names.size());
    for (const std::string& name : names) {
      FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
      const std::shared_ptr<const Bytes> object = Find(name);
      out.emplace_back();
      if (object != nullptr) out.back() = ObjectInfo{name, object->size()};
    }
    return out;
  }

  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    // The lock is not held while the caller is told: it may call back.
    std::string last(after);
    bool first = true;
    while (true) {
      ObjectInfo info;
      {
        const std::lock_guard lock(store_->mutex);
        auto at = first && prefix > after ? store_->objects.lower_bound(prefix)
                                          : store_->objects.upper_bound(last);
        first = false;
        if (at == store_->objects.end() || !at->first.starts_with(prefix)) return Status::Ok();
        info = {at->first, at->second->size()};
      }
      last = info.name;
      if (!entry(info)) return Status::Ok();
    }
  }

  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    const std::lock_guard lock(store_->mutex);
    for (const std::string& name : names) store_->objects.erase(name);
    return std::vector<Status>(names.size());
  }

  Capability capability() const override {
    return {.create_only = true, .object_size_bytes_max = kObjectBytesMax};
  }
  Domain domain() const override { return domain_; }
  std::string location() const override { return location_; }

 private:
  std::shared_ptr<const Bytes> Find(std::string_view name) const {
    const std::lock_guard lock(store_->mutex);
    const auto at = store_->objects.find(name);
    return at == store_->objects.end() ? nullptr : at->second;
  }

  Status Taken(std::string_view name) const {
    return AlreadyExists("{} is at {} already; nothing was changed", name, location_);
  }

  std::shared_ptr<MemoryStore> store_;
  std::string location_;
  Domain domain_;
};

}  // namespace

std::shared_ptr<Provider> OpenMemoryProvider(const Domain& domain) {
  return std::make_shared<MemoryProvider>(std::make_shared<MemoryStore>(), "memory:", domain);
}

std::shared_ptr<Provider> OpenNamedMemoryProvider(const std::string& name, const Domain& domain) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<MemoryStore>> stores;
  const std::lock_guard lock(mutex);
  std::shared_ptr<MemoryStore>& store = stores[name];
  if (store == nullptr) store = std::make_shared<MemoryStore>();
  return std::make_shared<MemoryProvider>(store, "memory:" + name, domain);
}

}  // namespace fenchi
