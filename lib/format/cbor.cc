#include "format/cbor.h"

#include <bit>
#include <cassert>
#include <cstring>
#include <limits>

#include "base/coding.h"
#include "format/ids.h"

namespace fenchi::format {
namespace {

enum Major : std::uint8_t {
  kUnsigned = 0,
  kNegative = 1,
  kByteString = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6,
  kSimple = 7,
};
constexpr std::uint64_t kFalse = 20;
constexpr std::uint64_t kTrue = 21;
constexpr std::uint64_t kInt64Max = std::numeric_limits<std::int64_t>::max();

}  // namespace

// ---- Writer ----

CborWriter::CborWriter(Buffer buffer) : buffer_(buffer) {}

CborWriter::~CborWriter() {
  if (buffer_ == Buffer::kWiped) Wipe(out_);
}

void CborWriter::Grow(std::size_t bytes) {
  const std::size_t larger = std::max(size_ + bytes, 2 * out_.size() + 64);
  if (buffer_ == Buffer::kPlain) return out_.resize(larger);
  Bytes other(larger);
  std::ranges::copy(out_, other.begin());
  Wipe(out_);
  out_.swap(other);
}

inline std::uint8_t* CborWriter::Room(std::size_t bytes) {
  if (bytes > out_.size() - size_) Grow(bytes);
  return out_.data() + size_;
}

inline void CborWriter::Put(ByteView bytes) {
  if (bytes.empty()) return;
  std::memcpy(Room(bytes.size()), bytes.data(), bytes.size());
  size_ += bytes.size();
}

inline void CborWriter::Head(std::uint8_t major, std::uint64_t argument) {
  constexpr std::size_t kHeadSizeMax = 9;
  std::uint8_t* const out = Room(kHeadSizeMax);
  const std::size_t size = CborUintSize(argument);
  const auto type = static_cast<std::uint8_t>(major << 5);
  if (size == 1) {
    out[0] = static_cast<std::uint8_t>(type | argument);
  } else {
    // The argument's width is 2^code bytes: the smallest that holds it.
    const std::size_t width = size - 1;
    out[0] = static_cast<std::uint8_t>(type | (24 + std::countr_zero(width)));
    PutBe64({out + 1, 8}, argument << (64 - 8 * width));
  }
  size_ += size;
}

inline void CborWriter::CheckPlace([[maybe_unused]] bool is_key) const {
  assert((open_.empty() ? !is_key : open_.back().left > 0 && open_.back().key_next == is_key) &&
         "an item too many, or key and value out of step");
}

inline void CborWriter::EndItem() {
  while (!open_.empty()) {
    Open& top = open_.back();
    top.key_next = top.is_map;
    if (--top.left > 0) return;
    open_.pop_back();  // the container is complete: it is an item of the one around it
  }
}

CborWriter& CborWriter::Item(std::uint8_t major, std::uint64_t argument, ByteView value) {
  CheckPlace(false);
  Head(major, argument);
  Put(value);
  EndItem();
  return *this;
}

CborWriter& CborWriter::Uint(std::uint64_t value) { return Item(kUnsigned, value); }

CborWriter& CborWriter::Int(std::int64_t value) {
  if (value >= 0) return Uint(static_cast<std::uint64_t>(value));
  return Item(kNegative, static_cast<std::uint64_t>(-(value + 1)));
}

CborWriter& CborWriter::Bool(bool value) { return Item(kSimple, value ? kTrue : kFalse); }

CborWriter& CborWriter::ByteString(ByteView value) {
  return Item(Major::kByteString, value.size(), value);
}

CborWriter& CborWriter::Text(std::string_view value) {
  assert(IsUtf8(value));
  return Item(kText, value.size(), AsBytes(value));
}

CborWriter& CborWriter::Time(Timestamp value) {
  return Array(2).Int(value.seconds).Uint(value.nanoseconds);
}

CborWriter& CborWriter::Container(bool is_map, std::size_t count) {
  CheckPlace(false);
  Head(is_map ? kMap : kArray, count);
  deepest_ = std::max(deepest_, static_cast<int>(open_.size()) + 1);
  if (count == 0) {
    EndItem();
  } else {
    open_.push_back({.left = count, .is_map = is_map, .key_next = is_map});
  }
  return *this;
}

CborWriter& CborWriter::Array(std::size_t count) { return Container(false, count); }

CborWriter& CborWriter::Map(std::size_t count) { return Container(true, count); }

CborWriter& CborWriter::Key(std::uint64_t key) {
  CheckPlace(true);
  Open& map = open_.back();
  assert((!map.any_key || map.last_key < key) && "map keys ascend");
  map.any_key = true;
  map.last_key = key;
  Head(kUnsigned, key);
  map.key_next = false;
  return *this;
}

CborWriter& CborWriter::Raw(ByteView items, std::size_t count) {
  assert(count > 0);
  assert(count == 1 || (!open_.empty() && !open_.back().is_map && open_.back().left >= count));
  CheckPlace(false);
  Put(items);
  if (count > 1) open_.back().left -= count - 1;
  EndItem();
  return *this;
}

Bytes CborWriter::Take() {
  assert(open_.empty() && "a container lacks items");
  out_.resize(std::exchange(size_, 0));
  return std::exchange(out_, {});
}

SecretBytes CborWriter::TakeSecret() {
  assert(open_.empty() && "a container lacks items");
  SecretBytes secret = SecretBytes::CopyOf(ByteView(out_).first(std::exchange(size_, 0)));
  Wipe(out_);
  out_.clear();
  return secret;
}

// ---- Reader ----

Status CborReader::Fail(std::string_view why) const {
  return Damaged("CBOR at byte {}: {}", position_, why);
}

// Decodes type and argument of the item at the cursor and refuses every form that section 1.1
// forbids; the cursor stays. Returns why, or none.
const char* CborReader::ReadHead(Head& head) const {
  const ByteView rest = input_.subspan(position_);
  if (rest.empty()) return "ends before it is complete";
  head.major = rest[0] >> 5;
  const std::uint8_t code = rest[0] & 31;
  if (head.major == kTag) return "tags are not allowed";
  if (head.major == kSimple && code != kFalse && code != kTrue) {
    return "floats and simple values other than false and true are not allowed";
  }
  if (code < 24) {
    head.argument = code;
    head.size = 1;
    return nullptr;
  }
  if (code > 27) return "indefinite lengths and reserved forms are not allowed";
  const int exponent = code - 24;
  const std::size_t width = std::size_t{1} << exponent;
  if (rest.size() < 1 + width) return "ends before it is complete";
  head.argument = 0;
  for (std::size_t i = 0; i < width; ++i) head.argument = head.argument << 8 | rest[1 + i];
  const std::uint64_t least = exponent == 0 ? 24 : std::uint64_t{1} << (8 << (exponent - 1));
  if (head.argument < least) return "an integer or a length is not in its shortest form";
  if (head.major == kNegative && head.argument > kInt64Max) return "an integer is less than -2^63";
  head.size = 1 + width;
  return nullptr;
}

Result<CborType> CborReader::Peek() const {
  Head head;
  if (const char* const why = ReadHead(head)) return Fail(why);
  switch (head.major) {
    case kUnsigned:
      return CborType::kUint;
    case Major::kNegative:
      return CborType::kNegative;
    case Major::kByteString:
      return CborType::kByteString;
    case Major::kText:
      return CborType::kText;
    case Major::kArray:
      return CborType::kArray;
    case Major::kMap:
      return CborType::kMap;
    default:
      return CborType::kBool;
  }
}

Result<std::uint64_t> CborReader::Expect(std::uint8_t major, std::string_view name) {
  Head head;
  if (const char* const why = ReadHead(head)) return Fail(why);
  if (head.major != major) return Fail(fmt::format("another type than {}", name));
  position_ += head.size;
  return head.argument;
}

Result<std::uint64_t> CborReader::Uint() { return Expect(kUnsigned, "an unsigned integer"); }

Result<std::uint64_t> CborReader::UintIn(std::uint64_t least, std::uint64_t most,
                                         std::string_view what) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t value, Uint());
  if (value < least || value > most) {
    return Fail(fmt::format("{} is {}, not {} to {}", what, value, least, most));
  }
  return value;
}

Result<std::int64_t> CborReader::Int() {
  Head head;
  if (const char* const why = ReadHead(head)) return Fail(why);
  if (head.major == kNegative) {
    position_ += head.size;
    return -static_cast<std::int64_t>(head.argument) - 1;
  }
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t value, UintIn(0, kInt64Max, "an integer"));
  return static_cast<std::int64_t>(value);
}

Result<bool> CborReader::Bool() {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t value, Expect(kSimple, "false or true"));
  return value == kTrue;
}

Result<ByteView> CborReader::StringBytes(std::uint8_t major, std::string_view name) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t size, Expect(major, name));
  if (size > input_.size() - position_) return Fail("a string is longer than what follows");
  const ByteView out = input_.subspan(position_, size);
  position_ += size;
  return out;
}

Result<ByteView> CborReader::ByteString() {
  return StringBytes(Major::kByteString, "a byte string");
}

Result<ByteView> CborReader::ByteString(std::size_t least, std::size_t most,
                                        std::string_view what) {
  FENCHI_ASSIGN_OR_RETURN(const ByteView out, ByteString());
  if (out.size() < least || out.size() > most) {
    return Fail(fmt::format("{} has {} bytes, not {} to {}", what, out.size(), least, most));
  }
  return out;
}

Result<std::string_view> CborReader::Text() {
  FENCHI_ASSIGN_OR_RETURN(const ByteView out, StringBytes(kText, "a text"));
  if (!IsUtf8(AsText(out))) return Fail("a text is not valid UTF-8");
  return AsText(out);
}

Result<Timestamp> CborReader::Time() {
  FENCHI_RETURN_IF_ERROR(Array(2, 2, "a time").status());
  Timestamp time;
  FENCHI_ASSIGN_OR_RETURN(time.seconds, Int());
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t nanoseconds, UintIn(0, 999'999'999, "nanoseconds"));
  time.nanoseconds = static_cast<std::uint32_t>(nanoseconds);
  Leave();
  return time;
}

Result<std::size_t> CborReader::Enter(std::uint8_t major, std::string_view name) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t count, Expect(major, name));
  if (depth_ == kCborDepthMax) return Fail("nested more than 16 deep");
  // Each item has at least one byte: no count is believed that cannot be.
  const std::size_t rest = input_.size() - position_;
  if (count > (major == kMap ? rest / 2 : rest)) return Fail("more items than bytes that follow");
  ++depth_;
  return static_cast<std::size_t>(count);
}

Result<std::size_t> CborReader::Array() { return Enter(kArray, "an array"); }

Result<std::size_t> CborReader::Array(std::size_t least, std::size_t most, std::string_view what) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, Array());
  if (count < least || count > most) {
    return Fail(fmt::format("{} has {} items, not {} to {}", what, count, least, most));
  }
  return count;
}

Result<std::size_t> CborReader::Map() { return Enter(kMap, "a map"); }

Status CborReader::SkipItem() {
  FENCHI_ASSIGN_OR_RETURN(const CborType type, Peek());
  switch (type) {
    case CborType::kUint:
      return Uint().status();
    case CborType::kNegative:
      return Int().status();
    case CborType::kByteString:
      return ByteString().status();
    case CborType::kText:
      return Text().status();
    case CborType::kBool:
      return Bool().status();
    case CborType::kArray: {
      FENCHI_ASSIGN_OR_RETURN(const std::size_t count, Array());
      for (std::size_t i = 0; i < count; ++i) FENCHI_RETURN_IF_ERROR(SkipItem());
      Leave();
      return Status::Ok();
    }
    case CborType::kMap: {
      FENCHI_ASSIGN_OR_RETURN(const std::size_t count, Map());
      std::uint64_t last = 0;
      for (std::size_t i = 0; i < count; ++i) {
        FENCHI_ASSIGN_OR_RETURN(const std::uint64_t key, Uint());
        if (i > 0 && key <= last) return Fail("map keys are not ascending and distinct");
        last = key;
        FENCHI_RETURN_IF_ERROR(SkipItem());
      }
      Leave();
      return Status::Ok();
    }
  }
  return Fail("unknown type");
}

Result<ByteView> CborReader::Skip() {
  const std::size_t start = position_;
  FENCHI_RETURN_IF_ERROR(SkipItem());
  return input_.subspan(start, position_ - start);
}

Status CborReader::Finish(std::string_view what) const {
  if (at_end()) return Status::Ok();
  return Damaged("{}: {} bytes behind the end", what, input_.size() - position_);
}

Status CborReader::Secret(SecretBytes& out, std::size_t size, std::string_view what) {
  FENCHI_ASSIGN_OR_RETURN(const ByteView raw, ByteString(size, size, what));
  out = SecretBytes::CopyOf(raw);
  return Status::Ok();
}

// ---- Maps ----

Status MapReader::Open() {
  FENCHI_ASSIGN_OR_RETURN(left_, reader_.Map());
  return Status::Ok();
}

Status MapReader::Advance() {
  if (has_key_ || left_ == 0) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t key, reader_.Uint());
  if (any_ && key <= key_) {
    return Damaged("{}: map keys are not ascending and distinct: {} after {}", what_, key, key_);
  }
  key_ = key;
  any_ = true;
  has_key_ = true;
  --left_;
  return Status::Ok();
}

Result<bool> MapReader::Optional(std::uint64_t key) {
  for (;;) {
    FENCHI_RETURN_IF_ERROR(Advance());
    if (!has_key_ || key_ > key) return false;
    has_key_ = false;
    if (key_ == key) return true;
    if (key_ < kFirstIgnoredKey) return Damaged("{}: unknown key {}", what_, key_);
    FENCHI_RETURN_IF_ERROR(reader_.Skip().status());
  }
}

Status MapReader::Require(std::uint64_t key) {
  FENCHI_ASSIGN_OR_RETURN(const bool there, Optional(key));
  if (!there) return Damaged("{}: key {} is missing", what_, key);
  return Status::Ok();
}

Status MapReader::Close() {
  // A key that nobody has is greater than all: what is left is unknown.
  FENCHI_ASSIGN_OR_RETURN(const bool there, Optional(std::numeric_limits<std::uint64_t>::max()));
  if (there) FENCHI_RETURN_IF_ERROR(reader_.Skip().status());
  reader_.Leave();
  return Status::Ok();
}

Status ReadFormatVersion(MapReader& map, CborReader& reader, std::string_view what) {
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t version, reader.Uint());
  if (version == 1) return Status::Ok();
  if (version == 0) return Damaged("{}: format version 0", what);
  return Unsupported("{}: format version {}, this build reads 1", what, version)
      .WithHint("use a newer fenchi");
}

Result<Suite> ReadSuite(CborReader& reader) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t number, reader.Uint());
  if (number > 255) return Unsupported("cipher suite {} is unknown", number);
  return SuiteFromNumber(static_cast<std::uint8_t>(number));
}

Result<int> ReadMatrixId(CborReader& reader) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t number, reader.Uint());
  if (number != kMatrixId) return Unsupported("erasure matrix {} is unknown", number);
  return kMatrixId;
}

Status AsDamage(Status status) {
  if (status.code() != StatusCode::kInvalidArgument && status.code() != StatusCode::kPolicy) {
    return status;
  }
  return Status(StatusCode::kDamaged, status.message(), status.hint());
}

bool IsUtf8(std::string_view text) {
  const ByteView bytes = AsBytes(text);
  for (std::size_t i = 0; i < bytes.size();) {
    const std::uint8_t first = bytes[i++];
    if (first < 0x80) continue;
    // Source: RFC 3629 section 4: followers by first byte, and the narrower range of the second.
    int followers = 0;
    std::uint8_t least = 0x80;
    std::uint8_t most = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
      followers = 1;
    } else if (first >= 0xe0 && first <= 0xef) {
      followers = 2;
      if (first == 0xe0) least = 0xa0;
      if (first == 0xed) most = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      followers = 3;
      if (first == 0xf0) least = 0x90;
      if (first == 0xf4) most = 0x8f;
    } else {
      return false;
    }
    for (; followers > 0; --followers) {
      if (i == bytes.size() || bytes[i] < least || bytes[i] > most) return false;
      ++i;
      least = 0x80;
      most = 0xbf;
    }
  }
  return true;
}

}  // namespace fenchi::format
