#include "storage/tcp_connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace fenchi {
namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

void SetOption(int fd, int level, int option, int value) {
  // Each of them only helps: a kernel that lacks one still connects.
  (void)setsockopt(fd, level, option, &value, sizeof(value));
}

void SetOptions(int fd, Milliseconds timeout) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(timeout.count()));
}

// 0, or the errno of the failure; ETIMEDOUT when the time is over.
int ConnectOne(int fd, const addrinfo& address, Milliseconds share) {
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  const SteadyTime end = std::chrono::steady_clock::now() + share;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return ETIMEDOUT;
    pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    int error = 0;
    socklen_t size = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }
}

}  // namespace

Result<FileDescriptor> ConnectTcp(const std::string& host, int port, Milliseconds timeout) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (code != 0) {
    return Unavailable("there is no address for the host {}: {}", host, gai_strerror(code))
        .WithHint("is the name right, and does this machine reach its name server?");
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  int left = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) ++left;
  const SteadyTime end = std::chrono::steady_clock::now() + timeout;
  int error = ETIMEDOUT;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next, --left) {
    FileDescriptor fd(socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid()) {
      error = errno;
      continue;
    }
    SetOptions(fd.get(), timeout);
    const auto rest =
        std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
    error = ConnectOne(fd.get(), *at, std::max(rest / left, Milliseconds(0)));
    if (error == 0) return fd;
  }
  if (error == ETIMEDOUT) {
    return Deadline("{} port {} did not answer within {} ms", host, port, timeout.count())
        .WithHint("is the server on, and does a firewall let this machine through?");
  }
  return Unavailable("cannot connect to {} port {}: {}", host, port, std::strerror(error))
      .WithHint("is the server running, and is the port right?");
}

}  // namespace fenchi
