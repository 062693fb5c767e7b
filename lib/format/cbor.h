// The deterministic CBOR of FORMAT.md section 1.1: a strict writer and a stricter reader.
//
// Allowed are 64-bit unsigned and negative integers, byte and text strings, arrays, maps with
// unsigned keys, false and true; each in its shortest form, keys ascending and distinct, at most 16
// deep. Anything else is refused, so that one value has one encoding. No length is believed before
// it was compared with the bytes that are there: decoding allocates at most a small multiple of its
// input.
//
// Threads: an object belongs to one thread at a time.
//
//   CborWriter writer;
//   writer.Map(2).Key(1).Uint(1).Key(2).ByteString(vault.view());
//   MapReader map(reader, "genesis");
//   FENCHI_RETURN_IF_ERROR(map.Open());
//   FENCHI_RETURN_IF_ERROR(map.Require(2));
//   FENCHI_RETURN_IF_ERROR(reader.Fixed(vault, "vault id"));
//   FENCHI_RETURN_IF_ERROR(map.Close());
// Source: RFC 8949 sections 3 and 4.2.1.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi::format {

inline constexpr int kCborDepthMax = 16;
// Unknown map keys below this refuse the object; others are ignored.
inline constexpr std::uint64_t kFirstIgnoredKey = 64;

// Bytes that an unsigned integer takes, RFC 8949 section 3.
constexpr std::size_t CborUintSize(std::uint64_t value) {
  return value < 24 ? 1 : value < 256 ? 2 : value < 65536 ? 3 : value <= 0xffffffff ? 5 : 9;
}

// Appends items. Counts and key order are the caller's promise, checked by assert.
class CborWriter {
 public:
  enum class Buffer { kPlain, kWiped };  // kWiped: for secrets; outgrown buffers are overwritten

  explicit CborWriter(Buffer buffer = Buffer::kPlain);
  ~CborWriter();
  CborWriter(const CborWriter&) = delete;
  CborWriter& operator=(const CborWriter&) = delete;

  CborWriter& Uint(std::uint64_t value);
  CborWriter& Int(std::int64_t value);
  CborWriter& Bool(bool value);
  CborWriter& ByteString(ByteView value);
  CborWriter& ByteString(std::string_view value) { return ByteString(AsBytes(value)); }
  CborWriter& Text(std::string_view value);  // must be UTF-8
  CborWriter& Time(Timestamp value);         // [seconds, nanoseconds]
  CborWriter& Array(std::size_t count);      // `count` items follow
  CborWriter& Map(std::size_t count);        // `count` times Key and one item follow
  CborWriter& Key(std::uint64_t key);        // ascending within a map
  // So many complete items that are already encoded, one behind the other.
  CborWriter& Raw(ByteView items, std::size_t count = 1);

  std::size_t size() const { return size_; }
  // Deepest nesting so far (Raw counts as 0): the caller refuses more than kCborDepthMax.
  int depth() const { return deepest_; }
  Bytes Take();              // all items; leaves the writer empty
  SecretBytes TakeSecret();  // the same in locked memory; the buffer is wiped

 private:
  struct Open {  // a container that still lacks items
    std::uint64_t left = 0;
    bool is_map = false;
    bool key_next = false;
    bool any_key = false;
    std::uint64_t last_key = 0;
  };
  inline void Head(std::uint8_t major, std::uint64_t argument);
  inline void Put(ByteView bytes);
  inline std::uint8_t* Room(std::size_t bytes);  // for that many behind size_
  void Grow(std::size_t bytes);
  inline void CheckPlace(bool is_key) const;
  inline void EndItem();
  CborWriter& Item(std::uint8_t major, std::uint64_t argument, ByteView value = {});
  CborWriter& Container(bool is_map, std::size_t count);

  Buffer buffer_;
  Bytes out_;  // the first size_ bytes are written
  std::size_t size_ = 0;
  std::vector<Open> open_;
  int deepest_ = 0;
};

enum class CborType { kUint, kNegative, kByteString, kText, kArray, kMap, kBool };

// A cursor over encoded items. Views point into the input, which the caller keeps alive.
// Errors of all: kDamaged, saying what is wrong and at which byte.
class CborReader {
 public:
  explicit CborReader(ByteView input) : input_(input) {}

  bool at_end() const { return position_ == input_.size(); }
  std::size_t position() const { return position_; }
  ByteView input() const { return input_; }
  Result<CborType> Peek() const;  // also refuses all that is never allowed

  Result<std::uint64_t> Uint();
  Result<std::uint64_t> UintIn(std::uint64_t least, std::uint64_t most, std::string_view what);
  Result<std::int64_t> Int();  // either sign
  Result<bool> Bool();
  Result<ByteView> ByteString();
  Result<ByteView> ByteString(std::size_t least, std::size_t most, std::string_view what);
  Result<std::string_view> Text();  // valid UTF-8
  Result<Timestamp> Time();
  // Enter a container; Leave is called after its last item.
  Result<std::size_t> Array();
  // Array of least..most items.
  Result<std::size_t> Array(std::size_t least, std::size_t most, std::string_view what);
  Result<std::size_t> Map();
  void Leave() { --depth_; }
  // A whole item with all inside it, checked, unread.
  Result<ByteView> Skip();
  // Errors: kDamaged when bytes are left.
  Status Finish(std::string_view what) const;

  template <std::size_t N, typename Tag>
  Status Fixed(FixedBytes<N, Tag>& out, std::string_view what) {
    FENCHI_ASSIGN_OR_RETURN(ByteView raw, ByteString(N, N, what));
    std::copy(raw.begin(), raw.end(), out.bytes.begin());
    return Status::Ok();
  }
  Status Secret(SecretBytes& out, std::size_t size, std::string_view what);

 private:
  struct Head {
    std::uint8_t major = 0;
    std::uint64_t argument = 0;
    std::size_t size = 0;
  };
  const char* ReadHead(Head& head) const;
  Result<std::uint64_t> Expect(std::uint8_t major, std::string_view name);
  Result<ByteView> StringBytes(std::uint8_t major, std::string_view name);
  Result<std::size_t> Enter(std::uint8_t major, std::string_view name);
  Status SkipItem();
  Status Fail(std::string_view why) const;

  ByteView input_;
  std::size_t position_ = 0;
  int depth_ = 0;
};

// Walks one map in key order. The decoder asks for its keys ascending:
//   FENCHI_RETURN_IF_ERROR(map.Require(1)); then reads the value from the reader;
//   FENCHI_ASSIGN_OR_RETURN(bool there, map.Optional(2)); then reads it if there;
//   FENCHI_RETURN_IF_ERROR(map.Close()); in the end.
// Keys that nobody asks for refuse the object below 64 and are skipped from 64 on.
class MapReader {
 public:
  // what: names the object in messages.
  MapReader(CborReader& reader, std::string_view what) : reader_(reader), what_(what) {}
  Status Open();
  Status Require(std::uint64_t key);
  Result<bool> Optional(std::uint64_t key);
  Status Close();

 private:
  Status Advance();  // reads the next key, checks the order
  CborReader& reader_;
  std::string what_;
  std::size_t left_ = 0;
  std::uint64_t key_ = 0;
  bool has_key_ = false;  // key_ was read, its value was not asked for
  bool any_ = false;
};

// Reads key 1 of an object, its format version.
// Errors: kUnsupported when it is greater than 1, kDamaged when it is absent or 0.
Status ReadFormatVersion(MapReader& map, CborReader& reader, std::string_view what);

// Errors: kUnsupported for a number that this build does not know.
Result<Suite> ReadSuite(CborReader& reader);
Result<int> ReadMatrixId(CborReader& reader);

// What a check of a struct found wrong, as a decoder reports it: kInvalidArgument and kPolicy
// become kDamaged.
Status AsDamage(Status status);

// Decodes one whole object by `read`: refuses more than `limit` bytes before, and any byte behind.
template <typename Read>
auto DecodeWhole(ByteView bytes, std::size_t limit, std::string_view what, Read read)
    -> decltype(read(std::declval<CborReader&>())) {
  if (bytes.size() > limit) {
    return Damaged("{}: {} bytes are more than the limit of {}", what, bytes.size(), limit);
  }
  CborReader reader(bytes);
  auto out = read(reader);
  if (!out.ok()) return out.status().At(what);
  FENCHI_RETURN_IF_ERROR(reader.Finish(what));
  return out;
}

// Whether `text` is valid UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace fenchi::format
