#include "unit/format/cbor_tools.h"

#include "format/cbor.h"

namespace fenchi::format::testing {
namespace {

struct Copy {
  int target = -1;  // map that gets the key
  std::uint64_t key = 0;
  int maps = 0;  // seen so far
  bool clash = false;
};

void CopyItem(CborReader& in, CborWriter& out, Copy& copy);

void CopyMap(CborReader& in, CborWriter& out, Copy& copy) {
  const bool here = copy.maps++ == copy.target;
  const std::size_t count = in.Map().value();
  out.Map(count + here);
  bool added = !here;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t key = in.Uint().value();
    if (here && key == copy.key) copy.clash = true;
    if (!added && key >= copy.key) {
      out.Key(copy.key).Uint(0);
      added = true;
    }
    // After a clash the result is thrown away: any ascending key will do.
    out.Key(here && copy.clash ? key + 1 : key);
    CopyItem(in, out, copy);
  }
  if (!added) out.Key(copy.key).Uint(0);
  in.Leave();
}

void CopyItem(CborReader& in, CborWriter& out, Copy& copy) {
  switch (in.Peek().value()) {
    case CborType::kMap:
      return CopyMap(in, out, copy);
    case CborType::kArray: {
      const std::size_t count = in.Array().value();
      out.Array(count);
      for (std::size_t i = 0; i < count; ++i) CopyItem(in, out, copy);
      return in.Leave();
    }
    default:
      out.Raw(in.Skip().value());
  }
}

}  // namespace

int CountMaps(ByteView item) {
  CborReader in(item);
  CborWriter out;
  Copy copy;
  CopyItem(in, out, copy);
  return copy.maps;
}

std::optional<Bytes> WithKey(ByteView item, int nth, std::uint64_t key) {
  CborReader in(item);
  CborWriter out;
  Copy copy{.target = nth, .key = key};
  CopyItem(in, out, copy);
  if (copy.clash) return std::nullopt;
  return out.Take();
}

}  // namespace fenchi::format::testing
