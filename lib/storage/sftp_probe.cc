// Opening an SFTP place: is it there, and what can the server really do? Tried, not believed.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fenchi/random.h"
#include "storage/sftp_place.h"
#include "storage/temporary_name.h"

namespace fenchi {
namespace {

constexpr std::string_view kMarkerPrefix = ".place-";
constexpr std::size_t kMarkerRandomBytes = 16;
constexpr int kSessionsMax = 32;

bool IsMarkerName(std::string_view name) {
  return name.starts_with(kMarkerPrefix) &&
         name.size() == kMarkerPrefix.size() + 2 * kMarkerRandomBytes &&
         FromHex(name.substr(kMarkerPrefix.size())).ok();
}

std::string NewTemporaryPath() {
  return fmt::format("{}/{}", kTemporaryFolder, NewTemporaryName());
}

Status CheckOptions(const SftpOptions& options) {
  if (options.host.empty()) return InvalidArgument("an SFTP provider needs the name of a host");
  if (options.port < 1 || options.port > 65535) {
    return InvalidArgument("an SFTP provider needs a port from 1 to 65535, not {}", options.port);
  }
  if (options.directory.empty() || options.directory == "/" ||
      options.directory.find('\0') != std::string::npos) {
    return InvalidArgument("an SFTP provider needs a directory of its own");
  }
  if (options.sessions_max < 1 || options.sessions_max > kSessionsMax) {
    return InvalidArgument("an SFTP provider uses 1 to {} sessions, not {}", kSessionsMax,
                           options.sessions_max);
  }
  if (options.timeout.count() <= 0) return InvalidArgument("a timeout has to be positive");
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<SftpPlace>> SftpPlace::Open(const SftpOptions& options) {
  FENCHI_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<SftpPlace> place(new SftpPlace(options));
  FENCHI_ASSIGN_OR_RETURN(std::shared_ptr<SshKeys> keys, SshKeys::Load(options));
  place->pool_ = std::make_unique<SftpPool>(options, std::move(keys), place->location_);
  FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place->Acquire());
  FENCHI_RETURN_IF_ERROR(place->OpenRoot(*session));
  FENCHI_RETURN_IF_ERROR(place->FindMarker(*session));
  FENCHI_RETURN_IF_ERROR(place->Probe(*session));
  return place;
}

Status SftpPlace::OpenRoot(SftpSession& session) {
  FENCHI_ASSIGN_OR_RETURN(SftpReply found, session.Call(SimpleRequest(SftpType::kStat, Path(""))));
  if (found.code == SftpCode::kNoSuchFile) {
    FENCHI_ASSIGN_OR_RETURN(const SftpReply made, session.Call(MkdirRequest(Path(""))));
    if (made.code == SftpCode::kNoSuchFile) {
      return NotFound("the directory above {} does not exist, so it cannot be created there",
                      location_)
          .WithHint(
              "is the disk mounted on the server? If the place is right, create the parent "
              "directory");
    }
    if (made.code == SftpCode::kPermissionDenied) {
      return Denied("{} does not exist, and the account may not create it", location_)
          .WithHint("let the server's operator create it for the account");
    }
    created_root_ = made.ok();
    FENCHI_ASSIGN_OR_RETURN(found, session.Call(SimpleRequest(SftpType::kStat, Path(""))));
  }
  if (found.code == SftpCode::kPermissionDenied) {
    return Denied("the account may not enter {}", location_)
        .WithHint("the server's operator has to give it the right to its directory");
  }
  if (!found.ok()) {
    return Unavailable("cannot open {}: the server answers with code {}", location_,
                       static_cast<unsigned>(found.code));
  }
  FENCHI_ASSIGN_OR_RETURN(const SftpAttributes attributes, AttributesIn(found));
  if (attributes.permissions && !attributes.is_folder()) {
    return Unavailable("{} is not a directory", location_)
        .WithHint("an SFTP provider keeps its objects in a directory of its own");
  }
  return Status::Ok();
}

Status SftpPlace::FindMarker(SftpSession& session) {
  const std::string root[] = {""};
  FENCHI_ASSIGN_OR_RETURN(const std::vector<SftpFolderRead> read,
                          ReadFolders(*this, session, root));
  for (const SftpName& name : read.front().names) {
    // Two processes that opened an empty place at once made one each: any of them will do.
    if (IsMarkerName(name.name) && (marker_.empty() || name.name < marker_)) marker_ = name.name;
  }
  return marker_.empty() ? CreateMarker(session) : Status::Ok();
}

Status SftpPlace::CreateMarker(SftpSession& session) {
  Bytes random(kMarkerRandomBytes);
  SystemRandom().Fill(random);
  const std::string name = fmt::format("{}{}", kMarkerPrefix, ToHex(random));
  FENCHI_ASSIGN_OR_RETURN(const SftpReply created,
                          session.Call(OpenRequest(Path(name), kSftpCreate)));
  if (!created.ok()) return Status::Ok();  // the account may only read
  FENCHI_ASSIGN_OR_RETURN(const SftpHandle handle, SftpHandle::Of(session, created));
  marker_ = name;
  return Status::Ok();
}

// 1. A temporary file can be created: its time is the server's, which judges the age of leftovers.
// 2. Files, and the root as an open file, can be synced.
// 3. What gives a name and fails when it is taken: a hard link, else a rename.
// 4. Deleting is allowed.
Status SftpPlace::Probe(SftpSession& session) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint32_t made,
                          session.Send(MkdirRequest(Path(kTemporaryFolder))));
  session.Forget(made);  // most often it is there
  const std::string first = NewTemporaryPath();
  FENCHI_ASSIGN_OR_RETURN(const SftpReply created,
                          session.Call(OpenRequest(Path(first), kSftpCreate)));
  if (!created.ok()) return Status::Ok();
  abilities_.can_write = true;
  std::uint32_t now_seconds = 0;
  {
    FENCHI_ASSIGN_OR_RETURN(const SftpHandle handle, SftpHandle::Of(session, created));
    FENCHI_ASSIGN_OR_RETURN(const SftpReply state,
                            session.Call(SimpleRequest(SftpType::kFstat, handle.get())));
    if (state.ok()) {
      FENCHI_ASSIGN_OR_RETURN(const SftpAttributes attributes, AttributesIn(state));
      now_seconds = attributes.modified_seconds.value_or(0);
    }
    if (session.server().fsync) {
      FENCHI_ASSIGN_OR_RETURN(const SftpReply synced,
                              session.Call(ExtendedRequest("fsync@openssh.com", handle.get())));
      abilities_.sync_files = synced.ok();
    }
  }
  if (abilities_.sync_files) {
    abilities_.sync_folders = true;
    const Status synced = SyncFolder(session, "");
    if (session.broken()) return synced;
    abilities_.sync_folders = synced.ok();
    if (synced.ok() && created_root_) FENCHI_RETURN_IF_ERROR(SyncAboveRoot(session));
  }
  FENCHI_RETURN_IF_ERROR(ProbeNaming(session, first));
  RemoveLeftovers(session, now_seconds);
  return Status::Ok();
}

// The entry of a root that was made just now. A folder above that may be passed through but not
// read cannot be synced by us: then it is the server's file system that decides when the entry is
// safe.
Status SftpPlace::SyncAboveRoot(SftpSession& session) const {
  const std::string& root = options_.directory;
  const std::size_t slash = root.rfind('/');
  const std::string above = slash == std::string::npos ? "." : root.substr(0, slash);
  FENCHI_ASSIGN_OR_RETURN(const SftpReply opened,
                          session.Call(OpenRequest(above.empty() ? "/" : above, kSftpRead)));
  if (!opened.ok()) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const SftpHandle handle, SftpHandle::Of(session, opened));
  return SyncOpenFolder(session, handle, "its root");
}

Status SftpPlace::ProbeNaming(SftpSession& session, const std::string& first) {
  const std::string second = NewTemporaryPath();
  if (session.server().hard_link) {
    const auto link = [&] {
      return session.Call(ExtendedRequest("hardlink@openssh.com", Path(first), Path(second)));
    };
    FENCHI_ASSIGN_OR_RETURN(const SftpReply linked, link());
    if (linked.ok()) {
      FENCHI_ASSIGN_OR_RETURN(const SftpReply again, link());
      abilities_.hard_link = !again.ok();
    }
  }
  if (!abilities_.hard_link) {
    FENCHI_ASSIGN_OR_RETURN(const SftpReply created,
                            session.Call(OpenRequest(Path(second), kSftpCreate)));
    if (created.ok()) {
      FENCHI_ASSIGN_OR_RETURN(const SftpHandle closes, SftpHandle::Of(session, created));
    }
    FENCHI_ASSIGN_OR_RETURN(const SftpReply renamed,
                            session.Call(RenameRequest(Path(first), Path(second))));
    abilities_.rename_refuses = !renamed.ok();
  }
  FENCHI_ASSIGN_OR_RETURN(const SftpReply removed,
                          session.Call(SimpleRequest(SftpType::kRemove, Path(second))));
  abilities_.can_delete = removed.ok();
  FENCHI_ASSIGN_OR_RETURN(const std::uint32_t other,
                          session.Send(SimpleRequest(SftpType::kRemove, Path(first))));
  session.Forget(other);
  return Status::Ok();
}

// Files that dead processes left, untouched for a day by the server's clock. One that belongs to a
// Put which takes longer fails that Put, and nothing else. Best effort.
void SftpPlace::RemoveLeftovers(SftpSession& session, std::uint32_t now_seconds) {
  const std::string folder[] = {std::string(kTemporaryFolder)};
  const auto read = ReadFolders(*this, session, folder);
  if (!read.ok()) return;
  for (const SftpName& name : read->front().names) {
    const std::int64_t age =
        std::int64_t{now_seconds} - name.attributes.modified_seconds.value_or(now_seconds);
    if (!IsTemporaryName(name.name) || age < kLeftoverAgeSeconds) continue;
    const std::string path = fmt::format("{}/{}", kTemporaryFolder, name.name);
    const auto id = session.Send(SimpleRequest(SftpType::kRemove, Path(path)));
    if (!id.ok()) return;
    session.Forget(*id);
  }
}

}  // namespace fenchi
