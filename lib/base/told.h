// Told: marks where something made from secrets may be known by others, such as whether a
// commitment fits.
//
// No branch and no address may depend on a secret, but the outcome of a comparison is an answer,
// and whoever asked branches on it. Each such place says so with Told; there is no other. In the
// library it is nothing; tests/constant_time builds the same sources with FENCHI_MARK_SECRETS,
// gives Valgrind all secrets as uninitialised memory, and every branch without Told is a report.
//
//   if (!Told(ConstantTimeEquals(computed, stored))) return WrongKey(...);
#pragma once

#ifdef FENCHI_MARK_SECRETS
#include <valgrind/memcheck.h>
#endif

namespace fenchi {

inline bool Told(bool outcome) {
#ifdef FENCHI_MARK_SECRETS
  (void)VALGRIND_MAKE_MEM_DEFINED(&outcome, sizeof outcome);
#endif
  return outcome;
}

}  // namespace fenchi
