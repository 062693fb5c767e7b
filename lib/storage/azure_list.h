// Listing what a container of Azure Blob Storage holds below a folder.
#pragma once

#include <functional>
#include <string_view>

#include "fenchi/provider.h"
#include "storage/azure_place.h"

namespace fenchi {

// As Provider::List. The service cannot begin after a name, so what lies before `after` is read and
// passed over: one request for each 5,000 names. An account with real directories tells them in
// another order: there all names are read before the first is told.
// Errors: kUnavailable also for a listing that repeats, goes back or never ends.
Status ListAzure(AzurePlace& place, std::string_view prefix, std::string_view after,
                 const std::function<bool(const ObjectInfo&)>& entry);

}  // namespace fenchi
