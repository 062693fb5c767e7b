#include "storage/http_transfer.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "fenchi/version.h"
#include "storage/http_failure.h"

namespace fenchi {
namespace {

constexpr std::size_t kHeaderBytesMax = 64u << 10;
constexpr long kBufferBytes = 512l << 10;

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

HttpTransfer::HttpTransfer(const HttpOptions& options, HttpRequest request)
    : options_(options), request_(std::move(request)) {
  if (request_.received != nullptr) *request_.received = 0;
}

std::uint64_t HttpTransfer::upload_size() const {
  return request_.source != nullptr ? request_.source_size_bytes : request_.body.size();
}

Status HttpTransfer::Prepare() {
  const bool plain = request_.url.starts_with("http://");
  if (!plain && !request_.url.starts_with("https://")) {
    return InvalidArgument("{}: the address is neither https:// nor http://",
                           DescribeRequest(request_, options_.location));
  }
  if (plain && !options_.allow_plain_text) {
    return InvalidArgument("{}: plain-text http:// is refused",
                           DescribeRequest(request_, options_.location))
        .WithHint("use https://, or allow it by name: add plain_text=allowed to the URL");
  }
  handle_.reset(curl_easy_init());
  if (handle_ == nullptr) {
    return Unavailable("{}: no memory", DescribeRequest(request_, options_.location));
  }
  if (request_.source != nullptr) {
    if (const auto whole = request_.source->InMemory()) {
      memory_ = whole->subspan(request_.source_offset, request_.source_size_bytes);
    }
  } else {
    memory_ = AsBytes(request_.body);
  }
  FENCHI_RETURN_IF_ERROR(SetHeaders());
  CURL* const handle = handle_.get();
  curl_easy_setopt(handle, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  const std::string agent = "fenchi/" + std::string(Version());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, curl_text_);
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kBufferBytes);
  SetMethod();
  SetLimits();
  SetTrust();
  return Status::Ok();
}

Status HttpTransfer::SetHeaders() {
  const auto append = [&](const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) return false;
    static_cast<void>(headers_.release());
    headers_.reset(longer);
    return true;
  };
  // Waiting for "100 Continue" would cost a round trip for each object.
  bool complete = append("Expect:");
  for (const HttpHeader& header : request_.headers) {
    if (HasLineBreak(header.name) || HasLineBreak(header.value)) {
      return InvalidArgument("{}: the header {} holds a line break",
                             DescribeRequest(request_, options_.location),
                             PrintableText(header.name));
    }
    complete = complete &&
               append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  if (!complete) return Unavailable("{}: no memory", DescribeRequest(request_, options_.location));
  curl_easy_setopt(handle_.get(), CURLOPT_HTTPHEADER, headers_.get());
  return Status::Ok();
}

void HttpTransfer::SetMethod() {
  CURL* const handle = handle_.get();
  const bool sends = upload_size() > 0 || request_.method == "PUT" || request_.method == "POST";
  if (request_.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  if (sends) {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(upload_size()));
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, OnRead);
    curl_easy_setopt(handle, CURLOPT_READDATA, this);
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, OnSeek);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, this);
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void HttpTransfer::SetLimits() {
  CURL* const handle = handle_.get();
  const auto stall = request_.stall_timeout.value_or(options_.stall_timeout);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT,
                   static_cast<long>(options_.floor_bytes_per_second));
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
  // A name server that does not answer must not hold up a request that was cancelled.
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
}

void HttpTransfer::SetTrust() {
  CURL* const handle = handle_.get();
  const HttpEnvironment& environment = options_.environment;
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!environment.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, environment.ca_file.c_str());
  }
  if (!environment.ca_directory.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAPATH, environment.ca_directory.c_str());
  }
  // Set also when empty: libcurl would read the environment itself otherwise.
  const bool plain = request_.url.starts_with("http://");
  const std::string& proxy = plain ? environment.proxy_for_http : environment.proxy_for_https;
  curl_easy_setopt(handle, CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(handle, CURLOPT_NOPROXY, environment.no_proxy.c_str());
}

std::size_t HttpTransfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<HttpTransfer*>(self)->TakeHeader({data, size * count});
}

std::size_t HttpTransfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<HttpTransfer*>(self)->TakeBody(AsBytes({data, size * count}));
}

std::size_t HttpTransfer::OnRead(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<HttpTransfer*>(self)->GiveBody(
      {reinterpret_cast<std::uint8_t*>(data), size * count});
}

int HttpTransfer::OnSeek(void* self, curl_off_t offset, int origin) {
  auto* const transfer = static_cast<HttpTransfer*>(self);
  const auto place = static_cast<std::uint64_t>(offset);
  // libcurl sends again when a kept connection breaks before the answer. What was sent may have
  // arrived, and a create-only Put would meet its own object: only the caller may decide that.
  if (origin != SEEK_SET || transfer->sent_ != place) return CURL_SEEKFUNC_FAIL;
  return CURL_SEEKFUNC_OK;
}

// Zero stops the transfer: any other number than the line's size does.
std::size_t HttpTransfer::TakeHeader(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // a new answer: what came before it was an interim one
    response_.headers.clear();
    return line.size();
  }
  header_bytes_ += line.size();
  if (header_bytes_ > kHeaderBytesMax) {
    broken_ = Damaged("{}: the answer's headers are longer than {} bytes",
                      DescribeRequest(request_, options_.location), kHeaderBytesMax);
    return 0;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    response_.headers.push_back({std::string(Trimmed(line.substr(0, colon))),
                                 std::string(Trimmed(line.substr(colon + 1)))});
  }
  return line.size();
}

bool HttpTransfer::FillsInto() const {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  return !request_.into.empty() && (status == 200 || status == 206);
}

std::size_t HttpTransfer::TakeBody(ByteView piece) {
  if (FillsInto()) {
    if (piece.size() > request_.into.size() - received_) {
      broken_ = Damaged("{}: the answer is longer than the {} bytes asked for",
                        DescribeRequest(request_, options_.location), request_.into.size())
                    .WithHint("the server, or a proxy in the way, may ignore ranges");
      return 0;
    }
    std::copy(piece.begin(), piece.end(),
              request_.into.begin() + static_cast<std::ptrdiff_t>(received_));
    received_ += piece.size();
    if (request_.received != nullptr) *request_.received = received_;
    return piece.size();
  }
  if (piece.size() > request_.body_bytes_max - response_.body.size()) {
    broken_ = Damaged("{}: the answer is longer than {} bytes",
                      DescribeRequest(request_, options_.location), request_.body_bytes_max);
    return 0;
  }
  response_.body += AsText(piece);
  return piece.size();
}

std::size_t HttpTransfer::GiveBody(MutableBytes out) {
  const std::uint64_t left = upload_size() - sent_;
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left)));
  if (out.empty()) return 0;
  if (memory_.has_value()) {
    std::memcpy(out.data(), memory_->data() + sent_, out.size());
  } else if (Status read = request_.source->Read(request_.source_offset + sent_, out); !read.ok()) {
    broken_ = std::move(read);
    return CURL_READFUNC_ABORT;
  }
  sent_ += out.size();
  return out.size();
}

Status HttpTransfer::CancelledStatus() const {
  return Cancelled("{}: cancelled", DescribeRequest(request_, options_.location));
}

void HttpTransfer::Finish(CURLcode code) {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (!broken_.ok()) {
    status_ = broken_;
  } else if (code != CURLE_OK) {
    status_ = TransportFailure(request_, options_, handle_.get(), code, curl_text_);
  } else if (FillsInto() && received_ < request_.into.size()) {
    status_ =
        Damaged("{}: the answer has {} bytes of the {} asked for",
                DescribeRequest(request_, options_.location), received_, request_.into.size());
  }
}

Result<HttpResponse> HttpTransfer::TakeResult() {
  if (!status_.ok()) return std::move(status_);
  return std::move(response_);
}

}  // namespace fenchi
