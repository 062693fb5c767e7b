// Examples of sections 5 and 12: everything on the way to a key.
#include <vector>

#include "crypto/p256.h"
#include "fenchi/hash.h"
#include "fenchi/key_sharing.h"
#include "format/credential.h"
#include "format/keyring.h"
#include "format/leaf.h"
#include "format/policy.h"
#include "format/sealed.h"
#include "format/slots.h"
#include "unit/format/worked_examples.h"

namespace fenchi::format::testing {
namespace {

const char kPassphrase[] = "correct horse battery staple";
const char kAccess[] = "passphrase";

void LeafExample(Example& e, Page& page) {
  page.Heading("Leaf share (5.4, section 12)");
  page.Text(
      "The leaf secret, shared 2-of-255; R is key(\"leaf 0\"). Leaf objects of seats 0 to 2.");
  ExampleRandom random("leaf");
  const SecretBytes secret = SecretBytes::CopyOf(ExampleKey("leaf secret"));
  const Bytes context = LeafShareContext(e.vault, e.epoch);
  const std::vector<KeyShare> shares =
      SplitKey(secret, {.threshold = 2, .count = 255}, context, random).value();
  page.Hex("T", context);
  for (int seat = 0; seat < 3; ++seat) {
    const SecretBytes share = shares[static_cast<std::size_t>(seat)].Serialize();
    const Bytes object =
        EncodeLeaf({e.providers[seat], Bytes(share.view().begin(), share.view().end())}).value();
    e.leaves[seat] = Sha256(object);
    if (seat == 0) page.Hex("leaf object of seat 0", object);
    page.Line("H(leaf object of seat " + std::to_string(seat) + ")", e.leaves[seat].hex());
  }
}

void SlotExample(Example& e, Page& page) {
  page.Heading("Slots (5.3)");
  page.Text(
      "One slot, `passphrase`; the passphrase is `correct horse battery staple`, the cost 1 pass "
      "over 8 KiB (far too little\noutside an example), the salt of Argon2id key(\"passphrase "
      "salt\"). The box over the epoch root is object \"slot\".");
  Slot slot;
  slot.id = ExampleId<SlotId>("slot id");
  slot.access = kAccess;
  slot.node.kind = NodeKind::kPassphrase;
  const Bytes salt = ExampleKey("passphrase salt", 16);
  std::copy(salt.begin(), salt.end(), slot.node.salt.bytes.begin());
  slot.node.cost = kArgon2CheapestCost;
  const SecretBytes child = StretchPassword(AsBytes(kPassphrase), salt, slot.node.cost).value();
  const SlotIdentity identity{e.vault, e.epoch, slot.id, slot.access};
  const SecretBytes key = SlotKey(child.view(), ExampleKey("leaf secret"), identity);
  const Bytes context = SlotContext(e.epoch, slot.id);
  ExampleRandom random("slot");
  slot.root_box =
      Seal({e.suite, SealType::kSlot, e.vault, context}, key.view(), e.epoch_root, random).value();
  page.Hex("child key", child.view());
  page.Hex("slot key", key.view());
  page.Hex("box", slot.root_box);
  SlotTable table{e.vault, e.epoch, {}};
  table.slots.push_back(std::move(slot));
  e.slots = EncodeSlots(table).value();
  page.Hex("slots object", e.slots);
}

void AndExample(const Example& e, Page& page) {
  page.Text(
      "The key of an AND node at the root of that slot, would its children's keys be "
      "key(\"child 0\") and key(\"child 1\"):");
  const Bytes zero = ExampleKey("child 0");
  const Bytes one = ExampleKey("child 1");
  const ByteView keys[] = {zero, one};
  const SlotIdentity identity{e.vault, e.epoch, ExampleId<SlotId>("slot id"), kAccess};
  page.Hex("AND key", AndKey(keys, identity, {}).view());
  page.Text("The same node as the second child of the root, and T of key shares in that place:");
  const Bytes path = {1};
  page.Hex("AND key at path 01", AndKey(keys, identity, path).view());
  page.Hex("T at path 01", SlotShareContext(identity, path));
}

void TokenExample(const Example& e, Page& page) {
  page.Text(
      "A slot that is sealed to a token, `hsm`, with the id key(\"token slot id\"): the token's "
      "secret "
      "key is key(\"token secret key\"), the\nchild key key(\"token child key\"), sealed as object "
      "\"token\"; the box over the epoch root is object \"token slot\".");
  const P256KeyPair token = P256KeyPair::FromSecretKey(ExampleKey("token secret key")).value();
  Slot slot;
  slot.id = ExampleId<SlotId>("token slot id");
  slot.access = "hsm";
  slot.node.kind = NodeKind::kToken;
  slot.node.token = token.public_key;
  const Bytes child = ExampleKey("token child key");
  const Bytes context = ChildKeyContext(slot.id, {});
  ExampleRandom random("token");
  slot.node.sealed_key = SealToP256Key({e.suite, kSealChildKey, e.vault, context},
                                       token.public_key.view(), child, random)
                             .value();
  const P256PublicKey ephemeral = EphemeralKeyOfBox(slot.node.sealed_key).value();
  const SlotIdentity identity{e.vault, e.epoch, slot.id, slot.access};
  const SecretBytes key = SlotKey(child, ExampleKey("leaf secret"), identity);
  ExampleRandom slot_random("token slot");
  slot.root_box = Seal({e.suite, SealType::kSlot, e.vault, SlotContext(e.epoch, slot.id)},
                       key.view(), e.epoch_root, slot_random)
                      .value();
  page.Hex("token's public key", token.public_key.view());
  page.Hex("x that both agree on", P256Secret(token.secret_key.view(), ephemeral.view())->view());
  page.Hex("key sealed to the token", slot.node.sealed_key);
  page.Hex("slot key of the token's slot", key.view());
  SlotTable table{e.vault, e.epoch, {}};
  table.slots.push_back(std::move(slot));
  page.Hex("slots object of the token's slot", EncodeSlots(table).value());
}

DomainKeys ExampleDomain() {
  DomainKeys domain;
  domain.id = ExampleId<DomainId>("domain id");
  domain.label = "default";
  domain.read_keys.push_back({1, KeyPair::FromSecretKey(ExampleKey("read secret key")).value()});
  domain.id_root = SecretBytes::CopyOf(ExampleKey("id root"));
  domain.index_root = SecretBytes::CopyOf(ExampleKey("index root"));
  return domain;
}

void KeyringExample(Example& e, Page& page) {
  page.Heading("Keyring (5.5)");
  page.Text("One key domain with the label `default`, and the admin's seed. Object \"keyring\".");
  Keyring keyring;
  keyring.epoch = e.epoch;
  keyring.outer_key = SecretBytes::CopyOf(e.outer_key);
  keyring.name_key = SecretBytes::CopyOf(e.name_key);
  keyring.verify = KeyPair::FromSecretKey(e.verify.secret_key.view()).value();
  keyring.domains.push_back(ExampleDomain());
  keyring.admin_seed = SecretBytes::CopyOf(ExampleKey("admin seed"));
  ExampleRandom random("keyring");
  e.keyring = SealKeyring(e.suite, e.vault, e.epoch_root, keyring, random).value();
  page.Hex("keyring, plain", EncodeKeyring(keyring).value().view());
  page.Hex("keyring object", e.keyring);
}

PolicyDetails ExampleDetails(const Example& e) {
  PolicyDetails details;
  details.vault_name = "example";
  const char* names[] = {"taipei", "tokyo", "oslo"};
  const char* countries[] = {"TW", "JP", "NO"};
  for (int i = 0; i < 3; ++i) {
    ProviderDetails provider;
    provider.id = e.providers[i];
    provider.name = names[i];
    provider.country = countries[i];
    details.providers.push_back(provider);
  }
  details.domains.push_back({e.domain, "default"});
  details.home_country = "TW";
  details.denied_countries = {"CN"};
  details.relaxations.push_back({"vendor_home", "only two bidders", "CISO", 1798761600});
  details.abroad = 2;
  return details;
}

Policy ExamplePolicy(const Example& e) {
  Policy policy;
  policy.vault = e.vault;
  policy.version = 1;
  policy.previous = Hash256{e.vault.bytes};
  policy.time = {1795245000, 0};
  policy.needed = 2;
  for (int i = 0; i < 3; ++i) {
    policy.providers.push_back({e.providers[i], i, ProviderState::kActive});
    policy.leaves.push_back({i, e.leaves[i]});
  }
  policy.quorums = DefaultQuorums(2, 3).value();
  policy.suite = e.suite;
  policy.epoch = e.epoch;
  policy.verify_public_key = e.verify.public_key;
  policy.domains.push_back({e.domain, e.epoch, e.read.public_key});
  policy.slots = {1, Sha256(e.slots)};
  policy.keyring = {1, Sha256(e.keyring)};
  policy.leaf_version = 1;
  policy.format_doc = ExampleId<Hash256>("format.md");
  policy.reader = ExampleId<Hash256>("fenchi_reader.py");
  policy.writers.push_back({e.writer, e.writer_key.public_key(),
                            kRightBackup | kRightPrune | kRightAttest, WriterState::kActive});
  policy.next_admins = {1, {e.admin.public_key()}};
  return policy;
}

void PolicyExample(Example& e, Page& page) {
  page.Heading("Policy (5.2)");
  page.Text(
      "Version 1 at the time 1795245000; key 17 is `[key(\"format.md\"), "
      "key(\"fenchi_reader.py\")]`. The details are object\n\"details\".");
  const Bytes details = EncodePolicyDetails(ExampleDetails(e)).value();
  const Bytes context = PolicyDetailsContext(1);
  ExampleRandom random("details");
  Policy policy = ExamplePolicy(e);
  policy.details = SealPadded({e.suite, SealType::kPolicyDetails, e.vault, context}, e.outer_key,
                              details, kPolicyDetailsPadding, kPolicyObjectSizeMax, random)
                       .value();
  SignedPolicy object;
  object.payload = EncodePolicy(policy).value();
  const Signature signature = e.admin.Sign(PolicySigningMessage(e.vault, object.payload));
  object.signatures = {{e.admin.public_key(), signature}};
  page.Hex("details, plain", details);
  page.Hex("details box", policy.details);
  page.Hex("payload", object.payload);
  page.Hex("payload up to the details box",
           ByteView(object.payload).first(object.payload.size() - policy.details.size()));
  page.Hex("signature", signature.view());
  page.Hex("policy object", EncodeSignedPolicy(object).value());
}

void CredentialExample(const Example& e, Page& page) {
  page.Heading("Credential (5.6)");
  page.Text("Of a write-only host.");
  Credential credential;
  credential.vault = e.vault;
  credential.role = Role::kWrite;
  credential.epoch = e.epoch;
  credential.outer_key = SecretBytes::CopyOf(e.outer_key);
  credential.name_key = SecretBytes::CopyOf(e.name_key);
  credential.verify_public_key = e.verify.public_key;
  const IdScope scope{e.writer.bytes};
  credential.writer_domains.push_back(
      {e.domain, "default", e.read.public_key,
       IdKey(ExampleKey("id root"), e.vault, e.domain, scope),
       IndexKey(ExampleKey("index root"), e.vault, e.domain, scope)});
  credential.writer = CredentialWriter{e.writer, SecretBytes::CopyOf(ExampleKey("writer seed"))};
  page.Hex("file", EncodeCredential(credential).value().view());
}

}  // namespace

void KeyExamples(Example& example, Page& page) {
  LeafExample(example, page);
  SlotExample(example, page);
  AndExample(example, page);
  TokenExample(example, page);
  KeyringExample(example, page);
  PolicyExample(example, page);
  CredentialExample(example, page);
}

}  // namespace fenchi::format::testing
