// Listing what a bucket of Google Cloud Storage holds below a folder.
#pragma once

#include <functional>
#include <string_view>

#include "fenchi/provider.h"
#include "storage/gcs_place.h"

namespace fenchi {

// As Provider::List: one request for each 1,000 names.
// Errors: kUnavailable also for a listing that repeats, goes back or never ends.
Status ListGcs(GcsPlace& place, std::string_view prefix, std::string_view after,
               const std::function<bool(const ObjectInfo&)>& entry);

}  // namespace fenchi
