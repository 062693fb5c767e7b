// A folder on a WebDAV server (RFC 4918) as a provider: Apache, nginx, Nextcloud, a NAS.
//
// By URL: "webdavs://host:port/folder?OPTION=VALUE&..."; the folder is made when its parent exists.
//   credentials=NAME     reads FENCHI_WEBDAV_NAME_USER and so on, where several servers are in use
//   overwrite=allowed    write also to a server that overwrites silently
//   plain_text=allowed   webdav: URLs, which are http://, are refused without this
//   parallel=8           requests at once (1..64)
// Credentials never stand in the URL: FENCHI_WEBDAV_USER and FENCHI_WEBDAV_PASSWORD, or
// FENCHI_WEBDAV_TOKEN, or the files that FENCHI_WEBDAV_PASSWORD_FILE or FENCHI_WEBDAV_TOKEN_FILE
// name; else WebdavOptions::credentials. A password is sent as the server asks: by digest, where it
// knows that, and then never itself.
//
// Objects lie as at the local provider: whoever runs the server can open the folder as file: and
// read them. Put writes to a temporary name below ".tmp" and moves it to its own with
// `Overwrite: F`, because several servers ignore conditions on PUT. Before the first Put the server
// is tried with two temporary files: one that moves a file over another is refused with
// kUnsupported, unless allowed by name. What broken connections leave behind is never listed, and
// removed after a day.
//
// Not promised: HTTP has no move that is atomic against others. Calls of one provider object never
// overwrite each other; two programs that write one name in the same instant may both be told that
// they succeeded (capability().create_only is false). A vault's writers share no names.
//
//   FENCHI_ASSIGN_OR_RETURN(auto nas, fenchi::OpenProvider("webdavs://nas.example/dav/fenchi"));
//
// Threads: any number; at most `parallel_max` requests are under way on connections that are kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// A token, or a user and password; all empty: none are needed.
struct WebdavCredentials {
  std::string user = {};
  SecretBytes password = {};
  SecretBytes token = {};  // sent as "Bearer"
};

// Called from any thread, rarely: at the first request, and once more when the server refuses.
using WebdavCredentialSource = std::function<Result<WebdavCredentials>()>;

struct WebdavOptions {
  std::string address = {};                 // "https://host:port/folder", escaped
  WebdavCredentialSource credentials = {};  // empty: the environment, see above
  bool allow_overwrite = false;
  bool allow_plain_text = false;
  std::size_t parallel_max = 8;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{30};  // for a line on which hardly a byte moves
  Domain domain = {};
};

// `url` is a whole webdavs: or webdav: URL.
// Errors: kInvalidArgument; no part of the URL is repeated in a message.
FENCHI_EXPORT Result<WebdavOptions> ParseWebdavUrl(std::string_view url);

// What the variables above say, read anew at each call. `name` as in credentials=NAME.
FENCHI_EXPORT WebdavCredentialSource WebdavCredentialsOfEnvironment(const std::string& name = {});

// Asks nothing of the network.
// Errors: kInvalidArgument for options out of range; kUnsupported when this build has no HTTP.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenWebdavProvider(const WebdavOptions& options);

}  // namespace fenchi
