// The check behind "what Compress writes has been expanded again and compared".
#pragma once

#include "fenchi/bytes.h"
#include "fenchi/compression.h"

namespace fenchi::compression {

// Whether `stored` passes everything that a reader checks and holds exactly `chunk`. `scratch` is
// overwritten; kept by the caller, so that no call needs fresh memory.
bool ExpandsTo(Decompressor& decompressor, ByteView stored, ByteView chunk, Bytes& scratch);

}  // namespace fenchi::compression
