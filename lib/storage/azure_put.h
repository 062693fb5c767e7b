// Writing one object to Azure Blob Storage: whole or absent, create-only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/azure_place.h"
#include "storage/object_lock.h"

namespace fenchi {

// A small object is one request. A larger one:
// 1. Is the name taken? Then nothing is sent.
// 2. Each block gets a name made of its number and of the hash of its bytes.
// 3. Blocks that the service does not have yet, from an attempt that broke off, are sent.
// 4. The list of blocks is committed, unless the name was taken meanwhile.
Status PutAzure(AzurePlace& place, std::string_view name, Source& source,
                const PutOptions& options);

// Headers of a policy that keeps an object until then; empty where the place has none.
std::vector<HttpHeader> AzureRetention(const AzureOptions& options, Timestamp until);
std::vector<HttpHeader> AzureRetention(const ObjectLock& lock);

}  // namespace fenchi
