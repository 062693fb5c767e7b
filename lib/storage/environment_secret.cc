#include "storage/environment_secret.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::size_t kSecretBytesMax = 64u << 10;

Result<SecretBytes> SecretOfFile(const std::string& path, const std::string& variable) {
  const auto unreadable = [&](std::string_view why) {
    return Denied("the file that {} names {}", variable, why)
        .WithHint("it holds one secret and nothing else, readable for this account only");
  };
  std::ifstream file(path, std::ios::binary);
  SecretBytes whole(kSecretBytesMax + 1);
  file.read(reinterpret_cast<char*>(whole.mutable_view().data()),
            static_cast<std::streamsize>(whole.size()));
  if (!file.is_open() || file.bad()) return unreadable("cannot be read");
  auto size = static_cast<std::size_t>(file.gcount());
  if (size > kSecretBytesMax) return unreadable("is larger than 64 KiB");
  while (size > 0 && (whole.view()[size - 1] == '\n' || whole.view()[size - 1] == '\r')) --size;
  if (size == 0) return unreadable("is empty");
  return SecretBytes::CopyOf(whole.view().first(size));
}

}  // namespace

std::string EnvironmentText(const std::string& variable) {
  const char* const value = std::getenv(variable.c_str());
  return value == nullptr ? "" : value;
}

Result<SecretBytes> EnvironmentSecret(const std::string& variable) {
  std::string value = EnvironmentText(variable);
  if (!value.empty()) {
    SecretBytes secret = SecretBytes::CopyOf(AsBytes(value));
    Wipe({reinterpret_cast<std::uint8_t*>(value.data()), value.size()});
    return secret;
  }
  const std::string file_variable = variable + "_FILE";
  const std::string path = EnvironmentText(file_variable);
  return path.empty() ? SecretBytes() : SecretOfFile(path, file_variable);
}

std::string EnvironmentVariable(std::string_view prefix, std::string_view name,
                                std::string_view suffix) {
  std::string out(prefix);
  if (!name.empty()) out += fmt::format("_{}", name);
  out += fmt::format("_{}", suffix);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

Status CheckCredentialsName(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
      });
  if (good) return Status::Ok();
  return InvalidArgument("credentials= in a provider's URL has letters, digits and _ only")
      .WithHint("it is the middle of a variable's name, never a secret itself");
}

}  // namespace fenchi
