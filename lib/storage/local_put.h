// Writing one object of a local provider: whole or absent, create-only, durable.
#pragma once

#include <string_view>

#include "fenchi/provider.h"
#include "storage/local_folder.h"

namespace fenchi {

// 1. The bytes go to a file without a name (O_TMPFILE) in the object's folder, or, where the file
//    system has none, to a file with a random name in .tmp/.
// 2. fsync of the file.
// 3. linkat gives it its name, which fails if the name is taken. Where there are no hard links
//    (FAT, exFAT), a rename that refuses to replace.
// 4. fsync of the folder.
// `replace` uses a named file and a plain rename in step 3.
// A process that dies before step 3 leaves nothing, or one file in .tmp/.
Status PutLocal(LocalRoot& root, std::string_view name, Source& source, bool replace);

// Removes files that dead processes left in .tmp/: regular files with our kind of name, untouched
// for a day. If the clock is wrong, a Put that is under way fails and may be tried again.
void RemoveLeftovers(LocalRoot& root);

}  // namespace fenchi
