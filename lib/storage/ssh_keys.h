// Who we are to an SSH server: private keys from files, opened once.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fenchi/sftp.h"
#include "fenchi/status.h"

struct ssh_key_struct;

namespace fenchi {

struct FreeSshKey {
  void operator()(ssh_key_struct* key) const;
};
using SshKey = std::unique_ptr<ssh_key_struct, FreeSshKey>;

struct SshKeyFile {
  std::string path;
  SshKey key;
};

// ~/.ssh of the account that runs the process ($HOME first).
std::string SshDirectory();

class SshKeys {
 public:
  // The file that options.identity names, or the usual ones that are there. Of the usual ones,
  // those that cannot be opened are passed over and named by passed_over(). Errors: kNotFound,
  // kDenied when options.identity cannot be opened.
  static Result<std::shared_ptr<SshKeys>> Load(const SftpOptions& options);

  bool may_ask_agent() const { return may_ask_agent_; }
  const std::string& passed_over() const { return passed_over_; }

  // Copies for one connection. Thread-safe.
  std::vector<SshKeyFile> Copies() const;

 private:
  mutable std::mutex mutex_;
  std::vector<SshKeyFile> files_;
  bool may_ask_agent_ = true;
  std::string passed_over_;
};

}  // namespace fenchi
