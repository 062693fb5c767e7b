// Opening gs: URLs.
#pragma once

#include <memory>
#include <string_view>

#include "fenchi/provider.h"

namespace fenchi {

// `rest` is what follows "gs:".
Result<std::shared_ptr<Provider>> OpenGcsUrl(std::string_view rest, const Domain& domain);

}  // namespace fenchi
