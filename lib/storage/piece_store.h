// A bounded place for pieces of objects that were read before: in memory, or files of a directory.
//
// What it gives back is exactly what was kept under that key, or nothing: a file that does not fit
// its length and checksum is removed and counts as never kept.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi {

// `name` is an object's name: FileNameOf needs its grammar.
struct PieceKey {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  friend auto operator<=>(const PieceKey&, const PieceKey&) = default;
};

class PieceStore {
 public:
  virtual ~PieceStore() = default;
  // Fills `out` with the piece. False: it is not kept.
  virtual bool Load(const PieceKey& key, MutableBytes out) = 0;
  // Best effort: a full disk only means that nothing is kept.
  virtual void Keep(const PieceKey& key, ByteView piece) = 0;
  virtual void Remove(const PieceKey& key) = 0;
};

std::unique_ptr<PieceStore> MakeMemoryPieceStore();
// `place` says whose pieces these are: those of another place do not load.
std::unique_ptr<PieceStore> MakeFolderPieceStore(std::string directory, std::string place);

// "d+abc.0@4096+512" and back; nullopt for a file of somebody else.
std::string FileNameOf(const PieceKey& key);
std::optional<PieceKey> KeyOfFileName(std::string_view file);

}  // namespace fenchi
