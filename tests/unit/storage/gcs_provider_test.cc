// The provider for Google Cloud Storage against answers that a service may give, and some it must
// not.

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

#include "fenchi/gcs.h"
#include "unit/storage/loopback_server.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kWhole = 1000;  // objects up to this size are one request

GcsOptions Options(const LoopbackServer& server) {
  return {.bucket = "vault",
          .folder = "zurich",
          .endpoint = server.origin(),
          .credentials = []() -> Result<GcsCredentials> {
            return GcsCredentials{.token = SecretBytes::CopyOf(AsBytes("hush"))};
          },
          .resumable_bytes = kWhole,
          .allow_plain_text = true};
}

std::shared_ptr<Provider> Open(const GcsOptions& options) {
  const auto opened = OpenGcsProvider(options);
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

std::string Text(std::size_t size) {
  std::string out(size, '\0');
  SeededRandom(20261128)->Fill({reinterpret_cast<std::uint8_t*>(out.data()), size});
  return out;
}

std::string Item(const std::string& name, const std::string& size = "\"1\"") {
  return R"({"name":"zurich/)" + name + R"(","size":)" + size + "}";
}

std::string Page(const std::string& items, const std::string& next = "") {
  return R"({"items":[)" + items + "]" +
         (next.empty() ? "" : R"(,"nextPageToken":")" + next + "\"") + "}";
}

TEST(GcsListing, GoesOnPageByPageAndPassesOverWhatIsNotOurs) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    line.Answer(200, {},
                seen.Asks("pageToken=p%2F1") ? Page(Item("b") + "," + Item("c"))
                                             : Page(Item("..") + "," + Item("a"), "p/1"));
  });
  const auto provider = Open(Options(server));
  std::vector<std::string> names;
  ASSERT_TRUE(ListAll(*provider, names).ok());
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c"}));
  names.clear();
  ASSERT_TRUE(ListAll(*provider, names, "a").ok());
  EXPECT_EQ(names, (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(server.seen().back().Asks("startOffset=zurich%2Fa"));
  EXPECT_EQ(server.seen().front().headers.at("authorization"), "Bearer hush");
}

TEST(GcsListing, IsUnavailableWhenItRepeatsGoesBackOrMakesNoSense) {
  const std::string kWrong[] = {Page(Item("b") + "," + Item("a")),
                                Page(Item("a") + "," + Item("a")),
                                Page(Item("a"), "same"),
                                Page("", "same"),
                                Page(Item("a", "\"18446744073709551616\"")),
                                Page(Item("a", "\"-1\"")),
                                Page(Item("a", "1")),
                                Page(Item("a", "null")),
                                R"({"items":{"a":1}})",
                                R"({"items":[[]]})",
                                R"({"items":"a"})",
                                "[]",
                                std::string(200'000, '['),
                                Page(Item("a")).substr(0, 20),
                                "<html>Please log in</html>",
                                ""};
  for (const std::string& body : kWrong) {
    LoopbackServer server(
        [&](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, body); });
    std::vector<std::string> names;
    EXPECT_EQ(ListAll(*Open(Options(server)), names).code(), StatusCode::kUnavailable)
        << body.substr(0, 100);
  }
}

TEST(GcsProvider, TellsWhatAnErrorMeansByItsReason) {
  struct Row {
    int status;
    std::string reason;
    StatusCode expected;
  };
  const Row kRows[] = {{412, "conditionNotMet", StatusCode::kAlreadyExists},
                       {403, "retentionPolicyNotMet", StatusCode::kLocked},
                       {403, "objectUnderActiveHold", StatusCode::kLocked},
                       {403, "rateLimitExceeded", StatusCode::kUnavailable},
                       {403, "forbidden", StatusCode::kDenied},
                       {401, "authError", StatusCode::kDenied},
                       {429, "rateLimitExceeded", StatusCode::kUnavailable},
                       {503, "backendError", StatusCode::kUnavailable},
                       {400, "hush \\u001b[31m", StatusCode::kDenied},
                       {402, "accountDisabled", StatusCode::kDenied},
                       {406, "", StatusCode::kDenied},
                       {451, "", StatusCode::kDenied},
                       {405, "", StatusCode::kUnsupported},
                       {302, "", StatusCode::kDenied},
                       {200, "", StatusCode::kUnavailable}};
  for (const Row& row : kRows) {
    LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
      line.Answer(row.status, {"Location: https://other.example/hush"},
                  R"({"error":{"message":"hush","errors":[{"reason":")" + row.reason + R"("}]}})");
    });
    const Status put = PutText(*Open(Options(server)), "a", "1");
    EXPECT_EQ(put.code(), row.expected) << row.reason << ": " << put.ToString();
    EXPECT_EQ(put.ToString().find("hush"), std::string::npos) << put.ToString();
    EXPECT_NE(put.message().find("gs://vault/zurich"), std::string::npos);
  }
}

TEST(GcsProvider, SaysWhenTheServiceStoredAnotherNumberOfBytes) {
  LoopbackServer server(
      [](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, R"({"size":"3"})"); });
  EXPECT_TRUE(PutText(*Open(Options(server)), "a", "123").ok());
  EXPECT_EQ(PutText(*Open(Options(server)), "a", "1234").code(), StatusCode::kDamaged);
}

TEST(GcsProvider, ReadsATokenAnewOnceWhenItIsRefused) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    const bool fresh = seen.headers.at("authorization") == "Bearer new";
    line.Answer(fresh ? 200 : 401, {}, R"({"size":"1"})");
  });
  int asked = 0;
  GcsOptions options = Options(server);
  options.credentials = [&]() -> Result<GcsCredentials> {
    return GcsCredentials{.token = SecretBytes::CopyOf(AsBytes(++asked == 1 ? "old" : "new"))};
  };
  const auto provider = Open(options);
  const auto infos = provider->Stat(std::vector<std::string>{"a", "b", "c"});
  ASSERT_TRUE(infos.ok()) << infos.status().ToString();
  EXPECT_EQ(infos->at(2), (ObjectInfo{"c", 1}));
  EXPECT_EQ(asked, 2);
}

// Keeps one resumable upload as the service does. Its line breaks after `breaks_after` bytes of the
// upload in all, each time that it is set.
class TinyGcs {
 public:
  void StandAt(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    origin_ = origin;
  }
  void BreakAfter(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    breaks_after_ = bytes;
  }
  int Uploads() {
    const std::lock_guard lock(mutex_);
    return uploads_;
  }
  std::string Stored() {
    const std::lock_guard lock(mutex_);
    return stored_;
  }

  void operator()(const SeenRequest& seen, LoopbackLine& line) {
    const std::lock_guard lock(mutex_);
    if (seen.method == "POST") return Begin(seen, line);
    const std::string range = seen.headers.at("content-range");
    const std::size_t size = std::stoull(range.substr(range.find('/') + 1));
    if (range.starts_with("bytes */")) return Tell(size, line);
    EXPECT_EQ(range.substr(6, range.find('-') - 6), std::to_string(arrived_.size()));
    std::string body = seen.body;
    const bool breaks = breaks_after_ > 0;
    if (breaks) body.resize(std::min(body.size(), breaks_after_ - arrived_.size()));
    breaks_after_ = 0;
    arrived_ += body;
    if (breaks) return line.HangUp();
    Tell(size, line);
  }

 private:
  void Begin(const SeenRequest& seen, LoopbackLine& line) {
    EXPECT_TRUE(seen.Asks("ifGenerationMatch=0"));
    ++uploads_;
    arrived_.clear();
    line.Answer(200, {"Location: " + origin_ + "/upload/7?upload_id=hush"}, "");
  }
  void Tell(std::size_t size, LoopbackLine& line) {
    if (arrived_.size() < size) {
      const std::string last = std::to_string(arrived_.size() - 1);
      return arrived_.empty() ? line.Answer(308, {}, "")
                              : line.Answer(308, {"Range: bytes=0-" + last}, "");
    }
    stored_ = arrived_;
    line.Answer(200, {}, R"({"size":")" + std::to_string(size) + R"("})");
  }

  std::mutex mutex_;  // the server has threads of its own
  std::string origin_;
  std::size_t breaks_after_ = 0;  // 0: not
  int uploads_ = 0;
  std::string arrived_;
  std::string stored_;
};

TEST(GcsProvider, GoesOnAtTheByteThatTheServiceHas) {
  TinyGcs gcs;
  LoopbackServer server(std::ref(gcs));
  gcs.StandAt(server.origin());
  const auto provider = Open(Options(server));
  const std::string text = Text(5 * kWhole + 7);
  gcs.BreakAfter(1234);
  const Status broken = PutText(*provider, "large", text);
  EXPECT_EQ(broken.code(), StatusCode::kUnavailable) << broken.ToString();
  EXPECT_EQ(broken.ToString().find("hush"), std::string::npos);
  gcs.BreakAfter(4321);
  EXPECT_EQ(PutText(*provider, "large", text).code(), StatusCode::kUnavailable);
  ASSERT_TRUE(PutText(*provider, "large", text).ok());
  EXPECT_EQ(gcs.Uploads(), 1);
  EXPECT_EQ(gcs.Stored(), text);
  std::size_t sent = 0;
  for (const SeenRequest& seen : server.seen()) sent += seen.method == "PUT" ? seen.body.size() : 0;
  EXPECT_EQ(sent, 3 * text.size() - 1234 - 4321);  // never what had arrived
}

TEST(GcsProvider, NeverMixesTwoContentsInOneUpload) {
  TinyGcs gcs;
  LoopbackServer server(std::ref(gcs));
  gcs.StandAt(server.origin());
  const auto provider = Open(Options(server));
  gcs.BreakAfter(1234);
  EXPECT_FALSE(PutText(*provider, "large", Text(5 * kWhole)).ok());
  const std::string other(5 * kWhole, 'x');
  ASSERT_TRUE(PutText(*provider, "large", other).ok());
  EXPECT_EQ(gcs.Stored(), other);
  EXPECT_EQ(gcs.Uploads(), 2);
}

TEST(GcsProvider, SendsNothingToAnotherServerThanItsOwn) {
  for (const char* const url : {"http://127.0.0.1:1/x", "https://other.example/x", "/x", ""}) {
    LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
      line.Answer(200, {std::string("Location: ") + url}, "");
    });
    EXPECT_EQ(PutText(*Open(Options(server)), "large", Text(2 * kWhole)).code(),
              StatusCode::kDenied);
    EXPECT_EQ(server.seen().size(), 1u);
  }
}

TEST(GcsProvider, EndsWhereAnUploadStandsStillOrGoesBack) {
  for (const char* const range : {"bytes=0-9", "bytes=0-99999", "bytes=5-9", "hush", ""}) {
    LoopbackServer server([&](const SeenRequest& seen, LoopbackLine& line) {
      const std::string origin = "http://" + seen.headers.at("host");
      if (seen.method == "POST") return line.Answer(200, {"Location: " + origin + "/u"}, "");
      line.Answer(308, {std::string("Range: ") + range}, "");
    });
    const Status put = PutText(*Open(Options(server)), "large", Text(2 * kWhole));
    EXPECT_FALSE(put.ok()) << range;
    EXPECT_LE(server.seen().size(), 8u);
  }
}

TEST(GcsProvider, AsksForRetentionAndReportsWhatIsLocked) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    if (seen.method == "GET" && seen.path().ends_with("longer")) {
      return line.Answer(
          200, {}, R"({"retention":{"mode":"Locked","retainUntilTime":"2026-11-29T00:00:00.5Z"}})");
    }
    if (seen.method != "DELETE") return line.Answer(200, {}, R"({"size":"1"})");
    line.Answer(403, {}, R"({"error":{"errors":[{"reason":"retentionPolicyNotMet"}]}})");
  });
  GcsOptions options = Options(server);
  EXPECT_FALSE(Open(options)->capability().retention);
  EXPECT_EQ(Open(options)->ExtendRetention("a", {}).code(), StatusCode::kUnsupported);
  options.lock = GcsLock::kLocked;
  const auto provider = Open(options);
  EXPECT_TRUE(provider->capability().retention);
  const Timestamp until{.seconds = 1795890000, .nanoseconds = 1};
  const std::string expected =
      R"("retention":{"mode":"Locked","retainUntilTime":"2026-11-28T18:20:01Z"})";
  ASSERT_TRUE(PutText(*provider, "a", "1", {.retain_until = until}).ok());
  EXPECT_NE(server.seen().back().body.find(expected), std::string::npos);
  ASSERT_TRUE(provider->ExtendRetention("a", until).ok());
  EXPECT_EQ(server.seen().back().method, "PATCH");
  ASSERT_TRUE(provider->ExtendRetention("longer", until).ok());
  EXPECT_EQ(server.seen().back().method, "GET") << "a later date is left as it is";
  EXPECT_EQ(*provider->RetainedUntil("longer"), (Timestamp{.seconds = 1795910400}));
  EXPECT_EQ(*provider->RetainedUntil("a"), std::nullopt);
  ASSERT_TRUE(provider->ExtendRetention("a", until).ok());
  EXPECT_NE(server.seen().back().body.find(expected), std::string::npos);
  EXPECT_EQ(provider->Delete(std::vector<std::string>{"a"})->front().code(), StatusCode::kLocked);
}

TEST(GcsProvider, LocksForGoodWhatIsOnlyRetainedForTryingOut) {
  std::string mode = "Unlocked";
  bool may_override = true;
  LoopbackServer server([&](const SeenRequest& seen, LoopbackLine& line) {
    if (seen.method == "PATCH" && !may_override) {
      return line.Answer(403, {}, R"({"error":{"errors":[{"reason":"forbidden"}]}})");
    }
    line.Answer(200, {},
                R"({"size":"1","retention":{"mode":")" + mode +
                    R"(","retainUntilTime":"2026-11-29T00:00:00Z"}})");
  });
  GcsOptions options = Options(server);
  options.lock = GcsLock::kLocked;
  const auto provider = Open(options);
  const Timestamp earlier{.seconds = 1795890000};
  EXPECT_EQ(*provider->RetainedUntil("a"), std::nullopt) << "not as the URL wants it";
  ASSERT_TRUE(provider->ExtendRetention("a", earlier).ok());
  const SeenRequest patch = server.seen().back();
  EXPECT_TRUE(patch.Asks("overrideUnlockedRetention=true")) << patch.target;
  EXPECT_NE(patch.body.find(R"("mode":"Locked","retainUntilTime":"2026-11-29T00:00:00Z")"),
            std::string::npos)
      << "its own later date: " << patch.body;

  may_override = false;
  const Status refused = provider->ExtendRetention("a", earlier);
  EXPECT_EQ(refused.code(), StatusCode::kDenied) << refused.ToString();
  EXPECT_NE(refused.hint().find("overrideUnlockedRetention"), std::string::npos);

  // The other way round a stricter mode stays.
  mode = "Locked";
  may_override = true;
  options.lock = GcsLock::kUnlocked;
  const auto trying = Open(options);
  EXPECT_EQ(*trying->RetainedUntil("a"), (Timestamp{.seconds = 1795910400}));
  ASSERT_TRUE(trying->ExtendRetention("a", {.seconds = 1795996800}).ok());
  EXPECT_NE(server.seen().back().body.find(R"("mode":"Locked")"), std::string::npos);
  EXPECT_FALSE(server.seen().back().Asks("overrideUnlockedRetention"));
}

TEST(GcsUrl, SaysWhereAndHowAndRepeatsNothingThatIsWrong) {
  const auto options = ParseGcsUrl("gs://vault/a%20b/c?lock=unlocked&resumable_mib=4&parallel=3");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->bucket, "vault");
  EXPECT_EQ(options->folder, "a b/c");
  EXPECT_EQ(options->lock, GcsLock::kUnlocked);
  EXPECT_EQ(options->resumable_bytes, 4u << 20);
  EXPECT_EQ(options->parallel_max, 3u);
  for (const char* const url :
       {"gs:", "gs://", "gs://hush:hush@vault", "gs://HUSH", "gs://vault?lock=hush",
        "gs://vault?hush", "gs://vault?token=hush", "gs://vault?endpoint=http://hush",
        "gs://vault?resumable_mib=0", "gs://vault?credentials=hush-hush"}) {
    const Status refused = OpenProvider(url).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(refused.ToString().find("hush"), std::string::npos) << refused.ToString();
    EXPECT_EQ(refused.ToString().find("HUSH"), std::string::npos) << refused.ToString();
  }
}

}  // namespace
}  // namespace fenchi
