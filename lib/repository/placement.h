// The placement policy: whose hands may hold how many shards. design: section 9.
//
// Checked before every write and at `init`; recorded in the signed policy. Every refusal names the
// rule and the relaxation that would allow it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fenchi/clock.h"
#include "fenchi/options.h"

namespace fenchi {

// Not whose hands, but what they can do: relaxed, a place may be one that overwrites silently.
inline constexpr std::string_view kCreateOnlyAxis = "create_only";

struct PlacementVerdict {
  std::vector<std::string> violations;  // rules broken and not relaxed: refuse
  std::vector<std::string> notes;       // undeclared axes, relaxations in force or expiring
  std::vector<std::string> axes;        // relaxing these by name would lift the violations
  bool ok() const { return violations.empty(); }
};

// providers: names and domains of all n. needed: k.
PlacementVerdict CheckPlacement(const std::vector<std::pair<std::string, Domain>>& providers,
                                int needed, const PlacementRules& rules, Timestamp now);
// Providers that must be outside the home country: as the rules say, else 3 where there is a home
// country, else 0.
int AbroadMin(const PlacementRules& rules);
// kPolicy with all violations and, as the hint, the relaxation to write; or ok.
Status PlacementStatus(const PlacementVerdict& verdict);

}  // namespace fenchi
