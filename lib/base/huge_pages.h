// Large buffers in huge pages (2 MiB where the CPU has 4 KiB pages), as far as the system gives
// them.
//
// First touching a page costs a trip into the kernel, and every later access a look in the CPU's
// table of pages, which holds few of them: a backup takes some percent longer without.
#pragma once

#include <cstddef>

#include "fenchi/bytes.h"

namespace fenchi {

// As bytes.resize(size). Memory that it has to get for that is asked for in huge pages; a system
// that has none is no error. For what is used whole, as a huge page is there or not; and for what
// is kept, as the advice stays with the addresses when the memory is given back.
void ResizeInHugePages(Bytes& bytes, std::size_t size);

}  // namespace fenchi
