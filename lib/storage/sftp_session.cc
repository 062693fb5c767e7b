#include "storage/sftp_session.h"

#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kLengthSize = 4;
// Without data, a read answer or a write request has this much besides, rounded up.
constexpr std::uint64_t kPacketOverheadBytes = 1024;
constexpr std::uint64_t kDataBytesMax = 255 * 1024;
constexpr std::uint64_t kDataBytesMin = 4096;
constexpr std::chrono::seconds kSilence{10};

std::uint32_t DataSize(std::uint64_t limit, std::uint64_t packet_limit, std::uint32_t otherwise) {
  if (limit == 0)
    limit = packet_limit > kPacketOverheadBytes ? packet_limit - kPacketOverheadBytes : 0;
  if (limit == 0) return otherwise;
  return static_cast<std::uint32_t>(std::clamp(limit, kDataBytesMin, kDataBytesMax));
}

}  // namespace

Result<std::unique_ptr<SftpSession>> SftpSession::Open(const SftpOptions& options,
                                                       const SshKeys& keys,
                                                       const std::string& where) {
  std::unique_ptr<SftpSession> out(new SftpSession);
  out->where_ = where;
  FENCHI_ASSIGN_OR_RETURN(out->connection_, SshConnection::Open(options, keys, where));
  FENCHI_RETURN_IF_ERROR(out->Greet());
  return out;
}

Status SftpSession::Greet() {
  // The one request without an id: its version stands there.
  Bytes hello = SftpRequest(SftpType::kInit).Finish(kVersion);
  ByteView out = hello;
  while (!out.empty()) FENCHI_RETURN_IF_ERROR(Pump(out));
  FENCHI_ASSIGN_OR_RETURN(const ByteView packet, NextPacket(true));
  const auto extensions = ExtensionsIn(packet);
  if (!extensions.ok()) return Break(extensions.status().At(where_));
  bool limits = false;
  for (const std::string& name : *extensions) {
    if (name == "posix-rename@openssh.com") server_.posix_rename = true;
    if (name == "hardlink@openssh.com") server_.hard_link = true;
    if (name == "fsync@openssh.com") server_.fsync = true;
    if (name == "statvfs@openssh.com") server_.statvfs = true;
    if (name == "limits@openssh.com") limits = true;
  }
  return limits ? AskLimits() : Status::Ok();
}

Status SftpSession::AskLimits() {
  FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, Call(ExtendedRequest("limits@openssh.com")));
  if (!reply.ok()) return Status::Ok();
  const auto numbers = NumbersIn(reply, 4);  // packet, read, write, open handles; 0 = not said
  if (!numbers.ok()) return Break(numbers.status().At(where_));
  server_.read_bytes_max = DataSize((*numbers)[1], (*numbers)[0], server_.read_bytes_max);
  server_.write_bytes_max = DataSize((*numbers)[2], (*numbers)[0], server_.write_bytes_max);
  return Status::Ok();
}

Status SftpSession::Break(Status why) {
  broken_ = true;
  return why;
}

Status SftpSession::Pump(ByteView& out) {
  if (in_begin_ > 0 && in_begin_ * 2 >= in_.size()) {
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(in_begin_));
    in_begin_ = 0;
  }
  const std::size_t before = in_.size();
  if (Status pumped = connection_->Pump(out, in_); !pumped.ok()) return Break(pumped);
  if (in_.size() != before) heard_at_ = std::chrono::steady_clock::now();
  return Status::Ok();
}

// The next packet's bytes after its length; they stay good until the next Pump. Empty: there is
// none yet, and `wait` is false.
Result<ByteView> SftpSession::NextPacket(bool wait) {
  for (;;) {
    const ByteView have = ByteView(in_).subspan(in_begin_);
    if (have.size() >= kLengthSize) {
      const std::uint32_t size = GetBe32(have);
      if (size == 0 || size > kSftpPacketBytesMax) {
        return Break(
            Unavailable("{}: what answers there is no SFTP: a packet of {} bytes", where_, size)
                .WithHint("does the account's shell print a greeting?"));
      }
      if (have.size() - kLengthSize >= size) {
        in_begin_ += kLengthSize + size;
        connection_->Moved();
        return have.subspan(kLengthSize, size);
      }
    }
    if (!wait) return ByteView();
    ByteView nothing;
    FENCHI_RETURN_IF_ERROR(Pump(nothing));
  }
}

// Sorts what is here already.
Status SftpSession::TakeArrived() {
  for (;;) {
    FENCHI_ASSIGN_OR_RETURN(const ByteView packet, NextPacket(false));
    if (packet.empty()) return Status::Ok();
    Result<SftpArrival> arrival = ParseSftpReply(packet);
    if (!arrival.ok()) return Break(arrival.status().At(where_));
    if (open_.erase(arrival->id) == 0) {
      return Break(Unavailable("{}: the server answers what was not asked", where_));
    }
    if (forgotten_.erase(arrival->id) == 0) {
      ready_.emplace(arrival->id, std::move(arrival->reply));
    }
  }
}

Result<std::uint32_t> SftpSession::Send(SftpRequest request) {
  const std::uint32_t id = next_id_++;
  const Bytes packet = std::move(request).Finish(id);
  open_.insert(id);
  ByteView out = packet;
  while (!out.empty()) {
    FENCHI_RETURN_IF_ERROR(Pump(out));
    FENCHI_RETURN_IF_ERROR(TakeArrived());
  }
  return id;
}

Result<SftpReply> SftpSession::Wait(std::uint32_t id) {
  for (;;) {
    if (const auto found = ready_.find(id); found != ready_.end()) {
      SftpReply reply = std::move(found->second);
      ready_.erase(found);
      return reply;
    }
    ByteView nothing;
    FENCHI_RETURN_IF_ERROR(Pump(nothing));
    FENCHI_RETURN_IF_ERROR(TakeArrived());
  }
}

Result<SftpReply> SftpSession::Call(SftpRequest request) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint32_t id, Send(std::move(request)));
  return Wait(id);
}

void SftpSession::Forget(std::uint32_t id) {
  if (ready_.erase(id) == 0 && open_.contains(id)) forgotten_.insert(id);
}

void SftpSession::ForgetAll() {
  ready_.clear();
  forgotten_ = open_;
}

bool SftpSession::IsAlive() {
  if (broken_ || !connection_->LooksAlive()) return false;
  if (std::chrono::steady_clock::now() - heard_at_ < kSilence) return true;
  return Call(SimpleRequest(SftpType::kRealpath, ".")).ok();
}

Result<SftpHandle> SftpHandle::Of(SftpSession& session, const SftpReply& reply) {
  FENCHI_ASSIGN_OR_RETURN(std::string handle, HandleIn(reply));
  return SftpHandle(session, std::move(handle));
}

SftpHandle::~SftpHandle() {
  if (handle_.empty() || session_->broken()) return;
  const auto id = session_->Send(SimpleRequest(SftpType::kClose, handle_));
  if (id.ok()) session_->Forget(*id);
}

Result<std::uint32_t> SftpHandle::SendClose() {
  return session_->Send(SimpleRequest(SftpType::kClose, std::exchange(handle_, {})));
}

}  // namespace fenchi
