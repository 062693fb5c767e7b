#include <utility>

#include "fenchi/provider.h"

namespace fenchi {

ProviderWrapper::ProviderWrapper(std::shared_ptr<Provider> inner) : inner_(std::move(inner)) {}
ProviderWrapper::~ProviderWrapper() = default;

Status ProviderWrapper::Put(std::string_view name, Source& source, const PutOptions& options) {
  return inner_->Put(name, source, options);
}
Status ProviderWrapper::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  return inner_->Get(name, offset, out);
}
Result<std::vector<std::optional<ObjectInfo>>> ProviderWrapper::Stat(
    std::span<const std::string> names) {
  return inner_->Stat(names);
}
Status ProviderWrapper::List(std::string_view prefix, std::string_view after,
                             const std::function<bool(const ObjectInfo&)>& entry) {
  return inner_->List(prefix, after, entry);
}
Result<std::vector<Status>> ProviderWrapper::Delete(std::span<const std::string> names) {
  return inner_->Delete(names);
}
Capability ProviderWrapper::capability() const { return inner_->capability(); }
Domain ProviderWrapper::domain() const { return inner_->domain(); }
std::string ProviderWrapper::location() const { return inner_->location(); }
Status ProviderWrapper::ExtendRetention(std::string_view name, Timestamp until) {
  return inner_->ExtendRetention(name, until);
}
Result<std::optional<Timestamp>> ProviderWrapper::RetainedUntil(std::string_view name) {
  return inner_->RetainedUntil(name);
}
Status ProviderWrapper::Warm(std::span<const std::string> names) { return inner_->Warm(names); }
Result<Hash256> ProviderWrapper::RemoteHash(std::string_view name) {
  return inner_->RemoteHash(name);
}
Result<std::uint64_t> ProviderWrapper::FreeSpaceBytes() { return inner_->FreeSpaceBytes(); }
Result<Timestamp> ProviderWrapper::PlaceTime() { return inner_->PlaceTime(); }

}  // namespace fenchi
