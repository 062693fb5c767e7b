// What a PKCS#11 library answered, as a Status. Threads: any.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>

#include "fenchi/status.h"

namespace fenchi {

// "CKR_DEVICE_REMOVED", or the number.
std::string AnswerName(CK_RV answer);

// `who`: the token, for people; `what`: what it was asked to do, as in "could not agree".
// Errors: kUnavailable when the token is gone or in trouble; kDenied when it refuses; kUnsupported
// when it cannot do it. Never kNotFound.
Status CheckAnswer(CK_RV answer, const std::string& who, const char* what);

}  // namespace fenchi
