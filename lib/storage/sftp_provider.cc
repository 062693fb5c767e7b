#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "fenchi/sftp.h"
#include "storage/folder_layout.h"
#include "storage/sftp_get.h"
#include "storage/sftp_list.h"
#include "storage/sftp_place.h"
#include "storage/sftp_put.h"

namespace fenchi {
namespace {

// Requests of one batch that are on the way at once: some 20 KiB.
constexpr std::size_t kBatch = 256;

Status CheckNames(std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  return Status::Ok();
}

std::string RelativePath(std::string_view name) {
  const ObjectPath path = LocateObject(name);
  return path.folder.empty() ? path.file : path.folder + "/" + path.file;
}

// The answers to one request of `type` for each name, in order.
Result<std::vector<SftpReply>> CallAll(const SftpPlace& place, SftpSession& session, SftpType type,
                                       std::span<const std::string> names) {
  std::vector<std::uint32_t> ids;
  std::vector<SftpReply> replies;
  for (std::size_t i = 0; i < names.size(); ++i) {
    FENCHI_ASSIGN_OR_RETURN(const std::uint32_t id,
                            session.Send(SimpleRequest(type, place.Path(RelativePath(names[i])))));
    ids.push_back(id);
    if (ids.size() - replies.size() < kBatch) continue;
    FENCHI_ASSIGN_OR_RETURN(SftpReply reply, session.Wait(ids[replies.size()]));
    replies.push_back(std::move(reply));
  }
  while (replies.size() < ids.size()) {
    FENCHI_ASSIGN_OR_RETURN(SftpReply reply, session.Wait(ids[replies.size()]));
    replies.push_back(std::move(reply));
  }
  return replies;
}

class SftpProvider final : public Provider {
 public:
  SftpProvider(std::unique_ptr<SftpPlace> place, Domain domain)
      : place_(std::move(place)), domain_(std::move(domain)) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_->Acquire());
    return PutSftp(*place_, *session, name, source, options.replace);
  }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_->Acquire());
    return GetSftp(*place_, *session, name, offset, out);
  }

  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;

  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return ListSftp(*place_, prefix, after, entry);
  }

  Result<std::vector<Status>> Delete(std::span<const std::string> names) override;

  Capability capability() const override {
    const SftpAbilities& can = place_->abilities();
    return {.create_only = can.hard_link,
            .can_delete = can.can_delete,
            .durable = can.sync_files && can.sync_folders,
            .parallel_calls_max = static_cast<std::uint32_t>(place_->sessions_max())};
  }
  Domain domain() const override { return domain_; }
  std::string location() const override { return place_->location(); }

  Result<std::uint64_t> FreeSpaceBytes() override {
    FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_->Acquire());
    FENCHI_RETURN_IF_ERROR(place_->CheckPresent(*session));
    return place_->FreeSpace(*session);
  }

 private:
  Status Deleted(SftpSession& session, const std::string& name, const SftpReply& reply,
                 bool& absent);

  std::unique_ptr<SftpPlace> place_;
  Domain domain_;
};

Result<std::vector<std::optional<ObjectInfo>>> SftpProvider::Stat(
    std::span<const std::string> names) {
  FENCHI_RETURN_IF_ERROR(CheckNames(names));
  FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_->Acquire());
  FENCHI_ASSIGN_OR_RETURN(const std::vector<SftpReply> replies,
                          CallAll(*place_, *session, SftpType::kLstat, names));
  std::vector<std::optional<ObjectInfo>> out;
  bool absent = names.empty();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    std::optional<ObjectInfo>& found = out.emplace_back();
    if (replies[i].code == SftpCode::kNoSuchFile) {
      absent = true;
      continue;
    }
    if (!replies[i].ok()) return place_->Failure(*session, replies[i], "look at", names[i]);
    FENCHI_ASSIGN_OR_RETURN(const SftpAttributes attributes, AttributesIn(replies[i]));
    if (attributes.is_folder()) continue;
    const bool is_file = attributes.is_file() || !attributes.permissions;
    found = ObjectInfo{names[i], is_file ? attributes.size_bytes.value_or(0) : 0};
  }
  // "Absent" counts only while the directory is there.
  if (absent) FENCHI_RETURN_IF_ERROR(place_->CheckPresent(*session));
  return out;
}

// The answer for one name of a batch.
Status SftpProvider::Deleted(SftpSession& session, const std::string& name, const SftpReply& reply,
                             bool& absent) {
  if (reply.ok()) return Status::Ok();
  if (reply.code == SftpCode::kNoSuchFile) {
    absent = true;
    return Status::Ok();
  }
  // A folder is no object: for it the server says "failure", or that it is not allowed.
  FENCHI_ASSIGN_OR_RETURN(const auto found, place_->Look(session, RelativePath(name)));
  if (!found || found->is_folder()) return Status::Ok();
  return place_->Failure(session, reply, "delete", name);
}

Result<std::vector<Status>> SftpProvider::Delete(std::span<const std::string> names) {
  FENCHI_RETURN_IF_ERROR(CheckNames(names));
  FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_->Acquire());
  FENCHI_ASSIGN_OR_RETURN(const std::vector<SftpReply> replies,
                          CallAll(*place_, *session, SftpType::kRemove, names));
  std::vector<Status> out;
  std::set<std::string> touched;
  bool absent = names.empty();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    Status answer = Deleted(*session, names[i], replies[i], absent);
    if (session->broken()) return answer;
    if (replies[i].ok()) touched.insert(LocateObject(names[i]).folder);
    out.push_back(std::move(answer));
  }
  for (const std::string& folder : touched) {
    FENCHI_RETURN_IF_ERROR(place_->SyncFolder(*session, folder));
  }
  if (absent) FENCHI_RETURN_IF_ERROR(place_->CheckPresent(*session));
  return out;
}

}  // namespace

Result<std::shared_ptr<Provider>> OpenSftpProvider(const SftpOptions& options) {
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<SftpPlace> place, SftpPlace::Open(options));
  return std::shared_ptr<Provider>(
      std::make_shared<SftpProvider>(std::move(place), options.domain));
}

}  // namespace fenchi
