#include "storage/sftp_get.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/error.h"
#include "storage/folder_layout.h"

namespace fenchi {
namespace {

// Bytes that were asked for and are not here: a bit less than the window that SshConnection opens.
constexpr std::size_t kBytesAheadMax = 5 << 19;

class SftpGet {
 public:
  SftpGet(const SftpPlace& place, SftpSession& session, std::string_view name)
      : place_(place), session_(session), name_(name) {}

  Status Run(std::uint64_t offset, MutableBytes out) {
    const ObjectPath at = LocateObject(name_);
    const std::string path = place_.Path(at.folder.empty() ? at.file : at.folder + "/" + at.file);
    // What it is and its handle, in one round trip. Opening would follow a link.
    FENCHI_ASSIGN_OR_RETURN(const std::uint32_t look,
                            session_.Send(SimpleRequest(SftpType::kLstat, path)));
    FENCHI_ASSIGN_OR_RETURN(const SftpReply opened, session_.Call(OpenRequest(path, kSftpRead)));
    FENCHI_ASSIGN_OR_RETURN(const SftpReply looked, session_.Wait(look));
    if (!opened.ok()) {
      FENCHI_RETURN_IF_ERROR(CheckKind(looked, offset, out.size()));
      return place_.Failure(session_, opened, "read", name_);
    }
    FENCHI_ASSIGN_OR_RETURN(const SftpHandle file, SftpHandle::Of(session_, opened));
    FENCHI_RETURN_IF_ERROR(CheckKind(looked, offset, out.size()));
    return Read(file, offset, out);
  }

 private:
  Status TooShort(std::uint64_t size, std::uint64_t offset, std::size_t wanted) const {
    return Damaged("{} at {} has {} bytes; {} bytes from offset {} were asked for", name_,
                   place_.location(), size, wanted, offset);
  }

  Status CheckKind(const SftpReply& looked, std::uint64_t offset, std::size_t wanted) const {
    if (!looked.ok()) return place_.Failure(session_, looked, "read", name_);
    FENCHI_ASSIGN_OR_RETURN(const SftpAttributes found, AttributesIn(looked));
    if (found.is_folder()) {
      return NotFound("{} at {} is a folder, not an object", name_, place_.location());
    }
    if (found.permissions && !found.is_file()) {
      return Damaged("{} at {} is not a regular file", name_, place_.location());
    }
    if (!found.size_bytes || wanted == 0) return Status::Ok();
    const std::uint64_t size = *found.size_bytes;
    const bool inside = offset <= size && wanted <= size - offset;
    return inside ? Status::Ok() : TooShort(size, offset, wanted);
  }

  struct Part {
    std::uint32_t id;
    std::size_t begin;  // in `out`
    std::size_t size;
  };

  Status Read(const SftpHandle& file, std::uint64_t offset, MutableBytes out) {
    std::deque<Part> waiting;
    std::size_t asked = 0, ahead = 0;
    const auto ask = [&](std::size_t begin, std::size_t size) -> Status {
      FENCHI_ASSIGN_OR_RETURN(
          const std::uint32_t id,
          session_.Send(ReadRequest(file.get(), offset + begin, static_cast<std::uint32_t>(size))));
      waiting.push_back({id, begin, size});
      ahead += size;
      return Status::Ok();
    };
    while (asked < out.size() || !waiting.empty()) {
      while (asked < out.size() && (ahead < kBytesAheadMax || waiting.empty())) {
        const std::size_t size =
            std::min<std::size_t>(session_.server().read_bytes_max, out.size() - asked);
        FENCHI_RETURN_IF_ERROR(ask(asked, size));
        asked += size;
      }
      const Part part = waiting.front();
      waiting.pop_front();
      ahead -= part.size;
      FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, session_.Wait(part.id));
      if (reply.code == SftpCode::kEof) {  // cut while it was read
        return TooShort(offset + part.begin, offset, out.size());
      }
      if (!reply.ok()) return place_.Failure(session_, reply, "read", name_);
      FENCHI_ASSIGN_OR_RETURN(const ByteView data, DataIn(reply));
      if (data.empty() || data.size() > part.size) {
        return Unavailable("{}: the server answers {} bytes where {} were asked for",
                           place_.location(), data.size(), part.size);
      }
      std::copy(data.begin(), data.end(), out.begin() + static_cast<std::ptrdiff_t>(part.begin));
      if (data.size() < part.size) {
        FENCHI_RETURN_IF_ERROR(ask(part.begin + data.size(), part.size - data.size()));
      }
    }
    return Status::Ok();
  }

  const SftpPlace& place_;
  SftpSession& session_;
  std::string_view name_;
};

}  // namespace

Status GetSftp(const SftpPlace& place, SftpSession& session, std::string_view name,
               std::uint64_t offset, MutableBytes out) {
  return SftpGet(place, session, name).Run(offset, out);
}

}  // namespace fenchi
