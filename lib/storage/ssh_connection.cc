#include "storage/ssh_connection.h"

#include <libssh/libssh.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/coding.h"
#include "base/display.h"
#include "base/error.h"
#include "base/stop.h"
#include "storage/tcp_connect.h"

namespace fenchi {
namespace {

constexpr std::chrono::milliseconds kPollSlice{200};
// What the server may have on the way to us: libssh opens its window as far as a read asks for.
constexpr std::uint32_t kWindowBytes = 3 << 20;
constexpr std::size_t kWriteBytes = 128 * 1024;
// Below this a line counts as standing still, as with HTTP.
constexpr std::uint64_t kFloorBytesPerSecond = 1'000;
// What SSH adds to one write, as packets of 32 KiB and more.
constexpr std::uint64_t kWriteOverheadBytes = 640;
// Read and dropped in one turn of what the server writes to its standard error.
constexpr int kDroppedPiecesMax = 64;

// What libssh says of its last failure. It names algorithms and system errors, never a secret.
std::string ReasonOf(ssh_session session) { return EscapeForDisplay(ssh_get_error(session)); }

bool AgentIsThere() {
  const char* path = std::getenv("SSH_AUTH_SOCK");
  return path != nullptr && *path != '\0';
}

std::string KnownHostsOf(const SftpOptions& options) {
  return options.known_hosts.empty() ? SshDirectory() + "/known_hosts" : options.known_hosts;
}

Status SetOptions(ssh_session session, const SftpOptions& options, int fd) {
  const std::string known_hosts = KnownHostsOf(options);
  const std::string directory = SshDirectory();
  const bool process_config = false;
  bool good = ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &process_config) == SSH_OK;
  const auto set = [&](ssh_options_e option, const void* value) {
    good = good && ssh_options_set(session, option, value) == SSH_OK;
  };
  const auto port = static_cast<unsigned int>(options.port);
  set(SSH_OPTIONS_SSH_DIR, directory.c_str());
  set(SSH_OPTIONS_HOST, options.host.c_str());
  set(SSH_OPTIONS_PORT, &port);
  if (!options.user.empty()) set(SSH_OPTIONS_USER, options.user.c_str());
  set(SSH_OPTIONS_KNOWNHOSTS, known_hosts.c_str());
  // A file that was named holds alone.
  if (!options.known_hosts.empty()) set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
  set(SSH_OPTIONS_COMPRESSION, "no");  // ciphertext does not compress
  set(SSH_OPTIONS_FD, &fd);
  return good ? Status::Ok() : InvalidArgument("libssh refuses the options: {}", ReasonOf(session));
}

}  // namespace

SshConnection::SshConnection(const SftpOptions& options, std::string where)
    : options_(options),
      where_(std::move(where)),
      counter_(std::make_unique<ssh_counter_struct>()),
      space_(std::make_unique_for_overwrite<std::uint8_t[]>(kWindowBytes)),
      moved_at_(std::chrono::steady_clock::now()) {}

SshConnection::~SshConnection() {
  if (channel_ != nullptr) ssh_channel_free(channel_);
  if (session_ == nullptr) return;
  ssh_disconnect(session_);
  ssh_free(session_);
}

Result<std::unique_ptr<SshConnection>> SshConnection::Open(const SftpOptions& options,
                                                           const SshKeys& keys, std::string where) {
  std::unique_ptr<SshConnection> out(new SshConnection(options, std::move(where)));
  FENCHI_RETURN_IF_ERROR(out->Connect());
  FENCHI_RETURN_IF_ERROR(out->CheckHostKey());
  FENCHI_RETURN_IF_ERROR(out->LogIn(keys));
  FENCHI_RETURN_IF_ERROR(out->OpenChannel());
  return out;
}

Status SshConnection::Connect() {
  FENCHI_ASSIGN_OR_RETURN(FileDescriptor fd,
                          ConnectTcp(options_.host, options_.port, options_.timeout));
  session_ = ssh_new();
  if (session_ == nullptr) return Internal("libssh gives no session");
  ssh_set_blocking(session_, 0);
  ssh_set_counters(session_, counter_.get(), nullptr);
  FENCHI_RETURN_IF_ERROR(SetOptions(session_, options_, fd.get()).At(where_));
  const int socket = fd.release();  // libssh closes it
  FENCHI_ASSIGN_OR_RETURN(const int code, Finish(SSH_AGAIN, [&] { return ssh_connect(session_); }));
  if (code != SSH_OK) {
    return Unavailable("{} does not speak SSH with us: {}", where_, ReasonOf(session_))
        .WithHint("is an SSH server behind this port, and does it still know today's algorithms?");
  }
  // libssh makes the socket block once it is connected; a full line must never hold us up.
  const int flags = fcntl(socket, F_GETFL);
  if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0) {
    return Unavailable("{}: cannot set up the socket: {}", where_, std::strerror(errno));
  }
  return Status::Ok();
}

Result<std::string> SshConnection::Fingerprint() {
  ssh_key key = nullptr;
  if (ssh_get_server_publickey(session_, &key) != SSH_OK) return Lost("asking for its key");
  const SshKey owner(key);
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != SSH_OK) {
    return Internal("libssh cannot hash the key of {}", where_);
  }
  char* text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
  std::string out =
      fmt::format("{} ({})", text == nullptr ? "?" : text, ssh_key_type_to_char(ssh_key_type(key)));
  ssh_string_free_char(text);
  ssh_clean_pubkey_hash(&hash);
  return out;
}

Status SshConnection::CheckHostKey() {
  const ssh_known_hosts_e known = ssh_session_is_known_server(session_);
  if (known == SSH_KNOWN_HOSTS_OK) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const std::string shown, Fingerprint());
  const std::string file = QuoteForDisplay(KnownHostsOf(options_));
  const std::string entry =
      options_.port == 22 ? options_.host : fmt::format("[{}]:{}", options_.host, options_.port);
  if (known == SSH_KNOWN_HOSTS_CHANGED || known == SSH_KNOWN_HOSTS_OTHER) {
    return Denied("{}: the host key is {}, but {} has another: nothing was sent", where_, shown,
                  file)
        .WithHint(fmt::format(
            "the server was set up anew, or somebody is in between. Ask its operator by telephone; "
            "only if he names this fingerprint: ssh-keygen -R '{}' -f {}, then make it known again",
            entry, file));
  }
  if (known == SSH_KNOWN_HOSTS_ERROR) {
    return Denied("{}: cannot check the host key {} by {}: {}", where_, shown, file,
                  ReasonOf(session_));
  }
  return Denied("{}: the host key {} is not known in {}: nothing was sent", where_, shown, file)
      .WithHint(fmt::format(
          "ask its operator for the fingerprint; if it is this one, connect once by "
          "`sftp -P {} -o UserKnownHostsFile={} {}` and answer yes to the same fingerprint",
          options_.port, file, options_.host));
}

Status SshConnection::LogIn(const SshKeys& keys) {
  std::string tried;
  const auto denied = [&](int code) { return code != SSH_AUTH_SUCCESS; };
  if (keys.may_ask_agent() && AgentIsThere()) {
    tried = " the agent";
    FENCHI_ASSIGN_OR_RETURN(const int code, Finish(SSH_AUTH_AGAIN, [&] {
                              return ssh_userauth_agent(session_, nullptr);
                            }));
    if (!denied(code)) return Status::Ok();
  }
  for (const SshKeyFile& file : keys.Copies()) {
    if (!ssh_is_connected(session_)) break;
    tried += " " + QuoteForDisplay(file.path);
    FENCHI_ASSIGN_OR_RETURN(const int code, Finish(SSH_AUTH_AGAIN, [&] {
                              return ssh_userauth_publickey(session_, nullptr, file.key.get());
                            }));
    if (!denied(code)) return Status::Ok();
  }
  // Hanging up in good order is how a server refuses; just being gone is not.
  if (!ssh_is_connected(session_) && ssh_get_disconnect_message(session_) == nullptr) {
    return Lost("logging in");
  }
  const std::string user =
      options_.user.empty() ? "the account of this process" : QuoteForDisplay(options_.user);
  if (tried.empty()) {
    return Denied("{}: there is no key to log in with as {}{}", where_, user, keys.passed_over())
        .WithHint(
            "name one by ?identity=FILE, add one to an ssh-agent, or make one by "
            "`ssh-keygen -t ed25519`");
  }
  return Denied("{} lets {} in with none of these keys:{}{}", where_, user, tried,
                keys.passed_over())
      .WithHint(
          "is the public key in the account's authorized_keys there, and is the user's name "
          "right? After several wrong keys a server hangs up: name one by ?identity=FILE");
}

Status SshConnection::OpenChannel() {
  channel_ = ssh_channel_new(session_);
  if (channel_ == nullptr) return Internal("libssh gives no channel");
  FENCHI_ASSIGN_OR_RETURN(int code,
                          Finish(SSH_AGAIN, [&] { return ssh_channel_open_session(channel_); }));
  if (code != SSH_OK) return Lost("opening a channel");
  FENCHI_ASSIGN_OR_RETURN(code,
                          Finish(SSH_AGAIN, [&] { return ssh_channel_request_sftp(channel_); }));
  if (code == SSH_OK) {
    sent_before_ = counter_->out_bytes;
    serves_ = true;
    Moved();
    return Status::Ok();
  }
  if (!ssh_is_connected(session_)) return Lost("asking for SFTP");
  return Denied("{} lets us in, but offers no SFTP: {}", where_, ReasonOf(session_))
      .WithHint("its operator turns it on by `Subsystem sftp internal-sftp` in sshd_config");
}

template <typename Call>
Result<int> SshConnection::Finish(int again, Call call) {
  Moved();
  for (;;) {
    const int code = call();
    if (code != again) return code;
    FENCHI_RETURN_IF_ERROR(WaitSocket());
  }
}

void SshConnection::Moved() {
  moved_at_ = std::chrono::steady_clock::now();
  moved_ = MovedBytes();
}

// Bytes of SFTP that came, and those that the other end has confirmed: what only lies in a buffer
// of ours has not moved. With what a server writes beside them, or makes us answer below them, it
// could keep us for ever: that does not count.
std::uint64_t SshConnection::MovedBytes() const {
  int unsent = 0;
  const int fd = ssh_get_fd(session_);
  if (fd < 0 || ioctl(fd, SIOCOUTQ, &unsent) != 0) unsent = 0;
  const std::uint64_t sent = counter_->out_bytes - static_cast<std::uint64_t>(unsent);
  return taken_ + std::min(sent - std::min(sent, sent_before_), given_);
}

bool SshConnection::IsFast(std::chrono::steady_clock::duration time) const {
  const std::uint64_t moved = std::max(MovedBytes(), moved_) - moved_;
  const double seconds = std::chrono::duration<double>(time).count();
  return moved > 0 && static_cast<double>(moved) >= seconds * kFloorBytesPerSecond;
}

Status SshConnection::WaitSocket() {
  if (Stop::Current().requested()) return StoppedOnRequest();
  const auto idle = std::chrono::steady_clock::now() - moved_at_;
  if (serves_ && IsFast(idle)) {
    Moved();
    return WaitReadable(options_.timeout);
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(options_.timeout - idle);
  if (left.count() <= 0 && !serves_) {
    return Deadline("{}: connecting did not come to its end within {} ms", where_,
                    options_.timeout.count())
        .WithHint("is it an SSH server? On a very slow line give the URL a longer ?timeout_ms=");
  }
  if (left.count() <= 0) {
    return Deadline("{}: fewer than {} bytes/s came or went for {} ms", where_,
                    kFloorBytesPerSecond, options_.timeout.count())
        .WithHint("is the line up? On a very slow one give the URL a longer ?timeout_ms=");
  }
  return WaitReadable(left);
}

Status SshConnection::WaitReadable(std::chrono::milliseconds left) {
  pollfd waiting{.fd = ssh_get_fd(session_), .events = POLLIN, .revents = 0};
  if (ssh_get_poll_flags(session_) & SSH_WRITE_PENDING) waiting.events |= POLLOUT;
  if (poll(&waiting, 1, static_cast<int>(std::min(left, kPollSlice).count())) < 0 &&
      errno != EINTR) {
    return Unavailable("{}: cannot wait for the socket: {}", where_, std::strerror(errno));
  }
  return Status::Ok();
}

Status SshConnection::Lost(std::string_view doing) {
  const std::string reason = ReasonOf(session_);
  return Unavailable("{}: the connection was lost while {}{}{}", where_, doing,
                     reason.empty() ? "" : ": ", reason)
      .WithHint("trying again connects anew");
}

Status SshConnection::Pump(ByteView& out, Bytes& in) {
  if (Stop::Current().requested()) return StoppedOnRequest();
  bool sent = false;
  if (!out.empty()) {
    const auto size = static_cast<std::uint32_t>(std::min(out.size(), kWriteBytes));
    const int written = ssh_channel_write(channel_, out.data(), size);
    if (written < 0 && written != SSH_AGAIN) return Lost("sending");
    if (written > 0) {
      out = out.subspan(static_cast<std::size_t>(written));
      given_ += static_cast<std::uint64_t>(written) + kWriteOverheadBytes;
      Moved();
      sent = true;
    }
  }
  const int got = ssh_channel_read_timeout(channel_, space_.get(), kWindowBytes, 0, 0);
  if (got < 0 && got != SSH_AGAIN) return Lost("receiving");
  if (got > 0) {
    Append(in, ByteView(space_.get(), static_cast<std::size_t>(got)));
    taken_ += static_cast<std::uint64_t>(got);
  }
  if (got > 0 || sent) return Status::Ok();
  // What the server writes to its standard error would fill the window if nobody read it.
  std::uint8_t dropped[1024];
  for (int i = 0; i < kDroppedPiecesMax; ++i) {
    if (ssh_channel_read_nonblocking(channel_, dropped, sizeof(dropped), 1) <= 0) break;
  }
  if (!LooksAlive()) return Lost("waiting for an answer");
  // Either look may have taken in what the socket would be waited for in vain.
  if (ssh_channel_poll(channel_, 0) > 0) return Status::Ok();
  return WaitSocket();
}

bool SshConnection::LooksAlive() {
  return ssh_channel_poll(channel_, 0) >= 0 && ssh_is_connected(session_) != 0 &&
         ssh_channel_is_eof(channel_) == 0 && ssh_channel_is_open(channel_) != 0;
}

}  // namespace fenchi
