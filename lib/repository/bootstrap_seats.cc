#include "repository/bootstrap_seats.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

// All active seats, without providers.
std::vector<Seat> EmptySeats(const format::Policy& policy, const format::PolicyDetails& details) {
  std::vector<Seat> seats;
  for (const format::PolicyProvider& provider : policy.providers) {
    if (provider.state != format::ProviderState::kActive) continue;
    Seat seat;
    seat.number = provider.seat;
    seat.id = provider.id;
    seat.name = provider.id.hex();
    seat.absent_reason = "it was not given";
    const auto described =
        std::ranges::find(details.providers, provider.id, &format::ProviderDetails::id);
    if (described != details.providers.end()) {
      seat.name = described->name;
      seat.domain = {described->vendor, described->vendor_home, described->country,
                     described->region, described->account,     described->medium};
    }
    seats.push_back(std::move(seat));
  }
  return seats;
}

Status UnknownName(const std::string& name, const std::vector<Seat>& seats) {
  std::string known;
  for (const Seat& seat : seats) known += (known.empty() ? "" : ", ") + seat.name;
  return InvalidArgument("no provider of this vault is called '{}'; its providers are: {}", name,
                         known)
      .WithHint("give each provider the name that it has in the vault");
}

// Says what is wrong with a place that has no good leaf share, and whether it is used at all.
void SeatByName(const Place& place, const PlaceState& state, Seat& seat,
                std::vector<std::string>& warnings) {
  if (!place.reachable()) {
    seat.absent_reason = place.failure.message();
    warnings.push_back(
        fmt::format("provider {} is not reachable: {}", seat.name, place.failure.message()));
    return;
  }
  if (state.foreign) {
    seat.absent_reason = "it holds another vault";
    warnings.push_back(fmt::format("provider {} holds another vault and is not used", seat.name));
    return;
  }
  seat.provider = place.provider;
  if (state.empty) {
    warnings.push_back(fmt::format(
        "provider {} holds nothing of this vault: is its disk mounted? A new place is filled by "
        "`fenchi repair`",
        seat.name));
  } else {
    warnings.push_back(
        fmt::format("provider {}: its key share is {}: `fenchi repair` will write it again",
                    seat.name, state.leaf.damaged ? "damaged" : "missing"));
  }
}

}  // namespace

Status CheckDistinctPlaces(const Places& places, const std::vector<PlaceState>& states) {
  for (std::size_t a = 0; a < states.size(); ++a) {
    for (std::size_t b = a + 1; b < states.size(); ++b) {
      if (!states[a].leaf.share || !states[b].leaf.share) continue;
      if (states[a].leaf.share->seat != states[b].leaf.share->seat) continue;
      return InvalidArgument("providers {} and {} are the same place", places.all()[a].name,
                             places.all()[b].name)
          .WithHint("correct the URL of one of them, or leave it out");
    }
  }
  return Status::Ok();
}

Result<Seats> AssignSeats(const Places& places, const std::vector<PlaceState>& states,
                          const format::Policy& policy, const format::PolicyDetails& details,
                          std::vector<std::string>& warnings) {
  std::vector<Seat> seats = EmptySeats(policy, details);
  for (const Place& place : places.all()) {
    if (std::ranges::find(seats, place.name, &Seat::name) == seats.end()) {
      return UnknownName(place.name, seats);
    }
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Place& place = places.all()[i];
    // A place that stopped answering after it gave its share is as good as absent.
    if (!states[i].leaf.share || !place.reachable()) continue;
    Seat& seat = *std::ranges::find(seats, states[i].leaf.share->seat, &Seat::number);
    seat.provider = place.provider;
    if (seat.name != place.name) {
      warnings.push_back(fmt::format("the place given as {} is the one that the vault calls {}",
                                     place.name, seat.name));
    }
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Place& place = places.all()[i];
    if (states[i].leaf.share && place.reachable()) continue;
    Seat& seat = *std::ranges::find(seats, place.name, &Seat::name);
    if (!seat.provider) SeatByName(place, states[i], seat, warnings);
  }
  for (const Seat& seat : seats) {
    const bool given =
        std::ranges::find(places.all(), seat.name, &Place::name) != places.all().end();
    if (!seat.provider && !given) {
      warnings.push_back(fmt::format("provider {} is absent: it was not given", seat.name));
    }
  }
  return Seats(std::move(seats), places.executor());
}

Seats SeatsAfter(const Seats& before, const format::Policy& policy,
                 const format::PolicyDetails& details) {
  std::vector<Seat> seats = EmptySeats(policy, details);
  for (Seat& seat : seats) {
    const Seat* old = before.FindById(seat.id);
    if (old == nullptr) continue;
    seat.provider = old->provider;
    seat.absent_reason = old->absent_reason;
  }
  Seats after(std::move(seats), before.shared_executor());
  after.RetainUntil(before.retain_until());
  return after;
}

}  // namespace fenchi
