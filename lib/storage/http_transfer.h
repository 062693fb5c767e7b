// One request on its way: a libcurl handle, what it reads from and writes to, how it ended.
//
// Made and asked for its result on the caller's thread; everything between happens on the loop's.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "storage/http_client.h"

namespace fenchi {

struct CurlEasyFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct CurlListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class HttpTransfer {
 public:
  HttpTransfer(const HttpOptions& options, HttpRequest request);

  // Makes the handle ready. Errors: kInvalidArgument; kUnavailable without memory.
  Status Prepare();
  CURL* handle() const { return handle_.get(); }

  // libcurl is done with it.
  void Finish(CURLcode code);
  // It ended before, or without, libcurl's answer.
  void Fail(Status status) { status_ = std::move(status); }
  Result<HttpResponse> TakeResult();

  const HttpRequest& request() const { return request_; }
  Status CancelledStatus() const;

  std::atomic<bool> cancelled = false;

 private:
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnRead(char* data, std::size_t size, std::size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);

  Status SetHeaders();
  void SetMethod();
  void SetLimits();
  void SetTrust();
  std::size_t TakeHeader(std::string_view line);
  std::size_t TakeBody(ByteView piece);
  std::size_t GiveBody(MutableBytes out);
  std::uint64_t upload_size() const;
  bool FillsInto() const;

  const HttpOptions& options_;
  HttpRequest request_;
  HttpResponse response_;
  std::unique_ptr<CURL, CurlEasyFree> handle_;
  std::unique_ptr<curl_slist, CurlListFree> headers_;
  std::optional<ByteView> memory_;  // the upload, where it lies in memory
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::size_t header_bytes_ = 0;
  Status broken_;  // why a callback stopped the transfer
  Status status_;
  char curl_text_[CURL_ERROR_SIZE] = {};
};

// The failure that `code` means; `curl_text` is what libcurl says about it.
Status TransportFailure(const HttpRequest& request, const HttpOptions& options, CURL* handle,
                        CURLcode code, std::string_view curl_text);

}  // namespace fenchi
