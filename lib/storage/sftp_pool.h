// The connections of one SFTP provider: each is used by one call at a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/sftp_session.h"

namespace fenchi {

class SftpPool {
 public:
  SftpPool(SftpOptions options, std::shared_ptr<SshKeys> keys, std::string where)
      : options_(std::move(options)), keys_(std::move(keys)), where_(std::move(where)) {}

  // A session for one call, given back when the lease ends; a broken one is closed, and with it
  // those that lie idle, which most likely broke too.
  class Lease {
   public:
    Lease(SftpPool* pool, std::unique_ptr<SftpSession> session)
        : pool_(pool), session_(std::move(session)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (session_) pool_->GiveBack(std::move(session_));
    }
    SftpSession& operator*() const { return *session_; }
    SftpSession* operator->() const { return session_.get(); }

   private:
    SftpPool* pool_;
    std::unique_ptr<SftpSession> session_;
  };

  // An idle session that is alive, or a new one; waits while all are in use.
  // Errors: as OpenSftpProvider.
  Result<Lease> Acquire();

 private:
  void GiveBack(std::unique_ptr<SftpSession> session);
  void Release();

  const SftpOptions options_;
  const std::shared_ptr<SshKeys> keys_;
  const std::string where_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<SftpSession>> idle_;
  int leased_ = 0;
};

}  // namespace fenchi
