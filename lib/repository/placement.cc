#include "repository/placement.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr int kAbroadDefault = 3;
constexpr std::int64_t kExpiresSoonSeconds = 30 * 24 * 3600;
constexpr std::array<std::string_view, 8> kAxes = {"vendor",         "vendor_home",  "country",
                                                   "account",        "abroad",       "home_country",
                                                   "deny_countries", kCreateOnlyAxis};

// Names are compared without case and outer spaces, so that "AWS" and "aws " are one party.
std::string Folded(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool IsCountryCode(std::string_view text) {
  const std::string folded = Folded(text);
  return folded.size() == 2 &&
         std::ranges::all_of(folded, [](char c) { return c >= 'a' && c <= 'z'; });
}

std::string Joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// Those who hold shards in one hand.
struct Party {
  std::string shown;  // as it was declared first
  std::vector<std::string> providers;
  std::set<std::string> vendors;  // folded
  bool declared = false;
};

struct Axis {
  std::string_view name;
  std::string_view word;
  std::string (*key)(const Domain&);  // empty: not declared
  std::string (*shown)(const Domain&);
};

constexpr Axis kPartyAxes[] = {
    {"vendor", "vendor", [](const Domain& d) { return Folded(d.vendor); },
     [](const Domain& d) { return d.vendor; }},
    {"vendor_home", "legal home", [](const Domain& d) { return Folded(d.vendor_home); },
     [](const Domain& d) { return d.vendor_home; }},
    {"country", "country", [](const Domain& d) { return Folded(d.country); },
     [](const Domain& d) { return d.country; }},
    // Account numbers mean something within a vendor only.
    {"account", "account",
     [](const Domain& d) {
       return Folded(d.account).empty() ? "" : Folded(d.vendor) + "\n" + Folded(d.account);
     },
     [](const Domain& d) { return d.vendor + " " + d.account; }},
};

class PlacementCheck {
 public:
  PlacementCheck(const std::vector<std::pair<std::string, Domain>>& providers, int needed,
                 const PlacementRules& rules, Timestamp now)
      : providers_(providers), needed_(needed), rules_(rules), now_(now) {}

  PlacementVerdict Run() {
    CheckSpelling();
    CheckRelaxations();
    for (const Axis& axis : kPartyAxes) CheckParties(axis);
    CheckHome();
    CheckAbroad();
    CheckDenied();
    NoteRelaxations();
    return std::move(verdict_);
  }

 private:
  int count() const { return static_cast<int>(providers_.size()); }

  // A broken rule: refused, unless somebody relaxed it by name and for now.
  void Break(std::string_view axis, std::string what) {
    for (const Relaxation& one : rules_.relaxations) {
      if (one.axis != axis || one.ground.empty() || one.approver.empty()) continue;
      used_.insert(std::string(axis));
      if (!Expired(one)) {
        verdict_.notes.push_back(fmt::format("relaxed by {}: {}", one.approver, what));
        return;
      }
      what += fmt::format(" (the relaxation by {} expired on {})", one.approver,
                          ToIso8601({one.expires_seconds, 0}).substr(0, 10));
    }
    verdict_.violations.push_back(std::move(what));
    if (std::ranges::find(verdict_.axes, axis) == verdict_.axes.end()) {
      verdict_.axes.emplace_back(axis);
    }
  }
  bool Expired(const Relaxation& one) const {
    return one.expires_seconds != 0 && one.expires_seconds <= now_.seconds;
  }

  // Codes that are no codes would never match anything, so they are refused, not passed over.
  void CheckSpelling() {
    const auto check = [&](const std::string& code, const std::string& where) {
      if (code.empty() || IsCountryCode(code)) return;
      verdict_.violations.push_back(
          fmt::format("{}: '{}' is not a two-letter country code (ISO 3166-1)", where, code));
    };
    check(rules_.home_country, "home_country");
    for (const std::string& code : rules_.deny_countries) {
      check(code.empty() ? " " : code, "deny_countries");
    }
    for (const auto& [name, domain] : providers_) {
      check(domain.country, "country of " + name);
      check(domain.vendor_home, "vendor_home of " + name);
    }
  }

  void CheckRelaxations() {
    for (const Relaxation& one : rules_.relaxations) {
      if (std::ranges::find(kAxes, one.axis) == kAxes.end()) {
        verdict_.violations.push_back(
            fmt::format("a relaxation names the unknown axis '{}'", one.axis));
      } else if (one.ground.empty() || one.approver.empty()) {
        verdict_.violations.push_back(
            fmt::format("the relaxation of {} needs a ground and an approver", one.axis));
      } else if (one.axis == kCreateOnlyAxis) {
        // Tried out when the vault is made; nothing can be counted here.
        Break(kCreateOnlyAxis, "a provider may overwrite silently");
      }
    }
  }

  void CheckParties(const Axis& axis) {
    std::map<std::string, Party> parties;
    for (const auto& [name, domain] : providers_) {
      const std::string key = axis.key(domain);
      Party& party = parties[key];
      party.declared = !key.empty();
      if (party.shown.empty()) party.shown = axis.shown(domain);
      party.providers.push_back(name);
      party.vendors.insert(Folded(domain.vendor));
    }
    if (parties.size() == 1 && !parties.begin()->second.declared) {
      verdict_.notes.push_back(fmt::format("no provider declares its {}: not checked", axis.name));
      return;
    }
    for (const auto& [key, party] : parties) CheckParty(axis, party);
  }

  void CheckParty(const Axis& axis, const Party& party) {
    const int held = static_cast<int>(party.providers.size());
    std::string who = party.declared ? fmt::format("{} {}", axis.word, party.shown)
                                     : fmt::format("{} not declared", axis.word);
    who += fmt::format(" ({})", Joined(party.providers));
    if (axis.name == "vendor_home" && party.declared && party.vendors.size() > 1) {
      who += fmt::format(", {} vendors with one legal home,", party.vendors.size());
    }
    if (held >= needed_) {
      Break(axis.name,
            fmt::format("{} holds {} of {} shards, and {} are enough to rebuild the data", who,
                        held, count(), needed_));
    } else if (count() - held < needed_ && !IsHome(axis, party)) {
      Break(axis.name, fmt::format("without {} {} of {} shards are left, {} are needed", who,
                                   count() - held, count(), needed_));
    }
  }

  // The loss of the home country has a rule, and a relaxation, of its own.
  bool IsHome(const Axis& axis, const Party& party) const {
    return axis.name == "country" && party.declared && !rules_.home_country.empty() &&
           Folded(party.shown) == Folded(rules_.home_country);
  }

  // Providers that are, or may be, in the home country; -1 when nobody declares a country.
  int AtHome(std::vector<std::string>& names) const {
    bool any = false;
    for (const auto& [name, domain] : providers_) {
      any = any || !domain.country.empty();
      if (domain.country.empty() || Folded(domain.country) == Folded(rules_.home_country)) {
        names.push_back(name);
      }
    }
    return any ? static_cast<int>(names.size()) : -1;
  }

  void CheckHome() {
    if (rules_.home_country.empty()) return;
    std::vector<std::string> names;
    const int held = AtHome(names);
    if (held < 0) {
      verdict_.notes.push_back(
          "no provider declares its country: the loss of the home country is "
          "not checked");
    } else if (count() - held < needed_) {
      Break("home_country",
            fmt::format("if the home country {} is lost ({}), {} of {} shards are left, {} are "
                        "needed",
                        rules_.home_country, Joined(names), count() - held, count(), needed_));
    }
  }

  void CheckAbroad() {
    const int wanted = AbroadMin(rules_);
    if (wanted <= 0) return;
    if (rules_.home_country.empty()) {
      verdict_.violations.push_back("abroad needs home_country: abroad from where?");
      return;
    }
    std::vector<std::string> names;
    const int held = AtHome(names);
    if (held < 0) return;  // noted by CheckHome
    if (count() - held < wanted) {
      Break("abroad", fmt::format("{} of {} providers are outside {}, at least {} must be",
                                  count() - held, count(), rules_.home_country, wanted));
    }
  }

  void CheckDenied() {
    if (rules_.deny_countries.empty()) return;
    std::set<std::string> denied;
    for (const std::string& code : rules_.deny_countries) {
      if (!code.empty()) denied.insert(Folded(code));
    }
    for (const auto& [name, domain] : providers_) {
      if (denied.contains(Folded(domain.country))) {
        Break("deny_countries", fmt::format("{} is in {}, which is denied", name, domain.country));
      }
      if (denied.contains(Folded(domain.vendor_home))) {
        Break("deny_countries", fmt::format("{}'s vendor has its legal home in {}, which is denied",
                                            name, domain.vendor_home));
      }
      if (domain.country.empty() || domain.vendor_home.empty()) {
        verdict_.notes.push_back(
            fmt::format("{} does not declare its {}: denied countries are not checked for it", name,
                        domain.country.empty() ? "country" : "vendor_home"));
      }
    }
  }

  void NoteRelaxations() {
    for (const Relaxation& one : rules_.relaxations) {
      if (one.expires_seconds == 0 || !used_.contains(one.axis)) continue;
      if (Expired(one)) continue;  // its rule is in the violations
      if (one.expires_seconds - now_.seconds > kExpiresSoonSeconds) continue;
      verdict_.notes.push_back(
          fmt::format("the relaxation of {} expires on {}: new backups are refused from then on",
                      one.axis, ToIso8601({one.expires_seconds, 0}).substr(0, 10)));
    }
  }

  const std::vector<std::pair<std::string, Domain>>& providers_;
  const int needed_;
  const PlacementRules& rules_;
  const Timestamp now_;
  PlacementVerdict verdict_;
  std::set<std::string> used_;  // axes whose relaxation something needed
};

}  // namespace

int AbroadMin(const PlacementRules& rules) {
  return rules.abroad_min.value_or(rules.home_country.empty() ? 0 : kAbroadDefault);
}

PlacementVerdict CheckPlacement(const std::vector<std::pair<std::string, Domain>>& providers,
                                int needed, const PlacementRules& rules, Timestamp now) {
  return PlacementCheck(providers, needed, rules, now).Run();
}

Status PlacementStatus(const PlacementVerdict& verdict) {
  if (verdict.ok()) return Status::Ok();
  std::string message = "the placement policy refuses this:";
  for (const std::string& violation : verdict.violations) message += "\n  " + violation;
  std::string hint;
  for (const std::string& axis : verdict.axes) {
    hint += fmt::format(
        "{}[[policy.relax]] axis = \"{}\", ground = \"why\", approver = \"who\", "
        "expires = YYYY-MM-DD",
        hint.empty() ? "place shards in other hands, or write into vault.toml: " : "; ", axis);
  }
  if (hint.empty()) hint = "correct these lines of vault.toml";
  return Status(StatusCode::kPolicy, std::move(message), std::move(hint));
}

}  // namespace fenchi
