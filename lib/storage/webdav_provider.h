// Opening webdav: and webdavs: URLs.
#pragma once

#include <memory>
#include <string_view>

#include "fenchi/provider.h"

namespace fenchi {

// `rest` is what follows "SCHEME:".
Result<std::shared_ptr<Provider>> OpenWebdavUrl(std::string_view rest, const Domain& domain);
Result<std::shared_ptr<Provider>> OpenWebdavsUrl(std::string_view rest, const Domain& domain);

}  // namespace fenchi
