// Compares a file on disk with a file of a snapshot, byte for byte, without downloading its
// content: every chunk by its id, everything between chunks with zeros.
#pragma once

#include "filesystem/source_tree.h"
#include "format/tree.h"
#include "repository/chunk_reader.h"

namespace fenchi {

// `node`: of `file`. `difference`: ok when they are equal, else what is wrong with the file on
// disk. The returned failure is the vault's.
Status CompareFile(ChunkReader& chunks, const format::Entry& entry,
                   const filesystem::SourceNode& node, const filesystem::SourceFile& file,
                   Status& difference);

}  // namespace fenchi
