#include <utility>

#include "base/error.h"
#include "fenchi/provider.h"

namespace fenchi {
namespace {

class ReadOnlyProvider final : public Provider {
 public:
  explicit ReadOnlyProvider(std::shared_ptr<Provider> inner) : inner_(std::move(inner)) {}

  Status Put(std::string_view, Source&, const PutOptions&) override { return Refuse("store"); }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    return inner_->Get(name, offset, out);
  }
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override {
    return inner_->Stat(names);
  }
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return inner_->List(prefix, after, entry);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string>) override {
    return Refuse("delete");
  }
  Capability capability() const override {
    Capability capability = inner_->capability();
    capability.can_delete = false;
    return capability;
  }
  Domain domain() const override { return inner_->domain(); }
  std::string location() const override { return inner_->location(); }
  Status ExtendRetention(std::string_view, Timestamp) override { return Refuse("lock"); }
  Status Warm(std::span<const std::string> names) override { return inner_->Warm(names); }
  Result<Hash256> RemoteHash(std::string_view name) override { return inner_->RemoteHash(name); }
  Result<std::uint64_t> FreeSpaceBytes() override { return inner_->FreeSpaceBytes(); }

 private:
  Status Refuse(std::string_view verb) const {
    return Denied("{} was opened to be read only: it cannot {} anything", inner_->location(), verb);
  }

  std::shared_ptr<Provider> inner_;
};

}  // namespace

std::shared_ptr<Provider> OpenReadOnlyProvider(std::shared_ptr<Provider> inner) {
  return std::make_shared<ReadOnlyProvider>(std::move(inner));
}

}  // namespace fenchi
