#include "repository/away_seats.h"

#include "base/error.h"

namespace fenchi {

void AwaySeats::Add(const Seat& seat, const Status& why) {
  if (!reasons_.emplace(seat.name, why.message()).second) return;
  budget_ = budget_ || why.code() == StatusCode::kFull;
  if (hint_.empty()) hint_ = why.hint();
}

void AwaySeats::AddAbsent(const Seats& seats) {
  for (const Seat& seat : seats.all()) {
    if (!seat.provider) Add(seat, Unavailable("{}", seat.absent_reason));
  }
}

std::string AwaySeats::hint() const {
  if (budget_) {
    return "raise the byte budget of the named providers, or do without one, and run the same "
           "command again";
  }
  return hint_.empty() ? "bring the named providers back" : hint_;
}

Status AwaySeats::TooFew(std::string_view what) const {
  std::string text;
  for (const auto& [name, why] : reasons_) {
    text += fmt::format("{}{} is away, because {}", text.empty() ? "" : "; ", name, why);
  }
  return TooFewProviders("{}: {}: {}", what,
                         budget_ ? "a byte budget is used up, and too few others can be asked"
                                 : "too few providers can be asked",
                         text)
      .WithHint(hint());
}

}  // namespace fenchi
