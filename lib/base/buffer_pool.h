// Memory that is used again: fresh pages cost more than encrypting what goes into them.
//
// Buffers of one size with unspecified content. One goes back to its pool with the last pointer to
// it, from any thread, and may outlive whoever made the pool. A copy is the same pool.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "base/huge_pages.h"
#include "fenchi/bytes.h"

namespace fenchi {

class BufferPool {
 public:
  explicit BufferPool(std::size_t size_bytes) : state_(std::make_shared<State>(size_bytes)) {}

  // At least that much; much smaller and larger ones are not of the pool.
  std::shared_ptr<Bytes> Get(std::size_t size_bytes) {
    if (size_bytes > state_->size || size_bytes < state_->size / 2) {
      return std::make_shared<Bytes>(size_bytes);
    }
    return Get();
  }
  std::shared_ptr<Bytes> Get() {
    std::unique_ptr<Bytes> buffer;
    {
      const std::lock_guard lock(state_->mutex);
      if (!state_->free.empty()) {
        buffer = std::move(state_->free.back());
        state_->free.pop_back();
      }
    }
    if (!buffer) {
      buffer = std::make_unique<Bytes>();
      ResizeInHugePages(*buffer, state_->size);
    }
    return {buffer.release(), [state = state_](Bytes* used) {
              std::unique_ptr<Bytes> back(used);
              const std::lock_guard lock(state->mutex);
              state->free.push_back(std::move(back));
            }};
  }

 private:
  struct State {
    explicit State(std::size_t size_bytes) : size(size_bytes) {}
    const std::size_t size;
    std::mutex mutex;
    std::vector<std::unique_ptr<Bytes>> free;
  };
  std::shared_ptr<State> state_;
};

}  // namespace fenchi
