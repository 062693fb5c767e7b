#include "base/executor.h"

#include <atomic>
#include <memory>
#include <utility>

#include "base/start_thread.h"
#include "base/stop.h"

namespace fenchi {
namespace {

// One ForEach call, shared by the caller and its helpers: each takes the next index until none is
// left. Helpers that start late find nothing to do.
struct Batch {
  std::size_t count = 0;
  const std::function<void(std::size_t)>* body = nullptr;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable finished;
  std::size_t done = 0;

  void Run() {
    for (;;) {
      const std::size_t index = next.fetch_add(1);
      if (index >= count) return;
      (*body)(index);
      const std::lock_guard lock(mutex);
      if (++done == count) finished.notify_all();
    }
  }
};

}  // namespace

Executor::Executor(std::size_t threads) {
  while (threads_.size() < threads && StartThread(threads_, [this] { Work(); })) {
  }
}

Executor::~Executor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

// Without a single thread, who hands in a task runs it: never with a lock that the task takes.
void Executor::Submit(std::function<void()> task) {
  if (threads_.empty()) return task();
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back([stop = Stop::Current(), run = std::move(task)] {
      const StopTaken taken(stop);
      run();
    });
  }
  changed_.notify_one();
}

void Executor::ForEach(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count == 0) return;
  auto batch = std::make_shared<Batch>();
  batch->count = count;
  batch->body = &body;
  const std::size_t helpers = count - 1 < threads_.size() ? count - 1 : threads_.size();
  for (std::size_t i = 0; i < helpers; ++i) Submit([batch] { batch->Run(); });
  batch->Run();
  std::unique_lock lock(batch->mutex);
  WaitFor(batch->finished, lock, [&] { return batch->done == batch->count; });
}

void Executor::Work() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace fenchi
