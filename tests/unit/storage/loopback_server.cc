#include "unit/storage/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace fenchi {
namespace {

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// Reads until `buffer` holds what `complete` wants. False when the other side goes before.
template <typename Complete>
bool ReadUntil(int fd, std::string& buffer, Complete complete) {
  while (!complete()) {
    char piece[65536];
    const ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n <= 0) return false;
    buffer.append(piece, static_cast<std::size_t>(n));
  }
  return true;
}

SeenRequest ParseHead(std::string_view head) {
  SeenRequest seen;
  std::size_t line_end = head.find("\r\n");
  const std::string_view first = head.substr(0, line_end);
  const std::size_t space = first.find(' ');
  seen.method = first.substr(0, space);
  seen.target = first.substr(space + 1, first.rfind(' ') - space - 1);
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string value(line.substr(colon + 1));
    value.erase(0, value.find_first_not_of(' '));
    seen.headers[LowerCase(std::string(line.substr(0, colon)))] = value;
  }
  return seen;
}

std::optional<SeenRequest> ReadRequest(int fd, std::string& buffer) {
  const auto foreign = [&] { return !buffer.empty() && (buffer[0] < 'A' || buffer[0] > 'Z'); };
  if (!ReadUntil(fd, buffer,
                 [&] { return foreign() || buffer.find("\r\n\r\n") != std::string::npos; })) {
    return std::nullopt;
  }
  if (foreign()) {  // TLS, for one
    LoopbackLine(fd, false).Answer(400, {"Connection: close"}, "");
    return std::nullopt;
  }
  const std::size_t head_size = buffer.find("\r\n\r\n") + 4;
  SeenRequest seen = ParseHead(std::string_view(buffer).substr(0, head_size - 2));
  const std::size_t body_size = std::strtoull(seen.headers["content-length"].c_str(), nullptr, 10);
  if (!ReadUntil(fd, buffer, [&] { return buffer.size() >= head_size + body_size; })) {
    return std::nullopt;
  }
  seen.body = buffer.substr(head_size, body_size);
  buffer.erase(0, head_size + body_size);
  return seen;
}

}  // namespace

bool LoopbackLine::Send(std::string_view bytes) {
  while (open() && !bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return open();
}

void LoopbackLine::Answer(int status, const std::vector<std::string>& headers,
                          std::string_view body) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " So\r\n";
  bool length_given = false;
  for (const std::string& header : headers) {
    out += header + "\r\n";
    length_given = length_given || LowerCase(header).starts_with("content-length:");
  }
  if (!length_given && status != 204) {
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  Send(out + "\r\n" + (head_ ? std::string() : std::string(body)));
}

void LoopbackLine::WaitForHangUp() {
  char piece[4096];
  while (open() && recv(fd_, piece, sizeof piece, 0) > 0) {
  }
}

void LoopbackLine::HangUp() {
  if (open()) shutdown(fd_, SHUT_RDWR);
  fd_ = -1;
}

LoopbackServer::LoopbackServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 128) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();  // no loopback: no test of this file can run
  }
  port_ = ntohs(address.sin_port);
  listening_ = std::thread([this] { Listen(); });
}

LoopbackServer::~LoopbackServer() {
  ending_ = true;
  shutdown(listener_, SHUT_RDWR);
  listening_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : serving_) thread.join();
  for (const int fd : open_) close(fd);
  close(listener_);
}

std::vector<SeenRequest> LoopbackServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void LoopbackServer::Listen() {
  while (!ending_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int number = ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    serving_.emplace_back([this, fd, number] { Serve(fd, number); });
  }
}

void LoopbackServer::Serve(int fd, int connection) {
  std::string buffer;
  while (std::optional<SeenRequest> request = ReadRequest(fd, buffer)) {
    request->connection = connection;
    {
      const std::lock_guard lock(mutex_);
      request->number = static_cast<int>(seen_.size()) + 1;
      seen_.push_back(*request);
    }
    const int now = ++parallel_;
    int most = parallel_seen_;
    while (now > most && !parallel_seen_.compare_exchange_weak(most, now)) {
    }
    LoopbackLine line(fd, request->method == "HEAD");
    handler_(*request, line);
    --parallel_;
    if (!line.open()) break;
  }
  shutdown(fd, SHUT_RDWR);
}

}  // namespace fenchi
