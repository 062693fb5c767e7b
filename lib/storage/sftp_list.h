// Listing an SFTP provider in byte order of object names.
#pragma once

#include <functional>
#include <string_view>

#include "fenchi/provider.h"
#include "storage/sftp_place.h"

namespace fenchi {

// As Provider::List. Reads folders ahead, more at a time the longer the listing goes on. No session
// is held while `entry` runs: it may call the provider.
// A link or device under an object's name is listed with size 0, as the local provider does.
// Errors: kUnavailable also for folders that are too large, repeat themselves or lead on and on.
// Cost: 16 MiB for folders read ahead (32 at most), and 64 MiB for the names of those on the way.
Status ListSftp(SftpPlace& place, std::string_view prefix, std::string_view after,
                const std::function<bool(const ObjectInfo&)>& entry);

}  // namespace fenchi
