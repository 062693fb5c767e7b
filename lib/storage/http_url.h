// URLs of providers over HTTP: "SCHEME://AUTHORITY/PATH?OPTION=VALUE&...", and server addresses.
//
// One form for all of them. AUTHORITY is a bucket, an account or a host; PATH the folder there;
// OPTIONs are the provider's own, but `plain_text=allowed` means everywhere that http:// is
// allowed. A user or password in it is refused, and no message repeats any part of it: it may hold
// a secret in the wrong place.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "fenchi/status.h"

namespace fenchi {

class HttpUrl {
 public:
  // `rest` is what follows "SCHEME:". Errors: kInvalidArgument.
  static Result<HttpUrl> Parse(std::string_view scheme, std::string_view rest);

  const std::string& authority() const { return authority_; }  // as written
  const std::string& path() const { return path_; }            // unescaped, no '/' at either end
  // The option's value, unescaped; nullopt where it is absent. Asked for once.
  std::optional<std::string> Take(std::string_view name);
  // Errors: kInvalidArgument when the option has another value than "allowed".
  Result<bool> TakePlainText();
  // Errors: kInvalidArgument when an option is left that nobody took.
  Status CheckAllTaken(std::string_view scheme) const;

 private:
  std::string authority_;
  std::string path_;
  std::map<std::string, std::string, std::less<>> options_;
};

// "https://host:port/path": where a server is.
struct HttpAddress {
  bool plain_text = false;
  std::string host;  // lower case, with [ ] around an IPv6 address, with :port unless the usual one
  std::string path;  // as written, "" or "/..." without '/' at the end

  std::string Origin() const { return (plain_text ? "http://" : "https://") + host; }
};
// A scheme may be missing: then it is https. Errors: kInvalidArgument, also for a user or password;
// kInvalidArgument for http:// unless `allow_plain_text`.
Result<HttpAddress> ParseHttpAddress(std::string_view text, bool allow_plain_text);

// Keeps letters, digits and -._~ and writes every other byte as %XX: a value in a query.
std::string EscapeUrlValue(std::string_view value);

}  // namespace fenchi
