// How a vault's admins change who can do what: new epochs, new slots, key domains, writers, admins.
//
// Each makes its objects, puts them to >= W providers, hands key shares out, and then publishes one
// policy version that names them, or makes a proposal of it. What fails before leaves objects that
// mean nothing. Rotating rewrites no pack: data keys are wrapped by read keys, and readers keep
// those of all epochs.
#pragma once

#include <vector>

#include "fenchi/custody.h"
#include "format/slots.h"
#include "repository/access.h"

namespace fenchi {

// A new epoch: root, leaf secret, slots and read keys are new; what `plan` does not name opens
// nothing that is written from now on. Errors: kDenied without an admin key or an opened slot; as
// CheckCustodyPlan and PublishPolicy; what plan.deliver answers.
Result<PolicyChange> RotateKeys(Access& access, const CustodyPlan& plan, Clock& clock,
                                Random& random);

// More alternatives in the same epoch; those that there are stay. Errors: as RotateKeys;
// kUnsupported for provider-held shares, which take a new epoch.
Result<PolicyChange> AddSlots(Access& access, const CustodyPlan& plan, Clock& clock,
                              Random& random);

// `heads`: of all logs, read from >= R, for PolicyEdit::close_former_admins.
Result<PolicyChange> EditPolicy(Access& access, const PolicyEdit& edit,
                                const std::vector<format::LogHead>& heads, Clock& clock,
                                Random& random);

// The slots that a version of the policy names. Errors: kDataLoss when no provider has them.
Result<format::SlotTable> ReadSlotTable(const Access& access, const format::Policy& policy);

// `at`: which policy: the last that was signed by then. None: the newest.
Result<CustodyReport> DescribeAccess(const Access& access, std::optional<Timestamp> at);
// What a proposal changes, a sentence for each thing. Errors: as DraftOf.
Result<std::vector<std::string>> ReviewChange(const Access& access, ByteView proposal);

}  // namespace fenchi
