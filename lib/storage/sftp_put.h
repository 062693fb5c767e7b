// Writing one object of an SFTP provider: whole or absent, create-only, durable where it can be.
#pragma once

#include <string_view>

#include "fenchi/provider.h"
#include "storage/sftp_place.h"

namespace fenchi {

// 1. The bytes go to a file with a random name in .tmp/, many requests at a time. All of them must
//    be acknowledged.
// 2. fsync@openssh.com of the file, then its closing.
// 3. hardlink@openssh.com gives it its name, which fails if the name is taken. Where the server or
//    its file system has no hard links, a rename of version 3: OpenSSH's refuses to replace.
// 4. fsync@openssh.com of the folder; the temporary name is removed.
// `replace` uses posix-rename@openssh.com in step 3, or removes and renames where there is none.
// A process or a line that dies before step 3 leaves nothing but a file in .tmp/; in step 3 it is
// unknown whether the object was stored, and kUnavailable says so.
Status PutSftp(SftpPlace& place, SftpSession& session, std::string_view name, Source& source,
               bool replace);

}  // namespace fenchi
