// Opening azure: URLs.
#pragma once

#include <memory>
#include <string_view>

#include "fenchi/provider.h"

namespace fenchi {

// `rest` is what follows "azure:".
Result<std::shared_ptr<Provider>> OpenAzureUrl(std::string_view rest, const Domain& domain);

}  // namespace fenchi
