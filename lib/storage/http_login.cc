#include "storage/http_login.h"

#include <algorithm>

#include "base/error.h"
#include "storage/digests.h"

namespace fenchi {
namespace {

constexpr std::string_view kTokenCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~/=";

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// Takes a WWW-Authenticate header apart, from the front.
class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : text_(text) {}

  std::vector<HttpChallenge> Read() {
    std::vector<HttpChallenge> out;
    while (SkipSeparators(), !text_.empty()) {
      const std::string word = LowerCase(Word());
      if (word.empty()) break;
      SkipSpaces();
      if (text_.starts_with('=')) {
        text_.remove_prefix(1);
        SkipSpaces();
        std::string value = text_.starts_with('"') ? Quoted() : std::string(Word());
        if (!out.empty()) out.back().parameters.emplace(word, std::move(value));
      } else {
        out.push_back({.scheme = word});
      }
    }
    return out;
  }

 private:
  void SkipSpaces() {
    while (text_.starts_with(' ') || text_.starts_with('\t')) text_.remove_prefix(1);
  }
  void SkipSeparators() {
    while (text_.starts_with(' ') || text_.starts_with('\t') || text_.starts_with(',')) {
      text_.remove_prefix(1);
    }
  }
  std::string_view Word() {
    // '=' ends a parameter's name; inside a value it is rare and only in tokens that are not ours.
    std::size_t size = 0;
    while (size < text_.size() && text_[size] != '=' &&
           kTokenCharacters.find(text_[size]) != std::string_view::npos) {
      ++size;
    }
    const std::string_view word = text_.substr(0, size);
    text_.remove_prefix(size);
    return word;
  }
  std::string Quoted() {
    std::string out;
    text_.remove_prefix(1);
    while (!text_.empty() && text_.front() != '"') {
      if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
      out += text_.front();
      text_.remove_prefix(1);
    }
    if (!text_.empty()) text_.remove_prefix(1);
    return out;
  }

  std::string_view text_;
};

std::string Parameter(const HttpChallenge& challenge, std::string_view name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? "" : found->second;
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool HasQop(const HttpChallenge& challenge) { return challenge.parameters.contains("qop"); }

// The offer's algorithm, in lower case, when it is one that we have.
std::optional<std::string> KnownAlgorithm(const HttpChallenge& challenge) {
  std::string algorithm = LowerCase(Parameter(challenge, "algorithm"));
  if (algorithm.empty()) algorithm = "md5";
  for (const char* const known : {"sha-256", "sha-256-sess", "md5", "md5-sess"}) {
    if (algorithm == known) return algorithm;
  }
  return std::nullopt;
}

bool OffersAuth(const HttpChallenge& challenge) {
  if (!HasQop(challenge)) return true;
  std::string_view qop = challenge.parameters.find("qop")->second;
  while (!qop.empty()) {
    std::string_view one = qop.substr(0, qop.find(','));
    qop.remove_prefix(std::min(qop.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == "auth") return true;
  }
  return false;
}

}  // namespace

std::vector<HttpChallenge> ParseChallenges(const HttpResponse& response) {
  std::vector<HttpChallenge> out;
  for (const HttpHeader& header : response.headers) {
    if (LowerCase(header.name) != "www-authenticate") continue;
    for (HttpChallenge& challenge : ChallengeReader(header.value).Read()) {
      out.push_back(std::move(challenge));
    }
  }
  return out;
}

Status HttpLogin::Load() {
  if (loaded_) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(credentials_, source_());
  way_ = credentials_.token.empty() ? Way::kUnasked : Way::kBearer;
  loaded_ = true;
  return Status::Ok();
}

Result<std::optional<HttpHeader>> HttpLogin::Authorize(std::string_view method,
                                                       std::string_view path) {
  const std::lock_guard lock(mutex_);
  FENCHI_RETURN_IF_ERROR(Load());
  const auto header = [](std::string value) {
    return std::optional<HttpHeader>({"Authorization", std::move(value)});
  };
  switch (way_) {
    case Way::kBearer:
      return header("Bearer " + std::string(AsText(credentials_.token.view())));
    case Way::kBasic: {
      const std::string pair =
          credentials_.user + ":" + std::string(AsText(credentials_.password.view()));
      return header("Basic " + ToBase64(AsBytes(pair)));
    }
    case Way::kDigest:
      return header(Digest(method, path));
    case Way::kUnasked:
      break;
  }
  return std::optional<HttpHeader>();
}

Result<bool> HttpLogin::Learn(const HttpResponse& refusal, const std::optional<HttpHeader>& sent) {
  const std::lock_guard lock(mutex_);
  FENCHI_RETURN_IF_ERROR(Load());
  if (way_ == Way::kBearer) {
    // The token may have run out: ask for another.
    WebdavCredentials old = std::move(credentials_);
    loaded_ = false;
    FENCHI_RETURN_IF_ERROR(Load());
    return sent.has_value() && !credentials_.token.Equals(old.token.view());
  }
  if (credentials_.user.empty()) return false;
  const std::vector<HttpChallenge> offers = ParseChallenges(refusal);
  for (const std::string_view wanted : {"sha-256", "md5"}) {
    for (const HttpChallenge& offer : offers) {
      if (!IsKnownDigest(offer) || !KnownAlgorithm(offer)->starts_with(wanted)) continue;
      const bool fresh = !sent.has_value() || Parameter(offer, "stale") == "true" ||
                         sent->value.find(Quote(Parameter(offer, "nonce"))) == std::string::npos;
      LearnDigest(offer);
      return fresh;
    }
  }
  const bool basic = std::any_of(offers.begin(), offers.end(), [](const HttpChallenge& offer) {
    return offer.scheme == "basic";
  });
  // After a digest, never down to the plain password.
  if (!basic || way_ == Way::kDigest) return false;
  way_ = Way::kBasic;
  return !sent.has_value();
}

void HttpLogin::LearnDigest(const HttpChallenge& offer) {
  const bool same_nonce =
      way_ == Way::kDigest && Parameter(offer, "nonce") == Parameter(digest_, "nonce");
  if (same_nonce) return;
  way_ = Way::kDigest;
  digest_ = offer;
  count_ = 0;
}

std::string HttpLogin::Digest(std::string_view method, std::string_view path) {
  Bytes random(16);
  random_.Fill(random);
  return AnswerDigest({.offer = digest_,
                       .user = credentials_.user,
                       .password = credentials_.password.view(),
                       .method = method,
                       .path = path,
                       .ours = ToHex(random),
                       .count = ++count_});
}

bool IsKnownDigest(const HttpChallenge& offer) {
  return offer.scheme == "digest" && KnownAlgorithm(offer).has_value() && OffersAuth(offer) &&
         !Parameter(offer, "nonce").empty();
}

std::string AnswerDigest(const DigestQuestion& question) {
  const HttpChallenge& offer = question.offer;
  const std::string algorithm = KnownAlgorithm(offer).value_or("");
  const DigestKind kind = algorithm.starts_with("md5") ? DigestKind::kMd5 : DigestKind::kSha256;
  const auto hash = [&](const std::string& text) { return ToHex(DigestOf(kind, AsBytes(text))); };
  const std::string realm = Parameter(offer, "realm");
  const std::string nonce = Parameter(offer, "nonce");
  const std::string count = fmt::format("{:08x}", question.count);
  const bool session = algorithm.ends_with("-sess");

  std::string who = hash(fmt::format("{}:{}:{}", question.user, realm, AsText(question.password)));
  if (session) who = hash(fmt::format("{}:{}:{}", who, nonce, question.ours));
  const std::string what = hash(fmt::format("{}:{}", question.method, question.path));
  const std::string response =
      HasQop(offer)
          ? hash(fmt::format("{}:{}:{}:{}:auth:{}", who, nonce, count, question.ours, what))
          : hash(fmt::format("{}:{}:{}", who, nonce, what));

  std::string out =
      fmt::format("Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"",
                  Quote(question.user), Quote(realm), Quote(nonce), Quote(question.path), response);
  if (HasQop(offer)) out += fmt::format(", qop=auth, nc={}", count);
  if (HasQop(offer) || session) out += fmt::format(", cnonce=\"{}\"", question.ours);
  if (const std::string as = Parameter(offer, "algorithm"); !as.empty()) {
    out += ", algorithm=" + as;
  }
  if (const std::string opaque = Parameter(offer, "opaque"); !opaque.empty()) {
    out += ", opaque=" + Quote(opaque);
  }
  return out;
}

}  // namespace fenchi
