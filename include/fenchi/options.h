// What the verbs of a vault take: one options struct each, every field defaulted.
//
//   vault.BackupTree("/srv/ledger", {.label = "nightly", .compression_level = 9});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/entry.h"
#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"
#include "fenchi/vault_head.h"

namespace fenchi {

class KeyToken;  // token.h

// `name` is the word for it everywhere: in reports, errors and options.
struct NamedProvider {
  std::string name = {};
  std::shared_ptr<Provider> provider = {};
};

// What a credential can do: read everything of its key domains, add backups, check and rebuild
// shards without reading, change the policy.
enum class Role { kRead = 1, kWrite = 2, kVerify = 3, kAdmin = 4 };

// What opens a vault: a credential file, or the factors of a slot. Cheap to copy; the secrets in it
// are shared and wiped with the last copy.
//
//   Unlock unlock = Unlock::WithPassphrase(std::move(passphrase));
//   unlock.AddShare("page A", std::move(share)).AddShare("usb of Lin", std::move(other));
class FENCHI_EXPORT Unlock {
 public:
  using Secret = std::shared_ptr<const SecretBytes>;
  struct Share {
    std::string name;  // what people know the item by: a file, a page
    Secret bytes;
  };

  Unlock() = default;  // no factor: enough where the providers alone open the vault
  // UTF-8 in NFC, any length from 1 byte; needs k providers as well.
  static Unlock WithPassphrase(SecretBytes passphrase);
  // The bytes of a credential file (Vault::ExportCredential); needs no slot.
  static Unlock WithCredential(SecretBytes credential);

  Unlock& AddPassphrase(SecretBytes passphrase);
  Unlock& AddRecipientKey(SecretBytes secret_key);            // X25519, 32 bytes
  Unlock& AddToken(std::shared_ptr<KeyToken> token);          // asked once or more while opening
  Unlock& AddShare(std::string name, SecretBytes key_share);  // a custodian's, in any order
  // Signs what this opening changes: Ed25519, 32 bytes. Besides any of the others.
  Unlock& AddAdminKey(SecretBytes secret_key);

  bool is_credential() const { return credential_ != nullptr; }
  bool has_factors() const {
    return !passphrases_.empty() || !recipient_keys_.empty() || !tokens_.empty() ||
           !shares_.empty();
  }
  const Secret& credential() const { return credential_; }
  const std::vector<Secret>& passphrases() const { return passphrases_; }
  const std::vector<Secret>& recipient_keys() const { return recipient_keys_; }
  const std::vector<std::shared_ptr<KeyToken>>& tokens() const { return tokens_; }
  const std::vector<Share>& shares() const { return shares_; }
  const Secret& admin_key() const { return admin_key_; }

 private:
  Secret credential_;
  std::vector<Secret> passphrases_;
  std::vector<Secret> recipient_keys_;
  std::vector<std::shared_ptr<KeyToken>> tokens_;
  std::vector<Share> shares_;
  Secret admin_key_;
};

// One rule of the placement policy that is waived, by name, by somebody, for a reason.
// axis: "vendor", "vendor_home", "country", "account", "abroad", "home_country", "deny_countries";
// "create_only": a provider may be a place that overwrites silently.
struct Relaxation {
  std::string axis = {};
  std::string ground = {};
  std::string approver = {};
  std::int64_t expires_seconds = 0;  // since 1970; 0 = never. Expired: new backups are refused
};

// Who may hold what. An axis that no provider declares is reported, not enforced; where some
// declare it, the silent ones count as one party.
struct PlacementRules {
  std::string home_country = {};
  std::vector<std::string> deny_countries = {};
  // Providers outside home_country; default 3 where that is set.
  std::optional<int> abroad_min = {};
  std::vector<Relaxation> relaxations = {};
};

struct VaultPolicy {
  std::string name = "vault";
  int needed = 2;                                   // k
  std::optional<int> liars = {};                    // f; default min(1, n - k)
  int spare_losses = 0;                             // d
  std::optional<int> write_quorum = {};             // W
  std::optional<int> read_quorum = {};              // R
  std::optional<Suite> suite = {};                  // default by this host's CPU
  std::vector<std::string> key_domains = {"main"};  // labels; the first is the default
  PlacementRules placement = {};
};

// The cost of guessing a passphrase. The default takes about 0.2 s and 64 MiB.
struct PassphraseCost {
  std::uint32_t passes = 4;
  std::uint32_t memory_kib = 64 * 1024;
};

// Randomness, time and parallelism: passed in, so that tests repeat.
struct Environment {
  Random* random = nullptr;  // default SystemRandom()
  Clock* clock = nullptr;    // default SystemClock()
  int threads = 0;           // default: the number of CPUs
};

struct OpenOptions {
  // The vault that must be found. Without it, the genesis served by the providers is taken on
  // trust, and Vault::warnings() says so.
  std::optional<VaultId> vault_id = {};
  // What was known before, from a recovery card: an older policy is refused. Remembered as if this
  // host had seen it, but only once the vault has opened. Needs vault_id.
  std::optional<VaultHead> known_head = {};
  // Where this host keeps what it must not lose between runs (its writer's key and log position,
  // newest heads seen) and its rebuildable index. Empty: $FENCHI_CACHE_DIR, else
  // $XDG_STATE_HOME/fenchi, else ~/.local/state/fenchi. Losing it costs a new writer id and a full
  // upload, nothing else.
  std::string state_directory = {};
  Environment environment = {};
};

struct CreateOptions {
  VaultPolicy policy = {};
  PassphraseCost passphrase_cost = {};
  std::string state_directory = {};  // as in OpenOptions
  Environment environment = {};
};

// Called from the working thread, at most about ten times a second. `phase` is one of "scan",
// "backup", "lock", "upload", "restore", "verify", "repair". Totals are 0 while unknown.
struct Progress {
  std::string_view phase = {};
  std::uint64_t items_done = 0;
  std::uint64_t items_total = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
  std::string_view current = {};  // raw bytes of a path, or an object's name
};
struct Observer {
  std::function<void(const Progress&)> progress = {};
  std::function<bool()> cancelled = {};  // true: stop soon with kCancelled; nothing is broken
};

struct BackupOptions {
  std::string label = {};       // UTF-8
  std::string key_domain = {};  // label of the key domain; empty: the first
  int compression_level = 3;    // 0 = none, 1..19
  std::string host = {};        // default: this host's name
  // True for a path (relative to the source, components joined by '/') that is left out with all
  // that is in it.
  std::function<bool(std::string_view path, EntryType type)> exclude = {};
  bool rescan = false;  // read every file, also where size and times say "unchanged"
  // Until then what the snapshot needs cannot be deleted from the places that can retain objects,
  // also with every credential, but in a mode that the place lets somebody lift. What is re-used
  // is extended, at two or three calls an object and place; BackupReport::locks: what came of it.
  std::optional<Timestamp> lock_until = {};
  Observer observer = {};
};

// Where a stream comes from: returns the number of bytes put into the buffer, 0 at the end.
// A failure commits nothing.
using StreamReader = std::function<Result<std::size_t>(MutableBytes)>;
// Where bytes go. A failure stops the operation.
using StreamWriter = std::function<Status(ByteView)>;

struct RestoreOptions {
  // True for a path that is wanted (with all that is in it); default: everything. Where nothing is
  // wanted, Restore answers kNotFound.
  std::function<bool(std::string_view path, EntryType type)> include = {};
  bool overwrite = false;    // of what is there and differs; else it is left and counts as failed
  bool keep_setuid = false;  // also setgid
  bool make_devices = false;
  std::vector<std::string> absent_providers = {};  // names to do without, for rehearsals
  Observer observer = {};
};

enum class VerifyDepth {
  kExists,  // every object is at its place with its size: no download
  kTags,    // every byte checked against its tag; the verify role suffices
  kData,    // decrypted, expanded and compared with chunk ids, and every snapshot walked
};
struct VerifyOptions {
  VerifyDepth depth = VerifyDepth::kTags;
  Observer observer = {};
};

struct RepairOptions {
  Observer observer = {};
};

struct AttestOptions {
  Observer observer = {};
};

struct DrillOptions {
  std::vector<std::string> absent_providers = {};
  std::string scratch_directory = {};  // default: a new one under $TMPDIR, removed afterwards
  std::optional<std::int64_t> rto_seconds = {};  // target for the time to restore
  std::optional<std::int64_t> rpo_seconds = {};  // target for the age of the data
  Observer observer = {};
};

}  // namespace fenchi
