// One bucket as requests see it: where it is, who we are there, and how a call is signed and sent.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fenchi/s3.h"
#include "storage/http_client.h"
#include "storage/http_url.h"

namespace fenchi {

// A request to the bucket before it is signed. Fields as in HttpRequest.
struct S3Call {
  std::string method = "GET";
  std::string key = {};  // "": the bucket itself
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<HttpHeader> headers = {};
  std::string body = {};
  Source* source = nullptr;
  std::uint64_t source_offset = 0;
  std::uint64_t source_size_bytes = 0;
  std::string operation = {};
  std::string object = {};
  MutableBytes into = {};
  std::size_t body_bytes_max = 1u << 20;
  std::optional<std::chrono::seconds> stall_timeout = {};
};

class S3Place {
 public:
  // Asks nothing of the network. Errors: kInvalidArgument.
  static Result<std::unique_ptr<S3Place>> Open(const S3Options& options);

  const S3Options& options() const { return options_; }
  const std::string& location() const { return client_->options().location; }
  bool is_amazon() const { return is_amazon_; }
  // Object name -> key, and "" + folder for prefixes: folder() is "" or ends with '/'.
  const std::string& folder() const { return folder_; }
  std::string KeyOf(std::string_view name) const { return folder_ + std::string(name); }

  // The answer, whatever its status. Credentials that the server calls expired are asked for anew,
  // once. Errors: as HttpClient::Send; kDenied when there are no credentials.
  Result<HttpResponse> Send(const S3Call& call);
  // As Send, but an answer whose status is not `good` is a failure.
  Result<HttpResponse> Ask(const S3Call& call, int good = 200);
  // Several at once, see HttpClient::SendEach.
  void SendEach(std::size_t count, const std::function<Result<S3Call>(std::size_t)>& make,
                const std::function<void(std::size_t, Result<HttpResponse>)>& done);

  Status Failure(const S3Call& call, const HttpResponse& response) const;
  // What a call is refused with that found something which should not be.
  std::string Describe(const S3Call& call) const;
  Timestamp Now() const { return clock().Now(); }
  void Cancel() { client_->Cancel(); }

 private:
  using Credentials = std::shared_ptr<const S3Credentials>;
  S3Place() = default;
  Clock& clock() const { return options_.clock != nullptr ? *options_.clock : SystemClock(); }
  Result<Credentials> CurrentCredentials();
  void Forget(const Credentials& credentials);
  Result<HttpRequest> Sign(const S3Call& call, const S3Credentials& credentials) const;
  Result<std::string> PayloadHash(const S3Call& call) const;

  S3Options options_;
  bool is_amazon_ = false;
  std::string origin_;     // "https://host"
  std::string host_;       // as the Host header says it
  std::string root_path_;  // "" or "/bucket", after the endpoint's own path
  std::string folder_;
  std::unique_ptr<HttpClient> client_;
  std::mutex mutex_;
  Credentials credentials_;  // behind mutex_
};

}  // namespace fenchi
