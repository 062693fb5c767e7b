// Version: which fenchi this program runs with.
//
// Version() tells what a program is linked with, which may be newer than the headers that it was
// compiled against. While the major number is 0, a new minor number may change the interface; the
// format of stored vaults has its own version, in FORMAT.md. Safe from any thread.
//
//   std::cout << "fenchi " << fenchi::Version() << "\n";
#pragma once

#include <string_view>

#include "fenchi/export.h"

namespace fenchi {

// "MAJOR.MINOR.PATCH" of the library that is linked. Static storage, never empty.
FENCHI_EXPORT std::string_view Version();

}  // namespace fenchi
