// HttpClient: requests over HTTP/1.1 and 2 for the providers that speak it.
//
// One thread runs one libcurl loop for all requests of a client; connections are kept and used
// again. Send() waits for one answer, SendEach() keeps several requests under way. Any number of
// threads may call at once; at most `parallel_max` requests are on the wire, the others wait their
// turn in the order they came.
//
// Promises: the server's certificate and name are always checked, and nothing falls back to plain
// text. No redirect is followed (a signed request must not travel to another host): the answer
// comes back as it is. An answer is never larger than the caller allowed. A line that stays below
// `floor_bytes_per_second` for `stall_timeout` ends with kDeadline. Nothing is tried again here:
// that is the retry wrapper's work.
// A message names provider, operation and object; never a URL, header or body.
//
//   FENCHI_ASSIGN_OR_RETURN(auto client, HttpClient::Create({.location = "s3://ledger"}));
//   HttpRequest request{.method = "GET", .url = "https://example.org/a", .operation = "read",
//                       .object = "a", .into = out};
//   FENCHI_ASSIGN_OR_RETURN(HttpResponse response, client->Send(std::move(request)));
//   if (response.status != 206) return HttpStatusFailure(request, response);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/provider.h"
#include "fenchi/status.h"

namespace fenchi {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};  // path and query escaped; sent exactly as it stands
  std::vector<HttpHeader> headers = {};

  // What is sent: `body`, or a part of `source`. The source must outlive the request, and is read
  // on the client's thread; where it lies in memory nothing else is copied.
  std::string body = {};
  Source* source = nullptr;
  std::uint64_t source_offset = 0;
  std::uint64_t source_size_bytes = 0;

  // For messages: "cannot OPERATION OBJECT at LOCATION: ...".
  std::string operation = {};
  std::string object = {};

  // Where the body of a 200 or 206 goes: it must fill `into` exactly. Empty: into response.body,
  // as the bodies of all other answers do. `received`, where given, is how many bytes of `into`
  // are good, also when the request fails.
  MutableBytes into = {};
  std::uint64_t* received = nullptr;
  std::size_t body_bytes_max = 1u << 20;

  std::optional<std::chrono::seconds> stall_timeout = {};  // in place of the client's
  std::stop_token stop = {};  // ends it soon with kCancelled; default: as base/stop.h says
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers = {};
  std::string body = {};

  // The first header of this name in any case; nullopt where there is none.
  std::optional<std::string_view> Header(std::string_view name) const;
  // Content-Length; nullopt where it is missing or no number.
  std::optional<std::uint64_t> ContentLength() const;
  // A header that holds a date of RFC 9110; nullopt where it is missing or none.
  std::optional<Timestamp> DateIn(std::string_view name) const;
  std::optional<Timestamp> Date() const { return DateIn("date"); }
  // Retry-After as seconds from now, also where the server gave a date. Never more than a day.
  std::optional<std::chrono::seconds> RetryAfter() const;
};

// Proxies and certificate authorities as curl's users set them. Read once, so that a change of the
// environment in another thread cannot meet a reader.
struct HttpEnvironment {
  std::string proxy_for_http = {};   // http_proxy, all_proxy
  std::string proxy_for_https = {};  // https_proxy, HTTPS_PROXY, all_proxy
  std::string no_proxy = {};         // no_proxy, NO_PROXY
  std::string ca_file = {};          // CURL_CA_BUNDLE, SSL_CERT_FILE
  std::string ca_directory = {};     // SSL_CERT_DIR

  static HttpEnvironment OfProcess();
};

struct HttpOptions {
  std::string location = {};      // Provider::location(), for messages
  bool allow_plain_text = false;  // http:// as well as https://
  std::size_t parallel_max = 16;
  std::chrono::milliseconds connect_timeout{10'000};  // name, connection and TLS together
  std::uint32_t floor_bytes_per_second = 1'000;
  std::chrono::seconds stall_timeout{30};
  HttpEnvironment environment = HttpEnvironment::OfProcess();
};

class HttpClient {
 public:
  // Errors: kUnavailable when the system gives no more sockets or memory.
  static Result<std::unique_ptr<HttpClient>> Create(HttpOptions options);
  ~HttpClient();  // ends what is under way as Cancel() does
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer of the server is a success here, whatever its status.
  // Errors: kInvalidArgument for an http:// URL where plain text is not allowed, or a header with a
  // line break; kUnavailable when the server cannot be reached or breaks off; kDeadline; kDenied
  // when its certificate is not trusted; kDamaged when the body is not as long as `into`, or longer
  // than `body_bytes_max`; kCancelled; whatever Source::Read answers.
  Result<HttpResponse> Send(HttpRequest request);

  // Sends make(0) ... make(count - 1), several at once, and gives each answer to `done`, in the
  // order in which they come; what could not be made is not sent. Both run on the caller's thread.
  void SendEach(std::size_t count, const std::function<Result<HttpRequest>(std::size_t)>& make,
                const std::function<void(std::size_t, Result<HttpResponse>)>& done);

  // All requests under way or waiting end with kCancelled, within a second. Later ones are served.
  void Cancel();

  const HttpOptions& options() const { return options_; }

 private:
  struct Flight;
  struct Loop;
  explicit HttpClient(HttpOptions options);
  std::unique_ptr<Flight> Start(HttpRequest request);

  HttpOptions options_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace fenchi
