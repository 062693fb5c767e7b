// Items on their way from one thread to the next, in order, and how it ended.
//
//   Handoff<Lot> lots(4);
//   while (more && lots.Put(MakeLot())) {}     // one thread
//   lots.Finish(status);
//   for (;;) {                                  // the other
//     FENCHI_ASSIGN_OR_RETURN(std::optional<Lot> lot, lots.Take());
//     if (!lot) break;
//   }
//
// Memory: what waits, at most as many items as it was made for.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/stop.h"

namespace fenchi {

template <typename Item>
class Handoff {
 public:
  explicit Handoff(std::size_t waiting_max) : waiting_max_(waiting_max) {}

  // Waits for room. False: nobody takes it any more.
  bool Put(Item item) {
    std::unique_lock lock(mutex_);
    WaitFor(changed_, lock, [this] { return closed_ || waiting_.size() < waiting_max_; });
    if (closed_) return false;
    waiting_.push_back(std::move(item));
    changed_.notify_all();
    return true;
  }

  // Nothing follows. `how` is told behind what waits.
  void Finish(Status how) {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    how_ = std::move(how);
    changed_.notify_all();
  }

  // Waits for the next one; none: that was all, or it is closed. Errors: what Finish() was given.
  Result<std::optional<Item>> Take() {
    std::unique_lock lock(mutex_);
    WaitFor(changed_, lock, [this] { return closed_ || finished_ || !waiting_.empty(); });
    if (closed_) return std::optional<Item>();
    if (waiting_.empty()) {
      FENCHI_RETURN_IF_ERROR(how_);
      return std::optional<Item>();
    }
    std::optional<Item> item(std::move(waiting_.front()));
    waiting_.pop_front();
    changed_.notify_all();
    return item;
  }

  // For either side: whoever waits goes on, and what waits is not taken.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  Status how_;
  bool finished_ = false;
  bool closed_ = false;
};

}  // namespace fenchi
