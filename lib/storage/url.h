// Percent-encoding of paths in URLs (RFC 3986 section 2.1, RFC 8089).
#pragma once

#include <string>
#include <string_view>

#include "fenchi/status.h"

namespace fenchi {

// Keeps letters, digits and -._~/ and writes every other byte as %XX.
std::string EscapeUrlPath(std::string_view path);
// Errors: kInvalidArgument for '?', '#', %00, or '%' without two hexadecimal digits.
Result<std::string> UnescapeUrlPath(std::string_view text);

}  // namespace fenchi
