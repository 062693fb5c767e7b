// Listing a local provider in byte order of object names.
#pragma once

#include <functional>
#include <string_view>

#include "fenchi/provider.h"
#include "storage/local_folder.h"

namespace fenchi {

// As Provider::List. Reads one folder at a time and skips those that cannot hold a name asked for.
// Entries that are no objects of ours (other characters, .tmp, lost+found) are passed over. A link,
// device or FIFO under an object's name is listed with size 0: something is there, and reading it
// is refused.
// Cost: one sorted list of names in memory for each folder on the way; one stat for each object.
Status ListLocal(LocalRoot& root, std::string_view prefix, std::string_view after,
                 const std::function<bool(const ObjectInfo&)>& entry);

}  // namespace fenchi
