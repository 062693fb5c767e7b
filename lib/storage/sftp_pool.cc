#include "storage/sftp_pool.h"

#include <utility>

namespace fenchi {

Result<SftpPool::Lease> SftpPool::Acquire() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return leased_ < options_.sessions_max; });
  ++leased_;
  std::unique_ptr<SftpSession> session;
  if (!idle_.empty()) {
    session = std::move(idle_.back());
    idle_.pop_back();
  }
  // Asking and closing take time of the line: never with the lock held.
  lock.unlock();
  if (session && session->IsAlive()) return Lease(this, std::move(session));
  if (session) {
    // Where one died, asking each of the others would take its time as well.
    std::vector<std::unique_ptr<SftpSession>> closing;
    lock.lock();
    closing.swap(idle_);
    lock.unlock();
  }
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
