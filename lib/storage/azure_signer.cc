#include "storage/azure_signer.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>
#include <map>

#include "base/error.h"
#include "storage/digests.h"
#include "storage/http_url.h"

namespace fenchi {
namespace {

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The service compares names of headers as words: by letters and digits, and hyphens only where
// these are the same; then the hyphen that comes later goes first.
bool ComesBefore(const std::string& a, const std::string& b) {
  std::string letters_a, letters_b;
  std::ranges::remove_copy(a, std::back_inserter(letters_a), '-');
  std::ranges::remove_copy(b, std::back_inserter(letters_b), '-');
  if (letters_a != letters_b) return letters_a < letters_b;
  const auto [at_a, at_b] = std::ranges::mismatch(a, b);
  return at_b != b.end() && *at_b == '-';
}

// In the order in which they are signed; Date stays empty beside x-ms-date.
constexpr std::array<std::string_view, 11> kStandard = {"content-encoding",
                                                        "content-language",
                                                        "content-length",
                                                        "content-md5",
                                                        "content-type",
                                                        "date",
                                                        "if-modified-since",
                                                        "if-match",
                                                        "if-none-match",
                                                        "if-unmodified-since",
                                                        "range"};

}  // namespace

std::string AzureStringToSign(const AzureUnsigned& request, std::string_view account) {
  std::map<std::string, std::string> headers;
  for (const HttpHeader& header : request.headers) {
    headers[LowerCase(header.name)] = Trimmed(header.value);
  }
  if (request.body_size_bytes > 0) {
    headers["content-length"] = std::to_string(request.body_size_bytes);
  }
  std::string out = request.method + "\n";
  for (const std::string_view name : kStandard) {
    const auto found = headers.find(std::string(name));
    if (found != headers.end()) out += found->second;
    out += '\n';
  }
  std::vector<std::string> own;
  for (const auto& [name, value] : headers) {
    if (name.starts_with("x-ms-")) own.push_back(name);
  }
  std::sort(own.begin(), own.end(), ComesBefore);
  for (const std::string& name : own) out += fmt::format("{}:{}\n", name, headers[name]);
  out += fmt::format("/{}{}", account, request.path);
  std::map<std::string, std::vector<std::string>> query;
  for (const auto& [name, value] : request.query) query[LowerCase(name)].push_back(value);
  for (auto& [name, values] : query) {
    std::sort(values.begin(), values.end());
    out += fmt::format("\n{}:{}", name, fmt::join(values, ","));
  }
  return out;
}

std::string SignAzure(const AzureUnsigned& request, std::string_view account, ByteView key) {
  const std::string text = AzureStringToSign(request, account);
  return fmt::format("SharedKey {}:{}", account, ToBase64(Hmac256(key, AsBytes(text))));
}

std::string AzureTarget(const AzureUnsigned& request) {
  std::string out = request.path;
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    out += fmt::format("{}{}={}", separator, EscapeUrlValue(name), EscapeUrlValue(value));
    separator = '&';
  }
  return out;
}

std::string HttpDate(std::int64_t seconds) {
  // By hand: names of days and months must not depend on the locale.
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                     parts.tm_sec);
}

}  // namespace fenchi
