// Who may come in and whom we trust: keys, agents, host keys. Nothing of it shows in a message.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "contract/ssh_server.h"
#include "fenchi/sftp.h"

namespace fenchi {
namespace {

// An environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class SftpLogin : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = SshServer::Missing(); !missing.empty()) GTEST_SKIP() << missing;
    server_ = std::make_unique<SshServer>();
    no_agent_ = std::make_unique<Variable>("SSH_AUTH_SOCK", "");
    home_ = std::make_unique<Variable>("HOME", server_->directory());
    std::filesystem::create_directory(server_->directory() + "/.ssh");
  }
  // The server's URL for who brings no key by name.
  std::string UrlWithoutKey() {
    std::string url = server_->Url();
    const std::size_t begin = url.find("identity=");
    return url.erase(begin, url.find('&') + 1 - begin);
  }
  static Status Tried(const std::string& url) { return OpenProvider(url).status(); }

  std::unique_ptr<SshServer> server_;
  std::unique_ptr<Variable> no_agent_;
  std::unique_ptr<Variable> home_;
};

TEST_F(SftpLogin, LetsInKeysOfEachKind) {
  for (const char* key : {"ed25519", "rsa"}) {
    EXPECT_TRUE(Tried(server_->Url(key)).ok()) << Tried(server_->Url(key)).ToString();
  }
}

TEST_F(SftpLogin, FindsTheUsualKeyInTheHomeDirectory) {
  EXPECT_EQ(Tried(UrlWithoutKey()).code(), StatusCode::kDenied);
  std::filesystem::copy(server_->Key("stranger"), server_->directory() + "/.ssh/id_ed25519");
  EXPECT_EQ(Tried(UrlWithoutKey()).code(), StatusCode::kDenied);
  std::filesystem::copy(server_->Key("rsa"), server_->directory() + "/.ssh/id_rsa");
  EXPECT_TRUE(Tried(UrlWithoutKey()).ok()) << Tried(UrlWithoutKey()).ToString();
}

TEST_F(SftpLogin, AsksAnAgent) {
  const std::string socket = server_->directory() + "/agent";
  const std::string log = server_->directory() + "/agent.log";
  // The agent ends with the program that it starts, which is the test's own question.
  ASSERT_EQ(RunProgram({"ssh-agent", "-a", socket, "-t", "60"}, log), 0);
  const Variable agent("SSH_AUTH_SOCK", socket);
  EXPECT_EQ(Tried(UrlWithoutKey()).code(), StatusCode::kDenied);
  ASSERT_EQ(RunProgram({"ssh-add", "-q", server_->Key("ed25519")}, log), 0);
  EXPECT_TRUE(Tried(UrlWithoutKey()).ok()) << Tried(UrlWithoutKey()).ToString();
  std::ifstream told(log);
  std::string word;
  long pid = 0;
  while (told >> word) {
    if (word.starts_with("SSH_AGENT_PID=")) pid = std::stol(word.substr(word.find('=') + 1));
  }
  ASSERT_GT(pid, 0);
  const Variable wanted("SSH_AGENT_PID", std::to_string(pid));
  EXPECT_EQ(RunProgram({"ssh-agent", "-k"}, log), 0);
}

TEST_F(SftpLogin, RefusesAKeyThatIsNotLetInAndSaysWhatToDo) {
  const Status status = Tried(server_->Url("stranger"));
  EXPECT_EQ(status.code(), StatusCode::kDenied);
  EXPECT_NE(status.message().find("key_stranger"), std::string::npos) << status.ToString();
  EXPECT_NE(status.hint().find("authorized_keys"), std::string::npos);
}

TEST_F(SftpLogin, SaysWhatIsWrongWithAKeyFile) {
  const auto with = [&](const std::string& file) {
    std::string url = UrlWithoutKey();
    return Tried(url + "&identity=" + file);
  };
  EXPECT_EQ(with(server_->directory() + "/nowhere").code(), StatusCode::kNotFound);
  const Status status = with(server_->Key("ed25519") + ".pub");
  EXPECT_EQ(status.code(), StatusCode::kDenied);
  EXPECT_NE(status.hint().find(".pub"), std::string::npos) << status.ToString();
}

TEST_F(SftpLogin, OpensALockedKeyByFileEnvironmentOrCallback) {
  const std::string url = server_->Url("locked");
  const Status without = Tried(url);
  EXPECT_EQ(without.code(), StatusCode::kDenied);
  EXPECT_NE(without.hint().find("FENCHI_SFTP_PASSPHRASE_FILE"), std::string::npos);
  {
    const Variable passphrase("FENCHI_SFTP_PASSPHRASE", "open sesame");
    EXPECT_TRUE(Tried(url).ok()) << Tried(url).ToString();
  }
  {
    const std::string path = server_->directory() + "/passphrase";
    std::ofstream(path) << "open sesame\n";
    const Variable file("FENCHI_SFTP_PASSPHRASE_FILE", path);
    EXPECT_TRUE(Tried(url).ok()) << Tried(url).ToString();
  }
  {
    const Variable passphrase("FENCHI_SFTP_PASSPHRASE", "wrong sesame");
    const Status wrong = Tried(url);
    EXPECT_EQ(wrong.code(), StatusCode::kDenied);
    EXPECT_EQ(wrong.ToString().find("sesame"), std::string::npos) << wrong.ToString();
  }
  Result<SftpOptions> options = ParseSftpUrl(url);
  ASSERT_TRUE(options.ok());
  std::string asked_for;
  options->passphrase = [&](const std::string& key_file) -> Result<SecretBytes> {
    asked_for = key_file;
    return SecretBytes::CopyOf(AsBytes("open sesame"));
  };
  EXPECT_TRUE(OpenSftpProvider(*options).ok());
  EXPECT_EQ(asked_for, server_->Key("locked"));
  options->passphrase = [](const std::string&) -> Result<SecretBytes> {
    return Status(StatusCode::kCancelled, "nobody is at the keyboard");
  };
  EXPECT_EQ(OpenSftpProvider(*options).status().code(), StatusCode::kCancelled);
}

TEST_F(SftpLogin, RefusesAServerThatIsNotKnownAndShowsItsFingerprint) {
  std::filesystem::remove(server_->known_hosts());
  const Status absent = Tried(server_->Url());
  EXPECT_EQ(absent.code(), StatusCode::kDenied);
  std::ofstream(server_->known_hosts()) << "other.example ssh-ed25519 AAAA\n";
  const Status unknown = Tried(server_->Url());
  EXPECT_EQ(unknown.code(), StatusCode::kDenied);
  const std::string shown = server_->directory() + "/fingerprint";
  ASSERT_EQ(RunProgram({"ssh-keygen", "-l", "-f", server_->directory() + "/host.pub"}, shown), 0);
  std::ifstream file(shown);
  std::string bits, fingerprint;
  file >> bits >> fingerprint;
  ASSERT_TRUE(fingerprint.starts_with("SHA256:"));
  for (const Status& status : {absent, unknown}) {
    EXPECT_NE(status.message().find(fingerprint), std::string::npos) << status.ToString();
    EXPECT_NE(status.hint().find("UserKnownHostsFile"), std::string::npos);
  }
  EXPECT_EQ(server_->Log().find("Accepted"), std::string::npos) << "it logged in all the same";
}

TEST_F(SftpLogin, RefusesAServerWhoseHostKeyChanged) {
  ASSERT_TRUE(Tried(server_->Url()).ok());
  server_->ChangeHostKey();
  const Status status = Tried(server_->Url());
  EXPECT_EQ(status.code(), StatusCode::kDenied);
  EXPECT_NE(status.message().find("SHA256:"), std::string::npos) << status.ToString();
  EXPECT_NE(status.hint().find("ssh-keygen -R"), std::string::npos);
}

TEST_F(SftpLogin, KnowsServersByTheUsualFileToo) {
  std::filesystem::copy(server_->known_hosts(), server_->directory() + "/.ssh/known_hosts");
  std::string url = server_->Url();
  url.resize(url.find("&known_hosts="));
  EXPECT_TRUE(Tried(url).ok()) << Tried(url).ToString();
}

TEST_F(SftpLogin, NeverReadsTheConfigurationOfSsh) {
  std::ofstream(server_->directory() + "/.ssh/config")
      << "Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  Port 1\n";
  EXPECT_TRUE(Tried(server_->Url()).ok());
  server_->ChangeHostKey();
  EXPECT_EQ(Tried(server_->Url()).code(), StatusCode::kDenied);
}

TEST_F(SftpLogin, SaysWhereItIsWithoutAnyKey) {
  const auto provider = OpenProvider(server_->Url());
  ASSERT_TRUE(provider.ok());
  EXPECT_TRUE((*provider)->location().starts_with("sftp://")) << (*provider)->location();
  EXPECT_EQ((*provider)->location().find("identity"), std::string::npos);
  EXPECT_EQ((*provider)->location().find("key_"), std::string::npos);
}

}  // namespace
}  // namespace fenchi
