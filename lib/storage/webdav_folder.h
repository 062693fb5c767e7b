// One folder on a WebDAV server, and the requests below it.
//
// Paths are relative to that folder, unescaped, "" is the folder itself; one of a collection ends
// with '/'.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "fenchi/webdav.h"
#include "storage/http_client.h"
#include "storage/http_login.h"
#include "storage/http_url.h"

namespace fenchi {

class WebdavFolder {
 public:
  static Result<std::unique_ptr<WebdavFolder>> Open(const WebdavOptions& options);

  const std::string& location() const { return location_; }
  const HttpOptions& http_options() const { return client_->options(); }

  // A request for what lies at `path`. `operation` and `object` are for messages.
  HttpRequest Request(std::string_view method, std::string_view path, std::string_view operation,
                      std::string_view object) const;
  // From the server's root, escaped.
  std::string EscapedPath(std::string_view path) const;
  // The whole URL, as a Destination header says it: Apache refuses a path alone.
  std::string Url(std::string_view path) const;

  // Sends it, with what the server wants to know about us. Sends again what it refused only because
  // it wants a newer answer. Errors: of the transport; of the source of credentials; kDenied.
  Result<HttpResponse> Send(const HttpRequest& request);
  // Send() for each of many, several at once; `done` runs on the caller's thread.
  void SendEach(std::size_t count, const std::function<HttpRequest(std::size_t)>& make,
                const std::function<void(std::size_t, Result<HttpResponse>)>& done);

  // The folder is there, or was just made; asked for once. Errors: kNotFound when its parent is
  // not.
  Status EnsurePresent();
  // Something below is absent: is the folder still there? Errors: kUnavailable when not.
  Status CheckPresent();
  // By the server's clock; nullopt where it does not tell.
  Result<std::optional<Timestamp>> Time();
  // Makes a folder ("a/b/") and those above it, up to ours.
  Status MakeFolder(std::string_view path);

  Status Failure(const HttpRequest& request, const HttpResponse& response) const;

 private:
  WebdavFolder(const WebdavOptions& options, HttpAddress address);
  Result<std::optional<HttpHeader>> Authorize(HttpRequest& request);
  // 207 where it is there, 404 where it is not; any other answer is an error.
  Result<HttpResponse> LookAt(std::string_view folder);
  // True when the folder is there after this answer to making it.
  bool IsMade(std::string_view folder, const HttpResponse& response);
  Status Gone() const;

  HttpAddress address_;
  std::string location_;
  HttpLogin login_;
  std::unique_ptr<HttpClient> client_;
  std::mutex mutex_;
  std::atomic<bool> present_ = false;
};

// Where an object lies: "d/ab/abcdef" for "d/abcdef".
std::string WebdavPath(std::string_view name);

// True for the answer to reading a folder as if it were a file.
bool IsFolderAnswer(const HttpResponse& response);

}  // namespace fenchi
