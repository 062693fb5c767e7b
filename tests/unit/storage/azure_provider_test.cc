// The provider for Azure Blob Storage against answers that a service may give, and some it must
// not.

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "fenchi/azure.h"
#include "storage/azure_signer.h"
#include "unit/storage/loopback_server.h"

namespace fenchi {
namespace {

constexpr std::string_view kFromAzure = "x-ms-request-id: 1";
constexpr std::uint64_t kBlock = 1000;

AzureOptions Options(const LoopbackServer& server) {
  return {.account = "account",
          .container = "vault",
          .folder = "oslo",
          .endpoint = server.origin(),
          .credentials = []() -> Result<AzureCredentials> {
            return AzureCredentials{.key = SecretBytes::CopyOf(AsBytes("hush"))};
          },
          .block_bytes = kBlock,
          .allow_plain_text = true};
}

std::shared_ptr<Provider> Open(const AzureOptions& options) {
  const auto opened = OpenAzureProvider(options);
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
  return *opened;
}

Status PutText(Provider& provider, std::string_view name, std::string_view text,
               const PutOptions& options = {}) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, options);
}

Status ListAll(Provider& provider, std::vector<std::string>& out, std::string_view after = "") {
  return provider.List("", after, [&](const ObjectInfo& info) {
    out.push_back(info.name);
    return true;
  });
}

std::string Blob(const std::string& name, const std::string& more = "",
                 const std::string& size = "1") {
  return "<Blob><Name>oslo/" + name + "</Name><Properties><Content-Length>" + size +
         "</Content-Length>" + more + "</Properties></Blob>";
}

std::string Page(const std::string& blobs, const std::string& next = "") {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>" +
         blobs + "</Blobs><NextMarker>" + next + "</NextMarker></EnumerationResults>";
}

TEST(AzureSigner, MakesTheTextOfTheDocumentedExample) {
  const AzureUnsigned request{
      .method = "PUT",
      .path = "/mycontainer/a%20b",
      .query = {{"restype", "container"}, {"Comp", "metadata"}, {"timeout", "30"}},
      .headers = {{"X-MS-Version", "2021-12-02"},
                  {"x-ms-date", " Fri, 26 Jun 2015 23:39:12 GMT "},
                  {"x-ms-meta-a-c", "1"},
                  {"x-ms-meta-ab", "2"},
                  {"If-None-Match", "*"}},
      .body_size_bytes = 11};
  EXPECT_EQ(AzureStringToSign(request, "myaccount"),
            "PUT\n\n\n11\n\n\n\n\n\n*\n\n\n"
            "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-meta-ab:2\nx-ms-meta-a-c:1\n"
            "x-ms-version:2021-12-02\n/myaccount/mycontainer/a%20b\n"
            "comp:metadata\nrestype:container\ntimeout:30");
  EXPECT_EQ(AzureTarget(request), "/mycontainer/a%20b?restype=container&Comp=metadata&timeout=30");
  EXPECT_EQ(HttpDate(1435361952), "Fri, 26 Jun 2015 23:39:12 GMT");
}

TEST(AzureListing, GoesOnPageByPageAndPassesOverWhatIsNotOurs) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    const bool second = seen.Asks("marker=m%2F1");
    line.Answer(
        200, {},
        second ? Page(Blob("b") + Blob("c")) : Page(Blob("..") + Blob("UPPER") + Blob("a"), "m/1"));
  });
  const auto provider = Open(Options(server));
  std::vector<std::string> names;
  ASSERT_TRUE(ListAll(*provider, names).ok());
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c"}));
  names.clear();
  ASSERT_TRUE(ListAll(*provider, names, "a").ok());
  EXPECT_EQ(names, (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(server.seen().front().Asks("prefix=oslo%2F"));
}

TEST(AzureListing, OfAnAccountWithDirectoriesIsPutInOrder) {
  const std::string file = "<ResourceType>file</ResourceType>";
  const std::string directory = "<ResourceType>directory</ResourceType>";
  LoopbackServer server([&](const SeenRequest& seen, LoopbackLine& line) {
    line.Answer(200, {},
                seen.Asks("marker=2") ? Page(Blob("a-b", file))
                                      : Page(Blob("a", directory) + Blob("a/b", file), "2"));
  });
  std::vector<std::string> names;
  ASSERT_TRUE(ListAll(*Open(Options(server)), names).ok());
  EXPECT_EQ(names, (std::vector<std::string>{"a-b", "a/b"}));
}

TEST(AzureListing, IsUnavailableWhenItRepeatsGoesBackOrMakesNoSense) {
  const std::string kWrong[] = {Page(Blob("b") + Blob("a")),
                                Page(Blob("a") + Blob("a")),
                                Page(Blob("a"), "same"),
                                Page("", "same"),
                                Page(Blob("a", "", "18446744073709551616")),
                                Page(Blob("a", "", "-1")),
                                Page(Blob("a", "", "")),
                                Page(Blob("a")).substr(0, 100),
                                "<html>Please log in</html>",
                                ""};
  for (const std::string& body : kWrong) {
    LoopbackServer server(
        [&](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, body); });
    std::vector<std::string> names;
    EXPECT_EQ(ListAll(*Open(Options(server)), names).code(), StatusCode::kUnavailable) << body;
  }
}

TEST(AzureProvider, TellsWhatAnErrorMeansByItsCode) {
  struct Row {
    int status;
    std::string code;
    StatusCode expected;
  };
  const Row kRows[] = {{409, "BlobAlreadyExists", StatusCode::kAlreadyExists},
                       {412, "ConditionNotMet", StatusCode::kAlreadyExists},
                       {403, "UnauthorizedBlobOverwrite", StatusCode::kAlreadyExists},
                       {409, "BlobImmutableDueToPolicy", StatusCode::kLocked},
                       {412, "LeaseIdMissing", StatusCode::kLocked},
                       {404, "ContainerNotFound", StatusCode::kUnavailable},
                       {403, "AuthorizationPermissionMismatch", StatusCode::kDenied},
                       {403, "AuthenticationFailed", StatusCode::kDenied},
                       {503, "ServerBusy", StatusCode::kUnavailable},
                       {500, "InternalError", StatusCode::kUnavailable},
                       {400, "bad code\x1b[31m hush", StatusCode::kDenied},
                       {402, "", StatusCode::kDenied},
                       {406, "NotAcceptable", StatusCode::kDenied},
                       {451, "", StatusCode::kDenied},
                       {200, "", StatusCode::kUnavailable},
                       {404, "", StatusCode::kUnavailable},
                       {302, "", StatusCode::kDenied}};
  for (const Row& row : kRows) {
    LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
      line.Answer(row.status, {"Location: https://other.example/hush"},
                  row.code.empty() ? "<html>Please log in</html>"
                                   : "<?xml version=\"1.0\"?><Error><Code>" + row.code +
                                         "</Code><Message>hush</Message></Error>");
    });
    const Status put = PutText(*Open(Options(server)), "a", "1");
    EXPECT_EQ(put.code(), row.expected) << row.code << ": " << put.ToString();
    EXPECT_EQ(put.ToString().find("hush"), std::string::npos) << put.ToString();
    EXPECT_NE(put.message().find("azure://account/vault/oslo"), std::string::npos);
  }
}

TEST(AzureProvider, NamesAClockThatIsWrong) {
  LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
    line.Answer(
        403, {"x-ms-error-code: AuthenticationFailed", "Date: Sat, 28 Nov 2026 18:20:00 GMT"}, "");
  });
  const auto clock = SteppingClock({.seconds = 1795888800});  // 20 minutes before
  AzureOptions options = Options(server);
  options.clock = clock.get();
  const Status refused = PutText(*Open(options), "a", "1");
  EXPECT_EQ(refused.code(), StatusCode::kDenied);
  EXPECT_NE(refused.message().find("minutes apart"), std::string::npos) << refused.ToString();
}

TEST(AzureProvider, AsksForOtherCredentialsOnceWhenTheseAreRefused) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    const bool fresh = seen.headers.at("authorization") == "Bearer new";
    line.Answer(fresh ? 201 : 401, {}, "");
  });
  int asked = 0;
  AzureOptions options = Options(server);
  options.credentials = [&]() -> Result<AzureCredentials> {
    return AzureCredentials{.token = SecretBytes::CopyOf(AsBytes(++asked == 1 ? "old" : "new"))};
  };
  const auto provider = Open(options);
  EXPECT_TRUE(PutText(*provider, "a", "1").ok());
  EXPECT_TRUE(PutText(*provider, "b", "1").ok());
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(server.seen().size(), 3u);
}

TEST(AzureProvider, TakesNothingFromASignInPage) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) {
    line.Answer(200, {"Content-Type: text/html"}, "<html>Please log in</html>");
  });
  const auto provider = Open(Options(server));
  EXPECT_EQ(provider->Stat(std::vector<std::string>{"a"}).status().code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(provider->Get("a", 0, {}).code(), StatusCode::kUnavailable);
  Bytes out(26);  // as long as the page
  EXPECT_EQ(provider->Get("a", 0, out).code(), StatusCode::kUnavailable);
  const auto deleted = provider->Delete(std::vector<std::string>{"a"});
  ASSERT_TRUE(deleted.ok());
  EXPECT_EQ(deleted->front().code(), StatusCode::kUnavailable);
}

TEST(AzureProvider, AsksForRetentionAndReportsWhatIsLocked) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    if (seen.method == "DELETE") {
      return line.Answer(409, {"x-ms-error-code: BlobImmutableDueToPolicy"}, "");
    }
    if (seen.method == "HEAD" && seen.path().ends_with("/longer")) {
      return line.Answer(200,
                         {"x-ms-immutability-policy-until-date: Sun, 29 Nov 2026 00:00:00 GMT",
                          "x-ms-immutability-policy-mode: Locked"},
                         "");
    }
    if (seen.method == "HEAD") return line.Answer(200, {}, "");
    line.Answer(seen.Asks("comp=immutabilityPolicies") ? 200 : 201, {}, "");
  });
  AzureOptions options = Options(server);
  EXPECT_FALSE(Open(options)->capability().retention);
  EXPECT_EQ(Open(options)->ExtendRetention("a", {}).code(), StatusCode::kUnsupported);
  options.lock = AzureLock::kLocked;
  const auto provider = Open(options);
  EXPECT_TRUE(provider->capability().retention);
  const Timestamp until{.seconds = 1795890000, .nanoseconds = 1};
  ASSERT_TRUE(PutText(*provider, "a", "1", {.retain_until = until}).ok());
  const SeenRequest put = server.seen().back();
  EXPECT_EQ(put.headers.at("x-ms-immutability-policy-mode"), "locked");
  EXPECT_EQ(put.headers.at("x-ms-immutability-policy-until-date"), "Sat, 28 Nov 2026 18:20:01 GMT");
  EXPECT_TRUE(provider->ExtendRetention("a", until).ok());
  EXPECT_TRUE(server.seen().back().Asks("comp=immutabilityPolicies"));
  EXPECT_TRUE(provider->ExtendRetention("longer", until).ok());
  EXPECT_EQ(server.seen().back().method, "HEAD") << "a later date is left as it is";
  EXPECT_EQ(*provider->RetainedUntil("longer"), (Timestamp{.seconds = 1795910400}));
  EXPECT_EQ(*provider->RetainedUntil("a"), std::nullopt);
  EXPECT_EQ(provider->Delete(std::vector<std::string>{"a"})->front().code(), StatusCode::kLocked);
}

TEST(AzureProvider, LocksForGoodWhatIsOnlyRetainedForTryingOut) {
  std::string mode = "unlocked";
  LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
    line.Answer(200,
                {"x-ms-immutability-policy-until-date: Sun, 29 Nov 2026 00:00:00 GMT",
                 "x-ms-immutability-policy-mode: " + mode},
                "");
  });
  AzureOptions options = Options(server);
  options.lock = AzureLock::kLocked;
  const auto provider = Open(options);
  EXPECT_EQ(*provider->RetainedUntil("a"), std::nullopt) << "not as the URL wants it";
  ASSERT_TRUE(provider->ExtendRetention("a", {.seconds = 1795890000}).ok());
  const auto set = server.seen().back().headers;
  EXPECT_TRUE(server.seen().back().Asks("comp=immutabilityPolicies"));
  EXPECT_EQ(set.at("x-ms-immutability-policy-mode"), "locked");
  EXPECT_EQ(set.at("x-ms-immutability-policy-until-date"), "Sun, 29 Nov 2026 00:00:00 GMT")
      << "its own later date stays";

  // The other way round a stricter mode stays.
  mode = "locked";
  options.lock = AzureLock::kUnlocked;
  const auto trying = Open(options);
  EXPECT_EQ(*trying->RetainedUntil("a"), (Timestamp{.seconds = 1795910400}));
  ASSERT_TRUE(trying->ExtendRetention("a", {.seconds = 1795996800}).ok());
  EXPECT_EQ(server.seen().back().headers.at("x-ms-immutability-policy-mode"), "locked");
}

// Keeps blocks as the service does. `refuses` is the number of the block that it will not take.
class TinyAzure {
 public:
  int refuses = -1;
  int blocks_sent = 0;
  std::string committed;

  void operator()(const SeenRequest& seen, LoopbackLine& line) {
    const std::lock_guard lock(mutex_);
    if (seen.method == "HEAD") {
      return line.Answer(404, {"x-ms-error-code: BlobNotFound"}, "");
    }
    if (seen.Asks("comp=blocklist") && seen.method == "GET") {
      return line.Answer(200, {}, BlockList());
    }
    if (seen.Asks("comp=blocklist")) return Commit(seen, line);
    const std::string id = seen.target.substr(seen.target.find("blockid=") + 8);
    if (blocks_sent++ == refuses) return line.Answer(503, {"x-ms-error-code: ServerBusy"}, "");
    blocks_[Unescape(id)] = seen.body;
    line.Answer(201, {}, "");
  }

 private:
  static std::string Unescape(std::string id) {
    for (std::size_t at; (at = id.find("%3D")) != std::string::npos;) id.replace(at, 3, "=");
    return id;
  }
  std::string BlockList() const {
    std::string out = "<?xml version=\"1.0\"?><BlockList><UncommittedBlocks>";
    for (const auto& [id, body] : blocks_) {
      out +=
          "<Block><Name>" + id + "</Name><Size>" + std::to_string(body.size()) + "</Size></Block>";
    }
    return out + "</UncommittedBlocks></BlockList>";
  }
  void Commit(const SeenRequest& seen, LoopbackLine& line) {
    EXPECT_EQ(seen.headers.at("if-none-match"), "*");
    std::string_view rest = seen.body;
    constexpr std::string_view kOpen = "<Uncommitted>";
    for (std::size_t at; (at = rest.find(kOpen)) != std::string_view::npos;) {
      rest.remove_prefix(at + kOpen.size());
      const auto found = blocks_.find(std::string(rest.substr(0, rest.find('<'))));
      if (found == blocks_.end()) {
        return line.Answer(400, {"x-ms-error-code: InvalidBlockList"}, "");
      }
      committed += found->second;
    }
    line.Answer(201, {}, "");
  }

  std::mutex mutex_;
  std::map<std::string, std::string> blocks_;
};

std::string Text(std::size_t size) {
  std::string out(size, '\0');
  SeededRandom(20261128)->Fill({reinterpret_cast<std::uint8_t*>(out.data()), size});
  return out;
}

TEST(AzureProvider, SendsNoBlockTwiceWhenALargeObjectBrokeOff) {
  TinyAzure azure;
  azure.refuses = 3;
  LoopbackServer server(std::ref(azure));
  const auto provider = Open(Options(server));
  const std::string text = Text(10 * kBlock + 1);
  EXPECT_EQ(PutText(*provider, "large", text).code(), StatusCode::kUnavailable);
  EXPECT_EQ(azure.blocks_sent, 11);  // all were on their way when one was refused
  ASSERT_TRUE(PutText(*provider, "large", text).ok());
  EXPECT_EQ(azure.blocks_sent, 12);
  EXPECT_EQ(azure.committed, text);
}

TEST(AzureProvider, NeverMixesBlocksOfTwoContents) {
  TinyAzure azure;
  azure.refuses = 3;
  LoopbackServer server(std::ref(azure));
  const auto provider = Open(Options(server));
  EXPECT_FALSE(PutText(*provider, "large", Text(4 * kBlock)).ok());
  const std::string other(4 * kBlock, 'x');
  ASSERT_TRUE(PutText(*provider, "large", other).ok());
  EXPECT_EQ(azure.committed, other);
  EXPECT_EQ(azure.blocks_sent, 8);
}

TEST(AzureUrl, SaysWhereAndHowAndRepeatsNothingThatIsWrong) {
  const auto options =
      ParseAzureUrl("azure://account/vault/a%20b/c?lock=locked&block_mib=4&parallel=3");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->container, "vault");
  EXPECT_EQ(options->folder, "a b/c");
  EXPECT_EQ(options->lock, AzureLock::kLocked);
  EXPECT_EQ(options->block_bytes, 4u << 20);
  EXPECT_EQ(options->parallel_max, 3u);
  for (const char* const url :
       {"azure:", "azure://", "azure://hush:hush@account/vault", "azure://account",
        "azure://HUSH/vault", "azure://account/HUSH!", "azure://account/vault?lock=hush",
        "azure://account/vault?hush", "azure://account/vault?sig=hush",
        "azure://account/vault?endpoint=http://hush", "azure://account/vault?block_mib=0",
        "azure://account/vault?credentials=hush-hush"}) {
    const Status refused = OpenProvider(url).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(refused.ToString().find("hush"), std::string::npos) << refused.ToString();
    EXPECT_EQ(refused.ToString().find("HUSH"), std::string::npos) << refused.ToString();
  }
}

}  // namespace
}  // namespace fenchi
