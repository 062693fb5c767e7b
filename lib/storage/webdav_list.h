// Listing what a WebDAV server holds, in byte order of object names.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/provider.h"
#include "storage/webdav_folder.h"

namespace fenchi {

struct WebdavEntry {
  std::string name = {};  // the last part of its path, unescaped: any bytes
  bool is_folder = false;
  std::optional<std::uint64_t> size_bytes = {};
  std::optional<Timestamp> modified = {};
};

struct WebdavListing {
  bool found = false;
  std::vector<WebdavEntry> entries = {};
  std::optional<Timestamp> now = {};  // by the server's clock
};

// What the folder `path` ("" or "a/b/") holds, one level deep.
// Errors: kUnavailable also when the answer is about another folder, or longer than 16 MiB.
Result<WebdavListing> ReadWebdavFolder(WebdavFolder& folder, std::string_view path);

// As Provider::List. Reads one folder at a time, skips those that cannot hold a name asked for, and
// gives up with kUnavailable on a server whose folders never end.
Status ListWebdav(WebdavFolder& folder, std::string_view prefix, std::string_view after,
                  const std::function<bool(const ObjectInfo&)>& entry);

}  // namespace fenchi
