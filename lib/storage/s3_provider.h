// The row of s3: in the table of schemes.
#pragma once

#include <memory>
#include <string_view>

#include "fenchi/provider.h"

namespace fenchi {

Result<std::shared_ptr<Provider>> OpenS3Url(std::string_view rest, const Domain& domain);

}  // namespace fenchi
