#include "fenchi/provider.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "contract/temporary_directory.h"
#include "fenchi/random.h"

namespace fenchi {
namespace {

Status PutText(Provider& provider, std::string_view name, std::string_view text) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {});
}

// The grammar, written a second time and as plainly as possible.
bool IsObjectName(const std::string& name) {
  if (name.empty() || name.size() > 200) return false;
  std::string part;
  for (const char c : name + "/") {
    if (c == '/') {
      if (part.empty() || part[0] == '.') return false;
      part.clear();
    } else if (std::string_view("abcdefghijklmnopqrstuvwxyz0123456789._-").find(c) ==
               std::string_view::npos) {
      return false;
    } else {
      part += c;
    }
  }
  return true;
}

TEST(ObjectName, AcceptsTheWholeGrammar) {
  for (const std::string& name :
       {std::string("a"), std::string("d/0123456789.0"), std::string("a-b_c.d/e"),
        std::string(200, 'z'), std::string("a../b."), std::string("-")}) {
    EXPECT_TRUE(CheckObjectName(name).ok()) << name;
  }
}

TEST(ObjectName, RefusesEverythingElse) {
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("/a"), std::string("a/"), std::string("a//b"),
        std::string("."), std::string(".."), std::string("a/../b"), std::string(".tmp/x"),
        std::string("a/.b"), std::string("A"), std::string("a b"), std::string("a\0b", 3),
        std::string("a\n"), std::string("a\\b"), std::string("caf\xc3\xa9"),
        std::string(201, 'a')}) {
    EXPECT_EQ(CheckObjectName(name).code(), StatusCode::kInvalidArgument) << name;
  }
}

TEST(ObjectName, AgreesWithAPlainReadingOfTheGrammarOnRandomNames) {
  constexpr std::uint64_t kSeed = 11;
  const auto random = SeededRandom(kSeed);
  constexpr std::string_view kAlphabet = "ab0z._-/../A ~\n";
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes draws(8);
    random->Fill(draws);
    std::string name;
    for (std::size_t j = 1; j <= draws[0] % draws.size() && j < draws.size(); ++j) {
      name += kAlphabet[draws[j] % kAlphabet.size()];
    }
    EXPECT_EQ(CheckObjectName(name).ok(), IsObjectName(name)) << name << " seed " << kSeed;
    accepted += IsObjectName(name) ? 1 : 0;
  }
  EXPECT_GT(accepted, 500);
}

TEST(ObjectName, IsEscapedInMessages) {
  const Status status = CheckObjectName("a\x1b[31m\n");
  EXPECT_EQ(status.message().find('\x1b'), std::string::npos);
  EXPECT_NE(status.message().find("\\x1b"), std::string::npos);
  EXPECT_LT(CheckObjectName(std::string(1 << 20, 'x')).message().size(), 1000u);
}

TEST(MemorySource, ReadsAnyRangeAndRefusesMore) {
  MemorySource source(AsBytes("0123456789"));
  Bytes out(4);
  ASSERT_TRUE(source.Read(6, out).ok());
  EXPECT_EQ(AsText(out), "6789");
  ASSERT_TRUE(source.Read(0, out).ok());
  EXPECT_EQ(AsText(out), "0123");
  EXPECT_TRUE(source.Read(10, {}).ok());
  EXPECT_EQ(source.Read(7, out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(source.Read(~0ull, out).code(), StatusCode::kInvalidArgument);
}

TEST(GetAll, GivesTheWholeObjectUpToItsLimit) {
  const std::shared_ptr<Provider> provider = OpenMemoryProvider();
  ASSERT_TRUE(PutText(*provider, "a", "0123456789").ok());
  ASSERT_TRUE(PutText(*provider, "empty", "").ok());
  const Result<Bytes> whole = GetAll(*provider, "a", 10);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(AsText(*whole), "0123456789");
  EXPECT_EQ(GetAll(*provider, "a", 9).status().code(), StatusCode::kDamaged);
  EXPECT_EQ(GetAll(*provider, "b", 10).status().code(), StatusCode::kNotFound);
  const Result<Bytes> empty = GetAll(*provider, "empty", 0);
  ASSERT_TRUE(empty.ok());
  EXPECT_TRUE(empty->empty());
}

TEST(OpenProvider, MemoryUrlsOfOneNameAreOnePlace) {
  const auto first = OpenProvider("memory:one", {.vendor = "first"});
  const auto again = OpenProvider("memory:one", {.vendor = "again"});
  const auto other = OpenProvider("memory:two");
  ASSERT_TRUE(first.ok() && again.ok() && other.ok());
  ASSERT_TRUE(PutText(**first, "x", "text").ok());
  EXPECT_TRUE(GetAll(**again, "x", 10).ok());
  EXPECT_EQ(GetAll(**other, "x", 10).status().code(), StatusCode::kNotFound);
  EXPECT_EQ((*first)->domain().vendor, "first");
  EXPECT_EQ((*again)->domain().vendor, "again");
  EXPECT_EQ((*first)->location(), "memory:one");
}

TEST(OpenProvider, LocationOfALocalPlaceOpensItAgain) {
  const TemporaryDirectory directory;
  const std::string odd = directory.path() + "/\xe5\x88\x86 100% #1?";
  const auto provider = OpenLocalProvider(odd);
  ASSERT_TRUE(provider.ok()) << provider.status().ToString();
  ASSERT_TRUE(PutText(**provider, "x", "text").ok());
  const std::string url = (*provider)->location();
  EXPECT_EQ(url.find(' '), std::string::npos) << url;
  const auto again = OpenProvider(url);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE(GetAll(**again, "x", 10).ok());
}

TEST(OpenProvider, AcceptsTheThreeSpellingsOfAFileUrl) {
  const TemporaryDirectory directory;
  for (const std::string prefix : {"file://", "file:", "file://localhost"}) {
    const auto provider = OpenProvider(prefix + directory.path() + "/");
    ASSERT_TRUE(provider.ok()) << prefix << provider.status().ToString();
    EXPECT_EQ((*provider)->location(), "file://" + directory.path());
  }
}

TEST(OpenProvider, RefusesMalformedUrls) {
  for (const std::string url : {"",
                                "file",
                                "/srv/fenchi",
                                "file:",
                                "file://",
                                "file:relative",
                                "file://host/path",
                                "file:////host/path",
                                "file:///a?b",
                                "file:///a#b",
                                "file:///a%",
                                "file:///a%2",
                                "file:///a%zz",
                                "file:///a%00",
                                "memory:",
                                "memory:../x",
                                "memory:A",
                                ":x",
                                "C:\\backup",
                                "FILE:///x"}) {
    const auto provider = OpenProvider(url);
    EXPECT_EQ(provider.status().code(), StatusCode::kInvalidArgument) << url;
  }
}

TEST(OpenProvider, NamesTheSchemesThatItKnows) {
  const auto provider = OpenProvider("gopher://user:password@example.org/");
  EXPECT_EQ(provider.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(provider.status().hint().find("file: memory:"), std::string::npos);
  EXPECT_EQ(provider.status().ToString().find("password"), std::string::npos);
}

TEST(ReadOnlyProvider, ReadsButChangesNothing) {
  const std::shared_ptr<Provider> inner = OpenMemoryProvider({.vendor = "v"});
  ASSERT_TRUE(PutText(*inner, "a", "text").ok());
  const std::shared_ptr<Provider> provider = OpenReadOnlyProvider(inner);
  const std::vector<std::string> names = {"a"};
  EXPECT_EQ(PutText(*provider, "b", "text").code(), StatusCode::kDenied);
  EXPECT_EQ(provider->Delete(names).status().code(), StatusCode::kDenied);
  EXPECT_EQ(provider->ExtendRetention("a", {}).code(), StatusCode::kDenied);
  EXPECT_FALSE(provider->capability().can_delete);
  EXPECT_EQ(provider->domain().vendor, "v");
  const Result<Bytes> read = GetAll(*provider, "a", 10);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(AsText(*read), "text");
  EXPECT_EQ(GetAll(*inner, "b", 10).status().code(), StatusCode::kNotFound);
}

TEST(Provider, OptionalVerbsSayThatTheyAreUnsupported) {
  const std::shared_ptr<Provider> provider = OpenMemoryProvider();
  EXPECT_EQ(provider->ExtendRetention("a", {}).code(), StatusCode::kUnsupported);
  EXPECT_EQ(provider->Warm({}).code(), StatusCode::kUnsupported);
  EXPECT_EQ(provider->RemoteHash("a").status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(provider->FreeSpaceBytes().status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace fenchi
