// Courier media: objects for a provider that no line reaches, written here, carried, imported
// there.
//
// A courier medium is one file, or files of at most 2 GiB in a directory (a USB stick's file system
// may allow no larger ones). It holds objects with the id of the provider that they are for. It is
// only ever appended to; each piece is hashed with all before it, and a manifest closes it, so that
// a damaged, cut or unfinished medium is noticed. What is on the way counts for nothing: neither
// toward the write quorum nor toward k, until it is imported.
//
//   FENCHI_ASSIGN_OR_RETURN(auto sent, vault.ExportCourier("oslo", "/media/usb/oslo.courier"));
//   FENCHI_ASSIGN_OR_RETURN(auto seen, fenchi::CheckCourier("/media/usb/oslo.courier"));   // there
//   FENCHI_ASSIGN_OR_RETURN(auto done, fenchi::ImportCourier("/media/usb/oslo.courier", *oslo));
//
// The hashes have no key: they prove that nothing broke on the way, not who wrote it. What an
// object is worth is told by the vault's own tags and signatures, as everywhere (`fenchi verify`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/options.h"
#include "fenchi/provider.h"
#include "fenchi/report.h"
#include "fenchi/status.h"

namespace fenchi {

// What a medium carries for one provider.
struct CourierCargo {
  ProviderId provider;
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

struct CourierReport {
  std::string path;
  std::vector<CourierCargo> cargo;
  std::uint64_t objects = 0;  // that are whole
  std::uint64_t bytes = 0;    // of them
  // Of the last manifest: read it out to the sender, who sees the same in the report of his export.
  // Only that shows a medium from whose end whole files are missing.
  Hash256 fingerprint;
  bool closed = false;              // a manifest stands at the end and counts right
  std::vector<std::string> damage;  // what is wrong, for people
  bool whole() const { return closed && damage.empty(); }
};

struct CourierExportReport {
  std::uint64_t objects_written = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t objects_there = 0;  // that the provider holds, or the medium carries, already
  double seconds = 0;
  CourierReport medium;
  std::vector<Damage> left;  // what could not be rebuilt, and why
  bool complete() const { return left.empty(); }
};

struct CourierImportReport {
  std::uint64_t objects_stored = 0;
  std::uint64_t bytes_stored = 0;
  std::uint64_t objects_there = 0;  // with the same bytes already
  double seconds = 0;
  CourierReport medium;
  std::vector<Damage> left;  // what was not stored, and why
  bool complete() const { return left.empty() && medium.whole(); }
};

struct CourierImportOptions {
  // Needed only where the place is empty and the medium carries objects for several providers.
  std::optional<ProviderId> destination = {};
  Observer observer = {};
};

// Reads the whole medium. Damage is in the report.
// Errors: kNotFound; kDamaged when it is no courier medium; kUnsupported for a newer version; kIo.
FENCHI_EXPORT Result<CourierReport> CheckCourier(const std::string& path,
                                                 const Observer& observer = {});

// Puts what the medium carries for this place there: create-only, objects that are whole only.
// The place is known by its own leaf share; an empty one takes the destination that is named, or
// the only one of the medium. Run again, it goes on where it stopped.
// Errors: as CheckCourier, kDamaged also when nothing on it is whole; kInvalidArgument when it
// carries nothing for this place; kCancelled; what the first look at the place meets.
FENCHI_EXPORT Result<CourierImportReport> ImportCourier(const std::string& path, Provider& place,
                                                        const CourierImportOptions& options = {});

}  // namespace fenchi
