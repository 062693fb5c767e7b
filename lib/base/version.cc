#include "fenchi/version.h"

namespace fenchi {

// FENCHI_VERSION_TEXT comes from project(VERSION) in the top CMakeLists.txt, the only place where
// the number is written.
std::string_view Version() { return FENCHI_VERSION_TEXT; }

}  // namespace fenchi
