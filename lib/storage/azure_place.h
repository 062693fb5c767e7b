// One container of an account of Azure Blob Storage, and the requests to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fenchi/azure.h"
#include "storage/azure_signer.h"
#include "storage/http_client.h"
#include "storage/http_url.h"
#include "storage/kept_credentials.h"

namespace fenchi {

// A request before it is dated and signed.
struct AzureCall {
  std::string method = {};
  std::string name = {};  // an object's; "" is the container
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<HttpHeader> headers = {};
  std::string operation = {};  // for messages
  std::string body = {};
  Source* source = nullptr;
  std::uint64_t source_offset = 0;
  std::uint64_t source_size_bytes = 0;
  MutableBytes into = {};
  std::size_t body_bytes_max = 1u << 20;
};

class AzurePlace {
 public:
  static Result<std::unique_ptr<AzurePlace>> Open(const AzureOptions& options);

  const AzureOptions& options() const { return options_; }
  const std::string& location() const { return location_; }
  // What all names of blobs begin with: "" or "folder/".
  std::string Prefix() const;

  // Sends it; once more with new credentials when these were refused.
  // Errors: of the transport and of the source of credentials.
  Result<HttpResponse> Send(const AzureCall& call);
  void SendEach(std::size_t count, const std::function<AzureCall(std::size_t)>& make,
                const std::function<void(std::size_t, Result<HttpResponse>)>& done);

  // What went wrong, by the service's own error codes, see azure_answer.h.
  Status Failure(const AzureCall& call, const HttpResponse& response) const;
  // The request for messages: nothing in it is secret.
  HttpRequest Describe(const AzureCall& call) const;

 private:
  AzurePlace(const AzureOptions& options, HttpAddress address);
  HttpRequest Sign(const AzureCall& call, const AzureCredentials& credentials);

  AzureOptions options_;
  Clock& clock_;
  HttpAddress address_;
  std::string location_;
  KeptCredentials<AzureCredentials> credentials_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace fenchi
