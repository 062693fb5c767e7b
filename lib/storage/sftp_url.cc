// What an sftp: URL says. It never holds a password, and nothing of one that does is repeated.
#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "fenchi/sftp.h"
#include "storage/url.h"

namespace fenchi {
namespace {

constexpr std::string_view kScheme = "sftp://";
constexpr std::string_view kForm =
    "write sftp://user@host:22/directory, or sftp://user@host/~/directory below the user's home";

Status Refuse(std::string_view why) {
  return InvalidArgument("an sftp: URL {}", why).WithHint(kForm);
}

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == ':' || c == '%';
}

bool IsHost(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::ranges::all_of(text, IsHostCharacter);
}

Result<int> Number(std::string_view text, int smallest, int largest, std::string_view what) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < smallest ||
      value > largest) {
    return InvalidArgument("an sftp: URL needs {} from {} to {}", what, smallest, largest);
  }
  return value;
}

// "user@host:port"; an IPv6 address stands in brackets.
Status ParseAuthority(std::string_view text, SftpOptions& options) {
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = text.substr(0, at);
    if (user.find(':') != std::string_view::npos) {
      return InvalidArgument("an sftp: URL may not hold a password: it would stand in logs")
          .WithHint(
              "change that password, since it was written down here; use a key, from an "
              "agent or by ?identity=FILE");
    }
    FENCHI_ASSIGN_OR_RETURN(options.user, UnescapeUrlPath(user));
    if (options.user.empty()) return Refuse("has an empty user name before '@'");
    text.remove_prefix(at + 1);
  }
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return Refuse("has '[' without ']'");
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return Refuse("has text between ']' and the port");
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
    if (host.find('%') != std::string_view::npos) return Refuse("has '%' in its host");
  }
  if (!IsHost(host)) return Refuse("needs the name or address of a host");
  options.host = host;
  if (!port.empty()) {
    FENCHI_ASSIGN_OR_RETURN(options.port, Number(port.substr(1), 1, 65535, "a port"));
  }
  return Status::Ok();
}

Status ParseParameter(std::string_view text, SftpOptions& options) {
  const std::size_t equals = text.find('=');
  const std::string_view key = text.substr(0, equals);
  if (equals == std::string_view::npos || equals + 1 == text.size()) {
    return Refuse("has a parameter without a value");
  }
  FENCHI_ASSIGN_OR_RETURN(std::string value, UnescapeUrlPath(text.substr(equals + 1)));
  if (key == "identity") {
    options.identity = std::move(value);
  } else if (key == "known_hosts") {
    options.known_hosts = std::move(value);
  } else if (key == "timeout_ms") {
    FENCHI_ASSIGN_OR_RETURN(const int ms, Number(value, 100, 3'600'000, "timeout_ms"));
    options.timeout = std::chrono::milliseconds(ms);
  } else if (key == "sessions") {
    FENCHI_ASSIGN_OR_RETURN(options.sessions_max, Number(value, 1, 32, "sessions"));
  } else {
    return InvalidArgument("an sftp: URL has a parameter that is not known")
        .WithHint("known are identity, known_hosts, timeout_ms and sessions");
  }
  return Status::Ok();
}

}  // namespace

Result<SftpOptions> ParseSftpUrl(std::string_view url) {
  if (!url.starts_with(kScheme)) return Refuse("begins with sftp://");
  url.remove_prefix(kScheme.size());
  SftpOptions options;
  std::string_view query;
  if (const std::size_t mark = url.find('?'); mark != std::string_view::npos) {
    query = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  const std::size_t slash = url.find('/');
  FENCHI_RETURN_IF_ERROR(ParseAuthority(url.substr(0, slash), options));
  if (slash == std::string_view::npos) return Refuse("needs a directory");
  FENCHI_ASSIGN_OR_RETURN(options.directory, UnescapeUrlPath(url.substr(slash)));
  constexpr std::string_view kHome = "/~/";
  if (options.directory.starts_with(kHome)) options.directory.erase(0, kHome.size());
  while (options.directory.size() > 1 && options.directory.ends_with('/')) {
    options.directory.pop_back();
  }
  if (options.directory.empty() || options.directory == "/") {
    return Refuse("needs a directory of its own, not the whole disk or home");
  }
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    FENCHI_RETURN_IF_ERROR(ParseParameter(query.substr(0, end), options));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return options;
}

}  // namespace fenchi
