// What a server asks for, and the answers to it.

#include "storage/http_login.h"

#include <gtest/gtest.h>

namespace fenchi {
namespace {

// The example of RFC 7616, section 3.9.1.
constexpr std::string_view kOffers =
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

HttpResponse Refusal(const std::vector<std::string>& offers) {
  HttpResponse out{.status = 401};
  for (const std::string& offer : offers) out.headers.push_back({"WWW-Authenticate", offer});
  return out;
}

WebdavCredentialSource Clerk(const std::string& password = "open sesame") {
  return [password]() -> Result<WebdavCredentials> {
    return WebdavCredentials{.user = "clerk", .password = SecretBytes::CopyOf(AsBytes(password))};
  };
}

std::string Answer(HttpChallenge offer, const std::string& algorithm) {
  offer.parameters["algorithm"] = algorithm;
  return AnswerDigest({.offer = offer,
                       .user = "Mufasa",
                       .password = AsBytes("Circle of Life"),
                       .method = "GET",
                       .path = "/dir/index.html",
                       .ours = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                       .count = 1});
}

TEST(HttpLogin, AnswersTheExampleOfRfc7616) {
  const std::vector<HttpChallenge> offers = ParseChallenges(Refusal({std::string(kOffers)}));
  ASSERT_EQ(offers.size(), 1u);
  EXPECT_TRUE(IsKnownDigest(offers[0]));
  const std::string sha256 = Answer(offers[0], "SHA-256");
  EXPECT_NE(
      sha256.find("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""),
      std::string::npos)
      << sha256;
  EXPECT_NE(sha256.find("qop=auth, nc=00000001"), std::string::npos) << sha256;
  EXPECT_NE(sha256.find("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""),
            std::string::npos);
  const std::string md5 = Answer(offers[0], "MD5");
  EXPECT_NE(md5.find("response=\"8ca523f5e9506fed4657c9700eebdbec\""), std::string::npos) << md5;
}

TEST(HttpLogin, TakesOffersApartWhateverTheirOrder) {
  const auto offers = ParseChallenges(
      Refusal({"Basic realm=\"a, \\\"b\\\" = c\" , Digest nonce=n1,realm=r , qop=auth", "Negotiate",
               "NTLM TlRMTVNTUAA=", "Bearer", ",,", "\"", "=", "Digest realm=\"unfinished"}));
  std::vector<std::string> schemes;
  for (const HttpChallenge& offer : offers) schemes.push_back(offer.scheme);
  EXPECT_EQ(schemes,
            (std::vector<std::string>{"basic", "digest", "negotiate", "ntlm", "bearer", "digest"}));
  EXPECT_EQ(offers[0].parameters.at("realm"), "a, \"b\" = c");
  EXPECT_EQ(offers[1].parameters.at("nonce"), "n1");
  EXPECT_EQ(offers[5].parameters.at("realm"), "unfinished");
}

TEST(HttpLogin, TellsNobodyWhoDidNotAsk) {
  HttpLogin login(Clerk(), SystemRandom());
  const auto header = login.Authorize("GET", "/");
  ASSERT_TRUE(header.ok());
  EXPECT_FALSE(header->has_value());
}

TEST(HttpLogin, PrefersADigestAndNeverGoesBackToThePlainPassword) {
  HttpLogin login(Clerk(), SystemRandom());
  const auto learnt = login.Learn(Refusal({"Basic realm=r", "Digest realm=r, nonce=n1, qop=auth",
                                           "Digest realm=r, nonce=n2, qop=auth, algorithm=SHA-256",
                                           "Digest realm=r, nonce=n3, algorithm=SHA-512-256"}),
                                  std::nullopt);
  ASSERT_TRUE(learnt.ok());
  EXPECT_TRUE(*learnt);
  const auto sent = *login.Authorize("GET", "/");
  ASSERT_TRUE(sent.has_value());
  EXPECT_NE(sent->value.find("nonce=\"n2\""), std::string::npos);
  EXPECT_NE(login.Authorize("GET", "/").value()->value.find("nc=00000002"), std::string::npos);

  // A server, or somebody before it, that now wants the password itself does not get it.
  EXPECT_FALSE(*login.Learn(Refusal({"Basic realm=r"}), sent));
  EXPECT_EQ(login.Authorize("GET", "/").value()->value.find("Basic"), std::string::npos);
}

TEST(HttpLogin, AnswersAStaleNonceAnewAndARefusalNotAgain) {
  HttpLogin login(Clerk(), SystemRandom());
  ASSERT_TRUE(*login.Learn(Refusal({"Digest realm=r, nonce=n1, qop=auth"}), std::nullopt));
  const auto first = *login.Authorize("PUT", "/a");
  EXPECT_TRUE(*login.Learn(Refusal({"Digest realm=r, nonce=n2, qop=auth, stale=true"}), first));
  const auto second = *login.Authorize("PUT", "/a");
  EXPECT_NE(second->value.find("nonce=\"n2\", uri=\"/a\""), std::string::npos);
  EXPECT_FALSE(*login.Learn(Refusal({"Digest realm=r, nonce=n2, qop=auth"}), second));
}

TEST(HttpLogin, SendsThePasswordPlainlyOnlyWhereNothingElseIsOffered) {
  HttpLogin login(Clerk(), SystemRandom());
  ASSERT_TRUE(*login.Learn(Refusal({"Basic realm=\"r\""}), std::nullopt));
  const auto sent = *login.Authorize("GET", "/");
  EXPECT_EQ(sent->value, "Basic Y2xlcms6b3BlbiBzZXNhbWU=");
  EXPECT_FALSE(*login.Learn(Refusal({"Basic realm=\"r\""}), sent));
}

TEST(HttpLogin, AsksForAnotherTokenOnceTheFirstIsRefused) {
  int asked = 0;
  HttpLogin login(
      [&]() -> Result<WebdavCredentials> {
        ++asked;
        const std::string token = asked < 2 ? "old" : "new";
        return WebdavCredentials{.token = SecretBytes::CopyOf(AsBytes(token))};
      },
      SystemRandom());
  const auto old = *login.Authorize("GET", "/");
  EXPECT_EQ(old->value, "Bearer old");
  EXPECT_TRUE(*login.Learn(Refusal({"Bearer"}), old));
  const auto fresh = *login.Authorize("GET", "/");
  EXPECT_EQ(fresh->value, "Bearer new");
  EXPECT_FALSE(*login.Learn(Refusal({"Bearer"}), fresh));
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace fenchi
