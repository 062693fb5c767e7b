// Entries and their paths, FORMAT.md section 8.1.
#include <algorithm>

#include "base/error.h"
#include "format/check.h"
#include "format/tree_parts.h"

namespace fenchi::format {
namespace {

constexpr std::uint64_t kUint32Max = 0xffffffff;
constexpr std::uint32_t kModeMax = 07777;
constexpr std::size_t kTargetSizeMax = 65535;

bool IsDevice(EntryType type) {
  return type == EntryType::kCharDevice || type == EntryType::kBlockDevice;
}

// Attributes that only some types have.
Status CheckByType(const Entry& entry) {
  const Attributes& a = entry.attributes;
  const bool file = a.type == EntryType::kFile;
  if (!file && (a.size != 0 || !entry.content.empty())) {
    return InvalidArgument("only files have a size and content");
  }
  if ((a.type == EntryType::kSymlink) == a.symlink_target.empty()) {
    return InvalidArgument("symlinks, and nothing else, have a target");
  }
  if (a.symlink_target.size() > kTargetSizeMax ||
      a.symlink_target.find('\0') != std::string::npos) {
    return InvalidArgument("a symlink's target is too long or has a NUL");
  }
  if (!IsDevice(a.type) && (a.device_major != 0 || a.device_minor != 0)) {
    return InvalidArgument("only devices have a device number");
  }
  if (a.type == EntryType::kDirectory && a.hard_link) {
    return InvalidArgument("a directory has no hard links");
  }
  return Status::Ok();
}

Status CheckContent(const Entry& entry) {
  const ContentList& content = entry.content;
  if (content.items.size() + content.links.size() > kEmbeddedItemsMax) {
    return InvalidArgument("more than {} content items outside a node", kEmbeddedItemsMax);
  }
  FENCHI_RETURN_IF_ERROR(CheckList(content));
  std::uint64_t end = 0;
  if (!content.items.empty()) {
    end = content.items.back().offset + content.items.back().chunk.plain_size;
  }
  if (!content.links.empty()) end = content.links.back().end;
  if (end > entry.attributes.size || entry.attributes.size > kFileSizeMax) {
    return InvalidArgument("content ends at {} in a file of {} bytes", end, entry.attributes.size);
  }
  return Status::Ok();
}

// Number of keys in the entry's map.
std::size_t CountKeys(const Entry& entry) {
  const Attributes& a = entry.attributes;
  const bool file = a.type == EntryType::kFile;
  return 6 + !a.user.empty() + !a.group.empty() + file + !entry.content.empty() +
         !a.symlink_target.empty() + IsDevice(a.type) + a.hard_link.has_value() +
         !a.xattrs.empty() + (entry.flags != 0);
}

// ---- Reading ----

Status ReadUint32(CborReader& reader, std::uint32_t& out, std::string_view what) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t value, reader.UintIn(0, kUint32Max, what));
  out = static_cast<std::uint32_t>(value);
  return Status::Ok();
}

Status ReadName(MapReader& map, CborReader& reader, std::uint64_t key, std::string& out) {
  FENCHI_ASSIGN_OR_RETURN(const bool there, map.Optional(key));
  if (!there) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const ByteView raw, reader.ByteString(1, kNameSizeMax, "name"));
  out = AsText(raw);
  return Status::Ok();
}

Status ReadXattrs(CborReader& reader, std::vector<Xattr>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count,
                          reader.Array(1, kChunkSizeMax, "extended attributes"));
  for (std::size_t i = 0; i < count; ++i) {
    Xattr& xattr = out.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "extended attribute").status());
    FENCHI_ASSIGN_OR_RETURN(const ByteView name, reader.ByteString(1, kNameSizeMax, "name"));
    xattr.name = AsText(name);
    FENCHI_ASSIGN_OR_RETURN(const ByteView value, reader.ByteString());
    xattr.value.assign(value.begin(), value.end());
    reader.Leave();
  }
  reader.Leave();
  return Status::Ok();
}

// Keys 1 to 8.
Status ReadCommon(MapReader& map, CborReader& reader, Entry& entry) {
  Attributes& a = entry.attributes;
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const ByteView path, reader.ByteString(1, kPathSizeMax, "path"));
  entry.path = AsText(path);
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t type, reader.UintIn(1, 7, "type"));
  a.type = static_cast<EntryType>(type);
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, a.mode, "mode"));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, a.uid, "uid"));
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, a.gid, "gid"));
  FENCHI_RETURN_IF_ERROR(ReadName(map, reader, 6, a.user));
  FENCHI_RETURN_IF_ERROR(ReadName(map, reader, 7, a.group));
  FENCHI_RETURN_IF_ERROR(map.Require(8));
  FENCHI_ASSIGN_OR_RETURN(a.modified, reader.Time());
  return Status::Ok();
}

// Keys 9 to 12. A key that the type does not have is unknown there.
Status ReadByType(MapReader& map, CborReader& reader, Entry& entry) {
  Attributes& a = entry.attributes;
  if (a.type == EntryType::kFile) {
    FENCHI_RETURN_IF_ERROR(map.Require(9));
    FENCHI_ASSIGN_OR_RETURN(a.size, reader.UintIn(0, kFileSizeMax, "size"));
    FENCHI_ASSIGN_OR_RETURN(const bool has_content, map.Optional(10));
    if (has_content) {
      FENCHI_ASSIGN_OR_RETURN(entry.content, ReadContentList(reader));
      if (entry.content.empty()) return Damaged("content without items");
    }
  }
  if (a.type == EntryType::kSymlink) {
    FENCHI_RETURN_IF_ERROR(map.Require(11));
    FENCHI_ASSIGN_OR_RETURN(const ByteView target,
                            reader.ByteString(1, kTargetSizeMax, "symlink's target"));
    a.symlink_target = AsText(target);
  }
  if (IsDevice(a.type)) {
    FENCHI_RETURN_IF_ERROR(map.Require(12));
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "device").status());
    FENCHI_RETURN_IF_ERROR(ReadUint32(reader, a.device_major, "device"));
    FENCHI_RETURN_IF_ERROR(ReadUint32(reader, a.device_minor, "device"));
    reader.Leave();
  }
  return Status::Ok();
}

// Keys 13 to 16.
Status ReadRest(MapReader& map, CborReader& reader, Entry& entry) {
  FENCHI_ASSIGN_OR_RETURN(const bool linked, map.Optional(13));
  if (linked) {
    HardLinkKey& key = entry.attributes.hard_link.emplace();
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "hard link").status());
    FENCHI_ASSIGN_OR_RETURN(key.device, reader.Uint());
    FENCHI_ASSIGN_OR_RETURN(key.inode, reader.Uint());
    reader.Leave();
  }
  FENCHI_ASSIGN_OR_RETURN(const bool has_xattrs, map.Optional(14));
  if (has_xattrs) FENCHI_RETURN_IF_ERROR(ReadXattrs(reader, entry.attributes.xattrs));
  FENCHI_ASSIGN_OR_RETURN(const bool has_flags, map.Optional(16));
  if (!has_flags) return Status::Ok();
  FENCHI_RETURN_IF_ERROR(ReadUint32(reader, entry.flags, "flags"));
  if (entry.flags == 0) return Damaged("flags are there and 0");
  return Status::Ok();
}

}  // namespace

std::strong_ordering ComparePaths(std::string_view a, std::string_view b) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (left == a.end() || right == b.end()) return a.size() <=> b.size();
  // '/' sorts below every other byte; NUL is in no path.
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  return rank(*left) <=> rank(*right);
}

Status CheckPath(std::string_view path) {
  if (path.empty() || path.size() > kPathSizeMax) {
    return InvalidArgument("a path of {} bytes, not 1 to {}", path.size(), kPathSizeMax);
  }
  if (path.find('\0') != std::string_view::npos) return InvalidArgument("a path has a NUL");
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view name = path.substr(start, end - start);
    if (name.empty() || name.size() > kNameSizeMax || name == "." || name == "..") {
      return InvalidArgument("a path has a component that is empty, too long, '.' or '..'");
    }
    start = end + 1;
  }
  return Status::Ok();
}

Status CheckEntry(const Entry& entry) {
  const Attributes& a = entry.attributes;
  FENCHI_RETURN_IF_ERROR(CheckPath(entry.path));
  if (a.type < EntryType::kFile || a.type > EntryType::kSocket) {
    return InvalidArgument("an entry's type is not 1 to 7");
  }
  if (a.mode > kModeMax) return InvalidArgument("mode {:o}, not 0 to 7777", a.mode);
  if (a.modified.nanoseconds > 999'999'999) return InvalidArgument("nanoseconds");
  if (a.user.size() > kNameSizeMax || a.group.size() > kNameSizeMax) {
    return InvalidArgument("a user or group name is too long");
  }
  if (!Ascending(a.xattrs, &Xattr::name)) {
    return InvalidArgument("extended attributes are not ascending by name");
  }
  for (const Xattr& xattr : a.xattrs) {
    if (xattr.name.empty() || xattr.name.size() > kNameSizeMax) {
      return InvalidArgument("an extended attribute's name has {} bytes", xattr.name.size());
    }
  }
  FENCHI_RETURN_IF_ERROR(CheckByType(entry));
  return CheckContent(entry);
}

void WriteEntry(CborWriter& writer, const Entry& entry) {
  const Attributes& a = entry.attributes;
  writer.Map(CountKeys(entry)).Key(1).ByteString(entry.path);
  writer.Key(2).Uint(static_cast<std::uint64_t>(a.type)).Key(3).Uint(a.mode);
  writer.Key(4).Uint(a.uid).Key(5).Uint(a.gid);
  if (!a.user.empty()) writer.Key(6).ByteString(a.user);
  if (!a.group.empty()) writer.Key(7).ByteString(a.group);
  writer.Key(8).Time(a.modified);
  if (a.type == EntryType::kFile) writer.Key(9).Uint(a.size);
  if (!entry.content.empty()) {
    writer.Key(10);
    WriteList(writer, entry.content);
  }
  if (!a.symlink_target.empty()) writer.Key(11).ByteString(a.symlink_target);
  if (IsDevice(a.type)) writer.Key(12).Array(2).Uint(a.device_major).Uint(a.device_minor);
  if (a.hard_link) writer.Key(13).Array(2).Uint(a.hard_link->device).Uint(a.hard_link->inode);
  if (!a.xattrs.empty()) {
    writer.Key(14).Array(a.xattrs.size());
    for (const Xattr& xattr : a.xattrs) {
      writer.Array(2).ByteString(xattr.name).ByteString(xattr.value);
    }
  }
  if (entry.flags != 0) writer.Key(16).Uint(entry.flags);
}

Result<Entry> ReadEntry(CborReader& reader) {
  Entry entry;
  MapReader map(reader, "entry");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadCommon(map, reader, entry));
  FENCHI_RETURN_IF_ERROR(ReadByType(map, reader, entry));
  FENCHI_RETURN_IF_ERROR(ReadRest(map, reader, entry));
  FENCHI_RETURN_IF_ERROR(map.Close());
  return entry;  // checked with the list that it stands in
}

}  // namespace fenchi::format
