// Slots at work: from a person's factors and the leaf secret to the epoch root, and back.
//
// FORMAT.md section 5.3. Opening is pure computing over a decoded table; nothing here talks to a
// provider. Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(SecretBytes root, OpenAnySlot(table, leaf.view(), {.passphrase = &p}));
#pragma once

#include <cstdint>

#include "crypto/key_exchange.h"
#include "crypto/password.h"
#include "fenchi/aead.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "format/derive.h"
#include "format/slots.h"

namespace fenchi {

// What a person brought. Absent ones are null.
struct SlotFactors {
  const SecretBytes* passphrase = nullptr;
  const KeyPair* recipient = nullptr;
};

// The 32-byte child key that a node yields. path: of the node, empty for the root node.
// Errors: kWrongKey when the factors are there but do not fit; kUnsupported when a factor is absent
// or of a kind that cannot be brought yet (custodians, provider-held); kFull for Argon2id's memory.
Result<SecretBytes> EvaluateNode(const format::SlotNode& node, const format::SlotIdentity& slot,
                                 ByteView path, const SlotFactors& factors);

// The epoch root from the first slot that opens.
// Errors: kWrongKey when a slot could be tried and none opened; kUnsupported when none could be.
Result<SecretBytes> OpenAnySlot(const format::SlotTable& table, ByteView leaf_secret,
                                const SlotFactors& factors);

// A slot that a passphrase opens. Errors: kInvalidArgument for an empty passphrase or a cost out of
// limits; kFull.
Result<format::Slot> MakePassphraseSlot(Suite suite, const VaultId& vault, std::uint32_t epoch,
                                        const SecretBytes& passphrase, const Argon2Cost& cost,
                                        ByteView leaf_secret, ByteView root, Random& random);

// Seals the epoch root into slot.root_box; slot.id, .access and .node must be complete.
Status SealRoot(Suite suite, const VaultId& vault, std::uint32_t epoch, ByteView root_child_key,
                ByteView leaf_secret, ByteView root, Random& random, format::Slot& slot);

}  // namespace fenchi
