#include "storage/webdav_folder.h"

#include <utility>

#include "base/error.h"
#include "storage/folder_layout.h"
#include "storage/http_failure.h"
#include "storage/url.h"

namespace fenchi {
namespace {

constexpr int kLoginAttempts = 3;
constexpr std::string_view kAskForType =
    R"(<?xml version="1.0" encoding="utf-8"?>)"
    R"(<propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>)";

std::string LocationOf(const HttpAddress& address) {
  return fmt::format("{}://{}{}", address.plain_text ? "webdav" : "webdavs", address.host,
                     PrintableText(address.path));
}

}  // namespace

Result<std::unique_ptr<WebdavFolder>> WebdavFolder::Open(const WebdavOptions& options) {
  FENCHI_ASSIGN_OR_RETURN(HttpAddress address,
                          ParseHttpAddress(options.address, options.allow_plain_text));
  std::unique_ptr<WebdavFolder> folder(new WebdavFolder(options, std::move(address)));
  FENCHI_ASSIGN_OR_RETURN(folder->client_,
                          HttpClient::Create({.location = folder->location_,
                                              .allow_plain_text = options.allow_plain_text,
                                              .parallel_max = options.parallel_max,
                                              .connect_timeout = options.connect_timeout,
                                              .stall_timeout = options.stall_timeout}));
  return folder;
}

WebdavFolder::WebdavFolder(const WebdavOptions& options, HttpAddress address)
    : address_(std::move(address)),
      location_(LocationOf(address_)),
      login_(options.credentials ? options.credentials : WebdavCredentialsOfEnvironment(),
             SystemRandom()) {}

std::string WebdavFolder::EscapedPath(std::string_view path) const {
  return fmt::format("{}/{}", address_.path, EscapeUrlPath(path));
}

std::string WebdavFolder::Url(std::string_view path) const {
  return address_.Origin() + EscapedPath(path);
}

HttpRequest WebdavFolder::Request(std::string_view method, std::string_view path,
                                  std::string_view operation, std::string_view object) const {
  return {.method = std::string(method),
          .url = Url(path),
          .operation = std::string(operation),
          .object = std::string(object)};
}

Result<std::optional<HttpHeader>> WebdavFolder::Authorize(HttpRequest& request) {
  const std::string_view path = std::string_view(request.url).substr(address_.Origin().size());
  FENCHI_ASSIGN_OR_RETURN(std::optional<HttpHeader> header, login_.Authorize(request.method, path));
  if (header.has_value()) request.headers.push_back(*header);
  return header;
}

Result<HttpResponse> WebdavFolder::Send(const HttpRequest& request) {
  for (int attempt = 1;; ++attempt) {
    HttpRequest now = request;
    FENCHI_ASSIGN_OR_RETURN(const std::optional<HttpHeader> sent, Authorize(now));
    FENCHI_ASSIGN_OR_RETURN(HttpResponse response, client_->Send(std::move(now)));
    if (response.status != 401) return response;
    FENCHI_ASSIGN_OR_RETURN(const bool learnt, login_.Learn(response, sent));
    if (!learnt || attempt == kLoginAttempts) return Failure(request, response);
  }
}

void WebdavFolder::SendEach(std::size_t count, const std::function<HttpRequest(std::size_t)>& make,
                            const std::function<void(std::size_t, Result<HttpResponse>)>& done) {
  client_->SendEach(
      count,
      [&](std::size_t i) {
        HttpRequest request = make(i);
        // Without an answer to give, the server's refusal is met below.
        static_cast<void>(Authorize(request).ok());
        return request;
      },
      [&](std::size_t i, Result<HttpResponse> response) {
        const bool again = response.ok() && response->status == 401;
        done(i, again ? Send(make(i)) : std::move(response));
      });
}

Result<HttpResponse> WebdavFolder::LookAt(std::string_view folder) {
  HttpRequest request = Request("PROPFIND", folder, "open", folder);
  request.headers = {{"Depth", "0"}, {"Content-Type", "application/xml"}};
  request.body = kAskForType;
  FENCHI_ASSIGN_OR_RETURN(HttpResponse response, Send(request));
  if (response.status == 207 || response.status == 404) return response;
  return Failure(request, response);
}

bool WebdavFolder::IsMade(std::string_view folder, const HttpResponse& response) {
  // 405: there is something of that name.
  if (response.status == 201 || response.status == 405) return true;
  // Apache says 403 to whoever comes second when two make the same folder at once.
  const Result<HttpResponse> seen = LookAt(folder);
  return seen.ok() && seen->status == 207;
}

Status WebdavFolder::EnsurePresent() {
  if (present_) return Status::Ok();
  const std::lock_guard lock(mutex_);
  if (present_) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, LookAt(""));
  if (response.status == 404) {
    const HttpRequest request = Request("MKCOL", "", "make the folder of", "");
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse made, Send(request));
    if (made.status == 409 || made.status == 404) {
      return NotFound("the folder above {} does not exist on the server", location_)
          .WithHint("make it there, or correct the URL: only the last folder is made");
    }
    if (!IsMade("", made)) return Failure(request, made);
  }
  present_ = true;
  return Status::Ok();
}

Status WebdavFolder::CheckPresent() {
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, LookAt(""));
  return response.status == 207 ? Status::Ok() : Gone();
}

Result<std::optional<Timestamp>> WebdavFolder::Time() {
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, LookAt(""));
  return response.Date();
}

Status WebdavFolder::Gone() const {
  return Unavailable("the folder of {} is gone from the server", location_)
      .WithHint("nothing in it counts as lost: has it been renamed, or is a disk not mounted?");
}

Status WebdavFolder::MakeFolder(std::string_view path) {
  const std::string folder(path);
  // Never the root once it was there: what went away comes back by itself, with what is in it.
  if (folder.empty()) return CheckPresent();
  const HttpRequest request = Request("MKCOL", folder, "make the folder", folder);
  for (const bool again : {false, true}) {
    FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, Send(request));
    if (response.status != 409 && response.status != 404) {
      return IsMade(folder, response) ? Status::Ok() : Failure(request, response);
    }
    if (again) break;
    const std::size_t slash = folder.rfind('/', folder.size() - 2);
    FENCHI_RETURN_IF_ERROR(
        MakeFolder(slash == std::string::npos ? std::string() : folder.substr(0, slash + 1)));
  }
  return Unsupported("{}: a part of the name is an object already",
                     DescribeRequest(request, location_));
}

Status WebdavFolder::Failure(const HttpRequest& request, const HttpResponse& response) const {
  const std::string what = DescribeRequest(request, location_);
  switch (response.status) {
    case 400:
      return Unsupported("{}: the server does not understand our {} (400)", what, request.method);
    case 502:
      return Unavailable("{}: the server, or a proxy before it, failed (502)", what)
          .WithHint("a proxy must pass on the scheme and host by which it was called");
    case 401:
      return Denied("{}: the server does not know us (401)", what)
          .WithHint(
              "check FENCHI_WEBDAV_USER and FENCHI_WEBDAV_PASSWORD, or FENCHI_WEBDAV_TOKEN, and the"
              " clock");
    case 405:
    case 501:
      if (request.method == "DELETE") {
        return Denied("{}: the server lets nobody delete there ({})", what, response.status);
      }
      return Unsupported("{}: the server knows no {} there ({})", what, request.method,
                         response.status)
          .WithHint("is the URL that of a WebDAV folder, and is WebDAV switched on for writing?");
    default:
      return HttpStatusFailure(request, response, location_);
  }
}

std::string WebdavPath(std::string_view name) {
  const ObjectPath path = LocateObject(name);
  return path.folder.empty() ? path.file : fmt::format("{}/{}", path.folder, path.file);
}

bool IsFolderAnswer(const HttpResponse& response) {
  if (response.status == 405) return true;
  if (response.status != 301 && response.status != 302 && response.status != 307 &&
      response.status != 308) {
    return false;
  }
  return response.Header("location").value_or("").ends_with('/');
}

}  // namespace fenchi
