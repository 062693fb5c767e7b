#include "repository/names_at.h"

#include "format/names.h"

namespace fenchi {

NameAt ShardNameAt(const Access& access, const PackId& pack, int needed) {
  return [&access, pack, needed](const Seat& seat, int generation) {
    return format::ShardName(access.name_key.view(), seat.id, pack, needed, generation);
  };
}

NameAt RecordNameAt(const Access& access, const WriterId& writer, std::uint64_t seq) {
  return [&access, writer, seq](const Seat& seat, int generation) {
    return format::RecordName(access.name_key.view(), seat.id, writer, seq, generation);
  };
}

NameAt ListNameAt(const Access& access, const Hash256& hash) {
  return [&access, hash](const Seat& seat, int generation) {
    return format::ListName(access.name_key.view(), seat.id, hash, generation);
  };
}

NameAt IndexNameAt(const Access& access, const Hash256& hash) {
  return [&access, hash](const Seat& seat, int generation) {
    return format::IndexName(access.name_key.view(), seat.id, hash, generation);
  };
}

}  // namespace fenchi
