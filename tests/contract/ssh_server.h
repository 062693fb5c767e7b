// OpenSSH's sshd on loopback, for one test: an ephemeral port, keys of its own, and lines that can
// be cut.
//
// The fixture listens by itself and runs one `sshd -i` for each connection, so that the port is
// never guessed and every process is known. The account is the one that runs the test.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "contract/temporary_directory.h"

namespace fenchi {

struct SshServerOptions {
  std::string sftp_flags = {};  // of internal-sftp: "-R" only reads, "-P remove" forbids a request
  std::string config = {};      // more lines of sshd_config
  bool has_sftp = true;
  // Words put before sshd, separated by spaces: a program that starts it in a smaller world.
  std::vector<std::string> wrapper = {};
};

class SshServer {
 public:
  // Why no server can run here; "" when one can.
  static std::string Missing();

  explicit SshServer(SshServerOptions options = {});
  ~SshServer();

  int port() const { return port_; }
  // Where the account's objects may go.
  std::string root() const { return directory_.path() + "/root"; }
  const std::string& directory() const { return directory_.path(); }
  std::string known_hosts() const { return directory_.path() + "/known_hosts"; }
  // A key that is let in: "ed25519", "rsa", "locked" (ed25519 with the passphrase "open sesame");
  // or "stranger", which is not.
  std::string Key(const std::string& name);
  // An sftp: URL of root() for the key, with `more` after it.
  std::string Url(const std::string& key = "ed25519", const std::string& more = "");
  // What sshd wrote to its log.
  std::string Log() const;

  // The server gets a new host key, which known_hosts() does not have.
  void ChangeHostKey();
  // Ends every connection, as a cut line does.
  void CutConnections();
  // Refuses connections from now on, or lets them in again at the same port.
  void SetListening(bool listening);

  int connections_at_once() const { return most_; }
  int connections() const { return count_; }

 private:
  struct Connection {
    pid_t pid;
    int socket;  // kept, to cut it
  };
  void WriteConfig();
  void Listen();
  void Serve();
  void Start(int socket);
  void Reap();

  SshServerOptions options_;
  TemporaryDirectory directory_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> most_ = 0;
  std::atomic<int> count_ = 0;
  std::mutex mutex_;
  std::vector<Connection> connections_;
  std::thread thread_;
};

// Runs a program and waits; its exit code. Its output goes to `log`.
int RunProgram(const std::vector<std::string>& words, const std::string& log = "/dev/null");

}  // namespace fenchi
