// zstd without fenchi around it: the yardstick of the compressing path.
#pragma once

#include <cstddef>

#include "fenchi/bytes.h"

namespace fenchi::bench {

// Level 3 with a context that is kept: one frame at the front of `out`, which grows when it is too
// small. Returns the frame's size. One thread.
std::size_t CompressAlone(ByteView chunk, Bytes& out);
// Expands `frame` and compares it with `chunk`; ends the program when they differ. One thread.
void CheckAlone(ByteView frame, ByteView chunk);

}  // namespace fenchi::bench
