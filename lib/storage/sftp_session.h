// One SFTP session: requests go out without waiting for the answers to those before.
//
//   FENCHI_ASSIGN_OR_RETURN(std::uint32_t id, session.Send(SimpleRequest(SftpType::kLstat, path)));
//   FENCHI_ASSIGN_OR_RETURN(SftpReply reply, session.Wait(id));
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "storage/sftp_packet.h"
#include "storage/ssh_connection.h"

namespace fenchi {

// What the server said of itself.
struct SftpServer {
  bool posix_rename = false;  // a rename that replaces
  bool hard_link = false;
  bool fsync = false;
  bool statvfs = false;
  // Of data in one request: what version 3 promises, unless the server says more.
  std::uint32_t read_bytes_max = 32 * 1024;
  std::uint32_t write_bytes_max = 32 * 1024;
};

class SftpSession {
 public:
  static Result<std::unique_ptr<SftpSession>> Open(const SftpOptions& options, const SshKeys& keys,
                                                   const std::string& where);

  const SftpServer& server() const { return server_; }

  // Errors of all three: kUnavailable and kDeadline; the session is broken then.
  // Sends a request and returns its id; takes in answers while the line is full.
  Result<std::uint32_t> Send(SftpRequest request);
  // The answer to `id`, which must have been sent and not been waited for.
  Result<SftpReply> Wait(std::uint32_t id);
  Result<SftpReply> Call(SftpRequest request);

  // The answer will be dropped when it comes.
  void Forget(std::uint32_t id);
  // Of every request that nobody waited for.
  void ForgetAll();

  bool broken() const { return broken_; }
  // False when the server has hung up; asks it when nothing was heard for long.
  bool IsAlive();

 private:
  SftpSession() = default;
  Status Greet();
  Status AskLimits();
  Status Pump(ByteView& out);
  Result<ByteView> NextPacket(bool wait);
  Status TakeArrived();
  Status Break(Status why);

  std::string where_;
  std::unique_ptr<SshConnection> connection_;
  SftpServer server_;
  std::uint32_t next_id_ = 1;
  std::unordered_set<std::uint32_t> open_;              // sent, not answered
  std::unordered_set<std::uint32_t> forgotten_;         // of open_
  std::unordered_map<std::uint32_t, SftpReply> ready_;  // answered, not waited for
  Bytes in_;
  std::size_t in_begin_ = 0;  // what was used of in_
  bool broken_ = false;
  std::chrono::steady_clock::time_point heard_at_;
};

// A file or folder that is open on the server; closed when it goes out of scope, without waiting.
class SftpHandle {
 public:
  // Errors: kUnavailable when `reply` holds no handle.
  static Result<SftpHandle> Of(SftpSession& session, const SftpReply& reply);
  SftpHandle(SftpHandle&& other) noexcept
      : session_(other.session_), handle_(std::exchange(other.handle_, {})) {}
  SftpHandle& operator=(SftpHandle&&) = delete;
  ~SftpHandle();

  const std::string& get() const { return handle_; }
  // Closes it now; the answer may be waited for.
  Result<std::uint32_t> SendClose();

 private:
  SftpHandle(SftpSession& session, std::string handle)
      : session_(&session), handle_(std::move(handle)) {}

  SftpSession* session_;
  std::string handle_;
};

}  // namespace fenchi
