// The local provider with its internals in reach: for tests of file systems that lack abilities.
#pragma once

#include <memory>
#include <string>

#include "fenchi/provider.h"
#include "storage/local_folder.h"

namespace fenchi {

struct LocalLimits {
  bool unnamed_files = true;  // false: as on a file system without O_TMPFILE
  bool hard_links = true;     // false: as on FAT
};

Result<std::shared_ptr<Provider>> OpenLimitedLocalProvider(const std::string& directory,
                                                           const LocalOptions& options,
                                                           const LocalLimits& limits);

}  // namespace fenchi
