#include "storage/http_failure.h"

#include <algorithm>

#include "base/error.h"
#include "storage/http_transfer.h"

namespace fenchi {
namespace {

constexpr std::size_t kTextMax = 200;

// "example.org" of "https://example.org:443/path"; never user, path or query.
std::string HostOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "an unnamed host";
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  return PrintableText(url);
}

std::string ProxyOf(const HttpRequest& request, const HttpOptions& options) {
  const HttpEnvironment& environment = options.environment;
  const bool plain = request.url.starts_with("http://");
  const std::string& proxy = plain ? environment.proxy_for_http : environment.proxy_for_https;
  return HostOf(proxy.find("://") == std::string::npos ? "http://" + proxy : proxy);
}

constexpr std::string_view kAgain = "try again; nothing is lost by repeating it";

// What one request's failure is told with.
class Teller {
 public:
  Teller(const HttpRequest& request, const HttpOptions& options)
      : what_(DescribeRequest(request, options.location)),
        host_(HostOf(request.url)),
        proxy_(ProxyOf(request, options)) {}

  Status Name() const {
    return Unavailable("{}: the name {} is not known (DNS)", what_, host_)
        .WithHint("check how the endpoint is spelled, and this machine's name resolution");
  }
  Status Connection() const {
    return Unavailable("{}: no connection to {}", what_, host_)
        .WithHint("check the network, the firewall and whether a proxy is needed (https_proxy)");
  }
  Status Proxy(long connect_status) const {
    if (connect_status == 407 || connect_status == 403) {
      return Denied("{}: the proxy {} answered {} and lets nothing through to {}", what_, proxy_,
                    connect_status, host_)
          .WithHint("give the proxy's user in https_proxy, or name the host in no_proxy");
    }
    return Unavailable("{}: the proxy {} does not pass us on to {}", what_, proxy_, host_)
        .WithHint("check https_proxy and no_proxy");
  }
  Status Trust(std::string_view why) const {
    return Denied("{}: the certificate of {} is not trusted: {}", what_, host_, why)
        .WithHint(
            "never go on without: check the clock, whether a proxy reads the traffic, and for"
            " an authority of your own name its file in SSL_CERT_FILE");
  }
  Status TrustFile() const {
    return InvalidArgument("{}: the file of certificate authorities cannot be read", what_)
        .WithHint("check SSL_CERT_FILE, SSL_CERT_DIR and CURL_CA_BUNDLE");
  }
  Status Handshake(std::string_view why) const {
    return Unavailable("{}: TLS with {} failed: {}", what_, host_, why)
        .WithHint("is it a TLS server? Plain text is never tried in its place");
  }
  Status Slow(bool connected, const HttpOptions& options) const {
    if (!connected) {
      return Deadline("{}: {} did not answer within {} s", what_, host_,
                      options.connect_timeout.count() / 1000.0)
          .WithHint(kAgain);
    }
    return Deadline("{}: the line to {} stayed below {} bytes/s", what_, host_,
                    options.floor_bytes_per_second)
        .WithHint(kAgain);
  }
  Status Broken(std::string_view why) const {
    return Unavailable("{}: the connection to {} broke: {}", what_, host_, why).WithHint(kAgain);
  }
  Status NotHttp() const {
    return Unavailable("{}: {} does not answer in HTTP", what_, host_)
        .WithHint("check host and port of the endpoint");
  }
  Status Malformed() const {
    return InvalidArgument("{}: the address of the endpoint is malformed", what_)
        .WithHint("write it as https://host or https://host:port");
  }

 private:
  std::string what_;
  std::string host_;
  std::string proxy_;
};

}  // namespace

std::string PrintableText(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kTextMax)) out += c >= ' ' && c < 127 ? c : '?';
  return text.size() > kTextMax ? out + "..." : out;
}

std::string DescribeRequest(const HttpRequest& request, std::string_view location) {
  return request.object.empty()
             ? fmt::format("cannot {} {}", request.operation, location)
             : fmt::format("cannot {} {} at {}", request.operation, request.object, location);
}

Status TransportFailure(const HttpRequest& request, const HttpOptions& options, CURL* handle,
                        CURLcode code, std::string_view curl_text) {
  const Teller tell(request, options);
  long connect_status = 0;
  curl_off_t connected_after = 0;
  curl_easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &connected_after);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return tell.Name();
    case CURLE_COULDNT_CONNECT:
      return tell.Connection();
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return tell.Proxy(connect_status);
    // What libcurl says about a certificate names the fault and no address.
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return tell.Trust(PrintableText(curl_text));
    case CURLE_SSL_CACERT_BADFILE:
      return tell.TrustFile();
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
      return tell.Handshake(PrintableText(curl_text));
    case CURLE_OPERATION_TIMEDOUT:
      return tell.Slow(connected_after > 0, options);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return tell.Malformed();
    case CURLE_WEIRD_SERVER_REPLY:
      return tell.NotHttp();
    case CURLE_OUT_OF_MEMORY:
      return Unavailable("{}: no memory", DescribeRequest(request, options.location));
    default:
      if (connect_status >= 400) return tell.Proxy(connect_status);
      return tell.Broken(curl_easy_strerror(code));
  }
}

bool LooksLikeWebPage(const HttpResponse& response) {
  const std::string_view type = response.Header("content-type").value_or("");
  if (type.starts_with("text/html")) return true;
  std::string start = response.body.substr(0, 256);
  std::transform(start.begin(), start.end(), start.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return start.find("<html") != std::string::npos ||
         start.find("<!doctype html") != std::string::npos;
}

namespace {

Status SentOn(const std::string& what, const HttpResponse& response) {
  const std::string_view target = response.Header("location").value_or("");
  const bool elsewhere = target.find("://") != std::string_view::npos;
  return Denied("{}: the server sends us on to {} ({}), which is refused", what,
                elsewhere ? HostOf(target) : "another path", response.status)
      .WithHint(
          "if you trust that address, make it the provider's URL; a log-in page of the"
          " network answers like this too");
}

// Of those that say something of their own; ok for any other.
Status MeaningOfKnown(const std::string& what, int status) {
  switch (status) {
    case 402:
      return Denied("{}: the account there is closed or not paid ({})", what, status)
          .WithHint("settle it with the provider soon: it may delete what it holds");
    case 451:
      return Denied("{}: withheld on legal grounds ({})", what, status)
          .WithHint("ask the provider who demanded it; the other providers are not concerned");
    case 405:
      return Unsupported("{}: the server cannot do this ({})", what, status);
    case 401:
    case 403:
      return Denied("{}: refused ({})", what, status)
          .WithHint("check the credentials and what they may do");
    case 407:
      return Denied("{}: the proxy wants a user and password", what)
          .WithHint("give them in the proxy's environment variable");
    case 404:
    case 410:
      return NotFound("{}: it is not there ({})", what, status);
    case 409:
      return Conflict("{}: somebody else changes it at this moment ({})", what, status);
    case 412:
      return AlreadyExists("{}: the name is taken ({})", what, status);
    case 413:
      return Unsupported("{}: too large for this server ({})", what, status);
    case 423:
      return Locked("{}: it is locked ({})", what, status);
    case 507:
      return Full("{}: no space is left there ({})", what, status);
    case 408:
    case 421:
    case 425:
    case 429:
      return Unavailable("{}: the server asks to slow down ({})", what, status)
          .WithHint("try again later, or with fewer calls at once");
    default:
      return Status::Ok();
  }
}

Status MeaningOf(const HttpRequest& request, const HttpResponse& response,
                 std::string_view location) {
  const std::string what = DescribeRequest(request, location);
  const int status = response.status;
  if (status >= 300 && status < 400) return SentOn(what, response);
  const Status known = MeaningOfKnown(what, status);
  if (!known.ok()) return known;
  if (status >= 500) {
    return Unavailable("{}: the server failed ({})", what, status).WithHint(kAgain);
  }
  if (LooksLikeWebPage(response)) {
    return Unavailable("{}: a web page came in place of an answer ({})", what, status)
        .WithHint("a proxy or a log-in page of the network may be in the way");
  }
  if (status >= 400) {
    return Denied("{}: the server refuses the request ({})", what, status)
        .WithHint(
            "something before it (a proxy, a filter) may do so: check the endpoint, or ask its"
            " operator");
  }
  return Unavailable("{}: the answer makes no sense ({})", what, status);
}

}  // namespace

Status WithServersWait(const Status& status, const HttpResponse& response) {
  const auto wait = response.RetryAfter();
  if (status.code() != StatusCode::kUnavailable || !wait.has_value()) return status;
  return status.WithRetryAfter(*wait);
}

Status HttpStatusFailure(const HttpRequest& request, const HttpResponse& response,
                         std::string_view location) {
  return WithServersWait(MeaningOf(request, response, location), response);
}

}  // namespace fenchi
