#include "storage/http_url.h"

#include <algorithm>

#include "base/error.h"
#include "storage/url.h"

namespace fenchi {
namespace {

Status RefuseUser(std::string_view what) {
  return InvalidArgument("{} holds a user or password, which is refused", what)
      .WithHint("credentials belong into the environment or their own file, never into a URL");
}

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "host", "host:port", "[v6]" or "[v6]:port", in lower case.
bool IsHost(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view inside = text.substr(1, end - 1);
    const std::string_view after = text.substr(end + 1);
    return inside.find_first_not_of("0123456789abcdef:.") == std::string_view::npos &&
           (after.empty() || (after.front() == ':' && IsPort(after.substr(1))));
  }
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (host.empty() || !std::all_of(host.begin(), host.end(), IsHostCharacter)) return false;
  return colon == std::string_view::npos || IsPort(text.substr(colon + 1));
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

Result<HttpUrl> HttpUrl::Parse(std::string_view scheme, std::string_view rest) {
  const auto malformed = [&](std::string_view why) {
    return InvalidArgument("the {}: URL {}", scheme, why)
        .WithHint(fmt::format("write {}://NAME/FOLDER?OPTION=VALUE", scheme));
  };
  if (!rest.starts_with("//")) return malformed("needs // after the scheme");
  rest.remove_prefix(2);
  if (rest.find('#') != std::string_view::npos) return malformed("holds a '#'");
  const std::size_t question = rest.find('?');
  const std::string_view place = rest.substr(0, question);
  const std::size_t slash = place.find('/');
  HttpUrl url;
  url.authority_ = place.substr(0, slash);
  if (url.authority_.find('@') != std::string::npos) {
    return RefuseUser(fmt::format("the {}: URL", scheme));
  }
  if (url.authority_.empty()) return malformed("names no place after the //");
  if (slash != std::string_view::npos) {
    FENCHI_ASSIGN_OR_RETURN(url.path_, UnescapeUrlPath(place.substr(slash + 1)));
    while (url.path_.ends_with('/')) url.path_.pop_back();
    if (url.path_.starts_with('/') || url.path_.find("//") != std::string::npos) {
      return malformed("has an empty part in its folder");
    }
  }
  std::string_view query =
      question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return malformed("has an option without a name or value");
    }
    std::string value;
    for (const char c : pair.substr(equals + 1)) {
      value += c == '?' ? "%3F" : std::string(1, c);  // allowed here, and no mark of its own
    }
    FENCHI_ASSIGN_OR_RETURN(std::string plain, UnescapeUrlPath(value));
    if (!url.options_.emplace(pair.substr(0, equals), std::move(plain)).second) {
      return malformed("has an option twice");
    }
  }
  return url;
}

std::optional<std::string> HttpUrl::Take(std::string_view name) {
  const auto found = options_.find(name);
  if (found == options_.end()) return std::nullopt;
  std::string value = std::move(found->second);
  options_.erase(found);
  return value;
}

Result<bool> HttpUrl::TakePlainText() {
  const std::optional<std::string> value = Take("plain_text");
  if (!value.has_value()) return false;
  if (*value == "allowed") return true;
  return InvalidArgument("plain_text in a provider's URL has one value: allowed");
}

Status HttpUrl::CheckAllTaken(std::string_view scheme) const {
  if (options_.empty()) return Status::Ok();
  // The name only when it looks like one: a secret may have been pasted in its place.
  const std::string& name = options_.begin()->first;
  const bool word = name.size() <= 24 && std::all_of(name.begin(), name.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || c == '_';
                    });
  return InvalidArgument("{}: URLs know no option {}", scheme, word ? name : "of that name");
}

Result<HttpAddress> ParseHttpAddress(std::string_view text, bool allow_plain_text) {
  HttpAddress out;
  if (text.find("://") != std::string_view::npos) {
    const std::string scheme = LowerCase(text.substr(0, text.find("://")));
    if (scheme != "https" && scheme != "http") {
      return InvalidArgument("a server's address begins with https:// (or http://)");
    }
    out.plain_text = scheme == "http";
    text.remove_prefix(text.find("://") + 3);
  }
  if (out.plain_text && !allow_plain_text) {
    return InvalidArgument("plain-text http:// is refused")
        .WithHint("use https://, or allow it by name: add plain_text=allowed to the URL");
  }
  const std::string_view host = text.substr(0, text.find('/'));
  if (host.find('@') != std::string_view::npos) return RefuseUser("a server's address");
  out.host = LowerCase(host);
  const std::string_view usual = out.plain_text ? ":80" : ":443";
  if (out.host.ends_with(usual)) out.host.resize(out.host.size() - usual.size());
  out.path = text.substr(host.size());
  while (out.path.ends_with('/')) out.path.pop_back();
  if (!IsHost(out.host) || out.path.find_first_of("?# \r\n") != std::string::npos) {
    return InvalidArgument("a server's address is malformed")
        .WithHint("write it as https://host or https://host:port");
  }
  return out;
}

std::string EscapeUrlValue(std::string_view value) {
  const std::string path = EscapeUrlPath(value);
  std::string out;
  for (const char c : path) out += c == '/' ? "%2F" : std::string(1, c);
  return out;
}

}  // namespace fenchi
