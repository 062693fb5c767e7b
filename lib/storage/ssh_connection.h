// One SSH connection with the SFTP subsystem at its end: bytes out, bytes in.
//
// libssh does the cryptography, the keys and the channel; it is run without blocking, so that every
// wait here ends when a step of connecting, or a time in which hardly a byte moves (below 1,000 a
// second), is longer than SftpOptions::timeout, and when the verb is to stop. Only bytes of SFTP
// count: neither what the server writes to its standard error nor what it sends beside the channel.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "fenchi/bytes.h"
#include "fenchi/sftp.h"
#include "fenchi/status.h"
#include "storage/ssh_keys.h"

struct ssh_session_struct;
struct ssh_channel_struct;
struct ssh_counter_struct;

namespace fenchi {

class SshConnection {
 public:
  // Connects, checks the host key, logs in, and asks for SFTP. `where` names the place in errors.
  // Errors: as OpenSftpProvider.
  static Result<std::unique_ptr<SshConnection>> Open(const SftpOptions& options,
                                                     const SshKeys& keys, std::string where);
  ~SshConnection();

  // Moves bytes: from the beginning of `out` to the server, and what has arrived to the end of
  // `in`. Waits until it could do either, a fifth of a second at most; so it is called in a loop.
  // Errors: kUnavailable when the connection is lost; kDeadline when too little moves for too long;
  // kCancelled.
  Status Pump(ByteView& out, Bytes& in);
  // A whole answer has come: the time without one begins anew.
  void Moved();

  // Whether it looks alive, without asking the server.
  bool LooksAlive();

 private:
  SshConnection(const SftpOptions& options, std::string where);
  Status Connect();
  Status CheckHostKey();
  Status LogIn(const SshKeys& keys);
  Status OpenChannel();
  Result<std::string> Fingerprint();

  // Calls until it says something else than `again`. Errors: kDeadline.
  template <typename Call>
  Result<int> Finish(int again, Call call);
  Status WaitSocket();
  Status WaitReadable(std::chrono::milliseconds left);
  std::uint64_t MovedBytes() const;
  bool IsFast(std::chrono::steady_clock::duration time) const;
  Status Lost(std::string_view doing);

  SftpOptions options_;
  std::string where_;
  std::unique_ptr<ssh_counter_struct> counter_;
  std::unique_ptr<std::uint8_t[]> space_;  // to read into; only what was needed once is in memory
  ssh_session_struct* session_ = nullptr;
  ssh_channel_struct* channel_ = nullptr;
  bool serves_ = false;                             // SFTP is spoken
  std::uint64_t taken_ = 0;                         // of SFTP, in
  std::uint64_t given_ = 0;                         // of SFTP, out, with what SSH adds
  std::uint64_t sent_before_ = 0;                   // by SSH, before the first byte of SFTP
  std::chrono::steady_clock::time_point moved_at_;  // the time that is measured began
  std::uint64_t moved_ = 0;                         // and had moved by then
};

}  // namespace fenchi
