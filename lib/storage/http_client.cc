#include "storage/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "storage/http_transfer.h"

namespace fenchi {
namespace {

constexpr std::int64_t kRetryAfterSecondsMax = 24 * 3600;
constexpr int kPollMilliseconds = 500;

char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<std::uint64_t> ParseCount(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

std::optional<std::int64_t> ParseDate(std::string_view text) {
  const std::time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return static_cast<std::int64_t>(seconds);
}

// The first of these variables that is set to something.
std::string FromEnvironment(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

void StartCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct CurlMultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

}  // namespace

std::optional<std::string_view> HttpResponse::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(),
                   [](char a, char b) { return LowerCase(a) == LowerCase(b); })) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> HttpResponse::ContentLength() const {
  const auto text = Header("content-length");
  return text.has_value() ? ParseCount(*text) : std::nullopt;
}

std::optional<Timestamp> HttpResponse::DateIn(std::string_view name) const {
  const auto text = Header(name);
  if (!text.has_value()) return std::nullopt;
  const auto seconds = ParseDate(*text);
  return seconds.has_value() ? std::optional(Timestamp{.seconds = *seconds}) : std::nullopt;
}

std::optional<std::chrono::seconds> HttpResponse::RetryAfter() const {
  const auto text = Header("retry-after");
  if (!text.has_value()) return std::nullopt;
  std::int64_t seconds = 0;
  if (const auto count = ParseCount(*text)) {
    seconds = static_cast<std::int64_t>(
        std::min<std::uint64_t>(*count, static_cast<std::uint64_t>(kRetryAfterSecondsMax)));
  } else {
    // A date is taken from the server's own clock: ours may be wrong.
    const auto then = ParseDate(*text);
    const auto now = Date();
    if (!then.has_value() || !now.has_value()) return std::nullopt;
    seconds = *then - now->seconds;
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kRetryAfterSecondsMax));
}

HttpEnvironment HttpEnvironment::OfProcess() {
  // HTTP_PROXY in capitals is left out, as everywhere: a CGI program gets it from its client.
  return {
      .proxy_for_http = FromEnvironment({"http_proxy", "all_proxy", "ALL_PROXY"}),
      .proxy_for_https = FromEnvironment({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
      .no_proxy = FromEnvironment({"no_proxy", "NO_PROXY"}),
      .ca_file = FromEnvironment({"CURL_CA_BUNDLE", "SSL_CERT_FILE"}),
      .ca_directory = FromEnvironment({"SSL_CERT_DIR"})};
}

// The thread and what it shares with the callers. `waiting` and each transfer's end are behind
// `mutex`; `active` belongs to the thread.
struct HttpClient::Loop {
  Loop(CURLM* handle, std::size_t parallel) : multi(handle), parallel_max(parallel) {}

  void Run();
  void TakeNew();
  void TakeCancelled();
  bool TakeFinished();
  void End(Flight& flight);
  void Wake() { curl_multi_wakeup(multi.get()); }

  std::unique_ptr<CURLM, CurlMultiFree> multi;
  const std::size_t parallel_max;
  std::mutex mutex;
  std::condition_variable ended;
  std::deque<Flight*> waiting;
  bool ending = false;
  std::uint64_t started = 0;          // requests so far, each one's number
  std::uint64_t cancelled_up_to = 0;  // and how many of them Cancel() has ended
  std::atomic<bool> anyone_cancelled = false;
  std::vector<Flight*> active;
  std::thread thread;
};

// A request from Start to its end, kept alive by the caller who waits for it.
struct HttpClient::Flight {
  Flight(const HttpOptions& options, HttpRequest request, Loop& owner)
      : transfer(options, std::move(request)), loop(owner) {}

  void Cancel() {
    transfer.cancelled = true;
    loop.anyone_cancelled = true;
    loop.Wake();
  }

  HttpTransfer transfer;
  Loop& loop;
  bool over = false;         // behind loop.mutex, as is:
  std::uint64_t number = 0;  // the how-manieth request of the client
  std::optional<std::stop_callback<std::function<void()>>> on_stop;
};

void HttpClient::Loop::End(Flight& flight) {
  std::erase(active, &flight);
  const std::lock_guard lock(mutex);
  flight.over = true;  // from here on the caller may take it apart
  ended.notify_all();
}

void HttpClient::Loop::TakeNew() {
  while (active.size() < parallel_max) {
    Flight* next = nullptr;
    {
      const std::lock_guard lock(mutex);
      if (waiting.empty()) return;
      next = waiting.front();
      waiting.pop_front();
    }
    if (next->transfer.cancelled) {
      next->transfer.Fail(next->transfer.CancelledStatus());
      End(*next);
    } else if (curl_multi_add_handle(multi.get(), next->transfer.handle()) != CURLM_OK) {
      next->transfer.Fail(Unavailable("libcurl takes no more requests"));
      End(*next);
    } else {
      active.push_back(next);
    }
  }
}

void HttpClient::Loop::TakeCancelled() {
  if (!anyone_cancelled.exchange(false)) return;
  std::vector<Flight*> cancelled;
  {
    const std::lock_guard lock(mutex);
    const auto is_cancelled = [&](Flight* flight) {
      return flight->transfer.cancelled || flight->number <= cancelled_up_to;
    };
    std::copy_if(active.begin(), active.end(), std::back_inserter(cancelled), is_cancelled);
    for (Flight* const flight : cancelled) {
      curl_multi_remove_handle(multi.get(), flight->transfer.handle());
    }
    std::copy_if(waiting.begin(), waiting.end(), std::back_inserter(cancelled), is_cancelled);
    std::erase_if(waiting, is_cancelled);
  }
  for (Flight* const flight : cancelled) {
    flight->transfer.Fail(flight->transfer.CancelledStatus());
    End(*flight);
  }
}

bool HttpClient::Loop::TakeFinished() {
  bool any = false;
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CURL* const handle = message->easy_handle;
    curl_multi_remove_handle(multi.get(), handle);
    const auto found = std::find_if(active.begin(), active.end(), [&](const Flight* flight) {
      return flight->transfer.handle() == handle;
    });
    if (found == active.end()) continue;
    Flight& flight = **found;
    flight.transfer.Finish(code);
    End(flight);
    any = true;
  }
  return any;
}

void HttpClient::Loop::Run() {
  for (;;) {
    TakeNew();
    TakeCancelled();
    int running = 0;
    curl_multi_perform(multi.get(), &running);
    if (TakeFinished()) continue;  // there is room for those that wait
    {
      const std::lock_guard lock(mutex);
      if (ending && active.empty() && waiting.empty()) return;
    }
    curl_multi_poll(multi.get(), nullptr, 0, kPollMilliseconds, nullptr);
  }
}

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {}

Result<std::unique_ptr<HttpClient>> HttpClient::Create(HttpOptions options) {
  StartCurl();
  CURLM* const multi = curl_multi_init();
  if (multi == nullptr) return Unavailable("libcurl cannot start: no memory");
  const std::size_t parallel = std::max<std::size_t>(options.parallel_max, 1);
  std::unique_ptr<HttpClient> client(new HttpClient(std::move(options)));
  client->loop_ = std::make_unique<Loop>(multi, parallel);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(parallel));
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  try {
    client->loop_->thread = std::thread([loop = client->loop_.get()] { loop->Run(); });
  } catch (const std::system_error& error) {
    return Unavailable("no thread can be started for requests: {}", error.what())
        .WithHint("raise the limit of processes and threads (ulimit -u, pids of the container)");
  }
  return client;
}

HttpClient::~HttpClient() {
  if (loop_ == nullptr) return;
  {
    const std::lock_guard lock(loop_->mutex);
    loop_->ending = true;
  }
  Cancel();
  if (loop_->thread.joinable()) loop_->thread.join();
}

std::unique_ptr<HttpClient::Flight> HttpClient::Start(HttpRequest request) {
  if (!request.stop.stop_possible()) request.stop = Stop::Current().token();
  auto flight = std::make_unique<Flight>(options_, std::move(request), *loop_);
  if (Status prepared = flight->transfer.Prepare(); !prepared.ok()) {
    flight->transfer.Fail(std::move(prepared));
    flight->over = true;
    return flight;
  }
  {
    const std::lock_guard lock(loop_->mutex);
    flight->number = ++loop_->started;
    loop_->waiting.push_back(flight.get());
  }
  flight->on_stop.emplace(flight->transfer.request().stop, [raw = flight.get()] { raw->Cancel(); });
  loop_->Wake();
  return flight;
}

Result<HttpResponse> HttpClient::Send(HttpRequest request) {
  const std::unique_ptr<Flight> flight = Start(std::move(request));
  {
    std::unique_lock lock(loop_->mutex);
    WaitFor(loop_->ended, lock, [&] { return flight->over; });
  }
  flight->on_stop.reset();
  return flight->transfer.TakeResult();
}

void HttpClient::SendEach(std::size_t count,
                          const std::function<Result<HttpRequest>(std::size_t)>& make,
                          const std::function<void(std::size_t, Result<HttpResponse>)>& done) {
  std::vector<std::pair<std::size_t, std::unique_ptr<Flight>>> flights;
  std::size_t next = 0;
  while (next < count || !flights.empty()) {
    while (next < count && flights.size() < std::max<std::size_t>(options_.parallel_max, 1)) {
      const std::size_t index = next++;
      Result<HttpRequest> request = make(index);
      if (request.ok()) {
        flights.emplace_back(index, Start(std::move(request).value()));
      } else {
        done(index, std::move(request).status());
      }
    }
    if (flights.empty()) continue;
    const auto is_over = [](const auto& entry) { return entry.second->over; };
    std::vector<std::pair<std::size_t, std::unique_ptr<Flight>>> over;
    {
      std::unique_lock lock(loop_->mutex);
      WaitFor(loop_->ended, lock,
              [&] { return std::any_of(flights.begin(), flights.end(), is_over); });
      const auto first_over = std::stable_partition(
          flights.begin(), flights.end(), [&](const auto& entry) { return !is_over(entry); });
      std::move(first_over, flights.end(), std::back_inserter(over));
      flights.erase(first_over, flights.end());
    }
    for (auto& [index, flight] : over) {
      flight->on_stop.reset();
      done(index, flight->transfer.TakeResult());
    }
  }
}

void HttpClient::Cancel() {
  {
    const std::lock_guard lock(loop_->mutex);
    loop_->cancelled_up_to = loop_->started;
  }
  loop_->anyone_cancelled = true;
  loop_->Wake();
}

}  // namespace fenchi
