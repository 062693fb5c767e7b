// A directory on a server that speaks SFTP (SSH File Transfer Protocol, version 3) as a provider.
//
// By URL: "sftp://user@host:port/directory". A directory that begins with "/~/" is taken from where
// the server puts the user. Never a password in it: keys only (ed25519, ECDSA, RSA with SHA-2),
// from an agent or from files. The server must be known: an unknown or changed host key is refused
// with its fingerprint. ~/.ssh/config is not read: what stands in the URL holds.
//
// It lays objects out as the local provider does, so that the server's operator can open the
// directory as file: and read the same objects. Put writes to a temporary file, makes it durable,
// and gives it its name by a hard link, which fails when the name is taken. capability() says what
// opening found out: where the server has no hard links, refusing to overwrite is not atomic, and
// where it cannot sync files and folders, an acknowledged object may be lost with its power.
//
//   FENCHI_ASSIGN_OR_RETURN(auto nas, fenchi::OpenProvider("sftp://fenchi@nas.example/backup"));
//
// Threads: calls from several threads run side by side on at most `sessions_max` connections, each
// used by one call at a time; further calls wait. A broken connection fails the calls that are on
// it with kUnavailable; the next call connects anew.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// Gives the passphrase of the key file that it is called with. May be called from any thread.
using KeyPassphrase = std::function<Result<SecretBytes>(const std::string& key_file)>;

struct SftpOptions {
  std::string host = {};
  int port = 22;
  std::string user = {};       // empty: the name of the account that runs this process
  std::string directory = {};  // on the server; created when its parent is there
  // A private key. Empty: the keys of the agent (SSH_AUTH_SOCK), then id_ed25519, id_ecdsa and
  // id_rsa in ~/.ssh.
  std::string identity = {};
  std::string known_hosts = {};  // empty: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts
  // Empty: from the file that FENCHI_SFTP_PASSPHRASE_FILE names, else FENCHI_SFTP_PASSPHRASE.
  KeyPassphrase passphrase = {};
  // For connecting, and for a line on which fewer than 1,000 bytes a second move.
  std::chrono::milliseconds timeout{30'000};
  int sessions_max = 4;  // 1..32
  Domain domain = {};
};

// From "sftp://user@host:port/directory?identity=FILE&known_hosts=FILE&timeout_ms=N&sessions=N";
// other characters as %XX. Errors: kInvalidArgument; a password is refused and never repeated.
FENCHI_EXPORT Result<SftpOptions> ParseSftpUrl(std::string_view url);

// Connects, and tries on a temporary file what the server can do.
// Errors: kInvalidArgument; kUnavailable or kDeadline when it does not answer, or the directory is
// no directory; kDenied when the host key is unknown or another, no key is accepted, or the
// directory may not be opened; kNotFound when its parent does not exist; kUnsupported when this
// build has no SFTP.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenSftpProvider(const SftpOptions& options);

}  // namespace fenchi
