// Which place sits in which seat.
//
// A good leaf share decides, since it cannot be had by name only; without one (an empty or damaged
// place) the name that the user gave it does, so that repair can fill it.
#pragma once

#include <string>
#include <vector>

#include "fenchi/status.h"
#include "format/policy.h"
#include "repository/leaf_shares.h"
#include "repository/places.h"
#include "repository/seats.h"

namespace fenchi {

// What a place told besides its leaf share.
struct PlaceState {
  PlaceLeaf leaf;
  bool empty = false;    // nothing of any vault
  bool foreign = false;  // another vault's genesis, and nothing of this one
};

// Errors: kInvalidArgument when two places hold one provider's share, or a name is not one of the
// vault's.
Result<Seats> AssignSeats(const Places& places, const std::vector<PlaceState>& states,
                          const format::Policy& policy, const format::PolicyDetails& details,
                          std::vector<std::string>& warnings);

// The seats of a newer policy: providers that are still in it keep their connection.
Seats SeatsAfter(const Seats& before, const format::Policy& policy,
                 const format::PolicyDetails& details);

// kInvalidArgument when two places hold one provider's leaf share.
Status CheckDistinctPlaces(const Places& places, const std::vector<PlaceState>& states);

}  // namespace fenchi
