// The seats that could not be asked, and why. What is not found elsewhere may lie there: it is not
// known, and not lost.
//
//   if (TellsOfPlace(found.status())) away.Add(seat, found.status());
//   if (!away.none()) return away.TooFew("pack list 2af0");
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "repository/seats.h"

namespace fenchi {

class AwaySeats {
 public:
  // Each seat counts once, with the first reason.
  void Add(const Seat& seat, const Status& why);
  // All that have no provider.
  void AddAbsent(const Seats& seats);

  bool none() const { return reasons_.empty(); }
  int count() const { return static_cast<int>(reasons_.size()); }
  // What to do: of a byte budget that is used up, of the first seat that says something, or to
  // bring them back.
  std::string hint() const;
  // kTooFewProviders: `what`, then each seat with its reason.
  Status TooFew(std::string_view what) const;

 private:
  std::map<std::string, std::string> reasons_;  // by name
  std::string hint_;
  bool budget_ = false;  // the only failure of a place that kFull means when it is read
};

}  // namespace fenchi
