// Objects in this process's memory, and the table of named memory places.
#pragma once

#include <memory>
#include <string>

#include "fenchi/provider.h"

namespace fenchi {

// The one place called `name` in this process, made at its first use; it lives as long as the
// process, so that a vault in it can be opened again.
std::shared_ptr<Provider> OpenNamedMemoryProvider(const std::string& name, const Domain& domain);

}  // namespace fenchi
