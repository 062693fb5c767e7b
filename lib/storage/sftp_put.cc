#include "storage/sftp_put.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "base/error.h"
#include "storage/folder_layout.h"
#include "storage/temporary_name.h"

namespace fenchi {
namespace {

// Bytes on the way that the server has not acknowledged: what a line of 160 Mbit/s and 100 ms
// holds.
constexpr std::uint64_t kBytesAheadMax = 2 << 20;

// One Put under way.
class SftpPut {
 public:
  SftpPut(SftpPlace& place, SftpSession& session, std::string_view name, Source& source)
      : place_(place),
        session_(session),
        name_(name),
        path_(LocateObject(name)),
        target_(path_.folder.empty() ? path_.file : path_.folder + "/" + path_.file),
        temporary_(fmt::format("{}/{}", kTemporaryFolder, NewTemporaryName())),
        source_(source) {}

  Status Run(bool replace) {
    // The look spares the upload when the outcome is clear already; step 3 decides in the end.
    FENCHI_ASSIGN_OR_RETURN(const std::uint32_t look,
                            session_.Send(SimpleRequest(SftpType::kLstat, place_.Path(target_))));
    FENCHI_ASSIGN_OR_RETURN(SftpHandle created, Create());
    std::optional<SftpHandle> file(std::move(created));
    Status done = CheckTarget(look, replace);
    if (done.ok()) done = Write(*file);
    file.reset();  // closed before its name is removed, which some servers insist on
    std::optional<SftpHandle> folder;
    if (done.ok()) done = OpenFolder(folder);
    if (done.ok()) done = replace ? Replace() : Name();
    if (session_.broken()) return done;
    RemoveTemporary();
    // Whoever put it before us may have died before the last sync, and the caller will count on it.
    if (done.ok() || done.code() == StatusCode::kAlreadyExists) {
      FENCHI_RETURN_IF_ERROR(SyncName(folder));
    }
    return done;
  }

 private:
  Result<SftpHandle> Create() {
    const SftpRequest request = OpenRequest(place_.Path(temporary_), kSftpCreate);
    FENCHI_ASSIGN_OR_RETURN(SftpReply reply, session_.Call(request));
    if (reply.code == SftpCode::kNoSuchFile) {
      FENCHI_RETURN_IF_ERROR(place_.CheckPresent(session_));
      FENCHI_RETURN_IF_ERROR(place_.MakeFolder(session_, kTemporaryFolder));
      FENCHI_ASSIGN_OR_RETURN(reply, session_.Call(request));
    }
    if (!reply.ok()) return place_.Failure(session_, reply, "create a temporary file for", name_);
    return SftpHandle::Of(session_, reply);
  }

  Status Taken() const {
    return AlreadyExists("{} is at {} already; nothing was changed", name_, place_.location());
  }

  Status CheckTarget(std::uint32_t look, bool replace) {
    FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, session_.Wait(look));
    if (reply.code == SftpCode::kNoSuchFile) return Status::Ok();
    if (!reply.ok()) return place_.Failure(session_, reply, "look at", name_);
    FENCHI_ASSIGN_OR_RETURN(const SftpAttributes found, AttributesIn(reply));
    if (found.is_folder()) {
      return Unsupported("{}: {} is a folder of other objects already", place_.location(), name_);
    }
    return replace ? Status::Ok() : Taken();
  }

  // Keeps requests on the way; the first failure ends it, once all answers are here.
  Status Write(SftpHandle& file) {
    const std::uint64_t size = source_.size();
    const std::uint64_t step = session_.server().write_bytes_max;
    std::deque<std::uint32_t> waiting;
    Status failure;
    for (std::uint64_t offset = 0; offset < size && failure.ok();) {
      const auto count = static_cast<std::size_t>(std::min(step, size - offset));
      SftpRequest request(SftpType::kWrite);
      request.Text(file.get()).U64(offset);
      failure = source_.Read(offset, request.Room(count)).At(name_);
      if (!failure.ok()) break;
      FENCHI_ASSIGN_OR_RETURN(const std::uint32_t id, session_.Send(std::move(request)));
      waiting.push_back(id);
      offset += count;
      if (waiting.size() * step >= kBytesAheadMax) failure = TakeOne(waiting);
    }
    while (!waiting.empty() && !session_.broken()) {
      const Status taken = TakeOne(waiting);
      if (failure.ok()) failure = taken;
    }
    FENCHI_RETURN_IF_ERROR(failure);
    return Finish(file);
  }

  // Syncs and closes the file, and asks for its folder in the same round trip.
  Status Finish(SftpHandle& file) {
    std::optional<std::uint32_t> sync;
    if (place_.abilities().sync_files) {
      FENCHI_ASSIGN_OR_RETURN(sync,
                              session_.Send(ExtendedRequest("fsync@openssh.com", file.get())));
    }
    FENCHI_ASSIGN_OR_RETURN(const std::uint32_t close, file.SendClose());
    if (place_.abilities().sync_folders) {
      FENCHI_ASSIGN_OR_RETURN(folder_open_,
                              session_.Send(OpenRequest(place_.Path(path_.folder), kSftpRead)));
    }
    if (sync) {
      FENCHI_ASSIGN_OR_RETURN(const SftpReply synced, session_.Wait(*sync));
      if (!synced.ok()) return place_.Failure(session_, synced, "sync", name_);
    }
    // The last moment at which a server may say that writing failed.
    FENCHI_ASSIGN_OR_RETURN(const SftpReply closed, session_.Wait(close));
    return closed.ok() ? Status::Ok() : place_.Failure(session_, closed, "write", name_);
  }

  // Takes the handle that Finish() asked for; none when the folder is still to be made.
  Status OpenFolder(std::optional<SftpHandle>& folder) {
    if (!folder_open_) return Status::Ok();
    FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, session_.Wait(*folder_open_));
    if (!reply.ok()) return Status::Ok();
    FENCHI_ASSIGN_OR_RETURN(SftpHandle handle, SftpHandle::Of(session_, reply));
    folder.emplace(std::move(handle));
    return Status::Ok();
  }

  Status SyncName(const std::optional<SftpHandle>& folder) {
    FENCHI_RETURN_IF_ERROR(folder ? place_.SyncOpenFolder(session_, *folder, path_.folder)
                                  : place_.SyncFolder(session_, path_.folder));
    return place_.SyncAbove(session_, path_.folder);
  }

  Status TakeOne(std::deque<std::uint32_t>& waiting) {
    const std::uint32_t id = waiting.front();
    waiting.pop_front();
    FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, session_.Wait(id));
    return reply.ok() ? Status::Ok() : place_.Failure(session_, reply, "write", name_);
  }

  Status Name() {
    const auto request = [&] {
      const std::string from = place_.Path(temporary_), to = place_.Path(target_);
      return place_.abilities().hard_link ? ExtendedRequest("hardlink@openssh.com", from, to)
                                          : RenameRequest(from, to);
    };
    if (!place_.abilities().hard_link && !place_.abilities().rename_refuses) {
      // Nothing here refuses: looking once more is all that can be done, and capability() says so.
      FENCHI_ASSIGN_OR_RETURN(const auto found, place_.Look(session_, target_));
      if (found) return Taken();
    }
    FENCHI_ASSIGN_OR_RETURN(SftpReply reply, session_.Call(request()));
    if (reply.code == SftpCode::kNoSuchFile) {
      FENCHI_RETURN_IF_ERROR(place_.MakeFolder(session_, path_.folder));
      FENCHI_ASSIGN_OR_RETURN(reply, session_.Call(request()));
    }
    if (reply.ok()) return Status::Ok();
    // Version 3 has no code for "taken".
    FENCHI_ASSIGN_OR_RETURN(const auto found, place_.Look(session_, target_));
    if (found && found->is_folder()) {
      return Unsupported("{}: {} is a folder of other objects already", place_.location(), name_);
    }
    return found ? Taken() : place_.Failure(session_, reply, "name", name_);
  }

  Status Replace() {
    if (!path_.folder.empty()) {
      FENCHI_ASSIGN_OR_RETURN(const auto folder, place_.Look(session_, path_.folder));
      if (!folder) FENCHI_RETURN_IF_ERROR(place_.MakeFolder(session_, path_.folder));
    }
    const std::string from = place_.Path(temporary_), to = place_.Path(target_);
    if (!session_.server().posix_rename) {
      FENCHI_ASSIGN_OR_RETURN(const std::uint32_t removed,
                              session_.Send(SimpleRequest(SftpType::kRemove, to)));
      session_.Forget(removed);  // absent is fine; else the rename fails
    }
    FENCHI_ASSIGN_OR_RETURN(
        const SftpReply reply,
        session_.Call(session_.server().posix_rename
                          ? ExtendedRequest("posix-rename@openssh.com", from, to)
                          : RenameRequest(from, to)));
    return reply.ok() ? Status::Ok() : place_.Failure(session_, reply, "replace", name_);
  }

  // A name that stays (the account may not delete, the line breaks) is removed a day later.
  void RemoveTemporary() {
    const auto id = session_.Send(SimpleRequest(SftpType::kRemove, place_.Path(temporary_)));
    if (id.ok()) session_.Forget(*id);
  }

  SftpPlace& place_;
  SftpSession& session_;
  std::string_view name_;
  ObjectPath path_;
  std::string target_;                        // relative to the root
  std::string temporary_;                     // as well
  std::optional<std::uint32_t> folder_open_;  // the request for the folder's handle
  Source& source_;
};

}  // namespace

Status PutSftp(SftpPlace& place, SftpSession& session, std::string_view name, Source& source,
               bool replace) {
  if (!place.abilities().can_write) {
    FENCHI_RETURN_IF_ERROR(place.CheckPresent(session));
    return Denied("cannot store {}: the account could create no file at {} when it was opened",
                  name, place.location())
        .WithHint("the account needs the right to write in its directory; then open it again");
  }
  return SftpPut(place, session, name, source).Run(replace);
}

}  // namespace fenchi
