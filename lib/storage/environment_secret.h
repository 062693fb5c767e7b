// Secrets from environment variables, or from files that they name.
#pragma once

#include <string>
#include <string_view>

#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// "" when the variable is not set.
std::string EnvironmentText(const std::string& variable);

// The variable's value; else the content of the file that VARIABLE_FILE names, without line breaks
// at its end; else empty. Read anew at each call, so that a file may be replaced.
// Errors: kDenied when that file cannot be read or is larger than 64 KiB.
Result<SecretBytes> EnvironmentSecret(const std::string& variable);

// "PREFIX_SUFFIX" or "PREFIX_NAME_SUFFIX" in capitals: the variable of one of several places.
std::string EnvironmentVariable(std::string_view prefix, std::string_view name,
                                std::string_view suffix);

// Errors: kInvalidArgument unless `name` has letters, digits and '_' only.
Status CheckCredentialsName(std::string_view name);

}  // namespace fenchi
