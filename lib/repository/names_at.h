// What an object is called at each seat and in each generation, where that depends on the seat:
// FORMAT.md section 2. The access must outlive the names.
#pragma once

#include <cstdint>

#include "repository/access.h"

namespace fenchi {

NameAt ShardNameAt(const Access& access, const PackId& pack, int needed);
NameAt RecordNameAt(const Access& access, const WriterId& writer, std::uint64_t seq);
// Of list and index objects, by their hash.
NameAt ListNameAt(const Access& access, const Hash256& hash);
NameAt IndexNameAt(const Access& access, const Hash256& hash);

}  // namespace fenchi
