#include "fenchi/token.h"

namespace fenchi {

KeyToken::~KeyToken() = default;

}  // namespace fenchi
