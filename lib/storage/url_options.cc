#include "storage/url_options.h"

#include <charconv>

#include "base/error.h"

namespace fenchi {

Result<bool> TakeAllowed(HttpUrl& url, std::string_view name) {
  const auto value = url.Take(name);
  if (!value.has_value()) return false;
  if (*value == "allowed") return true;
  return InvalidArgument("{} in a provider's URL has one value: allowed", name);
}

Result<std::size_t> TakeNumber(HttpUrl& url, std::string_view name, std::size_t otherwise,
                               std::size_t least, std::size_t most) {
  const auto text = url.Take(name);
  if (!text.has_value()) return otherwise;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value >= least &&
      value <= most) {
    return value;
  }
  return InvalidArgument("{} in a provider's URL is a number from {} to {}", name, least, most);
}

}  // namespace fenchi
