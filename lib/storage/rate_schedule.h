// Which rate holds at which minute of the week.
#pragma once

#include <cstdint>

#include "fenchi/provider_wrappers.h"

namespace fenchi {

struct WeekMinute {
  int weekday = 0;  // 0 is Monday
  int minute = 0;   // of the day
};

// `utc_offset_minutes`: nullopt is this host's time zone at that time.
WeekMinute WeekMinuteOf(Timestamp time, std::optional<int> utc_offset_minutes);

// Bytes per second; 0 is unlimited.
std::uint64_t RateAt(const RateSchedule& schedule, WeekMinute now);

}  // namespace fenchi
