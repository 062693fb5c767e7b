// What a directory holds, as lines of text: for comparing a restored tree with its source.
//
// Read from the file system by lstat(2) and friends alone, so nothing of fenchi vouches for itself.
// One entry a line, in byte order of the paths; fields are separated by one space:
//
//   TYPE PATH MODE UID GID SECONDS.NANOSECONDS SIZE CONTENT LINK XATTRS
//
// TYPE: f d l p c b s. PATH and names of attributes: hex of the raw bytes (they may be Big5 or hold
// newlines). MODE: octal. SIZE: of files, else 0. CONTENT: of files SHA-256; of symlinks the target
// in hex; of devices "MAJOR:MINOR"; else "-". LINK: hex of the first path of the same inode where a
// file has several names, else "-". XATTRS: NAME:VALUE in hex, joined by commas, or "-".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fenchi {

// Raw path, relative to the tree's top -> the entry's line. The top itself is not in it.
using TreeManifest = std::map<std::string, std::string>;

// Ends the process with a message when the directory cannot be read: tests take it for granted.
TreeManifest ScanTree(const std::string& directory);

// Lines of `found` that differ from `wanted`, with what was expected: empty when the trees are
// equal. At most 20 lines.
std::string Difference(const TreeManifest& wanted, const TreeManifest& found);

// The fields of a line: exactly ten.
std::vector<std::string> Fields(std::string_view line);

// A stored golden vault's description: "key value" lines, each "snapshot ID LABEL DOMAIN" followed
// by its entries, each line of which begins with "entry ".
struct GoldenSnapshot {
  std::string id;
  std::string label;
  std::string key_domain;
  TreeManifest entries;
};
struct GoldenVault {
  std::string vault_id;
  std::string passphrase;
  int needed = 0;
  int providers = 0;
  std::vector<GoldenSnapshot> snapshots;
};
std::string ToText(const GoldenVault& vault);
GoldenVault ParseGolden(const std::string& file);

}  // namespace fenchi
