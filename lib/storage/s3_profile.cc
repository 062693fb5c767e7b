#include "storage/s3_profile.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

Result<IniSections> ReadIni(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == EACCES) {
      return Denied("{} may not be read", path).WithHint("check its owner and mode");
    }
    return IniSections{};
  }
  std::string text(kFileBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  IniSections sections = ParseIni(text);
  Wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return sections;
}

std::string FilePath(const char* variable, const std::string& name) {
  const std::string named = S3Variable({variable});
  return named.empty() ? S3Variable({"HOME"}) + "/.aws/" + name : named;
}

Result<S3Credentials> Complete(const std::string& id, std::string secret, const std::string& token,
                               std::string_view where) {
  if (id.empty() || secret.empty()) {
    return Denied("{} names an S3 access key without its other half", where)
        .WithHint("both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed");
  }
  S3Credentials out{.access_key_id = id,
                    .secret_access_key = SecretBytes::CopyOf(AsBytes(secret)),
                    .session_token = token};
  Wipe({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  return out;
}

Result<S3Credentials> FromProfile(const std::string& wanted) {
  FENCHI_ASSIGN_OR_RETURN(const S3Profile profile, ReadS3Profile(wanted));
  const std::string id = profile.Setting("aws_access_key_id");
  const std::string secret = profile.Setting("aws_secret_access_key");
  if (!id.empty() || !secret.empty()) {
    return Complete(id, secret, profile.Setting("aws_session_token"),
                    fmt::format("profile {}", profile.name));
  }
  for (const char* const way :
       {"role_arn", "sso_session", "sso_start_url", "credential_process", "source_profile"}) {
    if (profile.Setting(way).empty()) continue;
    return Denied("profile {} gets its S3 credentials by {}, which fenchi does not do",
                  profile.name, way)
        .WithHint("give a credential callback, or export the keys into the environment");
  }
  if (profile.named && profile.settings.empty()) {
    return Denied("there is no profile {} in the files of ~/.aws", profile.name);
  }
  return Denied("no S3 credentials are found")
      .WithHint(
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them into"
          " ~/.aws/credentials");
}

}  // namespace

std::string S3Variable(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

IniSections ParseIni(std::string_view text) {
  IniSections sections;
  std::map<std::string, std::string>* section = nullptr;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with(' ') || line.starts_with('\t')) continue;
    const std::string_view words = Trimmed(line);
    if (words.empty() || words.front() == '#' || words.front() == ';') continue;
    if (words.front() == '[') {
      const std::size_t end = words.find(']');
      const std::string_view name = words.substr(1, end == std::string_view::npos ? end : end - 1);
      section = &sections[std::string(Trimmed(name))];
      continue;
    }
    const std::size_t equals = words.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    (*section)[std::string(Trimmed(words.substr(0, equals)))] = Trimmed(words.substr(equals + 1));
  }
  return sections;
}

std::string S3Profile::Setting(const std::string& key) const {
  const auto found = settings.find(key);
  return found == settings.end() ? std::string() : found->second;
}

Result<S3Profile> ReadS3Profile(const std::string& name) {
  S3Profile profile;
  profile.name = name.empty() ? S3Variable({"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) : name;
  profile.named = !profile.name.empty();
  if (!profile.named) profile.name = "default";
  FENCHI_ASSIGN_OR_RETURN(IniSections config, ReadIni(FilePath("AWS_CONFIG_FILE", "config")));
  FENCHI_ASSIGN_OR_RETURN(IniSections keys,
                          ReadIni(FilePath("AWS_SHARED_CREDENTIALS_FILE", "credentials")));
  profile.settings = std::move(keys[profile.name]);
  for (const std::string& section : {"profile " + profile.name, profile.name}) {
    const auto found = config.find(section);
    if (found != config.end()) profile.settings.insert(found->second.begin(), found->second.end());
  }
  return profile;
}

S3CredentialSource S3CredentialsOfEnvironment(const std::string& profile) {
  return [profile]() -> Result<S3Credentials> {
    const std::string id = S3Variable({"AWS_ACCESS_KEY_ID"});
    const std::string secret = S3Variable({"AWS_SECRET_ACCESS_KEY"});
    // A profile asked for by name in the URL stands before the environment's keys.
    if (profile.empty() && !(id.empty() && secret.empty())) {
      return Complete(id, secret, S3Variable({"AWS_SESSION_TOKEN"}), "the environment");
    }
    return FromProfile(profile);
  };
}

}  // namespace fenchi
