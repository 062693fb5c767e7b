#include "storage/sftp_pool.h"

#include <utility>

namespace fenchi {

Result<SftpPool::Lease> SftpPool::Acquire() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return leased_ < options_.sessions_max; });
  ++leased_;
  while (!idle_.empty()) {
    std::unique_ptr<SftpSession> session = std::move(idle_.back());
    idle_.pop_back();
    // Asking and closing take time of the line: never with the lock held.
    lock.unlock();
    if (session->IsAlive()) return Lease(this, std::move(session));
    session.reset();
    lock.lock();
  }
  lock.unlock();
  Result<std::unique_ptr<SftpSession>> opened = SftpSession::Open(options_, *keys_, where_);
  if (opened.ok()) return Lease(this, *std::move(opened));
  Release();
  return std::move(opened).status();
}

void SftpPool::GiveBack(std::unique_ptr<SftpSession> session) {
  std::vector<std::unique_ptr<SftpSession>> closing;
  session->ForgetAll();
  {
    const std::lock_guard lock(mutex_);
    if (session->broken()) {
      closing.swap(idle_);
      closing.push_back(std::move(session));
    } else {
      idle_.push_back(std::move(session));
    }
  }
  Release();
}

void SftpPool::Release() {
  {
    const std::lock_guard lock(mutex_);
    --leased_;
  }
  freed_.notify_one();
}

}  // namespace fenchi
