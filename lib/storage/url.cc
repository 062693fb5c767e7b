#include "storage/url.h"

#include "base/error.h"

namespace fenchi {

std::string EscapeUrlPath(std::string_view path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string out;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Result<std::string> UnescapeUrlPath(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '?' || text[i] == '#') {
      return InvalidArgument("'{}' in this part of a URL has a meaning of its own", text[i])
          .WithHint("write %3F for ? and %23 for #");
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    Result<Bytes> byte = FromHex(text.substr(i + 1, 2));
    if (!byte.ok() || byte->size() != 1 || byte->front() == 0) {
      return InvalidArgument("'%' in a URL needs two hexadecimal digits, not 00")
          .WithHint("write %25 for %");
    }
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

}  // namespace fenchi
