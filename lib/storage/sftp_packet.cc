#include "storage/sftp_packet.h"

#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "base/error.h"

namespace fenchi {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kIdAt = kLengthSize + 1;
constexpr std::uint32_t kVersion3 = 3;
constexpr std::size_t kHandleBytesMax = 256;
constexpr std::uint32_t kFileMode = 0600;
constexpr std::uint32_t kFolderMode = 0700;

// Which attributes are there.
constexpr std::uint32_t kHasSize = 0x1;
constexpr std::uint32_t kHasOwner = 0x2;
constexpr std::uint32_t kHasPermissions = 0x4;
constexpr std::uint32_t kHasTimes = 0x8;
constexpr std::uint32_t kHasExtended = 0x80000000;

// Reads fields in order; once one is missing, all that follow are zero and ok() is false.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  std::uint8_t U8() { return Has(1) ? Take(1)[0] : 0; }
  std::uint32_t U32() { return Has(4) ? GetBe32(Take(4)) : 0; }
  std::uint64_t U64() { return Has(8) ? GetBe64(Take(8)) : 0; }
  ByteView Field() {
    const std::uint32_t size = U32();
    return Has(size) ? Take(size) : ByteView();
  }
  std::string Text() { return std::string(AsText(Field())); }
  ByteView Rest() const { return rest_; }

 private:
  bool Has(std::size_t size) {
    ok_ = ok_ && rest_.size() >= size;
    return ok_;
  }
  ByteView Take(std::size_t size) {
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }

  ByteView rest_;
  bool ok_ = true;
};

Status Malformed(std::string_view what) {
  return Unavailable("the server's answer is no SFTP: {}", what);
}

SftpAttributes ReadAttributes(Reader& reader) {
  SftpAttributes out;
  const std::uint32_t flags = reader.U32();
  if (flags & kHasSize) out.size_bytes = reader.U64();
  if (flags & kHasOwner) (void)reader.U64();
  if (flags & kHasPermissions) out.permissions = reader.U32();
  if (flags & kHasTimes) {
    (void)reader.U32();
    out.modified_seconds = reader.U32();
  }
  if (flags & kHasExtended) {
    const std::uint32_t count = reader.U32();
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      (void)reader.Field();
      (void)reader.Field();
    }
  }
  return out;
}

}  // namespace

SftpRequest::SftpRequest(SftpType type) : bytes_(kLengthSize + 1 + 4) {
  bytes_[kLengthSize] = static_cast<std::uint8_t>(type);
}

SftpRequest& SftpRequest::U32(std::uint32_t value) {
  AppendBe32(bytes_, value);
  return *this;
}

SftpRequest& SftpRequest::U64(std::uint64_t value) {
  AppendBe64(bytes_, value);
  return *this;
}

SftpRequest& SftpRequest::Text(std::string_view text) {
  AppendPrefixed(bytes_, AsBytes(text));
  return *this;
}

MutableBytes SftpRequest::Room(std::size_t size) {
  AppendBe32(bytes_, static_cast<std::uint32_t>(size));
  bytes_.resize(bytes_.size() + size);
  return MutableBytes(bytes_).last(size);
}

Bytes SftpRequest::Finish(std::uint32_t id) && {
  PutBe32(bytes_, static_cast<std::uint32_t>(bytes_.size() - kLengthSize));
  PutBe32(MutableBytes(bytes_).subspan(kIdAt), id);
  return std::move(bytes_);
}

SftpRequest OpenRequest(std::string_view path, std::uint32_t flags) {
  SftpRequest request(SftpType::kOpen);
  request.Text(path).U32(flags);
  if (flags == kSftpRead) return std::move(request.U32(0));
  return std::move(request.U32(kHasPermissions).U32(kFileMode));
}

SftpRequest MkdirRequest(std::string_view path) {
  SftpRequest request(SftpType::kMkdir);
  return std::move(request.Text(path).U32(kHasPermissions).U32(kFolderMode));
}

SftpRequest RenameRequest(std::string_view from, std::string_view to) {
  SftpRequest request(SftpType::kRename);
  return std::move(request.Text(from).Text(to));
}

SftpRequest SimpleRequest(SftpType type, std::string_view path_or_handle) {
  SftpRequest request(type);
  return std::move(request.Text(path_or_handle));
}

SftpRequest ReadRequest(std::string_view handle, std::uint64_t offset, std::uint32_t size) {
  SftpRequest request(SftpType::kRead);
  return std::move(request.Text(handle).U64(offset).U32(size));
}

SftpRequest ExtendedRequest(std::string_view extension, std::string_view first,
                            std::string_view second) {
  SftpRequest request(SftpType::kExtended);
  request.Text(extension);
  if (!first.empty()) request.Text(first);
  if (!second.empty()) request.Text(second);
  return request;
}

Result<SftpArrival> ParseSftpReply(ByteView packet) {
  Reader reader(packet);
  SftpArrival out;
  out.reply.type = static_cast<SftpType>(reader.U8());
  out.id = reader.U32();
  if (!reader.ok()) return Malformed("a packet is too short");
  if (out.reply.type == SftpType::kStatus) {
    out.reply.code = static_cast<SftpCode>(reader.U32());
    if (!reader.ok()) return Malformed("a status has no code");
    out.reply.message = reader.Text();  // old servers send none
  } else {
    out.reply.body.assign(reader.Rest().begin(), reader.Rest().end());
  }
  return out;
}

Result<std::string> HandleIn(const SftpReply& reply) {
  Reader reader(reply.body);
  std::string handle = reader.Text();
  const bool good = reply.type == SftpType::kHandle && reader.ok();
  if (!good || handle.empty() || handle.size() > kHandleBytesMax) {
    return Malformed("a handle was expected");
  }
  return handle;
}

Result<ByteView> DataIn(const SftpReply& reply) {
  Reader reader(reply.body);
  const ByteView data = reader.Field();
  if (reply.type != SftpType::kData || !reader.ok()) return Malformed("data was expected");
  return data;
}

Result<SftpAttributes> AttributesIn(const SftpReply& reply) {
  Reader reader(reply.body);
  const SftpAttributes attributes = ReadAttributes(reader);
  if (reply.type != SftpType::kAttrs || !reader.ok()) return Malformed("attributes were expected");
  return attributes;
}

Result<std::vector<SftpName>> NamesIn(const SftpReply& reply) {
  Reader reader(reply.body);
  const std::uint32_t count = reader.U32();
  std::vector<SftpName> names;
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    SftpName name;
    name.name = reader.Text();
    (void)reader.Field();  // the line that `ls -l` would show
    name.attributes = ReadAttributes(reader);
    names.push_back(std::move(name));
  }
  if (reply.type != SftpType::kName || !reader.ok()) return Malformed("names were expected");
  return names;
}

Result<std::vector<std::uint64_t>> NumbersIn(const SftpReply& reply, std::size_t count) {
  Reader reader(reply.body);
  std::vector<std::uint64_t> numbers(count);
  for (std::uint64_t& number : numbers) number = reader.U64();
  if (reply.type != SftpType::kExtendedReply || !reader.ok()) {
    return Malformed("numbers were expected");
  }
  return numbers;
}

Result<std::vector<std::string>> ExtensionsIn(ByteView packet) {
  Reader reader(packet);
  if (static_cast<SftpType>(reader.U8()) != SftpType::kVersion || reader.U32() < kVersion3) {
    return Malformed("it does not speak version 3");
  }
  std::vector<std::string> names;
  while (reader.ok() && !reader.at_end()) {
    names.push_back(reader.Text());
    (void)reader.Field();  // the extension's own version: each has only one
  }
  if (!reader.ok()) return Malformed("its first packet is cut");
  return names;
}

}  // namespace fenchi
