// How a WebDAV server wants to be told who we are, and the answer to it.
//
// A token is sent at once. For a user and password the server is asked first: by digest where it
// offers that (RFC 7616; the password never travels), else plainly (RFC 7617).
// Threads: any number.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/random.h"
#include "fenchi/webdav.h"
#include "storage/http_client.h"

namespace fenchi {

// One offer of a WWW-Authenticate header: {"digest", {{"realm", "..."}, ...}}, in lower case.
struct HttpChallenge {
  std::string scheme = {};
  std::map<std::string, std::string, std::less<>> parameters = {};
};

// All offers of an answer. What cannot be understood is passed over.
std::vector<HttpChallenge> ParseChallenges(const HttpResponse& response);

// The Authorization header that answers a digest offer (RFC 7616 section 3.4). `ours` is a random
// text, `count` how often the offer's nonce was used, this time included.
// `offer` has passed IsKnownDigest.
struct DigestQuestion {
  const HttpChallenge& offer;
  std::string_view user;
  ByteView password;
  std::string_view method;
  std::string_view path;
  std::string_view ours;
  std::uint32_t count = 1;
};
std::string AnswerDigest(const DigestQuestion& question);

// A digest offer that we can answer: MD5 or SHA-256, with or without -sess, qop "auth" or none.
bool IsKnownDigest(const HttpChallenge& offer);

class HttpLogin {
 public:
  HttpLogin(WebdavCredentialSource source, Random& random)
      : source_(std::move(source)), random_(random) {}

  // The Authorization header for a request of this path; nullopt while nobody asked for one.
  // Errors: whatever the source of credentials answers.
  Result<std::optional<HttpHeader>> Authorize(std::string_view method, std::string_view path);

  // Learns what a 401 asks for. `sent`: the Authorization that was refused; nullopt: none.
  // False when there is nothing else to try.
  Result<bool> Learn(const HttpResponse& refusal, const std::optional<HttpHeader>& sent);

 private:
  enum class Way { kUnasked, kBasic, kDigest, kBearer };

  Status Load();
  void LearnDigest(const HttpChallenge& offer);
  std::string Digest(std::string_view method, std::string_view path);

  WebdavCredentialSource source_;
  Random& random_;
  std::mutex mutex_;
  bool loaded_ = false;
  WebdavCredentials credentials_;
  Way way_ = Way::kUnasked;
  HttpChallenge digest_;
  std::uint32_t count_ = 0;  // of requests under digest_'s nonce
};

}  // namespace fenchi
