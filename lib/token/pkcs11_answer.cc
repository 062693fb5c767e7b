#include "token/pkcs11_answer.h"

#include <array>

#include "base/error.h"

namespace fenchi {
namespace {

struct Known {
  CK_RV answer;
  const char* name;
  StatusCode code;
  bool gone = false;  // to come back takes a new session
};

constexpr std::array kKnown = {
    Known{CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", StatusCode::kUnavailable, true},
    Known{CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", StatusCode::kUnavailable, true},
    Known{CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", StatusCode::kUnavailable, true},
    Known{CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", StatusCode::kUnavailable, true},
    Known{CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", StatusCode::kUnavailable, true},
    Known{CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", StatusCode::kUnavailable, true},
    Known{CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID", StatusCode::kUnavailable, true},
    Known{CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID", StatusCode::kUnavailable, true},
    Known{CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED", StatusCode::kUnavailable,
          true},
    Known{CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", StatusCode::kUnavailable},
    Known{CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR", StatusCode::kUnavailable},
    Known{CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED", StatusCode::kUnavailable},
    Known{CKR_SESSION_COUNT, "CKR_SESSION_COUNT", StatusCode::kUnavailable},
    Known{CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", StatusCode::kFull},
    Known{CKR_HOST_MEMORY, "CKR_HOST_MEMORY", StatusCode::kFull},
    Known{CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", StatusCode::kDenied},
    Known{CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED", StatusCode::kDenied},
    Known{CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED", StatusCode::kDenied},
    Known{CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE", StatusCode::kDenied},
    Known{CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT", StatusCode::kDenied},
    Known{CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", StatusCode::kUnsupported},
    Known{CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID", StatusCode::kUnsupported},
    Known{CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED", StatusCode::kUnsupported},
};

const Known* Find(CK_RV answer) {
  for (const Known& one : kKnown) {
    if (one.answer == answer) return &one;
  }
  return nullptr;
}

}  // namespace

std::string AnswerName(CK_RV answer) {
  const Known* known = Find(answer);
  return known != nullptr ? known->name : fmt::format("0x{:x}", answer);
}

Status CheckAnswer(CK_RV answer, const std::string& who, const char* what) {
  if (answer == CKR_OK) return Status::Ok();
  const Known* known = Find(answer);
  if (known != nullptr && known->gone) {
    return Unavailable("{} was removed, or ended the session, and {} ({})", who, what,
                       AnswerName(answer))
        .WithHint("put the token back, or start its service, and run the command again");
  }
  const StatusCode code = known != nullptr ? known->code : StatusCode::kUnavailable;
  Status status(code, fmt::format("{} {} ({})", who, what, AnswerName(answer)));
  if (code == StatusCode::kUnsupported || code == StatusCode::kDenied) {
    return status.WithHint(
        "the token must allow ECDH over P-256 (CKM_ECDH1_DERIVE), and a derived value that can be "
        "read; ask its maker or who set it up");
  }
  return status.WithHint("look at the token and at its maker's log, and run the command again");
}

}  // namespace fenchi
