// Custody's plain dicts and what they stand for.
#pragma once

#include "core.h"
#include "fenchi/custody.h"

namespace fenchi_python {

// Keys: credential, passphrases, recipient_keys, shares ([(name, secret)]), admin_key; all
// optional.
fenchi::Unlock UnlockOf(const py::dict& fields);
// Keys: open, passphrases, recipients, custodians, cost, deliver. `call` and `fields` must outlive
// the plan.
fenchi::CustodyPlan PlanOf(Call& call, const py::dict& fields);
fenchi::PolicyEdit EditOf(const py::dict& fields);

py::dict ToDict(const fenchi::PolicyChange& change);
py::dict ToDict(const fenchi::CustodyReport& report);
py::dict ToDict(const fenchi::ShareStanding& standing);

void BindCustody(py::module_& module);

}  // namespace fenchi_python
