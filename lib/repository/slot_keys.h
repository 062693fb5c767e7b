// Slots at work: from people's factors and the leaf secret to the epoch root.
//
// FORMAT.md section 5.3. Opening is pure computing over a decoded table; nothing here talks to a
// provider. Slots are tried in order with all factors that were brought; where none opens, the
// failure says what each one lacks. Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(OpenedSlot opened,
//                           OpenAnySlot(table, leaf.view(), {.passphrases = {&passphrase}}));
#pragma once

#include <string>
#include <vector>

#include "crypto/key_exchange.h"
#include "fenchi/key_sharing.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "fenchi/token.h"
#include "format/slots.h"

namespace fenchi {

// What was brought. All may be empty. What the pointers and views name must outlive the use.
struct SlotFactors {
  std::vector<const SecretBytes*> passphrases = {};
  std::vector<const KeyPair*> recipients = {};
  std::vector<KeyToken*> tokens = {};          // each asked only where its slot lacks nothing
  std::vector<NamedShare> shares = {};         // custodians' items, in any order
  std::vector<NamedShare> provider_held = {};  // from leaf objects, named by provider
};

struct OpenedSlot {
  SecretBytes root;
  std::string access;              // of the slot
  std::vector<ShareFault> faults;  // custodians' items that are of no use to any slot, or forged
};

// Errors: kWrongKey when no slot opens; the message says what each lacks and names each bad share;
// kUnsupported when all slots are of kinds of later; kFull for Argon2id's memory; kDamaged when a
// token's answer does not open what was sealed to its key; the token's own.
Result<OpenedSlot> OpenAnySlot(const format::SlotTable& table, ByteView leaf_secret,
                               const SlotFactors& factors);

}  // namespace fenchi
