// One bucket of Google Cloud Storage, and the requests of its JSON API.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fenchi/gcs.h"
#include "storage/http_client.h"
#include "storage/http_url.h"
#include "storage/kept_credentials.h"

namespace fenchi {

// A request before the token is put to it.
struct GcsCall {
  std::string method = "GET";
  std::string target = {};  // from the server's root, escaped; or a whole URL of an upload
  std::vector<std::pair<std::string, std::string>> query = {};  // unescaped
  std::vector<HttpHeader> headers = {};
  std::string operation = {};  // for messages, as is:
  std::string object = {};
  std::string body = {};
  Source* source = nullptr;
  std::uint64_t source_offset = 0;
  std::uint64_t source_size_bytes = 0;
  MutableBytes into = {};
  std::size_t body_bytes_max = 1u << 20;
};

class GcsPlace {
 public:
  static Result<std::unique_ptr<GcsPlace>> Open(const GcsOptions& options);

  const GcsOptions& options() const { return options_; }
  const std::string& location() const { return location_; }
  // What all names of objects begin with: "" or "folder/".
  std::string Prefix() const;

  // A call about an object of this name.
  GcsCall ObjectCall(std::string_view method, std::string_view name,
                     std::string_view operation) const;
  // A call about all objects of the bucket.
  GcsCall BucketCall(std::string_view operation) const;
  // A call that begins an upload of this name.
  GcsCall UploadCall(std::string_view name, std::string_view kind) const;
  // Whether the URL of an upload, as told by the service, leads to the service.
  bool IsOurs(std::string_view url) const;

  // Sends it; once more with new credentials when these were refused.
  // Errors: of the transport and of the source of credentials.
  Result<HttpResponse> Send(const GcsCall& call);
  void SendEach(std::size_t count, const std::function<GcsCall(std::size_t)>& make,
                const std::function<void(std::size_t, Result<HttpResponse>)>& done);

  // An object is absent: is the bucket there? Errors: kUnavailable when not.
  Status CheckBucket();

  // What went wrong, by the service's own reasons, see gcs_answer.h.
  Status Failure(const GcsCall& call, const HttpResponse& response) const;
  // The request for messages: nothing in it is secret.
  HttpRequest Describe(const GcsCall& call) const;

 private:
  GcsPlace(const GcsOptions& options, HttpAddress address);
  HttpRequest Sign(const GcsCall& call, const GcsCredentials& credentials) const;

  GcsOptions options_;
  HttpAddress address_;
  std::string location_;
  KeptCredentials<GcsCredentials> credentials_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace fenchi
