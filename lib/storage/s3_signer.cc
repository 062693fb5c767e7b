#include "storage/s3_signer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "storage/digests.h"
#include "storage/http_url.h"
#include "storage/url.h"

namespace fenchi {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// Without spaces at the ends, and one space for each run of them inside.
std::string Condensed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string CanonicalQuery(const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::pair<std::string, std::string>> escaped;
  escaped.reserve(query.size());
  for (const auto& [name, value] : query) {
    escaped.emplace_back(EscapeUrlValue(name), EscapeUrlValue(value));
  }
  std::sort(escaped.begin(), escaped.end());
  std::string out;
  for (const auto& [name, value] : escaped) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  }
  return out;
}

// The headers of a request as they are signed: names sorted, equal names joined.
struct CanonicalHeaders {
  CanonicalHeaders(const std::string& host, const std::vector<HttpHeader>& headers) {
    std::map<std::string, std::string> joined = {{"host", host}};
    for (const HttpHeader& header : headers) {
      const auto [place, fresh] = joined.emplace(LowerCase(header.name), Condensed(header.value));
      if (!fresh) place->second += "," + Condensed(header.value);
    }
    for (const auto& [name, value] : joined) {
      lines += fmt::format("{}:{}\n", name, value);
      names += (names.empty() ? "" : ";") + name;
    }
  }
  std::string lines;
  std::string names;
};

std::string Scope(const std::string& region, Timestamp time) {
  return fmt::format("{}/{}/s3/aws4_request", S3Date(time).substr(0, 8), region);
}

std::string Signature(const S3Unsigned& request, const std::string& query,
                      const CanonicalHeaders& headers, const S3Credentials& credentials,
                      const std::string& region, Timestamp time) {
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, EscapeUrlPath(request.path), query,
                  headers.lines, headers.names, request.payload_hash);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, S3Date(time), Scope(region, time),
                  ToHex(DigestOf(DigestKind::kSha256, AsBytes(canonical))));
  constexpr std::string_view kPrefix = "AWS4";
  SecretBytes first(kPrefix.size() + credentials.secret_access_key.size());
  std::copy(kPrefix.begin(), kPrefix.end(), first.mutable_view().begin());
  std::ranges::copy(credentials.secret_access_key.view(),
                    first.mutable_view().begin() + kPrefix.size());
  Bytes key = Hmac256(first.view(), AsBytes(S3Date(time).substr(0, 8)));
  for (const std::string_view part :
       {std::string_view(region), std::string_view("s3"), std::string_view("aws4_request")}) {
    Bytes next = Hmac256(key, AsBytes(part));
    Wipe(key);
    key = std::move(next);
  }
  std::string signature = ToHex(Hmac256(key, AsBytes(to_sign)));
  Wipe(key);
  return signature;
}

}  // namespace

std::string S3Date(Timestamp time) {
  const std::string iso = ToIso8601({.seconds = time.seconds});  // 2026-11-28T12:00:00Z
  std::string out;
  std::copy_if(iso.begin(), iso.end(), std::back_inserter(out),
               [](char c) { return c != '-' && c != ':'; });
  return out;
}

S3Signed SignS3(const S3Unsigned& request, const S3Credentials& credentials,
                const std::string& region, Timestamp time) {
  S3Signed out;
  out.headers = request.headers;
  out.headers.push_back({"x-amz-content-sha256", request.payload_hash});
  out.headers.push_back({"x-amz-date", S3Date(time)});
  if (!credentials.session_token.empty()) {
    out.headers.push_back({"x-amz-security-token", credentials.session_token});
  }
  const CanonicalHeaders headers(request.host, out.headers);
  const std::string query = CanonicalQuery(request.query);
  const std::string signature = Signature(request, query, headers, credentials, region, time);
  out.headers.push_back(
      {"Authorization",
       fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                   credentials.access_key_id, Scope(region, time), headers.names, signature)});
  out.target = EscapeUrlPath(request.path) + (query.empty() ? "" : "?" + query);
  return out;
}

std::string PresignS3(const S3Unsigned& request, const S3Credentials& credentials,
                      const std::string& region, Timestamp time, std::chrono::seconds valid) {
  const CanonicalHeaders headers(request.host, request.headers);
  S3Unsigned full = request;
  full.payload_hash = kUnsignedPayload;
  full.query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  full.query.emplace_back("X-Amz-Credential",
                          credentials.access_key_id + "/" + Scope(region, time));
  full.query.emplace_back("X-Amz-Date", S3Date(time));
  full.query.emplace_back("X-Amz-Expires", std::to_string(valid.count()));
  full.query.emplace_back("X-Amz-SignedHeaders", headers.names);
  if (!credentials.session_token.empty()) {
    full.query.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  const std::string query = CanonicalQuery(full.query);
  return fmt::format("{}?{}&X-Amz-Signature={}", EscapeUrlPath(request.path), query,
                     Signature(full, query, headers, credentials, region, time));
}

}  // namespace fenchi
