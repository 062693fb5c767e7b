#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "fenchi/token.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kModule = "?module-path=/usr/lib/token.so";

Result<Pkcs11Options> Parse(std::string_view uri) { return ParsePkcs11Uri(uri); }

TEST(Pkcs11Uri, NamesTokenKeyLibraryAndWhereThePinIs) {
  const auto read = Parse(
      "pkcs11:token=The%20Vault;serial=00%3b1;manufacturer=Some%20Maker;model=X;slot-id=7;"
      "object=escrow%20key;id=%00%01%ff;type=private;library-version=2"
      "?module-path=/usr/lib/token.so&pin-source=file:/run/keys/pin");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->token, "The Vault");
  EXPECT_EQ(read->serial, "00;1");
  EXPECT_EQ(read->manufacturer, "Some Maker");
  EXPECT_EQ(read->model, "X");
  EXPECT_EQ(read->slot, 7u);
  EXPECT_EQ(read->object, "escrow key");
  EXPECT_EQ(read->id, (Bytes{0, 1, 0xff}));
  EXPECT_EQ(read->module_path, "/usr/lib/token.so");
  EXPECT_EQ(read->pin_source, "/run/keys/pin");
}

TEST(Pkcs11Uri, WhatIsLeftOutFitsAny) {
  const auto read = Parse("pkcs11:?module-path=/usr/lib/token.so");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(read->token.empty() && read->object.empty() && read->id.empty() && !read->slot);
}

TEST(Pkcs11Uri, APinsFileMayBeWrittenInEachForm) {
  for (const std::string_view form : {"file:/k/pin", "file:///k/pin", "/k/pin", "%2fk%2fpin"}) {
    const auto read =
        Parse(std::string("pkcs11:") + std::string(kModule) + "&pin-source=" + std::string(form));
    ASSERT_TRUE(read.ok()) << form;
    EXPECT_EQ(read->pin_source, "/k/pin") << form;
  }
  EXPECT_EQ(Parse("pkcs11:?module-path=/a&pin-source=fd:3")->pin_source, "fd:3");
}

// A URI is shown to everybody: in the list of processes, in a shell's history.
TEST(Pkcs11Uri, APinInTheUriIsRefusedAndNotRepeated) {
  for (const std::string_view uri :
       {"pkcs11:token=a?module-path=/a&pin-value=2580-canary",
        "pkcs11:token=a;pin-value=2580-canary?module-path=/a",
        "pkcs11:token=a?pin-value=2580-canary%", "pkcs11:token=a?pin-value%2580-canary"}) {
    const auto read = Parse(uri);
    EXPECT_EQ(read.status().code(), StatusCode::kInvalidArgument) << uri;
    EXPECT_THAT(read.status().ToString(), Not(HasSubstr("canary"))) << uri;
  }
  EXPECT_THAT(Parse("pkcs11:?module-path=/a&pin-value=1").status().message(),
              HasSubstr("pin-value"));
}

TEST(Pkcs11Uri, WhatCannotBeMeantIsRefusedAndNamed) {
  const auto refused = [](std::string_view uri, std::string_view why) {
    const auto read = Parse(uri);
    EXPECT_EQ(read.status().code(), StatusCode::kInvalidArgument) << uri;
    EXPECT_THAT(read.status().message(), HasSubstr(why)) << uri;
  };
  refused("", "begins with 'pkcs11:'");
  refused("http://token", "begins with 'pkcs11:'");
  refused("pkcs11:token=a", "module-path");
  refused("pkcs11:token=a?module-path=libtoken.so", "whole path");
  refused("pkcs11:token=a?module-path=/a%00b", "whole path");
  refused("pkcs11:tocken=a?module-path=/a", "'tocken' is not known");
  refused("pkcs11:token=a?modul-path=/a", "'modul-path' is not known");
  refused("pkcs11:token?module-path=/a", "without '='");
  refused("pkcs11:token=a;token=b?module-path=/a", "'token' stands twice");
  refused("pkcs11:token=%4?module-path=/a", "'token' has a '%'");
  refused("pkcs11:token=%zz?module-path=/a", "'token' has a '%'");
  refused("pkcs11:slot-id=?module-path=/a", "slot-id");
  refused("pkcs11:slot-id=1x?module-path=/a", "slot-id");
  refused("pkcs11:slot-id=99999999999999999999?module-path=/a", "slot-id");
  refused("pkcs11:type=cert?module-path=/a", "type is 'cert'");
  refused("pkcs11:?module-path=/a&pin-source=|cat", "a command");
  refused("pkcs11:?module-path=/a&pin-source=file:", "names no file");
  refused("pkcs11:token=" + std::string(5000, 'a') + "?module-path=/a", "pkcs11:");
}

TEST(Pkcs11Uri, WhateverIsTypedIsReadOrRefusedAndNeverGivesALibraryWithoutItsPlace) {
  constexpr std::uint64_t kSeed = 20261202;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  const auto random = SeededRandom(kSeed);
  const std::string good =
      "pkcs11:token=The%20Vault;slot-id=7;object=key;id=%00%01;type=private"
      "?module-path=/usr/lib/token.so&pin-source=file:/run/pin";
  constexpr std::array<char, 13> kLetters = {'%', ';', '&', '?', '=',  '/',   '|',
                                             ':', '0', 'a', 'F', '\0', '\xff'};
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string uri = good;
    Bytes draws(9);
    random->Fill(draws);
    for (std::size_t i = 0; i < 1 + draws[0] % 3u; ++i) {
      const std::size_t at = draws[3 * i + 1] * uri.size() / 256;
      const char letter = kLetters[draws[3 * i + 2] % kLetters.size()];
      switch (draws[3 * i] % 3) {
        case 0:
          uri[at] = letter;
          break;
        case 1:
          uri.insert(at, 1, letter);
          break;
        default:
          uri.erase(at, 1);
      }
    }
    const auto parsed = Parse(uri);
    if (!parsed.ok()) {
      EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument) << uri;
      continue;
    }
    ++read;
    EXPECT_TRUE(parsed->module_path.starts_with('/')) << uri;
  }
  EXPECT_GT(read, 1000);
  EXPECT_LT(read, 19'000);
}

}  // namespace
}  // namespace fenchi
