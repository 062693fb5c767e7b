#include <utility>

#include "base/error.h"
#include "fenchi/provider.h"

namespace fenchi {
namespace {

class ReadOnlyProvider final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;

  Status Put(std::string_view, Source&, const PutOptions&) override { return Refuse("store"); }
  Result<std::vector<Status>> Delete(std::span<const std::string>) override {
    return Refuse("delete");
  }
  Capability capability() const override {
    Capability capability = inner().capability();
    capability.can_delete = false;
    return capability;
  }
  Status ExtendRetention(std::string_view, Timestamp) override { return Refuse("lock"); }

 private:
  Status Refuse(std::string_view verb) const {
    return Denied("{} was opened to be read only: it cannot {} anything", inner().location(), verb);
  }
};

}  // namespace

std::shared_ptr<Provider> OpenReadOnlyProvider(std::shared_ptr<Provider> inner) {
  return std::make_shared<ReadOnlyProvider>(std::move(inner));
}

}  // namespace fenchi
