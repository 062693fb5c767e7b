// A process that the system gives no further thread, or only so many: a child of a test, as a user
// whom the limit of processes binds.
#pragma once

#include <grp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace fenchi {

inline constexpr uid_t kNobody = 65534;

// Whether that many threads can be started beside each other, and not one more.
inline bool HasThreads(std::size_t count) {
  std::mutex held;
  std::vector<std::thread> threads;
  std::unique_lock lock(held);
  try {
    while (threads.size() <= count)
      threads.emplace_back([&held] { const std::lock_guard wait(held); });
  } catch (const std::system_error&) {
  }
  const bool right = threads.size() == count;
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
  return right;
}

// In a child only. Exit codes: 0 when `body` says true, 1 when not, 2 where other than that many
// threads can be started, so that nothing would be shown.
[[noreturn]] inline void ExitWithThreads(std::size_t count, const std::function<bool()>& body) {
  // Root is bound by no such limit. Where threads are left, nobody else may take them: a user of
  // this process's own.
  const uid_t user = count == 0 ? kNobody : 100'000 + static_cast<uid_t>(::getpid());
  if (::geteuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0)) {
    ::_exit(2);
  }
  const rlim_t processes = count == 0 ? 0 : count + 1;
  const rlimit limit = {processes, processes};
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0 || !HasThreads(count)) ::_exit(2);
  ::_exit(body() ? 0 : 1);
}
[[noreturn]] inline void ExitWithoutThreads(const std::function<bool()>& body) {
  ExitWithThreads(0, body);
}

}  // namespace fenchi
