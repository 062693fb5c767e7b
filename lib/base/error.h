// One constructor for each status code, with fmt formatting: DataLoss("pack {}: ...", id).
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi {

#define FENCHI_DEFINE_ERROR(name)                                                         \
  template <typename... Args>                                                             \
  Status name(fmt::format_string<Args...> format, Args&&... args) {                       \
    return Status(StatusCode::k##name, fmt::format(format, std::forward<Args>(args)...)); \
  }
FENCHI_DEFINE_ERROR(InvalidArgument)
FENCHI_DEFINE_ERROR(NotFound)
FENCHI_DEFINE_ERROR(AlreadyExists)
FENCHI_DEFINE_ERROR(Denied)
FENCHI_DEFINE_ERROR(Unavailable)
FENCHI_DEFINE_ERROR(Deadline)
FENCHI_DEFINE_ERROR(Full)
FENCHI_DEFINE_ERROR(Locked)
FENCHI_DEFINE_ERROR(WrongKey)
FENCHI_DEFINE_ERROR(Policy)
FENCHI_DEFINE_ERROR(TooFewProviders)
FENCHI_DEFINE_ERROR(Damaged)
FENCHI_DEFINE_ERROR(DataLoss)
FENCHI_DEFINE_ERROR(Unsupported)
FENCHI_DEFINE_ERROR(Cancelled)
FENCHI_DEFINE_ERROR(Conflict)
FENCHI_DEFINE_ERROR(Io)
FENCHI_DEFINE_ERROR(Internal)
#undef FENCHI_DEFINE_ERROR

// Maps an errno to the code that tells the caller what to do: ENOSPC -> kFull, EACCES -> kDenied,
// ENOENT -> kNotFound, EEXIST -> kAlreadyExists, else kIo. `what` names the action and the object.
Status ErrnoStatus(int error_number, const std::string& what);

}  // namespace fenchi

// An identifier prints as its first 8 bytes in hex: enough to find it, short enough to read.
template <std::size_t N, typename Tag>
struct fmt::formatter<fenchi::FixedBytes<N, Tag>> : fmt::formatter<std::string> {
  template <typename Context>
  auto format(const fenchi::FixedBytes<N, Tag>& id, Context& context) const {
    return fmt::formatter<std::string>::format(fenchi::ToHex(id.view().first(N < 8 ? N : 8)),
                                               context);
  }
};
