// Custody's plain dicts and what they stand for.
#pragma once

#include "core.h"
#include "fenchi/custody.h"
#include "fenchi/token.h"

namespace fenchi_python {

// Keys: credential, passphrases, recipient_keys, tokens, shares ([(name, secret)]), admin_key; all
// optional.
fenchi::Unlock UnlockOf(const py::dict& fields);
// Keys: open, passphrases, recipients, custodians, cost, deliver. `call` and `fields` must outlive
// the plan.
fenchi::CustodyPlan PlanOf(Call& call, const py::dict& fields);
fenchi::PolicyEdit EditOf(const py::dict& fields);

py::dict ToDict(const fenchi::PolicyChange& change);
py::dict ToDict(const fenchi::CustodyReport& report);
py::dict ToDict(const fenchi::ShareStanding& standing);

// A token of the library as it is; any other object behind an adapter that calls its verb.
std::shared_ptr<fenchi::KeyToken> TokenOf(const py::object& token);
// Throws InvalidArgument when it is not 65 bytes.
fenchi::TokenKey TokenKeyOf(fenchi::ByteView bytes);

void BindCustody(py::module_& module);
void BindTokens(py::module_& module);

}  // namespace fenchi_python
