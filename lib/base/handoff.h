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
// Memory: what waits, at most as many items, and of as many bytes, as it was made for; one item of
// any size.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
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
  explicit Handoff(std::size_t waiting_max, std::size_t bytes_max = SIZE_MAX)
      : waiting_max_(waiting_max), bytes_max_(bytes_max) {}

  // Waits for room. `bytes`: of the item, for the bound. False: nobody takes it any more.
  bool Put(Item item, std::size_t bytes = 0) {
    std::unique_lock lock(mutex_);
    WaitFor(changed_, lock, [&] {
      return closed_ || waiting_.empty() ||
             (waiting_.size() < waiting_max_ && bytes_ < bytes_max_ &&
              bytes <= bytes_max_ - bytes_);
    });
    if (closed_) return false;
    waiting_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
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
    std::optional<Item> item(std::move(waiting_.front().first));
    bytes_ -= waiting_.front().second;
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
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Item, std::size_t>> waiting_;
  std::size_t bytes_ = 0;  // of what waits
  Status how_;
  bool finished_ = false;
  bool closed_ = false;
};

}  // namespace fenchi
