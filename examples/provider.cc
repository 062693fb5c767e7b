// A provider of your own in C++, and the contract suite run over it:
// docs/providers/write-your-own.md shows the lines between the marks.
#include <algorithm>
#include <iostream>
#include <map>
#include <mutex>

#include "fenchi/provider.h"
#include "fenchi/testing/provider_contract.h"

// [example]
using fenchi::Bytes, fenchi::Capability, fenchi::CheckObjectName, fenchi::MutableBytes,
    fenchi::ObjectInfo, fenchi::Provider, fenchi::PutOptions, fenchi::Result, fenchi::Source,
    fenchi::Status, fenchi::StatusCode, fenchi::RunProviderContract, fenchi::SystemRandom;

class Drawer final : public Provider {
 public:
  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    Bytes bytes(source.size());  // read before the lock is taken: it may be slow
    FENCHI_RETURN_IF_ERROR(source.Read(0, bytes));
    const std::lock_guard lock(mutex_);
    const auto [at, created] = objects_.try_emplace(std::string(name));
    if (!created && !options.replace) return {StatusCode::kAlreadyExists, "the name is taken"};
    at->second = std::move(bytes);
    return Status::Ok();
  }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    const std::lock_guard lock(mutex_);
    const auto at = objects_.find(name);
    if (at == objects_.end()) return {StatusCode::kNotFound, "no such object"};
    if (out.empty()) return Status::Ok();
    const Bytes& object = at->second;
    if (offset > object.size() || out.size() > object.size() - offset) {
      return {StatusCode::kDamaged, "the object ends before"};
    }
    std::copy_n(object.begin() + static_cast<long>(offset), out.size(), out.begin());
    return Status::Ok();
  }
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::optional<ObjectInfo>> out(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto at = objects_.find(names[i]);
      if (at != objects_.end()) out[i] = ObjectInfo{names[i], at->second.size()};
    }
    return out;
  }
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    std::vector<ObjectInfo> found;  // told without the lock: `entry` may call back
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [name, bytes] : objects_) {  // a map is in byte order
        if (name.starts_with(prefix) && name > after) found.push_back({name, bytes.size()});
      }
    }
    (void)std::ranges::all_of(found, entry);  // stops when told
    return Status::Ok();
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    const std::lock_guard lock(mutex_);
    for (const std::string& name : names) objects_.erase(name);
    return std::vector<Status>(names.size());
  }
  Capability capability() const override { return {.create_only = true}; }
  std::string location() const override { return "drawer:"; }

 private:
  std::mutex mutex_;
  std::map<std::string, Bytes, std::less<>> objects_;
};
// [/example]

int main() {
  Drawer drawer;
  const auto report = RunProviderContract(drawer, {}, SystemRandom());
  if (!report.ok()) {
    std::cerr << report.status().ToString() << "\n";
    return 1;
  }
  std::cout << report->ToText();
  return report->passed() ? 0 : 1;
}
