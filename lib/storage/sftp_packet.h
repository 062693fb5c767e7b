// Packets of SFTP version 3: requests to bytes, bytes to answers. Pure.
//
// Source: draft-ietf-secsh-filexfer-02; the extensions of OpenSSH's PROTOCOL, section 4.
// Nothing in an answer is believed: lengths are checked before they are used, and a malformed
// answer is kUnavailable, since it breaks the connection and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi {

enum class SftpType : std::uint8_t {
  kInit = 1,
  kVersion = 2,
  kOpen = 3,
  kClose = 4,
  kRead = 5,
  kWrite = 6,
  kLstat = 7,
  kFstat = 8,
  kOpendir = 11,
  kReaddir = 12,
  kRemove = 13,
  kMkdir = 14,
  kRealpath = 16,
  kStat = 17,
  kRename = 18,
  kStatus = 101,
  kHandle = 102,
  kData = 103,
  kName = 104,
  kAttrs = 105,
  kExtended = 200,
  kExtendedReply = 201,
};

enum class SftpCode : std::uint32_t {
  kOk = 0,
  kEof = 1,
  kNoSuchFile = 2,
  kPermissionDenied = 3,
  kFailure = 4,
  kBadMessage = 5,
  kNoConnection = 6,
  kConnectionLost = 7,
  kUnsupported = 8,
};

// No packet, in either direction, is longer. OpenSSH's own limit is 256 KiB.
inline constexpr std::size_t kSftpPacketBytesMax = 320 * 1024;

// How a file is opened.
inline constexpr std::uint32_t kSftpRead = 0x1;
inline constexpr std::uint32_t kSftpCreate = 0x2 | 0x8 | 0x20;  // write, create, exclusive

class SftpRequest {
 public:
  explicit SftpRequest(SftpType type);

  SftpRequest& U32(std::uint32_t value);
  SftpRequest& U64(std::uint64_t value);
  SftpRequest& Text(std::string_view text);
  // Room for a string of `size` bytes, to be filled in by the caller before anything else is added.
  MutableBytes Room(std::size_t size);

  // The packet with its length and id.
  Bytes Finish(std::uint32_t id) &&;

 private:
  Bytes bytes_;
};

SftpRequest OpenRequest(std::string_view path, std::uint32_t flags);
SftpRequest MkdirRequest(std::string_view path);
SftpRequest RenameRequest(std::string_view from, std::string_view to);
// Requests of one path or handle: kClose, kLstat, kStat, kFstat, kOpendir, kReaddir, kRemove.
SftpRequest SimpleRequest(SftpType type, std::string_view path_or_handle);
SftpRequest ReadRequest(std::string_view handle, std::uint64_t offset, std::uint32_t size);
// An extension of OpenSSH: "fsync@openssh.com" with a handle, "hardlink@openssh.com" with two
// paths.
SftpRequest ExtendedRequest(std::string_view extension, std::string_view first = {},
                            std::string_view second = {});

// An answer. Where its type is kStatus, `code` and `message` are what it says, else `code` is kOk
// and `body` what came after the id.
struct SftpReply {
  SftpType type = SftpType::kStatus;
  SftpCode code = SftpCode::kOk;
  std::string message = {};  // of the server: bytes that somebody else chose
  Bytes body = {};
  bool ok() const { return code == SftpCode::kOk; }
};

struct SftpAttributes {
  std::optional<std::uint64_t> size_bytes = {};
  std::optional<std::uint32_t> permissions = {};
  std::optional<std::uint32_t> modified_seconds = {};
  bool is_folder() const { return permissions && (*permissions & 0170000) == 0040000; }
  bool is_file() const { return permissions && (*permissions & 0170000) == 0100000; }
};

struct SftpName {
  std::string name;
  SftpAttributes attributes;
};

// The answer that `packet` (after its length) is, and the request that it answers.
struct SftpArrival {
  std::uint32_t id = 0;
  SftpReply reply;
};
Result<SftpArrival> ParseSftpReply(ByteView packet);

// The content of an answer of the type expected. Errors: kUnavailable when it is another, or cut.
Result<std::string> HandleIn(const SftpReply& reply);
Result<ByteView> DataIn(const SftpReply& reply);
Result<SftpAttributes> AttributesIn(const SftpReply& reply);
Result<std::vector<SftpName>> NamesIn(const SftpReply& reply);
Result<std::vector<std::uint64_t>> NumbersIn(const SftpReply& reply, std::size_t count);

// The names of the extensions that the packet kVersion (after its length) offers.
Result<std::vector<std::string>> ExtensionsIn(ByteView packet);

}  // namespace fenchi
