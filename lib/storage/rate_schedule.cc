#include "storage/rate_schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr int kDayMinutes = 24 * 60;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::array<std::string_view, 7> kDays = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};

struct Unit {
  std::string_view name;
  double bytes_per_second;
};
constexpr Unit kUnits[] = {
    {"bit/s", 1.0 / 8},
    {"kbit/s", 1e3 / 8},
    {"Mbit/s", 1e6 / 8},
    {"Gbit/s", 1e9 / 8},
    {"B/s", 1},
    {"kB/s", 1e3},
    {"MB/s", 1e6},
    {"GB/s", 1e9},
    {"KiB/s", 1024},
    {"MiB/s", 1024 * 1024},
    {"GiB/s", 1024.0 * 1024 * 1024},
};
constexpr double kRateMax = 1e15;
constexpr std::string_view kForm =
    "write RATE [DAYS] [HOURS], such as '2 Mbit/s Mo-Fr 08-18, unlimited'";

std::vector<std::string> SplitAt(std::string_view text, char separator) {
  std::vector<std::string> out{""};
  for (const char c : text) {
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::vector<std::string> Words(std::string_view rule) {
  std::vector<std::string> words = SplitAt(rule, ' ');
  std::erase(words, "");
  return words;
}

std::optional<int> DayOf(std::string_view word) {
  const auto at = std::ranges::find(kDays, word);
  if (at == kDays.end()) return std::nullopt;
  return static_cast<int>(at - kDays.begin());
}

// "Mo", or "Fr-Mo": a set of days, as bits. 0 when `word` is neither.
std::uint8_t DaysOf(std::string_view word) {
  const std::size_t dash = word.find('-');
  const std::optional<int> first = DayOf(word.substr(0, dash));
  const std::optional<int> last =
      dash == std::string_view::npos ? first : DayOf(word.substr(dash + 1));
  if (!first.has_value() || !last.has_value()) return 0;
  std::uint8_t out = 0;
  for (int day = *first;; day = (day + 1) % 7) {
    out |= static_cast<std::uint8_t>(1u << day);
    if (day == *last) return out;
  }
}

// Two digits; -1 for anything else.
int TwoDigits(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 2 || !is_digit(text[0]) || !is_digit(text[1])) return -1;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

// "08", "08:30" or "24", in minutes; -1 for anything else.
int MinuteOf(std::string_view text) {
  const std::size_t colon = text.find(':');
  const int hour = TwoDigits(text.substr(0, colon));
  const int minute = colon == std::string_view::npos ? 0 : TwoDigits(text.substr(colon + 1));
  if (hour < 0 || minute < 0 || minute > 59) return -1;
  const int total = hour * 60 + minute;
  return total <= kDayMinutes ? total : -1;
}

// Errors: kInvalidArgument when `word` looks like hours and is none.
Result<bool> TakeHours(std::string_view word, RateRule& rule) {
  if (word.empty() || word.front() < '0' || word.front() > '9') return false;
  const std::size_t dash = word.find('-');
  const int from = MinuteOf(word.substr(0, dash));
  const int to = dash == std::string_view::npos ? -1 : MinuteOf(word.substr(dash + 1));
  if (from < 0 || to < 0 || from == kDayMinutes || from == to) {
    return InvalidArgument("'{}' are no hours; write 08-18 or 22:30-06", word);
  }
  rule.from_minute = from;
  rule.to_minute = to;
  return true;
}

// The words that make the rate: one for "unlimited", else a number and a unit.
Result<std::size_t> TakeRate(const std::vector<std::string>& words, RateRule& rule) {
  if (words.empty()) return InvalidArgument("a rule is empty");
  if (words[0] == "unlimited") return std::size_t{1};
  double number = 0;
  const std::string& text = words[0];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(static_cast<const char*>(end), text.data() + text.size());  // "2Mbit/s"
  const bool apart = unit.empty() && words.size() > 1;
  if (apart) unit = words[1];
  const auto known = std::ranges::find(kUnits, unit, &Unit::name);
  if (error != std::errc() || known == std::end(kUnits)) {
    return InvalidArgument(
        "'{}' is no rate; write 'unlimited' or a number with bit/s, kbit/s, "
        "Mbit/s, Gbit/s, B/s, kB/s, MB/s, GB/s, KiB/s, MiB/s or GiB/s",
        apart ? text + " " + unit : text);
  }
  const double rate = number * known->bytes_per_second;
  if (!(rate >= 1) || rate > kRateMax) {
    return InvalidArgument("{} {} is less than one byte a second, or too much", number, unit);
  }
  rule.bytes_per_second = static_cast<std::uint64_t>(rate);
  return apart ? std::size_t{2} : std::size_t{1};
}

Result<RateRule> ParseRule(std::string_view text, bool last) {
  std::vector<std::string> words = Words(text);
  RateRule rule;
  FENCHI_ASSIGN_OR_RETURN(std::size_t at, TakeRate(words, rule));
  const bool night = words.size() == at + 2 && words[at] == "at" && words[at + 1] == "night";
  if (night || (words.size() == at + 1 && words[at] == "otherwise")) {
    if (!last) return InvalidArgument("only the last rule can say '{}'", words[at]);
    return rule;
  }
  std::uint8_t days = 0;
  bool hours = false;
  for (; at < words.size(); ++at) {
    const std::uint8_t more = hours ? std::uint8_t{0} : DaysOf(words[at]);
    days |= more;
    if (more != 0) continue;
    if (hours) return InvalidArgument("'{}' after the hours is not understood", words[at]);
    FENCHI_ASSIGN_OR_RETURN(hours, TakeHours(words[at], rule));
    if (!hours) {
      return InvalidArgument("'{}' is neither a day (Mo Tu We Th Fr Sa Su) nor hours (08-18)",
                             words[at]);
    }
  }
  if (days != 0) rule.weekdays = days;
  return rule;
}

}  // namespace

Result<RateSchedule> ParseRateSchedule(std::string_view text) {
  RateSchedule out;
  const std::vector<std::string> rules = SplitAt(text, ',');
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Result<RateRule> rule = ParseRule(rules[i], i + 1 == rules.size());
    if (!rule.ok()) {
      return rule.status().At(fmt::format("rule {} of the rate '{}'", i + 1, text)).WithHint(kForm);
    }
    out.rules.push_back(*rule);
  }
  return out;
}

WeekMinute WeekMinuteOf(Timestamp time, std::optional<int> utc_offset_minutes) {
  if (!utc_offset_minutes.has_value()) {
    const std::time_t seconds = time.seconds;
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return {(parts.tm_wday + 6) % 7, parts.tm_hour * 60 + parts.tm_min};
  }
  const std::int64_t local = time.seconds + *utc_offset_minutes * 60;
  std::int64_t day = local / kDaySeconds;
  std::int64_t second = local % kDaySeconds;
  if (second < 0) second += kDaySeconds, --day;
  // 1970-01-01 was a Thursday.
  return {static_cast<int>(((day + 3) % 7 + 7) % 7), static_cast<int>(second / 60)};
}

std::uint64_t RateAt(const RateSchedule& schedule, WeekMinute now) {
  for (const RateRule& rule : schedule.rules) {
    const auto begins_on = [&rule](int weekday) { return (rule.weekdays >> weekday & 1) != 0; };
    const bool over_midnight = rule.to_minute <= rule.from_minute;
    const bool today = begins_on(now.weekday) && now.minute >= rule.from_minute &&
                       (over_midnight || now.minute < rule.to_minute);
    const bool since_yesterday =
        over_midnight && begins_on((now.weekday + 6) % 7) && now.minute < rule.to_minute;
    if (today || since_yesterday) return rule.bytes_per_second;
  }
  return 0;
}

}  // namespace fenchi
