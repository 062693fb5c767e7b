#include "operations/objects.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "repository/names_at.h"

namespace fenchi {
namespace {

void AddBootstrap(std::vector<BootstrapObject> objects, std::vector<ExpectedObject>& out) {
  for (BootstrapObject& object : objects) {
    const Hash256 hash = object.hash;
    CheckBytes check = [hash](ByteView found) {
      return Sha256(found) == hash ? Status::Ok() : Damaged("it is not what it must be");
    };
    out.push_back({std::move(object.name), std::move(object.what), object.size_max,
                   std::move(check), std::move(object.fetch)});
  }
}

void AddRecords(const Session& session, std::vector<ExpectedObject>& out) {
  const Access& access = session.access;
  for (const auto& [writer, records] : session.log.records()) {
    for (const format::OpenedRecord& record : records) {
      const WriterId id = writer;
      const std::uint64_t seq = record.record.seq;
      const Hash256 hash = record.hash;
      const NameAt name = RecordNameAt(access, id, seq);
      CheckBytes check = [&access, id, seq, hash](ByteView found) -> Status {
        FENCHI_ASSIGN_OR_RETURN(
            format::OpenedRecord opened,
            format::OpenRecord(access.vault, access.outer_key.view(), id, seq, found));
        if (opened.hash == hash) return Status::Ok();
        return Damaged("another record of the same writer and number: proof of misuse, keep it");
      };
      auto fetch = [&access, name, check]() -> Result<Bytes> {
        FENCHI_ASSIGN_OR_RETURN(ObjectAt found,
                                access.seats.GetAny(name, format::kRecordObjectSizeMax, check));
        return std::move(found.bytes);
      };
      out.push_back({name, fmt::format("record {} of writer {}", seq, id),
                     format::kRecordObjectSizeMax, check, fetch});
    }
  }
}

void AddHashed(const Session& session, const History& history, std::vector<ExpectedObject>& out) {
  const Access& access = session.access;
  for (const History::NamedObject& object : history.Objects()) {
    const Hash256 hash = object.object.hash;
    const NameAt name = object.is_index ? IndexNameAt(access, hash) : ListNameAt(access, hash);
    CheckBytes check = [hash](ByteView found) {
      return Sha256(found) == hash ? Status::Ok() : Damaged("its hash is not the one in the log");
    };
    auto fetch = [&access, name, check]() -> Result<Bytes> {
      FENCHI_ASSIGN_OR_RETURN(ObjectAt found,
                              access.seats.GetAny(name, format::kRecordObjectSizeMax, check));
      return std::move(found.bytes);
    };
    out.push_back({name, object.is_index ? "index object" : "pack list",
                   format::kRecordObjectSizeMax, check, fetch});
  }
}

}  // namespace

Result<std::vector<ExpectedObject>> ObjectsAt(const Session& session, const History& history,
                                              std::size_t position) {
  std::vector<ExpectedObject> out;
  AddBootstrap(BootstrapObjectsFor(session.access, position), out);
  AddRecords(session, out);
  AddHashed(session, history, out);
  return out;
}

}  // namespace fenchi
