#include "storage/sftp_list.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "storage/folder_layout.h"

namespace fenchi {
namespace {

constexpr std::size_t kFoldersAheadMax = 32;
constexpr std::size_t kReadsAhead = 4;  // of one folder: a server gives about 100 names a time
// What the server may make us keep.
constexpr std::size_t kNamesBytesMax = 16u << 20;     // of folders read at once
constexpr std::size_t kOnTheWayBytesMax = 64u << 20;  // of the folders that a walk is in
constexpr std::size_t kNameOverheadBytes = 128;       // of a name kept twice, with its attributes
constexpr int kBarrenAnswersMax = 64;                 // in a row, without a name that is new
constexpr int kEmptyFoldersMax = 20'000;

// A folder that is being read.
struct Open {
  std::size_t index;
  SftpHandle handle;
  std::vector<std::uint32_t> reads = {};
  bool done = false;
  std::unordered_set<std::string> seen = {};
  int barren_answers = 0;  // in a row
};

std::string FolderName(std::string_view name) {
  return name.empty() ? "its root" : "the folder " + std::string(name);
}

Status TooLarge(const SftpPlace& place, std::string_view name) {
  return Unavailable("cannot list {}: {} is too large to list: more than {} MiB of names",
                     place.location(), FolderName(name), kNamesBytesMax >> 20)
      .WithHint(
          "look at it with another program: move away what is not fenchi's; a server that makes"
          " up names has to be replaced");
}

Status Circles(const SftpPlace& place, std::string_view name) {
  return Unavailable("cannot list {}: {} lists the same names again and again", place.location(),
                     FolderName(name))
      .WithHint("the server goes in circles: look at the folder with another program");
}

// The names of one answer that are new, within what `bytes` leaves. False when it leaves too
// little.
bool TakeNames(std::vector<SftpName> names, Open& open, SftpFolderRead& out, std::size_t& bytes) {
  bool barren = true;
  for (SftpName& found : names) {
    if (!open.seen.insert(found.name).second) continue;
    barren = false;
    bytes += 2 * found.name.size() + kNameOverheadBytes;
    if (bytes > kNamesBytesMax) return false;
    if (found.name != "." && found.name != "..") out.names.push_back(std::move(found));
  }
  open.barren_answers = barren ? open.barren_answers + 1 : 0;
  return true;
}

// Takes the answers to the reads under way. `bytes`: what the names of all folders take so far.
Status TakeReads(const SftpPlace& place, SftpSession& session, std::string_view name, Open& open,
                 SftpFolderRead& out, std::size_t& bytes) {
  for (const std::uint32_t id : std::exchange(open.reads, {})) {
    FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, session.Wait(id));
    if (reply.code == SftpCode::kEof) {
      open.done = true;
      continue;
    }
    if (!reply.ok()) return place.Failure(session, reply, "list", name);
    FENCHI_ASSIGN_OR_RETURN(std::vector<SftpName> names, NamesIn(reply));
    if (names.empty()) open.done = true;
    if (out.cut) continue;
    out.cut = !TakeNames(std::move(names), open, out, bytes);
    if (open.barren_answers > kBarrenAnswersMax) return Circles(place, name);
  }
  open.done = open.done || out.cut;
  return Status::Ok();
}

std::size_t BytesOf(const std::vector<ListedItem>& items) {
  std::size_t bytes = 0;
  for (const ListedItem& item : items) {
    bytes += sizeof(item) + item.key.size() + item.entry.size() + item.folder.base.size();
  }
  return bytes;
}

class Walk {
 public:
  Walk(SftpPlace& place, Listing listing, const std::function<bool(const ObjectInfo&)>& entry)
      : place_(place), listing_(std::move(listing)), entry_(entry) {}

  // `path`: of the folder, from the root. False when the caller wants no more.
  Result<bool> Visit(const std::string& path, const ListedFolder& folder, SftpFolderRead read) {
    if (++empty_folders_ > kEmptyFoldersMax) {
      return Unavailable("cannot list {}: its folders lead on and on without an object",
                         place_.location())
          .WithHint("the server goes in circles: look at the folder with another program");
    }
    FENCHI_ASSIGN_OR_RETURN(const std::vector<ListedItem> items, Choose(path, folder, read));
    read = {};  // not kept while the folders below are walked
    const std::size_t bytes = BytesOf(items);
    on_the_way_bytes_ += bytes;
    if (on_the_way_bytes_ > kOnTheWayBytesMax) return TooLarge(place_, path);
    FENCHI_ASSIGN_OR_RETURN(const bool more, VisitItems(path, items));
    on_the_way_bytes_ -= bytes;
    return more;
  }

 private:
  Result<bool> VisitItems(const std::string& path, const std::vector<ListedItem>& items) {
    std::deque<SftpFolderRead> ahead;
    std::size_t next = 0;  // of items, to be read ahead
    for (const ListedItem& item : items) {
      if (!item.is_folder) {
        empty_folders_ = 0;
        if (!entry_({item.key, item.size_bytes})) return false;
        continue;
      }
      if (ahead.empty()) FENCHI_RETURN_IF_ERROR(ReadAhead(path, items, item, next, ahead));
      SftpFolderRead contents = std::move(ahead.front());
      ahead.pop_front();
      if (contents.cut) {
        FENCHI_ASSIGN_OR_RETURN(contents, ReadAlone(Join(path, item.entry)));
      }
      if (contents.missing) continue;  // gone since its name was read
      FENCHI_ASSIGN_OR_RETURN(const bool more,
                              Visit(Join(path, item.entry), item.folder, std::move(contents)));
      if (!more) return false;
    }
    return true;
  }

  static std::string Join(const std::string& path, const std::string& entry) {
    return path.empty() ? entry : path + "/" + entry;
  }

  Result<std::vector<ListedItem>> Choose(const std::string& path, const ListedFolder& folder,
                                         const SftpFolderRead& read) const {
    std::vector<ListedItem> items;
    for (const SftpName& name : read.names) {
      SftpAttributes attributes = name.attributes;
      if (!attributes.permissions && CheckObjectName(folder.base + name.name).ok()) {
        // A server that does not say here what kind of thing it is.
        FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_.Acquire());
        FENCHI_ASSIGN_OR_RETURN(const auto found, place_.Look(*session, Join(path, name.name)));
        if (!found) continue;
        attributes = *found;
      }
      auto item = listing_.Classify(folder, name.name, attributes.is_folder());
      if (!item) continue;
      item->size_bytes = attributes.is_file() ? attributes.size_bytes.value_or(0) : 0;
      items.push_back(*std::move(item));
    }
    Listing::Sort(items);
    return items;
  }

  Result<SftpFolderRead> ReadAlone(const std::string& path) {
    const std::string paths[] = {path};
    FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_.Acquire());
    FENCHI_ASSIGN_OR_RETURN(std::vector<SftpFolderRead> read, ReadFolders(place_, *session, paths));
    return std::move(read.front());
  }

  // Reads `item` and the folders after it: one the first time, then twice as many each time.
  Status ReadAhead(const std::string& path, const std::vector<ListedItem>& items,
                   const ListedItem& item, std::size_t& next, std::deque<SftpFolderRead>& ahead) {
    next = std::max(next, static_cast<std::size_t>(&item - items.data()));
    std::vector<std::string> paths;
    for (; next < items.size() && paths.size() < width_; ++next) {
      if (items[next].is_folder) paths.push_back(Join(path, items[next].entry));
    }
    width_ = std::min(width_ * 2, kFoldersAheadMax);
    FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place_.Acquire());
    FENCHI_ASSIGN_OR_RETURN(std::vector<SftpFolderRead> read, ReadFolders(place_, *session, paths));
    for (SftpFolderRead& one : read) ahead.push_back(std::move(one));
    return Status::Ok();
  }

  SftpPlace& place_;
  Listing listing_;
  const std::function<bool(const ObjectInfo&)>& entry_;
  std::size_t width_ = 1;
  std::size_t on_the_way_bytes_ = 0;
  int empty_folders_ = 0;  // in a row
};

}  // namespace

Result<std::vector<SftpFolderRead>> ReadFolders(const SftpPlace& place, SftpSession& session,
                                                std::span<const std::string> relative) {
  std::vector<SftpFolderRead> out(relative.size());
  std::vector<std::uint32_t> opens;
  for (const std::string& path : relative) {
    FENCHI_ASSIGN_OR_RETURN(const std::uint32_t id,
                            session.Send(SimpleRequest(SftpType::kOpendir, place.Path(path))));
    opens.push_back(id);
  }
  std::vector<Open> open;
  Status failure;  // told when every handle is known, so that each is closed
  for (std::size_t i = 0; i < opens.size(); ++i) {
    FENCHI_ASSIGN_OR_RETURN(const SftpReply reply, session.Wait(opens[i]));
    if (reply.code == SftpCode::kNoSuchFile) {
      out[i].missing = true;
    } else if (!reply.ok()) {
      if (failure.ok()) failure = place.Failure(session, reply, "list", relative[i]);
    } else {
      FENCHI_ASSIGN_OR_RETURN(SftpHandle handle, SftpHandle::Of(session, reply));
      open.push_back({i, std::move(handle)});
    }
  }
  FENCHI_RETURN_IF_ERROR(failure);
  std::size_t bytes = 0;
  for (bool more = true; more;) {
    more = false;
    for (Open& folder : open) {
      for (std::size_t i = 0; i < kReadsAhead && !folder.done; ++i) {
        FENCHI_ASSIGN_OR_RETURN(
            const std::uint32_t id,
            session.Send(SimpleRequest(SftpType::kReaddir, folder.handle.get())));
        folder.reads.push_back(id);
      }
    }
    for (Open& folder : open) {
      FENCHI_RETURN_IF_ERROR(
          TakeReads(place, session, relative[folder.index], folder, out[folder.index], bytes));
      more = more || !folder.done;
    }
  }
  for (SftpFolderRead& read : out) {
    if (read.cut && relative.size() == 1) return TooLarge(place, relative.front());
    if (read.cut) read.names = {};
  }
  return out;
}

Status ListSftp(SftpPlace& place, std::string_view prefix, std::string_view after,
                const std::function<bool(const ObjectInfo&)>& entry) {
  const std::string root[] = {""};
  std::vector<SftpFolderRead> top;
  {
    FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place.Acquire());
    FENCHI_RETURN_IF_ERROR(place.CheckPresent(*session));
    FENCHI_ASSIGN_OR_RETURN(top, ReadFolders(place, *session, root));
  }
  FENCHI_RETURN_IF_ERROR(
      Walk(place, Listing(prefix, after), entry).Visit("", {}, std::move(top.front())).status());
  // A disk that went away on the way looks like a folder that ends early.
  FENCHI_ASSIGN_OR_RETURN(const SftpPool::Lease session, place.Acquire());
  return place.CheckPresent(*session);
}

}  // namespace fenchi
