// A folder in a container of Azure Blob Storage as a provider.
//
// By URL: "azure://account/container/folder?OPTION=VALUE&...", all optional but account and
// container (which must exist):
//   endpoint=https://host/...   where the account is served, if not ACCOUNT.blob.core.windows.net:
//                               another cloud, an emulator ("http://127.0.0.1:10000/account")
//   credentials=NAME            reads FENCHI_AZURE_NAME_KEY and so on, where several are in use
//   lock=locked|unlocked        PutOptions::retain_until becomes an immutability policy of this
//                               mode; the container must have been made with version-level
//                               immutability
//   block_mib=32                objects larger than this go up in blocks of this size (1..1024)
//   plain_text=allowed          http:// endpoints are refused without this
//   parallel=16                 requests at once (1..256)
// Credentials never stand in the URL: AZURE_STORAGE_CONNECTION_STRING, else AZURE_STORAGE_KEY, else
// AZURE_STORAGE_SAS_TOKEN, else FENCHI_AZURE_TOKEN (a bearer token); VARIABLE_FILE names a file
// that holds it instead. With credentials=NAME: FENCHI_AZURE_NAME_CONNECTION_STRING, _KEY,
// _SAS_TOKEN, _TOKEN. Else AzureOptions::credentials, which Python's azure-identity may serve.
//
// Opening asks nothing of the network. Put is create-only by `If-None-Match: *`, decided by the
// service. No object of a vault is larger than a block by default, so each is one request, for
// which a signature that may only create is enough. A large object that broke off goes on where it
// stood: blocks are named by what is in them, and those that are there already are kept (the
// service forgets them after a week). Where versions are kept, Delete hides an object and the
// container keeps its bytes.
//
//   FENCHI_ASSIGN_OR_RETURN(auto oslo, fenchi::OpenProvider("azure://landregister/vault/oslo"));
//
// Threads: any number; at most `parallel_max` requests are under way on connections that are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fenchi/clock.h"
#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// One of the three.
struct AzureCredentials {
  SecretBytes key = {};                   // of the account: the 64 bytes, not base64
  SecretBytes sas = {};                   // a shared access signature: "sv=...&sig=..."
  SecretBytes token = {};                 // of Entra ID, for https://storage.azure.com/
  std::optional<Timestamp> expires = {};  // asked for again a few minutes before
};

// Called from any thread, rarely: at the first request, near their end, and once more when the
// service refuses them.
using AzureCredentialSource = std::function<Result<AzureCredentials>()>;

enum class AzureLock { kNone, kUnlocked, kLocked };

struct AzureOptions {
  std::string account = {};
  std::string container = {};
  std::string folder = {};                 // "" or "a/b": all objects lie below it
  std::string endpoint = {};               // "": Azure's own
  AzureCredentialSource credentials = {};  // empty: the environment, see above
  AzureLock lock = AzureLock::kNone;
  std::uint64_t block_bytes = 32u << 20;
  bool allow_plain_text = false;
  std::size_t parallel_max = 16;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{30};  // for a line on which hardly a byte moves
  Clock* clock = nullptr;                  // for signatures; default: the system's
  Domain domain = {};
};

// What a URL and the environment's connection string say.
// Errors: kInvalidArgument; no part of the URL is repeated in a message.
FENCHI_EXPORT Result<AzureOptions> ParseAzureUrl(std::string_view url);

// What the variables above say about `account`, read anew at each call. name: as in
// credentials=NAME.
// Errors, when called: kDenied when there are none, or they are another account's.
FENCHI_EXPORT AzureCredentialSource AzureCredentialsOfEnvironment(const std::string& account,
                                                                  const std::string& name = {});

// Errors: kInvalidArgument for options out of range; kUnsupported when this build has no HTTP.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenAzureProvider(const AzureOptions& options);

}  // namespace fenchi
