// Deleting objects from S3, up to 1,000 in one request.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "fenchi/provider.h"
#include "storage/s3_place.h"

namespace fenchi {

// As Provider::Delete. A server without the batch request is asked for each object. Where the place
// locks objects, each is looked at first and its version deleted: kLocked says until when.
Result<std::vector<Status>> DeleteS3(S3Place& place, std::span<const std::string> names);

}  // namespace fenchi
