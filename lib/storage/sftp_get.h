// Reading a part of one object of an SFTP provider.
#pragma once

#include <string_view>

#include "fenchi/provider.h"
#include "storage/sftp_place.h"

namespace fenchi {

// As Provider::Get. Many requests at a time; what comes short is asked for again.
Status GetSftp(const SftpPlace& place, SftpSession& session, std::string_view name,
               std::uint64_t offset, MutableBytes out);

}  // namespace fenchi
