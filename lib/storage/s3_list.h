// Listing a folder of a bucket in byte order.
#pragma once

#include <functional>
#include <string_view>

#include "fenchi/provider.h"
#include "storage/s3_place.h"

namespace fenchi {

// As Provider::List, a page of 1,000 keys at a time. Keys that are no object names of ours are
// passed over. Errors: kDamaged for a listing that is not in order, repeats itself, or is cut
// without saying where it goes on; kUnavailable, kDenied.
Status ListS3(S3Place& place, std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry);

}  // namespace fenchi
