// Whether what the snapshots list is there and decrypts: the deepest part of a verify.
#pragma once

#include "fenchi/report.h"
#include "fenchi/status.h"
#include "operations/session.h"

namespace fenchi {

// Walks every snapshot that this credential reads, and reads every chunk that no snapshot before
// had. What is wrong goes into the report.
// Errors: kTooFewProviders, kCancelled.
Status CheckSnapshots(Session& session, const History& history, ProgressMeter& meter,
                      VerifyReport& report);

}  // namespace fenchi
