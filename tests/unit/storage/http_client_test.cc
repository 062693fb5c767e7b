// The HTTP transport against a server that does what servers should not.

#include "storage/http_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <latch>
#include <set>
#include <thread>

#include "fenchi/version.h"
#include "storage/http_failure.h"
#include "unit/base/thread_limit.h"
#include "unit/storage/loopback_server.h"

namespace fenchi {
namespace {

HttpOptions Options() {
  return {.location = "test://place",
          .allow_plain_text = true,
          .connect_timeout = std::chrono::milliseconds(2000),
          .stall_timeout = std::chrono::seconds(1),
          .environment = {}};
}

std::unique_ptr<HttpClient> MakeClient(const HttpOptions& options = Options()) {
  Result<std::unique_ptr<HttpClient>> made = HttpClient::Create(options);
  EXPECT_TRUE(made.ok());
  return std::move(made).value();
}

HttpRequest Request(const std::string& method, const std::string& url) {
  return {.method = method, .url = url, .operation = "read", .object = "a/b"};
}

// A source of `size` bytes that are not in memory: byte i is i mod 251.
class CountingSource final : public Source {
 public:
  explicit CountingSource(std::uint64_t size, std::uint64_t breaks_at = UINT64_MAX)
      : size_(size), breaks_at_(breaks_at) {}
  std::uint64_t size() const override { return size_; }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    if (offset + out.size() > breaks_at_) return Status(StatusCode::kIo, "the disk broke");
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::uint8_t>((offset + i) % 251);
    }
    return Status::Ok();
  }

 private:
  std::uint64_t size_;
  std::uint64_t breaks_at_;
};

TEST(HttpClient, GivesStatusHeadersAndBodyAndKeepsTheConnection) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) {
    line.Answer(299, {"X-Answer:  spaces ", "x-answer: second"}, "hello");
  });
  const auto client = MakeClient();
  for (int i = 0; i < 5; ++i) {
    HttpRequest request = Request("GET", server.origin() + "/a%20b?x=%2F+=");
    request.headers = {{"X-Test", "1"}, {"X-Empty", ""}};
    const Result<HttpResponse> got = client->Send(std::move(request));
    ASSERT_TRUE(got.ok()) << got.status().ToString();
    EXPECT_EQ(got->status, 299);
    EXPECT_EQ(got->body, "hello");
    EXPECT_EQ(got->Header("X-ANSWER"), "spaces");
    EXPECT_EQ(got->Header("absent"), std::nullopt);
    EXPECT_EQ(got->ContentLength(), 5u);
  }
  EXPECT_EQ(server.connections(), 1);
  const SeenRequest first = server.seen().front();
  EXPECT_EQ(first.target, "/a%20b?x=%2F+=");
  EXPECT_EQ(first.headers.at("x-test"), "1");
  EXPECT_EQ(first.headers.at("x-empty"), "");
  EXPECT_EQ(first.headers.at("user-agent"), "fenchi/" + std::string(Version()));
  EXPECT_EQ(first.headers.count("expect"), 0u);
  EXPECT_EQ(first.headers.count("accept-encoding"), 0u);
}

TEST(HttpClient, SendsAPartOfASourceFromMemoryAndFromElsewhere) {
  LoopbackServer server(
      [](const SeenRequest& seen, LoopbackLine& line) { line.Answer(200, {}, seen.method); });
  const auto client = MakeClient();
  CountingSource elsewhere(3'000'000);
  Bytes copy(3'000'000);
  ASSERT_TRUE(elsewhere.Read(0, copy).ok());
  MemorySource memory{ByteView(copy)};
  for (Source* const source : {static_cast<Source*>(&elsewhere), static_cast<Source*>(&memory)}) {
    for (const std::uint64_t size : {0ull, 1ull, 1'999'990ull}) {
      HttpRequest request = Request("PUT", server.origin() + "/x");
      request.source = source;
      request.source_offset = 1'000'010;
      request.source_size_bytes = size;
      const Result<HttpResponse> got = client->Send(std::move(request));
      ASSERT_TRUE(got.ok()) << got.status().ToString();
      const std::string body = server.seen().back().body;
      EXPECT_EQ(server.seen().back().headers.at("content-length"), std::to_string(size));
      EXPECT_TRUE(std::ranges::equal(AsBytes(body), ByteView(copy).subspan(1'000'010, size)));
    }
  }
}

TEST(HttpClient, ReportsWhyASourceCouldNotBeRead) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, ""); });
  CountingSource source(10'000'000, 4'000'000);
  HttpRequest request = Request("PUT", server.origin() + "/x");
  request.source = &source;
  request.source_size_bytes = source.size();
  const Result<HttpResponse> got = MakeClient()->Send(std::move(request));
  EXPECT_EQ(got.status().code(), StatusCode::kIo);
  EXPECT_EQ(got.status().message(), "the disk broke");
}

TEST(HttpClient, FillsTheCallersBytesExactlyOrSaysDamaged) {
  std::string body = "0123456789";
  LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
    line.Answer(206, {"Content-Range: bytes 0-9/99"}, body);
  });
  const auto client = MakeClient();
  for (const auto& [size, code] :
       {std::pair{10, StatusCode::kOk}, {9, StatusCode::kDamaged}, {11, StatusCode::kDamaged}}) {
    Bytes out(static_cast<std::size_t>(size));
    std::uint64_t received = 0;
    HttpRequest request = Request("GET", server.origin() + "/x");
    request.into = out;
    request.received = &received;
    const Result<HttpResponse> got = client->Send(std::move(request));
    EXPECT_EQ(got.status().code(), code) << got.status().ToString();
    if (got.ok()) {
      EXPECT_EQ(AsText(out), body);
    }
    EXPECT_EQ(received, size == 9 ? 0u : 10u);
  }
}

TEST(HttpClient, PutsOtherAnswersAsideFromTheCallersBytes) {
  LoopbackServer server(
      [](const SeenRequest&, LoopbackLine& line) { line.Answer(404, {}, "no such thing"); });
  Bytes out(4, 0x55);
  HttpRequest request = Request("GET", server.origin() + "/x");
  request.into = out;
  const Result<HttpResponse> got = MakeClient()->Send(std::move(request));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->body, "no such thing");
  EXPECT_EQ(out, Bytes(4, 0x55));
}

TEST(HttpClient, CallsALineThatBreaksUnavailableAndCountsWhatArrived) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) {
    line.Send("HTTP/1.1 206 So\r\nContent-Length: 100\r\n\r\n12345");
    line.HangUp();
  });
  Bytes out(100);
  std::uint64_t received = 0;
  HttpRequest request = Request("GET", server.origin() + "/x");
  request.into = out;
  request.received = &received;
  const Result<HttpResponse> got = MakeClient()->Send(std::move(request));
  EXPECT_EQ(got.status().code(), StatusCode::kUnavailable) << got.status().ToString();
  EXPECT_EQ(received, 5u);
}

TEST(HttpClient, EndsAnEndlessBodyAtTheCallersLimit) {
  LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
    line.Send("HTTP/1.1 200 So\r\n\r\n");
    const std::string piece(65536, seen.path() == "/page" ? 'x' : 'y');
    while (line.Send(piece)) {
    }
    line.HangUp();
  });
  const auto client = MakeClient();
  HttpRequest bounded = Request("GET", server.origin() + "/page");
  bounded.body_bytes_max = 1'000'000;
  EXPECT_EQ(client->Send(std::move(bounded)).status().code(), StatusCode::kDamaged);
  Bytes out(1000);
  HttpRequest filling = Request("GET", server.origin() + "/object");
  filling.into = out;
  EXPECT_EQ(client->Send(std::move(filling)).status().code(), StatusCode::kDamaged);
}

TEST(HttpClient, EndsEndlessHeaders) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) {
    line.Send("HTTP/1.1 200 So\r\n");
    while (line.Send("X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
    line.HangUp();
  });
  const Result<HttpResponse> got = MakeClient()->Send(Request("GET", server.origin() + "/x"));
  EXPECT_EQ(got.status().code(), StatusCode::kDamaged) << got.status().ToString();
}

TEST(HttpClient, CallsALineThatDripsADeadline) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) {
    line.Send("HTTP/1.1 200 So\r\nContent-Length: 1000000\r\n\r\n");
    while (line.Send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    line.HangUp();
  });
  const Result<HttpResponse> got = MakeClient()->Send(Request("GET", server.origin() + "/x"));
  EXPECT_EQ(got.status().code(), StatusCode::kDeadline) << got.status().ToString();
}

TEST(HttpClient, CallsAServerThatNeverAnswersADeadline) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) { line.WaitForHangUp(); });
  const Result<HttpResponse> got = MakeClient()->Send(Request("GET", server.origin() + "/x"));
  EXPECT_EQ(got.status().code(), StatusCode::kDeadline) << got.status().ToString();
}

TEST(HttpClient, FollowsNoRedirectAndTheFailureNamesTheHostOnly) {
  LoopbackServer elsewhere(
      [](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, "stolen"); });
  LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
    line.Answer(307, {"Location: " + elsewhere.origin() + "/x?secret=1"}, "");
  });
  const HttpRequest request = Request("GET", server.origin() + "/x");
  const Result<HttpResponse> got = MakeClient()->Send(request);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->status, 307);
  EXPECT_EQ(elsewhere.connections(), 0);
  const Status failure = HttpStatusFailure(request, *got, "test://place");
  EXPECT_EQ(failure.code(), StatusCode::kDenied);
  EXPECT_NE(failure.message().find(elsewhere.host()), std::string::npos);
  EXPECT_EQ(failure.ToString().find("secret"), std::string::npos);
}

TEST(HttpClient, RefusesPlainTextUnlessItIsAllowedByName) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, ""); });
  HttpOptions options = Options();
  options.allow_plain_text = false;
  const Result<HttpResponse> got =
      MakeClient(options)->Send(Request("GET", server.origin() + "/x"));
  EXPECT_EQ(got.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(got.status().hint().find("plain_text=allowed"), std::string::npos);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, NeverFallsBackToPlainTextWhereTlsFails) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, ""); });
  const Result<HttpResponse> got =
      MakeClient()->Send(Request("GET", "https://" + server.host() + "/x"));
  EXPECT_EQ(got.status().code(), StatusCode::kUnavailable) << got.status().ToString();
  EXPECT_TRUE(server.seen().empty());
}

TEST(HttpClient, RefusesHeadersWithLineBreaks) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, ""); });
  HttpRequest request = Request("GET", server.origin() + "/x");
  request.headers = {{"X-Test", "1\r\nAuthorization: me"}};
  EXPECT_EQ(MakeClient()->Send(std::move(request)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(server.seen().empty());
}

TEST(HttpClient, NamesWhatCannotBeReached) {
  HttpOptions options = Options();
  const auto client = MakeClient(options);
  std::string nobody;
  {
    const LoopbackServer gone([](const SeenRequest&, LoopbackLine&) {});
    nobody = gone.origin();
  }
  const Status refused = client->Send(Request("GET", nobody + "/x?token=hush")).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(refused.message().find("cannot read a/b at test://place"), std::string::npos);
  EXPECT_EQ(refused.ToString().find("hush"), std::string::npos);
  const Status unknown = client->Send(Request("GET", "http://no-such-host.invalid/x")).status();
  EXPECT_EQ(unknown.code(), StatusCode::kUnavailable) << unknown.ToString();
  EXPECT_NE(unknown.message().find("no-such-host.invalid"), std::string::npos);
}

TEST(HttpClient, GoesThroughTheProxyOfTheEnvironmentAndAroundIt) {
  LoopbackServer proxy(
      [](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, "from the proxy"); });
  LoopbackServer server(
      [](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, "direct"); });
  HttpOptions options = Options();
  options.environment.proxy_for_http = "http://user:hush@" + proxy.host();
  const auto through = MakeClient(options)->Send(Request("GET", server.origin() + "/x"));
  ASSERT_TRUE(through.ok()) << through.status().ToString();
  EXPECT_EQ(through->body, "from the proxy");
  options.environment.no_proxy = "127.0.0.1";
  const auto around = MakeClient(options)->Send(Request("GET", server.origin() + "/x"));
  ASSERT_TRUE(around.ok());
  EXPECT_EQ(around->body, "direct");
}

TEST(HttpClient, SaysWhenTheProxyIsWhatRefuses) {
  LoopbackServer proxy([](const SeenRequest&, LoopbackLine& line) {
    line.Answer(407, {"Proxy-Authenticate: Basic realm=x"}, "");
  });
  HttpOptions options = Options();
  options.environment.proxy_for_https = "http://user:hush@" + proxy.host();
  const Status refused =
      MakeClient(options)->Send(Request("GET", "https://far.example/x")).status();
  EXPECT_EQ(refused.code(), StatusCode::kDenied) << refused.ToString();
  EXPECT_NE(refused.message().find("the proxy " + proxy.host()), std::string::npos);
  EXPECT_EQ(refused.ToString().find("hush"), std::string::npos);
}

TEST(HttpClient, EndsWithinASecondWhenAskedToStop) {
  std::latch arrived(3);
  LoopbackServer server([&](const SeenRequest&, LoopbackLine& line) {
    arrived.count_down();
    line.WaitForHangUp();
  });
  HttpOptions options = Options();
  options.stall_timeout = std::chrono::seconds(60);
  const auto client = MakeClient(options);
  std::stop_source stop;
  std::vector<std::future<Status>> waiting;
  for (int i = 0; i < 3; ++i) {
    HttpRequest request = Request("GET", server.origin() + "/x");
    if (i == 0) request.stop = stop.get_token();
    waiting.push_back(
        std::async(std::launch::async, [&, request] { return client->Send(request).status(); }));
  }
  arrived.wait();
  stop.request_stop();
  EXPECT_EQ(waiting[0].get().code(), StatusCode::kCancelled);
  EXPECT_EQ(waiting[1].wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  client->Cancel();
  EXPECT_EQ(waiting[1].get().code(), StatusCode::kCancelled);
  EXPECT_EQ(waiting[2].get().code(), StatusCode::kCancelled);
}

TEST(HttpClient, ServesLaterRequestsAfterACancel) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) { line.Answer(200, {}, ""); });
  const auto client = MakeClient();
  for (int i = 0; i < 100; ++i) {
    client->Cancel();
    EXPECT_TRUE(client->Send(Request("GET", server.origin() + "/x")).ok());
  }
}

TEST(HttpClient, SendsManyOnFewConnectionsAndGivesEachAnswerOnce) {
  LoopbackServer server(
      [](const SeenRequest& seen, LoopbackLine& line) { line.Answer(200, {}, seen.target); });
  HttpOptions options = Options();
  options.parallel_max = 8;
  const auto client = MakeClient(options);
  std::set<std::size_t> answered;
  client->SendEach(
      500,
      [&](std::size_t i) -> Result<HttpRequest> {
        return Request("GET", server.origin() + "/" + std::to_string(i));
      },
      [&](std::size_t i, Result<HttpResponse> got) {
        ASSERT_TRUE(got.ok()) << got.status().ToString();
        EXPECT_EQ(got->body, "/" + std::to_string(i));
        EXPECT_TRUE(answered.insert(i).second);
      });
  EXPECT_EQ(answered.size(), 500u);
  EXPECT_LE(server.connections(), 8);
  EXPECT_LE(server.parallel_seen(), 8);
}

TEST(HttpClient, IsQuietWhenItIsTakenDownWithRequestsUnderWay) {
  LoopbackServer server([](const SeenRequest&, LoopbackLine& line) { line.WaitForHangUp(); });
  auto client = MakeClient();
  std::stop_source stop;
  HttpRequest request = Request("GET", server.origin() + "/x");
  request.stop = stop.get_token();
  stop.request_stop();  // before it begins
  EXPECT_EQ(client->Send(std::move(request)).status().code(), StatusCode::kCancelled);
  client.reset();
}

TEST(HttpResponse, ReadsDatesAndWaits) {
  HttpResponse response{.headers = {{"Date", "Sat, 28 Nov 2026 12:00:00 GMT"},
                                    {"Retry-After", "Sat, 28 Nov 2026 12:00:07 GMT"}}};
  EXPECT_EQ(response.Date()->seconds, 1795867200);
  EXPECT_EQ(response.RetryAfter(), std::chrono::seconds(7));
  response.headers[1].value = "12";
  EXPECT_EQ(response.RetryAfter(), std::chrono::seconds(12));
  response.headers[1].value = "99999999999";
  EXPECT_EQ(response.RetryAfter(), std::chrono::hours(24));
  response.headers[1].value = "soon";
  EXPECT_EQ(response.RetryAfter(), std::nullopt);
  response.headers.clear();
  EXPECT_EQ(response.Date(), std::nullopt);
}

TEST(HttpClient, WithoutAThreadForItsRequestsThePlaceIsUnavailableAndTheHintSaysWhatLacks) {
  const auto refused = [] {
    const Status status = HttpClient::Create(Options()).status();
    return status.code() == StatusCode::kUnavailable &&
           status.hint().find("ulimit") != std::string::npos;
  };
  EXPECT_EXIT(ExitWithoutThreads(refused), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace fenchi
