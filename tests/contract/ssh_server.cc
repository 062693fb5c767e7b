#include "contract/ssh_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fenchi {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "/usr/sbin/sshd";
constexpr const char* kPassphrase = "open sesame";

std::string AccountName() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? "" : entry->pw_name;
}

pid_t Spawn(const std::vector<std::string>& words, int in, int out, const std::string& log,
            char* const* environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (in >= 0) posix_spawn_file_actions_adddup2(&actions, in, 0);
  if (out >= 0) posix_spawn_file_actions_adddup2(&actions, out, 1);
  if (out < 0) {
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  if (posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environment) != 0) {
    pid = -1;
  }
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

void MakeKey(const std::string& path, const std::string& type, const std::string& passphrase) {
  std::vector<std::string> words = {"ssh-keygen", "-q", "-t",   type, "-N",
                                    passphrase,   "-C", "test", "-f", path};
  if (type == "rsa") words.insert(words.end(), {"-b", "2048"});
  ASSERT_EQ(RunProgram(words), 0);
}

std::string ReadFile(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

}  // namespace

int RunProgram(const std::vector<std::string>& words, const std::string& log) {
  const pid_t pid = Spawn(words, -1, -1, log, environ);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string SshServer::Missing() {
  if (access(kProgram, X_OK) != 0) return "no OpenSSH server here (Debian: openssh-server)";
  if (AccountName().empty()) return "the account that runs this test has no name";
  // Made by the system's own start script, which does not run in a container.
  if (geteuid() == 0 && mkdir("/run/sshd", 0755) != 0 && errno != EEXIST) {
    return "no /run/sshd here, which sshd insists on";
  }
  return "";
}

SshServer::SshServer(SshServerOptions options) : options_(std::move(options)) {
  fs::create_directory(root());
  MakeKey(directory() + "/host", "ed25519", "");
  WriteConfig();
  Listen();
  SetListening(true);
  std::ofstream(known_hosts()) << "[127.0.0.1]:" << port_ << " "
                               << ReadFile(directory() + "/host.pub");
}

SshServer::~SshServer() {
  SetListening(false);
  CutConnections();
  for (const Connection& connection : connections_) {
    kill(connection.pid, SIGKILL);
    waitpid(connection.pid, nullptr, 0);
    close(connection.socket);
  }
  if (listener_ >= 0) close(listener_);
}

void SshServer::WriteConfig() {
  std::ofstream file(directory() + "/config");
  file << "HostKey " << directory() << "/host\n"
       << "AuthorizedKeysFile " << directory() << "/authorized\n"
       << "PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\n"
       << "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
       << options_.config << "\n";
  if (options_.has_sftp) file << "Subsystem sftp internal-sftp " << options_.sftp_flags << "\n";
}

void SshServer::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int reuse = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener_, 64), 0);
  ASSERT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
}

void SshServer::SetListening(bool listening) {
  if (listening == thread_.joinable()) return;
  if (listening) {
    if (listener_ < 0) Listen();
    stopping_ = false;
    thread_ = std::thread([this] { Serve(); });
    return;
  }
  stopping_ = true;
  thread_.join();
  close(std::exchange(listener_, -1));
}

void SshServer::Serve() {
  while (!stopping_) {
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) Start(socket);
  }
}

void SshServer::Start(int socket) {
  std::vector<std::string> words = options_.wrapper;
  words.insert(words.end(), {kProgram, "-i", "-e", "-f", directory() + "/config"});
  // One of its own: a test sets variables of this process while the server's thread is here.
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* const environment[] = {path.data(), nullptr};
  const pid_t pid = Spawn(words, socket, socket, directory() + "/log", environment);
  const std::lock_guard lock(mutex_);
  Reap();
  if (pid < 0) {
    close(socket);
    return;
  }
  connections_.push_back({pid, socket});
  ++count_;
  most_ = std::max(most_.load(), static_cast<int>(connections_.size()));
}

// Forgets connections whose server process has ended.
void SshServer::Reap() {
  std::erase_if(connections_, [](const Connection& connection) {
    if (waitpid(connection.pid, nullptr, WNOHANG) != connection.pid) return false;
    close(connection.socket);
    return true;
  });
}

void SshServer::CutConnections() {
  const std::lock_guard lock(mutex_);
  for (const Connection& connection : connections_) shutdown(connection.socket, SHUT_RDWR);
}

void SshServer::ChangeHostKey() {
  fs::remove(directory() + "/host");
  fs::remove(directory() + "/host.pub");
  MakeKey(directory() + "/host", "ed25519", "");
}

std::string SshServer::Key(const std::string& name) {
  const std::string path = directory() + "/key_" + name;
  if (fs::exists(path)) return path;
  MakeKey(path, name == "rsa" ? "rsa" : "ed25519", name == "locked" ? kPassphrase : "");
  if (name != "stranger") {
    std::ofstream(directory() + "/authorized", std::ios::app) << ReadFile(path + ".pub");
  }
  return path;
}

std::string SshServer::Url(const std::string& key, const std::string& more) {
  return "sftp://" + AccountName() + "@127.0.0.1:" + std::to_string(port_) + root() +
         "?identity=" + Key(key) + "&known_hosts=" + known_hosts() + more;
}

std::string SshServer::Log() const { return ReadFile(directory() + "/log"); }

}  // namespace fenchi
