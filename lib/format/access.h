// Access expressions: who opens a vault, in words. FORMAT.md section 5.3 (key 2 of a slot).
//
//   3 of custodians AND passphrase, OR escrow
//
// Alternatives stand between ", OR"; each is a slot of its own. Inside one, AND binds closer than
// OR, and parentheses group. A factor is a NAME (a passphrase or a recipient) or N of GROUP (key
// shares of a group of custodians, or of `providers`). One meaning has one form: AccessText.
// Pure; threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(std::vector<AccessTerm> alternatives, ParseAccess(text));
//   slot.access = AccessText(alternatives[0]);
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/status.h"

namespace fenchi::format {

inline constexpr std::string_view kProvidersGroup = "providers";
inline constexpr std::size_t kFactorNameSizeMax = 64;

struct AccessTerm {
  enum class Kind { kName, kShares, kAnd, kOr };
  Kind kind = Kind::kName;
  std::string name;                  // kName, kShares: of the factor or the group
  int threshold = 0;                 // kShares
  std::vector<AccessTerm> children;  // kAnd, kOr: 2..8, none of the same kind
  friend bool operator==(const AccessTerm&, const AccessTerm&) = default;
};

// 1..64 alternatives, in the order written.
// Errors: kInvalidArgument, saying what is wrong and at which character (counted from 1).
Result<std::vector<AccessTerm>> ParseAccess(std::string_view text);

// The one form of a term, and of alternatives.
std::string AccessText(const AccessTerm& term);
std::string AccessText(std::span<const AccessTerm> alternatives);

}  // namespace fenchi::format
