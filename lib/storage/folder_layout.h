// How object names become paths below one folder, and how a walk over the folders gives the names
// back in byte order. Places made of folders (local directories, SFTP) share it, so that one can be
// read as the other.
//
// The object "a/b" is the file a/b, but "d/abcdef" is d/ab/abcdef, so that no folder grows too
// large. On disk, never change. Pure: nothing here opens anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fenchi {

// Where an object lies: `folder` relative to the root ("" is the root itself), `file` inside it.
struct ObjectPath {
  std::string folder;
  std::string file;
};

// "a/b" -> {"a", "b"}; "d/abcdef" -> {"d/ab", "abcdef"}. `name` has passed CheckObjectName.
ObjectPath LocateObject(std::string_view name);

// Which part of the tree a folder is.
enum class FolderLevel {
  kPlain,   // names are the folder's name and the entry's
  kData,    // d/: entries of two characters are fan-out folders
  kFanned,  // d/ab/: names are "d/" and the entry's, which begins with "ab"
};

// A folder on the way of a listing; the default is the root.
struct ListedFolder {
  FolderLevel level = FolderLevel::kPlain;
  std::string base = {};  // put before its entries to make names
  std::string fan = {};   // what each of its entries begins with
};

struct ListedItem {
  std::string key = {};    // an object's name; a folder's key begins all names below it
  std::string entry = {};  // in its folder
  bool is_folder = false;
  ListedFolder folder = {};      // when it is one
  std::uint64_t size_bytes = 0;  // for whoever learns it while reading the folder
};

// What Provider::List was asked for, against the entries that a folder turns out to have.
class Listing {
 public:
  Listing(std::string_view prefix, std::string_view after) : prefix_(prefix), after_(after) {}

  // The item that an entry of `folder` is; nullopt when it is no object or folder of ours, or no
  // name that was asked for can be there. Any bytes may come as `entry`.
  std::optional<ListedItem> Classify(const ListedFolder& folder, std::string_view entry,
                                     bool is_folder) const;

  // By key. A folder's key ends as its names go on ("a/"), so that "a-b" comes before "a/c", as in
  // the order of names.
  static void Sort(std::vector<ListedItem>& items);

 private:
  bool MayHold(std::string_view key) const;

  std::string prefix_;
  std::string after_;
};

}  // namespace fenchi
