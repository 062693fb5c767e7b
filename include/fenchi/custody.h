// Custody: who opens a vault, alone or together, and how the vault's admins change that.
//
//   open = "3 of custodians AND passphrase, OR escrow"
//
// Alternatives stand between ", OR": each opens the vault by itself, together with k providers.
// Inside one, AND binds closer than OR; parentheses group, three levels deep. A factor is
//   NAME          a passphrase, or the secret key of a recipient, X25519 in a file or P-256 in a
//                 token (token.h): the plan says which;
//   N of GROUP    key shares of that many custodians of a group of at most 16;
//   k of providers  shares that lie at the providers: protects against fewer than k of them only.
//
//   CustodyPlan plan;
//   plan.open = "2 of board, OR escrow";
//   plan.custodians["board"] = {{"Lin", "Wu"}, {"Chen", ""}, {"Huang", ""}};
//   plan.recipients["escrow"] = *RecipientKeyOf(escrow_secret);
//   plan.deliver = [](std::span<const CustodianShare> shares) { ... };  // each share to its holder
//   FENCHI_ASSIGN_OR_RETURN(PolicyChange change, vault.Rotate(plan));
//
// Promises: key shares exist as bytes once, while `deliver` runs, and the vault is changed only
// after it returned ok. An old share, passphrase or key opens nothing that was written after a
// Rotate; what it opened before it can open still, with k providers.
// Threads: free functions have no state.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/export.h"
#include "fenchi/options.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "fenchi/token.h"

namespace fenchi {

using RecipientKey = std::array<std::uint8_t, 32>;  // X25519 public key
// What a slot can be sealed to: whoever holds the secret key, or whoever can ask the token.
using RecipientPublicKey = std::variant<RecipientKey, TokenKey>;
using AdminKey = std::array<std::uint8_t, 32>;  // Ed25519 public key

// An access expression, taken apart.
struct AccessExpression {
  std::string canonical;                  // the one form of its meaning
  std::vector<std::string> alternatives;  // each in that form
  std::vector<std::string> names;         // of passphrases and recipients, each once
  std::map<std::string, int> groups;      // of custodians, with the largest N asked of them
  bool providers = false;                 // whether "N of providers" stands in it
};
// Errors: kInvalidArgument, saying what is wrong at which character.
FENCHI_EXPORT Result<AccessExpression> ParseAccessExpression(std::string_view open);

struct Custodian {
  std::string holder = {};  // person or office, UTF-8
  std::string deputy = {};  // who acts for the holder; may be empty
};

// A key share on its way to its holder. Move-only: the bytes are secret.
struct CustodianShare {
  std::string slot;  // the alternative that it helps to open
  std::string group;
  Custodian custodian;
  int threshold = 0;  // shares needed
  int count = 0;      // shares made
  int index = 0;      // 1..count
  std::uint32_t epoch = 0;
  SecretBytes bytes;  // a serialised KeyShare (key_sharing.h)
};

// An access expression and what its names stand for: each name in exactly one of the maps.
struct CustodyPlan {
  std::string open = "passphrase";
  std::map<std::string, SecretBytes> passphrases = {};
  std::map<std::string, RecipientPublicKey> recipients = {};
  std::map<std::string, std::vector<Custodian>> custodians = {};  // by group; index = place + 1
  PassphraseCost passphrase_cost = {};
  // Gets all shares, once, before the vault is changed. A failure stops the change. Must be set
  // when the expression names custodians.
  std::function<Status(std::span<const CustodianShare>)> deliver = {};
};

// ---- Keys that people hold ----

// 32 bytes, secret. The recipient keeps them; the vault gets RecipientKeyOf.
FENCHI_EXPORT SecretBytes NewRecipientKey(Random& random);
// Errors: kInvalidArgument when it has another size, or no proper public key.
FENCHI_EXPORT Result<RecipientKey> RecipientKeyOf(const SecretBytes& secret);
// Whether a token will do as a recipient: it keeps its secret key, and agrees with a key pair that
// is drawn for this. To be asked before anything is sealed to it: what it cannot open stays closed.
// Errors: kPolicy when its secret key can be read out; kDamaged when its public key is no point of
// the curve or its answer is another; the token's.
FENCHI_EXPORT Status CheckToken(KeyToken& token, Random& random);
FENCHI_EXPORT SecretBytes NewAdminKey(Random& random);
FENCHI_EXPORT Result<AdminKey> AdminKeyOf(const SecretBytes& secret);

// What a key share says of itself: enough for its holder to see that it is whole and of which
// epoch, alone and without the vault.
struct ShareLabel {
  VaultId vault;
  std::uint32_t epoch = 0;
  std::string set;  // hex: equal in all shares that fit together
  int threshold = 0;
  int index = 0;
};
// Errors: kDamaged, also for the share of something else than a vault's slot.
FENCHI_EXPORT Result<ShareLabel> ReadShareLabel(ByteView share);

// How a share stands to its vault as the providers serve it now.
struct ShareStanding {
  ShareLabel label;
  bool same_vault = false;
  std::uint32_t policy_version = 0;
  std::uint32_t epoch = 0;  // the vault's; the share's is in its label
  // The access expression that the share helps to open today; empty: none any more.
  std::string slot = {};
};

// ---- Changes that admins sign ----

struct AdminRule {
  int threshold = 1;  // m: admins that must sign
  std::vector<AdminKey> keys = {};
};

struct NewWriter {
  // kWrite: adds to the named key domains and reads nothing. kRead: a host that reads and writes
  // where the vault has several admins, so that it cannot register itself.
  Role role = Role::kWrite;
  std::vector<std::string> key_domains = {};  // labels; empty: all
  std::string label = {};                     // for people: which host it is
};

// What one policy version changes besides custody. Empty fields change nothing.
struct PolicyEdit {
  std::vector<std::string> add_key_domains = {};
  std::vector<NewWriter> add_writers = {};
  std::vector<WriterId> revoke_writers = {};
  std::optional<AdminRule> admins = {};
  // What admins of earlier versions sign from now on counts no more. A version of its own, after
  // the one that changed the admins.
  bool close_former_admins = false;
};

struct PolicyChange {
  bool published = false;
  std::uint32_t policy_version = 0;
  // Where this opening's admin key does not suffice: a file that is not secret, for ApproveProposal
  // and then Vault::Publish. It is void once another version was published.
  Bytes proposal = {};
  std::vector<SecretBytes> credentials = {};  // of PolicyEdit::add_writers, in their order
};

// An admin's signature under a proposal: a file that may travel by mail or USB. Needs no vault;
// show Vault::ReviewProposal to the admin first. Errors: kDamaged; kInvalidArgument for the key.
FENCHI_EXPORT Result<Bytes> ApproveProposal(ByteView proposal, const SecretBytes& admin_key);

// ---- Who can open ----

struct CustodyGroup {
  std::string slot, group;
  int threshold = 0;
  std::vector<Custodian> custodians;  // by index - 1
};
// A recipient whose secret key is in a token.
struct CustodyToken {
  std::string slot, name;
  TokenKey public_key{};
};
struct WriterInfo {
  WriterId id;
  std::string label;  // empty: it registered itself
  bool reads = false;
  bool revoked = false;
};
struct CustodyReport {
  std::uint32_t policy_version = 0;
  Timestamp time;  // when that version was signed, by its signer's clock
  std::uint32_t epoch = 0;
  std::string open;                      // the expression of all slots
  std::vector<std::string> slots;        // alternatives
  std::vector<std::string> in_words;     // a sentence for each slot
  std::vector<bool> described;           // whether a slot's nodes are just what its text says
  int needed = 0;                        // k: providers that each slot takes besides
  std::vector<CustodyGroup> groups;      // of custodians
  std::vector<CustodyToken> tokens;      // of the slots that are described
  std::vector<std::string> key_domains;  // labels
  AdminRule admins;
  std::vector<WriterInfo> writers;
};

// What was written in one epoch and lies at the providers: the keys of that epoch read it, whoever
// still has them. Rotating changes nothing about it.
struct EpochUse {
  std::uint32_t epoch = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t packs = 0;
  std::uint64_t bytes = 0;  // of the sealed packs, before they are split
};

}  // namespace fenchi
