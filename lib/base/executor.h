// A fixed number of threads that run tasks in the order they came.
//
// ForEach() is how a verb talks to all providers at once: the caller waits and helps, so nested
// calls from tasks cannot starve. Tasks must not throw; they work for the verb (base/stop.h) of the
// thread that submits them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fenchi {

class Executor {
 public:
  explicit Executor(std::size_t threads);
  ~Executor();  // runs what is queued, then ends
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Runs it here where the system gives no thread: never call with a lock that the task takes.
  void Submit(std::function<void()> task);
  // Runs body(0) ... body(count - 1), several at once, and returns when all are done.
  void ForEach(std::size_t count, const std::function<void(std::size_t)>& body);

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace fenchi
