#include "storage/sftp_place.h"

#include <algorithm>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "storage/url.h"

namespace fenchi {
namespace {

// Less free space than this, and a bare "failure" of a write is taken to mean: full.
constexpr std::uint64_t kNearlyFullBytes = 1 << 20;
constexpr std::size_t kMessageBytesMax = 120;

// The server's own words, for people.
std::string Words(const SftpReply& reply) {
  if (reply.message.empty()) return fmt::format("code {}", static_cast<unsigned>(reply.code));
  return EscapeForDisplay(reply.message.substr(0, kMessageBytesMax));
}

std::string LocationOf(const SftpOptions& options) {
  const bool bracket = options.host.find(':') != std::string::npos;
  std::string out = "sftp://";
  if (!options.user.empty()) out += EscapeUrlPath(options.user) + "@";
  out += bracket ? "[" + options.host + "]" : options.host;
  if (options.port != 22) out += fmt::format(":{}", options.port);
  out += options.directory.starts_with('/') ? "" : "/~/";
  return out + EscapeUrlPath(options.directory);
}

}  // namespace

SftpPlace::SftpPlace(const SftpOptions& options)
    : options_(options), location_(LocationOf(options)) {}

std::string SftpPlace::Path(std::string_view relative) const {
  if (relative.empty()) return options_.directory;
  return fmt::format("{}/{}", options_.directory, relative);
}

Result<std::optional<SftpAttributes>> SftpPlace::Look(SftpSession& session,
                                                      std::string_view relative) const {
  FENCHI_ASSIGN_OR_RETURN(const SftpReply reply,
                          session.Call(SimpleRequest(SftpType::kLstat, Path(relative))));
  if (reply.code == SftpCode::kNoSuchFile) return std::optional<SftpAttributes>();
  if (!reply.ok()) return Failure(session, reply, "look at", relative);
  FENCHI_ASSIGN_OR_RETURN(const SftpAttributes found, AttributesIn(reply));
  return std::optional(found);
}

Status SftpPlace::CheckPresent(SftpSession& session) const {
  // Without a marker, the root must at least be there; Lstat would not follow a link that is it.
  const bool marked = !marker_.empty();
  FENCHI_ASSIGN_OR_RETURN(
      const SftpReply reply,
      session.Call(SimpleRequest(marked ? SftpType::kLstat : SftpType::kStat, Path(marker_))));
  if (reply.ok()) return Status::Ok();
  return Unavailable("{} is not the directory any more that was opened: {} {}", location_,
                     marked ? "its marker cannot be found:" : "", Words(reply))
      .WithHint("is the disk mounted on the server, and the directory where it was?");
}

Status SftpPlace::Failure(SftpSession& session, const SftpReply& reply, std::string_view action,
                          std::string_view name) const {
  const std::string what = fmt::format("cannot {} {} at {}: {}", action,
                                       name.empty() ? "its root" : name, location_, Words(reply));
  switch (reply.code) {
    case SftpCode::kNoSuchFile:
      // Whatever is missing may be missing because everything is.
      FENCHI_RETURN_IF_ERROR(CheckPresent(session));
      return NotFound("{}", what);
    case SftpCode::kPermissionDenied:
      return Denied("{}", what)
          .WithHint("the server's account needs the right to do this in its directory");
    case SftpCode::kUnsupported:
      return Unsupported("{}", what);
    case SftpCode::kFailure: {
      const Result<std::uint64_t> space = FreeSpace(session);
      if (space.ok() && *space < kNearlyFullBytes) {
        return Full("{}: {} bytes are free there", what, *space)
            .WithHint("free some space there, or replace it by a larger place");
      }
      return Unavailable("{}", what)
          .WithHint("the server gives no reason; if its account has a quota, it may be used up");
    }
    default:
      return Unavailable("{}", what);
  }
}

Result<std::uint64_t> SftpPlace::FreeSpace(SftpSession& session) const {
  if (!session.server().statvfs) return Unsupported("{} does not tell its free space", location_);
  FENCHI_ASSIGN_OR_RETURN(const SftpReply reply,
                          session.Call(ExtendedRequest("statvfs@openssh.com", Path(""))));
  if (!reply.ok()) {
    return Unavailable("cannot measure the free space of {}: {}", location_, Words(reply));
  }
  // Block sizes, then counts of blocks: of all, of free ones, of those free for us; and more.
  FENCHI_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> numbers, NumbersIn(reply, 11));
  const std::uint64_t unit = numbers[1], available = numbers[4];
  if (unit != 0 && available > UINT64_MAX / unit) return UINT64_MAX;
  return unit * available;
}

Status SftpPlace::SyncFolder(SftpSession& session, std::string_view folder) const {
  if (!abilities_.sync_folders) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const SftpReply opened,
                          session.Call(OpenRequest(Path(folder), kSftpRead)));
  if (!opened.ok()) return Failure(session, opened, "make durable folder", folder);
  FENCHI_ASSIGN_OR_RETURN(const SftpHandle handle, SftpHandle::Of(session, opened));
  return SyncOpenFolder(session, handle, folder);
}

Status SftpPlace::SyncOpenFolder(SftpSession& session, const SftpHandle& handle,
                                 std::string_view folder) const {
  FENCHI_ASSIGN_OR_RETURN(const SftpReply synced,
                          session.Call(ExtendedRequest("fsync@openssh.com", handle.get())));
  if (synced.ok()) return Status::Ok();
  return Unavailable("{}: {} is written, but not known to be safe from a power cut: {}", location_,
                     folder, Words(synced));
}

Status SftpPlace::MakeFolder(SftpSession& session, std::string_view folder) const {
  std::vector<std::uint32_t> ids;
  std::vector<std::string> paths;
  for (std::size_t end = 0; end < folder.size();) {
    end = std::min(folder.find('/', end + 1), folder.size());
    paths.emplace_back(folder.substr(0, end));
    FENCHI_ASSIGN_OR_RETURN(const std::uint32_t id, session.Send(MkdirRequest(Path(paths.back()))));
    ids.push_back(id);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, session.Wait(ids[i]));
    if (reply.ok()) continue;
    // That it is there already is the usual reason; version 3 has no code for it.
    FENCHI_ASSIGN_OR_RETURN(const auto found, Look(session, paths[i]));
    if (!found) return Failure(session, reply, "create folder", paths[i]);
    if (found->is_folder()) continue;
    if (found->is_file()) {
      return Unsupported("{}: {} is an object already and cannot be a folder", location_, paths[i]);
    }
    return Denied("{}: {} is a link or a device where a folder must be", location_, paths[i])
        .WithHint("mount or bind-mount the other place instead");
  }
  return Status::Ok();
}

Status SftpPlace::SyncAbove(SftpSession& session, const std::string& folder) {
  std::vector<std::string> synced;
  for (std::string at = folder; !at.empty();) {
    {
      const std::lock_guard lock(mutex_);
      if (durable_folders_.contains(at)) break;
    }
    const std::size_t slash = at.rfind('/');
    const std::string above = slash == std::string::npos ? "" : at.substr(0, slash);
    FENCHI_RETURN_IF_ERROR(SyncFolder(session, above));
    synced.push_back(std::exchange(at, above));
  }
  const std::lock_guard lock(mutex_);
  durable_folders_.insert(synced.begin(), synced.end());
  return Status::Ok();
}

}  // namespace fenchi
