// A process that the system gives no further thread: a child of a test, as a user whom the limit of
// processes binds.
#pragma once

#include <grp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <functional>
#include <system_error>
#include <thread>

namespace fenchi {

inline constexpr uid_t kNobody = 65534;

// In a child only. Exit codes: 0 when `body` says true, 1 when not, 2 where a thread can be started
// after all, so that nothing would be shown.
[[noreturn]] inline void ExitWithoutThreads(const std::function<bool()>& body) {
  // Root is bound by no such limit.
  if (::geteuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
    ::_exit(2);
  }
  const rlimit none = {0, 0};
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(2);
  try {
    std::thread([] {}).join();
    ::_exit(2);
  } catch (const std::system_error&) {
  }
  ::_exit(body() ? 0 : 1);
}

}  // namespace fenchi
