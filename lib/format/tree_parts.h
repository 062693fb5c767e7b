// Entries of tree lists, FORMAT.md section 8.1: for tree.cc alone.
#pragma once

#include "format/tree.h"

namespace fenchi::format {

void WriteEntry(CborWriter& writer, const Entry& entry);
Result<Entry> ReadEntry(CborReader& reader);

}  // namespace fenchi::format
