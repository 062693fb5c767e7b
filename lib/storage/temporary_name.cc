#include "storage/temporary_name.h"

#include "base/error.h"
#include "fenchi/random.h"

namespace fenchi {
namespace {

constexpr std::string_view kPrefix = "fenchi-";
constexpr std::string_view kSuffix = ".tmp";
constexpr std::size_t kRandomBytes = 16;

}  // namespace

std::string NewTemporaryName() {
  Bytes random(kRandomBytes);
  SystemRandom().Fill(random);
  return fmt::format("{}{}{}", kPrefix, ToHex(random), kSuffix);
}

bool IsTemporaryName(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  if (name.size() != kPrefix.size() + 2 * kRandomBytes + kSuffix.size()) return false;
  return FromHex(name.substr(kPrefix.size(), 2 * kRandomBytes)).ok();
}

}  // namespace fenchi
