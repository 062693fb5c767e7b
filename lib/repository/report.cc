// The few functions behind the public report types.
#include "fenchi/report.h"

#include "base/display.h"

namespace fenchi {

std::string EscapePath(std::string_view path) { return EscapeForDisplay(path); }

std::string_view DamageKindName(DamageKind kind) {
  switch (kind) {
    case DamageKind::kMissing:
      return "missing";
    case DamageKind::kTruncated:
      return "truncated";
    case DamageKind::kHeader:
      return "header";
    case DamageKind::kBlock:
      return "block";
    case DamageKind::kContent:
      return "content";
    case DamageKind::kObject:
      return "object";
    case DamageKind::kUnreachable:
      return "unreachable";
    case DamageKind::kUnreadable:
      return "unreadable";
  }
  return "unknown";
}

std::string_view LockStandingName(LockStanding standing) {
  switch (standing) {
    case LockStanding::kLocked:
      return "locked";
    case LockStanding::kUnlocked:
      return "unlocked";
    case LockStanding::kUnknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace fenchi
