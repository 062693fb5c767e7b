// The WebDAV provider, see fenchi/webdav.h.

#include <utility>

#include "base/error.h"
#include "fenchi/webdav.h"
#include "storage/environment_secret.h"
#include "storage/http_failure.h"
#include "storage/http_range.h"
#include "storage/url.h"
#include "storage/url_options.h"
#include "storage/webdav_folder.h"
#include "storage/webdav_list.h"
#include "storage/webdav_provider.h"
#include "storage/webdav_put.h"

namespace fenchi {
namespace {

// No object is as large: a range that begins there cannot be written down for some servers.
constexpr std::uint64_t kOffsetMax = 1ull << 62;

class WebdavProvider final : public Provider {
 public:
  WebdavProvider(std::unique_ptr<WebdavFolder> folder, const WebdavOptions& options)
      : folder_(std::move(folder)),
        writer_(*folder_, options.allow_overwrite),
        domain_(options.domain) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    FENCHI_RETURN_IF_ERROR(folder_->EnsurePresent());
    return writer_.Put(name, source, options.replace);
  }
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override;
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    FENCHI_RETURN_IF_ERROR(folder_->EnsurePresent());
    return ListWebdav(*folder_, prefix, after, entry);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override;
  Result<Timestamp> PlaceTime() override {
    FENCHI_ASSIGN_OR_RETURN(const std::optional<Timestamp> time, folder_->Time());
    return time.has_value() ? Result<Timestamp>(*time) : Provider::PlaceTime();
  }

  Capability capability() const override {
    return {.parallel_calls_max = static_cast<std::uint32_t>(folder_->http_options().parallel_max)};
  }
  Domain domain() const override { return domain_; }
  std::string location() const override { return folder_->location(); }

 private:
  HttpRequest Request(std::string_view method, std::string_view operation,
                      std::string_view name) const {
    return folder_->Request(method, WebdavPath(name), operation, name);
  }
  Status Absent(const HttpRequest& request) {
    FENCHI_RETURN_IF_ERROR(folder_->CheckPresent());
    return NotFound("{}: it is not there", DescribeRequest(request, folder_->location()));
  }
  bool IsEmpty(const std::string& name);
  Result<std::optional<ObjectInfo>> Present(const HttpRequest& request,
                                            const Result<HttpResponse>& response);

  std::unique_ptr<WebdavFolder> folder_;
  WebdavWriter writer_;
  Domain domain_;
};

Status WebdavProvider::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  FENCHI_RETURN_IF_ERROR(folder_->EnsurePresent());
  const bool only_presence = out.empty() || offset > kOffsetMax;
  HttpRequest request = Request(only_presence ? "HEAD" : "GET", "read", name);
  if (!only_presence) AskForRange(request, offset, out);
  FENCHI_ASSIGN_OR_RETURN(const HttpResponse response, folder_->Send(request));
  if (response.status == 404 || IsFolderAnswer(response)) return Absent(request);
  if (response.status == 416) return RangePastTheEnd(request, folder_->location());
  if (response.status != 200 && response.status != 206) return folder_->Failure(request, response);
  if (out.empty()) return Status::Ok();
  if (only_presence) return RangePastTheEnd(request, folder_->location());
  return CheckRange(request, response, offset, folder_->location());
}

// Apache leaves the length of an empty file out where only the headers are asked for.
bool WebdavProvider::IsEmpty(const std::string& name) {
  HttpRequest request = Request("GET", "look for", name);
  request.body_bytes_max = 0;
  const Result<HttpResponse> response = folder_->Send(request);
  return response.ok() && response->status == 200 && response->body.empty();
}

Result<std::optional<ObjectInfo>> WebdavProvider::Present(const HttpRequest& request,
                                                          const Result<HttpResponse>& response) {
  if (!response.ok()) return response.status();
  if (response->status == 404 || IsFolderAnswer(*response)) return std::optional<ObjectInfo>();
  if (response->status != 200) return folder_->Failure(request, *response);
  auto size = response->ContentLength();
  if (!size.has_value() && IsEmpty(request.object)) size = 0;
  if (!size.has_value()) {
    return Unavailable("{}: the server does not say how large it is",
                       DescribeRequest(request, folder_->location()));
  }
  return std::optional<ObjectInfo>(ObjectInfo{request.object, *size});
}

Result<std::vector<std::optional<ObjectInfo>>> WebdavProvider::Stat(
    std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  FENCHI_RETURN_IF_ERROR(folder_->EnsurePresent());
  std::vector<std::optional<ObjectInfo>> out(names.size());
  const auto make = [&](std::size_t i) { return Request("HEAD", "look for", names[i]); };
  Status failure;
  bool any_absent = false;
  folder_->SendEach(names.size(), make, [&](std::size_t i, const Result<HttpResponse>& response) {
    Result<std::optional<ObjectInfo>> info = Present(make(i), response);
    if (!info.ok()) {
      failure = info.status();
    } else {
      any_absent = any_absent || !info->has_value();
      out[i] = *std::move(info);
    }
  });
  FENCHI_RETURN_IF_ERROR(failure);
  if (any_absent) FENCHI_RETURN_IF_ERROR(folder_->CheckPresent());
  return out;
}

// A folder under the name is no object; deleting it would take along what is in it. So each name is
// looked at first, and `Depth: 0` has most servers refuse a folder besides.
Result<std::vector<Status>> WebdavProvider::Delete(std::span<const std::string> names) {
  FENCHI_ASSIGN_OR_RETURN(const auto infos, Stat(names));
  std::vector<std::size_t> present;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].has_value()) present.push_back(i);
  }
  std::vector<Status> out(names.size());
  const auto make = [&](std::size_t i) {
    HttpRequest request = Request("DELETE", "delete", names[present[i]]);
    request.headers = {{"Depth", "0"}};
    return request;
  };
  folder_->SendEach(present.size(), make, [&](std::size_t i, const Result<HttpResponse>& response) {
    if (!response.ok()) {
      out[present[i]] = response.status();
    } else if (response->status != 200 && response->status != 204 && response->status != 404) {
      out[present[i]] = folder_->Failure(make(i), *response);
    }
  });
  return out;
}

Result<WebdavCredentials> CredentialsOfEnvironment(const std::string& name) {
  const auto variable = [&](std::string_view suffix) {
    return EnvironmentVariable("FENCHI_WEBDAV", name, suffix);
  };
  WebdavCredentials out;
  FENCHI_ASSIGN_OR_RETURN(out.token, EnvironmentSecret(variable("TOKEN")));
  if (!out.token.empty()) return out;
  out.user = EnvironmentText(variable("USER"));
  if (out.user.empty()) return out;
  FENCHI_ASSIGN_OR_RETURN(out.password, EnvironmentSecret(variable("PASSWORD")));
  return out;
}

Result<std::shared_ptr<Provider>> OpenWebdavUrlOf(std::string_view scheme, std::string_view rest,
                                                  const Domain& domain) {
  FENCHI_ASSIGN_OR_RETURN(WebdavOptions options,
                          ParseWebdavUrl(fmt::format("{}:{}", scheme, rest)));
  options.domain = domain;
  return OpenWebdavProvider(options);
}

}  // namespace

WebdavCredentialSource WebdavCredentialsOfEnvironment(const std::string& name) {
  return [name] { return CredentialsOfEnvironment(name); };
}

Result<WebdavOptions> ParseWebdavUrl(std::string_view url) {
  const std::string_view scheme = url.substr(0, url.find(':'));
  if (scheme != "webdavs" && scheme != "webdav") {
    return InvalidArgument("a WebDAV URL begins with webdavs:// (or webdav://)");
  }
  FENCHI_ASSIGN_OR_RETURN(HttpUrl parsed, HttpUrl::Parse(scheme, url.substr(scheme.size() + 1)));
  WebdavOptions options;
  FENCHI_ASSIGN_OR_RETURN(options.allow_plain_text, parsed.TakePlainText());
  FENCHI_ASSIGN_OR_RETURN(options.allow_overwrite, TakeAllowed(parsed, "overwrite"));
  FENCHI_ASSIGN_OR_RETURN(options.parallel_max, TakeNumber(parsed, "parallel", 8, 1, 64));
  if (const auto name = parsed.Take("credentials")) {
    FENCHI_RETURN_IF_ERROR(CheckCredentialsName(*name));
    options.credentials = WebdavCredentialsOfEnvironment(*name);
  }
  FENCHI_RETURN_IF_ERROR(parsed.CheckAllTaken(scheme));
  options.address = fmt::format("{}://{}/{}", scheme == "webdav" ? "http" : "https",
                                parsed.authority(), EscapeUrlPath(parsed.path()));
  FENCHI_RETURN_IF_ERROR(ParseHttpAddress(options.address, options.allow_plain_text).status());
  return options;
}

Result<std::shared_ptr<Provider>> OpenWebdavUrl(std::string_view rest, const Domain& domain) {
  return OpenWebdavUrlOf("webdav", rest, domain);
}
Result<std::shared_ptr<Provider>> OpenWebdavsUrl(std::string_view rest, const Domain& domain) {
  return OpenWebdavUrlOf("webdavs", rest, domain);
}

Result<std::shared_ptr<Provider>> OpenWebdavProvider(const WebdavOptions& options) {
  if (options.parallel_max < 1 || options.parallel_max > 64) {
    return InvalidArgument("parallel_max of a WebDAV provider is 1 to 64");
  }
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<WebdavFolder> folder, WebdavFolder::Open(options));
  return std::shared_ptr<Provider>(std::make_shared<WebdavProvider>(std::move(folder), options));
}

}  // namespace fenchi
