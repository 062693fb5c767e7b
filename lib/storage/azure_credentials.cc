// What azure: URLs and the environment say, see fenchi/azure.h.

#include <optional>

#include "base/error.h"
#include "fenchi/azure.h"
#include "storage/digests.h"
#include "storage/environment_secret.h"
#include "storage/http_url.h"
#include "storage/url_options.h"

namespace fenchi {
namespace {

// "AZURE_STORAGE_KEY", or "FENCHI_AZURE_OSLO_KEY".
std::string Variable(const std::string& name, std::string_view suffix) {
  if (!name.empty()) return EnvironmentVariable("FENCHI_AZURE", name, suffix);
  if (suffix == "TOKEN") return "FENCHI_AZURE_TOKEN";
  return EnvironmentVariable("AZURE_STORAGE", "", suffix);
}

// The value of "NAME=value;" in a connection string; "" where it is absent.
std::string_view Field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    if (field.size() > name.size() && field.starts_with(name) && field[name.size()] == '=') {
      return field.substr(name.size() + 1);
    }
  }
  return {};
}

Result<AzureCredentials> WithKey(std::string_view base64, std::string_view variable) {
  Result<Bytes> key = FromBase64(base64);
  if (!key.ok() || key->empty()) {
    return Denied("the account's key in {} is not base64", variable)
        .WithHint("copy it again from the account's access keys");
  }
  AzureCredentials out{.key = SecretBytes::CopyOf(*key)};
  Wipe(*key);
  return out;
}

AzureCredentials WithSas(std::string_view sas) {
  if (sas.starts_with('?')) sas.remove_prefix(1);
  return {.sas = SecretBytes::CopyOf(AsBytes(sas))};
}

Status OtherAccount(std::string_view variable) {
  return Denied("{} names another account than the URL", variable)
      .WithHint("give each account its own: add credentials=NAME to the URL, see fenchi/azure.h");
}

Result<AzureCredentials> OfEnvironment(const std::string& account, const std::string& name) {
  const std::string connection_variable = Variable(name, "CONNECTION_STRING");
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes connection, EnvironmentSecret(connection_variable));
  if (!connection.empty()) {
    const std::string_view text = AsText(connection.view());
    const std::string_view named = Field(text, "AccountName");
    if (!named.empty() && named != account) return OtherAccount(connection_variable);
    const std::string_view sas = Field(text, "SharedAccessSignature");
    if (!sas.empty()) return WithSas(sas);
    return WithKey(Field(text, "AccountKey"), connection_variable);
  }
  const std::string named = EnvironmentText(Variable(name, "ACCOUNT"));
  const std::string key_variable = Variable(name, "KEY");
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes key, EnvironmentSecret(key_variable));
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes sas, EnvironmentSecret(Variable(name, "SAS_TOKEN")));
  if ((!key.empty() || !sas.empty()) && !named.empty() && named != account) {
    return OtherAccount(Variable(name, "ACCOUNT"));
  }
  if (!key.empty()) return WithKey(AsText(key.view()), key_variable);
  if (!sas.empty()) return WithSas(AsText(sas.view()));
  FENCHI_ASSIGN_OR_RETURN(SecretBytes token, EnvironmentSecret(Variable(name, "TOKEN")));
  if (!token.empty()) return AzureCredentials{.token = std::move(token)};
  return Denied("there are no credentials for the account {}", account)
      .WithHint(fmt::format("set {}, {} or {}", key_variable, Variable(name, "SAS_TOKEN"),
                            Variable(name, "TOKEN")));
}

// Where a connection string says that the account is served; "" where it does not.
Result<std::string> EndpointOfEnvironment(const std::string& account, const std::string& name) {
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes connection,
                          EnvironmentSecret(Variable(name, "CONNECTION_STRING")));
  const std::string_view text = AsText(connection.view());
  if (Field(text, "AccountName") != account) return std::string();
  const std::string_view endpoint = Field(text, "BlobEndpoint");
  if (!endpoint.empty()) return std::string(endpoint);
  const std::string_view suffix = Field(text, "EndpointSuffix");
  if (suffix.empty()) return std::string();
  const std::string_view protocol = Field(text, "DefaultEndpointsProtocol");
  return fmt::format("{}://{}.blob.{}", protocol.empty() ? "https" : protocol, account, suffix);
}

Result<AzureLock> ParseLock(const std::optional<std::string>& value) {
  if (!value.has_value()) return AzureLock::kNone;
  if (*value == "locked") return AzureLock::kLocked;
  if (*value == "unlocked") return AzureLock::kUnlocked;
  return InvalidArgument("lock in an azure: URL is locked or unlocked");
}

}  // namespace

AzureCredentialSource AzureCredentialsOfEnvironment(const std::string& account,
                                                    const std::string& name) {
  return [account, name] { return OfEnvironment(account, name); };
}

Result<AzureOptions> ParseAzureUrl(std::string_view url) {
  constexpr std::string_view kScheme = "azure:";
  if (!url.starts_with(kScheme)) return InvalidArgument("an Azure URL begins with azure://");
  FENCHI_ASSIGN_OR_RETURN(HttpUrl parsed, HttpUrl::Parse("azure", url.substr(kScheme.size())));
  AzureOptions options{.account = parsed.authority()};
  const std::string& path = parsed.path();
  const std::size_t slash = path.find('/');
  options.container = path.substr(0, slash);
  if (slash != std::string::npos) options.folder = path.substr(slash + 1);
  FENCHI_ASSIGN_OR_RETURN(options.allow_plain_text, parsed.TakePlainText());
  FENCHI_ASSIGN_OR_RETURN(options.lock, ParseLock(parsed.Take("lock")));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t block_mib,
                          TakeNumber(parsed, "block_mib", options.block_bytes >> 20, 1, 1024));
  options.block_bytes = static_cast<std::uint64_t>(block_mib) << 20;
  FENCHI_ASSIGN_OR_RETURN(options.parallel_max,
                          TakeNumber(parsed, "parallel", options.parallel_max, 1, 256));
  const std::string name = parsed.Take("credentials").value_or("");
  if (!name.empty()) FENCHI_RETURN_IF_ERROR(CheckCredentialsName(name));
  options.credentials = AzureCredentialsOfEnvironment(options.account, name);
  options.endpoint = parsed.Take("endpoint").value_or("");
  FENCHI_RETURN_IF_ERROR(parsed.CheckAllTaken("azure"));
  if (options.endpoint.empty()) {
    FENCHI_ASSIGN_OR_RETURN(options.endpoint, EndpointOfEnvironment(options.account, name));
  }
  if (!options.endpoint.empty()) {
    FENCHI_RETURN_IF_ERROR(ParseHttpAddress(options.endpoint, options.allow_plain_text).status());
  }
  return options;
}

}  // namespace fenchi
