#include "storage/ssh_keys.h"

#include <libssh/libssh.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/display.h"
#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::string_view kPassphraseHint =
    "name a file with its passphrase by FENCHI_SFTP_PASSPHRASE_FILE, or add the key to an "
    "ssh-agent";
constexpr std::streamsize kPassphraseBytesMax = 1024;

SecretBytes WithoutLineEnd(ByteView text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text = text.first(text.size() - 1);
  }
  return SecretBytes::CopyOf(text);
}

// The default of SftpOptions::passphrase.
Result<SecretBytes> PassphraseOfEnvironment(const std::string& key_file) {
  if (const char* path = std::getenv("FENCHI_SFTP_PASSPHRASE_FILE")) {
    std::ifstream file(path, std::ios::binary);
    SecretBytes raw(kPassphraseBytesMax);
    file.read(reinterpret_cast<char*>(raw.mutable_view().data()), kPassphraseBytesMax);
    if (file.bad() || (file.fail() && !file.eof())) {
      return Io("cannot read the file that FENCHI_SFTP_PASSPHRASE_FILE names");
    }
    return WithoutLineEnd(raw.view().first(static_cast<std::size_t>(file.gcount())));
  }
  if (const char* text = std::getenv("FENCHI_SFTP_PASSPHRASE"))
    return WithoutLineEnd(AsBytes(text));
  return Denied("the key {} needs a passphrase", QuoteForDisplay(key_file))
      .WithHint(kPassphraseHint);
}

// What libssh's callback for a passphrase works on.
struct Question {
  const SftpOptions& options;
  const std::string& path;
  bool asked = false;
  Status failure = {};
};

int Answer(const char*, char* buffer, std::size_t size, int, int, void* data) {
  Question& question = *static_cast<Question*>(data);
  question.asked = true;
  const Result<SecretBytes> passphrase = question.options.passphrase
                                             ? question.options.passphrase(question.path)
                                             : PassphraseOfEnvironment(question.path);
  if (!passphrase.ok() || passphrase->size() >= size) {
    question.failure =
        passphrase.ok() ? InvalidArgument("a passphrase is too long") : passphrase.status();
    return -1;
  }
  std::memset(buffer, 0, size);
  std::memcpy(buffer, passphrase->view().data(), passphrase->size());
  return 0;
}

Result<SshKeyFile> LoadKey(const SftpOptions& options, const std::string& path) {
  if (access(path.c_str(), R_OK) != 0) {
    return ErrnoStatus(errno, "cannot read the key " + QuoteForDisplay(path));
  }
  Question question{options, path};
  ssh_key key = nullptr;
  const int code = ssh_pki_import_privkey_file(path.c_str(), nullptr, Answer, &question, &key);
  if (code == SSH_OK) return SshKeyFile{path, SshKey(key)};
  if (!question.failure.ok()) return question.failure;
  if (question.asked) {
    return Denied("the passphrase does not open the key {}", QuoteForDisplay(path))
        .WithHint(kPassphraseHint);
  }
  return Denied("{} is not a private key that can be used", QuoteForDisplay(path))
      .WithHint("name the private key, not the .pub file; make one by `ssh-keygen -t ed25519`");
}

}  // namespace

void FreeSshKey::operator()(ssh_key_struct* key) const { ssh_key_free(key); }

std::string SshDirectory() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::string(home) + "/.ssh";
  }
  std::array<char, 4096> space{};
  passwd entry{}, *found = nullptr;
  if (getpwuid_r(geteuid(), &entry, space.data(), space.size(), &found) == 0 && found != nullptr) {
    return std::string(entry.pw_dir) + "/.ssh";
  }
  return ".ssh";
}

Result<std::shared_ptr<SshKeys>> SshKeys::Load(const SftpOptions& options) {
  auto keys = std::make_shared<SshKeys>();
  if (!options.identity.empty()) {
    FENCHI_ASSIGN_OR_RETURN(SshKeyFile file, LoadKey(options, options.identity));
    keys->files_.push_back(std::move(file));
    keys->may_ask_agent_ = false;
    return keys;
  }
  for (const std::string_view name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
    const std::string path = fmt::format("{}/{}", SshDirectory(), name);
    if (access(path.c_str(), F_OK) != 0) continue;
    Result<SshKeyFile> file = LoadKey(options, path);
    if (file.ok()) {
      keys->files_.push_back(*std::move(file));
    } else {
      keys->passed_over_ += "; " + file.status().message();
    }
  }
  return keys;
}

std::vector<SshKeyFile> SshKeys::Copies() const {
  const std::lock_guard lock(mutex_);
  std::vector<SshKeyFile> out;
  for (const SshKeyFile& file : files_)
    out.push_back({file.path, SshKey(ssh_key_dup(file.key.get()))});
  return out;
}

}  // namespace fenchi
