// Writing one object to a WebDAV server: whole or absent, create-only.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "storage/webdav_folder.h"

namespace fenchi {

// 1. The bytes go to a random name in .tmp/.
// 2. MOVE with `Overwrite: F` gives them the object's name, unless it is taken.
// With `replace`, step 2 is `Overwrite: T`, which some servers do by deleting first.
// A program that dies before step 2 leaves one file in .tmp/.
class WebdavWriter {
 public:
  WebdavWriter(WebdavFolder& folder, bool allow_overwrite)
      : folder_(folder), allow_overwrite_(allow_overwrite) {}

  Status Put(std::string_view name, Source& source, bool replace);

 private:
  class OneAtATime;

  Status Upload(const std::string& temporary, std::string_view name, Source& source);
  Status Move(const std::string& temporary, std::string_view name, bool replace);
  Status Settle(const std::string& temporary, Status failure);
  Status CheckNotAFolder(std::string_view name);
  Status EnsureProbed();
  Status Probe();
  void RemoveLeftovers();

  WebdavFolder& folder_;
  const bool allow_overwrite_;
  std::mutex probe_mutex_;
  bool probed_ = false;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::set<std::string, std::less<>> moving_;  // names: our own Puts of one never meet
};

}  // namespace fenchi
