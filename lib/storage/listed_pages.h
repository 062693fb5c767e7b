// A listing that comes in pages from a service that may repeat itself, go back or never end.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/provider.h"

namespace fenchi {

// Takes pages until one is the last, and tells the objects that were asked for. Objects that no
// fenchi could have written are passed over. Memory: one page, and where names come without order,
// a million names at most.
class ListedPages {
 public:
  // folder: "" or "a/b/": what all names of the service begin with; entry: as Provider::List.
  ListedPages(std::string location, std::string folder, std::string_view prefix,
              std::string_view after, const std::function<bool(const ObjectInfo&)>& entry)
      : location_(std::move(location)),
        folder_(std::move(folder)),
        prefix_(prefix),
        after_(after),
        entry_(entry) {}

  // next: where the next page begins; "" on the last one. unordered: from here on objects come in
  // another order than that of names: they are told when all have come.
  // False when there is nothing more to ask for.
  // Errors: kUnavailable when the pages do not lead on.
  Result<bool> Take(std::vector<ObjectInfo> objects, std::string next, bool unordered = false);

  const std::string& next() const { return next_; }

 private:
  struct ByName {
    bool operator()(const ObjectInfo& a, const ObjectInfo& b) const { return a.name < b.name; }
  };

  Status Circles() const;
  bool WasSeen(const std::string& next);

  std::string location_;
  std::string folder_;
  std::string prefix_;
  std::string after_;
  const std::function<bool(const ObjectInfo&)>& entry_;
  std::string next_;
  std::string kept_;  // where a page began; later ones are compared with it
  std::uint64_t kept_for_ = 1;
  std::uint64_t since_kept_ = 0;
  std::string last_;  // as the service named it
  std::string told_;
  int empty_pages_ = 0;
  bool collects_ = false;
  std::set<ObjectInfo, ByName> collected_;
};

}  // namespace fenchi
