// Options of providers' URLs by their kind of value.
#pragma once

#include <cstddef>
#include <string_view>

#include "fenchi/status.h"
#include "storage/http_url.h"

namespace fenchi {

// "NAME=allowed" is true, absent is false. Errors: kInvalidArgument for any other value.
Result<bool> TakeAllowed(HttpUrl& url, std::string_view name);

// A number from `least` to `most`; `otherwise` where it is absent. Errors: kInvalidArgument.
Result<std::size_t> TakeNumber(HttpUrl& url, std::string_view name, std::size_t otherwise,
                               std::size_t least, std::size_t most);

}  // namespace fenchi
