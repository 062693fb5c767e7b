// URLs of providers over HTTP.

#include "storage/http_url.h"

#include <gtest/gtest.h>

namespace fenchi {
namespace {

TEST(HttpUrl, IsTakenApart) {
  Result<HttpUrl> url =
      HttpUrl::Parse("s3", "//ledger/a%20b/c/?endpoint=https://x.example:9/a?&empty=");
  ASSERT_TRUE(url.ok()) << url.status().ToString();
  EXPECT_EQ(url->authority(), "ledger");
  EXPECT_EQ(url->path(), "a b/c");
  EXPECT_EQ(url->Take("endpoint"), "https://x.example:9/a?");
  EXPECT_EQ(url->Take("endpoint"), std::nullopt);
  EXPECT_FALSE(url->CheckAllTaken("s3").ok());
  EXPECT_EQ(url->Take("empty"), "");
  EXPECT_TRUE(url->CheckAllTaken("s3").ok());
  EXPECT_EQ(HttpUrl::Parse("s3", "//ledger")->path(), "");
}

TEST(HttpUrl, IsRefusedWithoutRepeatingIt) {
  for (const char* const rest :
       {"ledger", "/ledger", "//", "///a", "//hush:hush@host/a", "//a//b", "//a/b//c", "//a?hush",
        "//a?=hush", "//a?hush=1&hush=2", "//a#hush", "//a/%zzhush"}) {
    const Status refused = HttpUrl::Parse("s3", rest).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << rest;
    EXPECT_EQ(refused.ToString().find("hush"), std::string::npos) << refused.ToString();
  }
}

TEST(HttpUrl, NamesAnUnknownOptionOnlyWhenItLooksLikeOne) {
  EXPECT_NE(HttpUrl::Parse("s3", "//a?regoin=x")->CheckAllTaken("s3").message().find("regoin"),
            std::string::npos);
  const Status secret = HttpUrl::Parse("s3", "//a?AKIAHUSH=x")->CheckAllTaken("s3");
  EXPECT_EQ(secret.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(secret.message().find("HUSH"), std::string::npos);
}

TEST(HttpUrl, AllowsPlainTextByNameOnly) {
  EXPECT_FALSE(*HttpUrl::Parse("s3", "//a")->TakePlainText());
  EXPECT_TRUE(*HttpUrl::Parse("s3", "//a?plain_text=allowed")->TakePlainText());
  EXPECT_FALSE(HttpUrl::Parse("s3", "//a?plain_text=yes")->TakePlainText().ok());
}

TEST(HttpAddress, IsTakenApart) {
  const struct {
    const char* text;
    const char* origin;
    const char* path;
  } kRows[] = {{"https://Example.ORG:443/", "https://example.org", ""},
               {"example.org", "https://example.org", ""},
               {"example.org:9000/a/b/", "https://example.org:9000", "/a/b"},
               {"http://127.0.0.1:80", "http://127.0.0.1", ""},
               {"http://[::1]:9000", "http://[::1]:9000", ""}};
  for (const auto& row : kRows) {
    const Result<HttpAddress> address = ParseHttpAddress(row.text, true);
    ASSERT_TRUE(address.ok()) << row.text;
    EXPECT_EQ(address->Origin(), row.origin);
    EXPECT_EQ(address->path, row.path);
  }
}

TEST(HttpAddress, IsRefusedWithoutRepeatingIt) {
  for (const char* const text :
       {"", "https://", "ftp://hush", "https://hush:hush@x", "x:hush", "x:", "a hush", "x/?hush",
        "https://[hush]:1", "https://x\r\nhush:1"}) {
    const Status refused = ParseHttpAddress(text, true).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(refused.ToString().find("hush"), std::string::npos);
  }
  const Status plain = ParseHttpAddress("http://x", false).status();
  EXPECT_NE(plain.hint().find("plain_text=allowed"), std::string::npos);
}

TEST(EscapeUrlValue, EscapesTheSlashToo) {
  EXPECT_EQ(EscapeUrlValue("a/b c~+\xe5\x8f\xb0"), "a%2Fb%20c~%2B%E5%8F%B0");
}

}  // namespace
}  // namespace fenchi
