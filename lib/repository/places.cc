#include "repository/places.h"

#include <algorithm>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/ids.h"

namespace fenchi {

Result<Places> Places::Of(const std::vector<NamedProvider>& providers,
                          std::shared_ptr<Executor> executor) {
  if (providers.empty()) return InvalidArgument("no providers are given");
  Places out;
  out.executor_ = std::move(executor);
  for (const NamedProvider& given : providers) {
    if (given.name.empty()) return InvalidArgument("a provider has no name");
    if (!given.provider) return InvalidArgument("provider {} is null", given.name);
    const bool twice = std::any_of(out.all_.begin(), out.all_.end(),
                                   [&](const Place& place) { return place.name == given.name; });
    if (twice) return InvalidArgument("two providers are called '{}'", given.name);
    out.all_.push_back({given.name, given.provider, Status::Ok()});
  }
  return out;
}

std::string Places::Unreachable() const {
  std::string out;
  for (const Place& place : all_) {
    if (place.reachable()) continue;
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", place.name, place.failure.message());
  }
  return out;
}

bool Places::any_reachable() const {
  return std::any_of(all_.begin(), all_.end(), [](const Place& p) { return p.reachable(); });
}

Copies Places::Read(std::size_t place, const NameOfGeneration& name, std::uint64_t size_max,
                    const Enough& enough) {
  Copies out;
  Place& at = all_[place];
  for (int generation = 0; generation < format::kGenerations && at.reachable(); ++generation) {
    Result<Bytes> bytes = GetAll(*at.provider, name(generation), size_max);
    if (bytes.ok()) {
      out.objects.push_back(std::move(*bytes));
      if (enough && enough(out.objects.back())) break;
    } else if (bytes.status().code() == StatusCode::kNotFound) {
      break;
    } else if (bytes.status().code() == StatusCode::kDamaged) {
      out.damaged = true;
    } else {
      at.failure = bytes.status();
    }
  }
  return out;
}

std::vector<Copies> Places::ReadAll(const NameOfGeneration& name, std::uint64_t size_max,
                                    const Enough& enough) {
  std::vector<Copies> out(all_.size());
  executor_->ForEach(all_.size(), [&](std::size_t i) { out[i] = Read(i, name, size_max, enough); });
  return out;
}

Result<Bytes> Places::FindByHash(const NameOfGeneration& name, std::uint64_t size_max,
                                 const Hash256& hash, std::string_view what, int providers,
                                 std::vector<std::string>& warnings) {
  const Enough good = [&](ByteView object) { return Sha256(object) == hash; };
  for (std::size_t i = 0; i < all_.size(); ++i) {
    Copies copies = Read(i, name, size_max, good);
    if (!copies.objects.empty() && good(copies.objects.back())) {
      return std::move(copies.objects.back());
    }
    if (!copies.none()) {
      warnings.push_back(
          fmt::format("provider {}: its {} is not the one that the policy names; it "
                      "was not used",
                      all_[i].name, what));
    }
  }
  const std::string unreachable = Unreachable();
  if (unreachable.empty() && all_.size() >= static_cast<std::size_t>(providers)) {
    return DataLoss("no provider holds the vault's {}", what);
  }
  return TooFewProviders("no provider that answers holds the vault's {}; {} of {} are given{}{}",
                         what, all_.size(), providers,
                         unreachable.empty() ? "" : "; not reachable: ", unreachable)
      .WithHint("give all providers of the vault, then `fenchi repair`");
}

}  // namespace fenchi
