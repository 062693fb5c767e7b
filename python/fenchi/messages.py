"""All texts for people, in one catalogue.

    text("backup.done", snapshot="1a2b", files=3)

English is complete; another language may lack entries, which are then shown in English. What the
C++ library says (the message and hint of an error) is not in here.
"""

from __future__ import annotations

LANGUAGES = ("en", "zh-TW")

# What a place can do, as `provider check` finds it: what is asked, what was found, what that means.
_ABILITIES = {
    "ability.overwrite_refusal": "refuses to overwrite",
    "ability.overwrite_refusal.always": "always",
    "ability.overwrite_refusal.always.means": "fit for a vault",
    "ability.overwrite_refusal.not_at_once": "not when two write at once",
    "ability.overwrite_refusal.not_at_once.means": "fit for a vault, whose names are never "
    "reused; do not run two repairs of it at the same time",
    "ability.overwrite_refusal.never": "never: overwrites silently",
    "ability.overwrite_refusal.never.means": "refused for a new vault, unless create_only is "
    "relaxed by name",
    "ability.replace": "replaces on request",
    "ability.replace.yes": "yes",
    "ability.replace.yes.means": "nothing: a vault never asks for it",
    "ability.replace.no": "no",
    "ability.replace.no.means": "nothing: a vault never asks for it",
    "ability.ranges": "reads parts",
    "ability.ranges.yes": "yes",
    "ability.ranges.yes.means": "restoring a part fetches little more than the part",
    "ability.ranges.whole_objects": "at the cost of the whole object",
    "ability.ranges.whole_objects.means": "restoring a part fetches whole objects of up to 15 MiB",
    "ability.ranges.no": "wrongly",
    "ability.ranges.no.means": "unfit: what is read would be rejected as damaged",
    "ability.durability": "says that it keeps what it acknowledged",
    "ability.durability.declared": "yes",
    "ability.durability.declared.means": "an acknowledged object outlives a power cut there",
    "ability.durability.not_declared": "no",
    "ability.durability.not_declared.means": "run verify after a crash of that place",
    "ability.delete": "deletes",
    "ability.delete.yes": "yes",
    "ability.delete.yes.means": "prune frees space; whoever holds this credential can delete, too: "
    "an append-only one for backups is safer",
    "ability.delete.refused": "refused: append-only ({detail})",
    "ability.delete.refused.means": "a stolen credential cannot delete backups; prune needs "
    "another",
    "ability.delete.no": "no ({detail})",
    "ability.delete.no.means": "space is never freed",
    "ability.delete.not_tried": "not tried",
    "ability.delete.not_tried.means": "unknown whether this credential can delete backups",
    "ability.listing": "lists new objects",
    "ability.listing.at_once": "at once",
    "ability.listing.at_once.means": "nothing to mind",
    "ability.listing.lags": "after {detail}",
    "ability.listing.lags.means": "harmless: logs are read by exact name, never by listing alone",
    "ability.listing.incomplete": "not while the suite looked",
    "ability.listing.incomplete.means": "harmless for reading; init may not see a vault that "
    "is there",
    "ability.retention": "locks objects for a time",
    "ability.retention.kept": "yes, until {detail}",
    "ability.retention.kept.means": "locked backups outlive a stolen admin credential",
    "ability.retention.ignored": "says so, but deletes them",
    "ability.retention.ignored.means": "do not count on locks there",
    "ability.retention.not_tried": "says so; not tried (--retain SECONDS)",
    "ability.retention.not_tried.means": "unknown; the trial leaves an object that nobody "
    "can delete",
    "ability.retention.unsupported": "no",
    "ability.retention.unsupported.means": "whoever may delete there can delete backups at "
    "any time",
    "ability.clock": "its clock",
    "ability.clock.right": "right ({detail} s)",
    "ability.clock.right.means": "nothing to mind",
    "ability.clock.wrong": "wrong: {detail} s",
    "ability.clock.wrong.means": "signed requests may be refused, and locks end at other times",
    "ability.clock.unknown": "it does not tell",
    "ability.clock.unknown.means": "nothing: order never depends on it",
}

_ENGLISH = {
    # passphrases
    "passphrase.not_utf8": "the passphrase is not UTF-8 text",
    "passphrase.empty": "the passphrase is empty",
    "passphrase.no_file": "cannot read the passphrase file {path}: {why}",
    "passphrase.command_empty": "FENCHI_PASSWORD_COMMAND is blank",
    "passphrase.command_failed": "the passphrase command {command} failed: {why}",
    "passphrase.exit_code": "exit code {code}",
    "passphrase.none": "no passphrase was given",
    "passphrase.none_hint": "set FENCHI_PASSWORD_FILE or FENCHI_PASSWORD_COMMAND, or pass one",
    "passphrase.ask": "Passphrase",
    "passphrase.ask_again": "The same again",
    "passphrase.differ": "the two passphrases differ",
    # vault.toml
    "config.absent": "there is no {path}",
    "config.absent_hint": "name it with -c or FENCHI_VAULT, or make a vault with `fenchi init`",
    "config.unreadable": "cannot read {path}: {why}",
    "config.unwritable": "cannot write {path}: {why}",
    "config.exists": "{path} exists already",
    "config.not_toml": "not a TOML file: {why}",
    "config.not_a_table": "{where} must be a table",
    "config.wrong_kind": "{where}: {key} must be of type {kind}",
    "config.missing": "{where}: {key} is missing",
    "config.unknown_key": "{where}: unknown key {key}",
    "config.unknown_key_hint": "did you mean {near}?",
    "config.not_one_of": "{where}: {key} is {value!r}, but must be one of: {known}",
    "config.id": "vault: id must be 64 hexadecimal digits, as written by `fenchi init`",
    "config.id_place": "cannot write the id into {path}; write it there yourself: {id}",
    "config.provider_name": "provider name {name!r}: 1 to 60 of a-z 0-9 . _ - are allowed",
    "config.url": "provider {name}: url must be a text or a list of texts",
    "config.url_twice": "provider {name}: the same URL is listed twice",
    "config.rate": "{where}: {why}",
    "config.size": "{where}: {key} is {value!r}, but must be a number with B, kB, MB, GB, TB, KiB, "
    'MiB, GiB or TiB, such as "10 GB"',
    "config.too_small": "{where}: {key} must be a number from {least} up, and not above a billion",
    "config.twice": "two providers are called {name}",
    "config.no_providers": "there is no [[provider]]",
    "config.scheme": "provider {name}: {why}",
    "config.scheme_hint": "give a directory or a URL of a kind that is built in; in Python any "
    "object with the five verbs is a provider",
    "toml.top": "A fenchi vault. No secret is in this file, but keep copies: the id below pins the "
    "vault.",
    "toml.id": "written by init: the pinned vault id",
    "toml.id_set": "pinned: no other vault is accepted",
    "toml.needed": "k: shards needed; n is the number of providers",
    "toml.name": "used everywhere: reports, --absent, errors",
    "toml.domain": "vendor, vendor_home, country, region, account, medium: who holds it",
    "toml.policy": "the defaults are the safe ones; relaxations stand here by name",
    "toml.expires": "new backups are refused from then on, never a restore",
    # places
    "fsspec.url": "the URL after fsspec+ is malformed",
    "fsspec.secret": "a provider's URL must not hold a password: URLs are logged",
    "fsspec.secret_hint": "put credentials where the filesystem looks for them: fsspec's "
    "configuration, or its environment variables and files",
    "fsspec.missing": "fsspec cannot open {scheme}: ({why})",
    "fsspec.missing_hint": "install the filesystem, such as s3fs, gcsfs, adlfs or sshfs, beside "
    "fenchi",
    "fsspec.no_root": "{location} is not there: is it mounted?",
    "fsspec.taken": "{name} is at {location} already; nothing was changed",
    "fsspec.folder": "{name}: a part of the name is an object already, and this place is made of "
    "folders",
    "fsspec.absent": "{name} is not at {location}",
    "plug_in.several": "several plug-ins open {scheme}: URLs: {named}",
    "plug_in.broken": "the plug-in for {scheme}: URLs does not load: {why}",
    "plug_in.verbs": "the plug-in for {scheme}: URLs gave an object without {verbs}",
    # Python face
    "backup.no_path": "name at least one path to back up",
    "stream.non_blocking": "a non-blocking file cannot be used here",
    "verify.depth": 'depth is {depth!r}, but must be "exists", "tags" or "data"',
    "credential.role": 'role is {role!r}, but must be "read", "write", "verify" or "admin"',
    "create.has_id": "the configuration names vault {id}... already",
    "create.has_id_hint": "use that vault; for another one take another configuration (-c) and "
    "empty providers",
    "utf8": "{what} is not UTF-8 text",
    # command line
    "lang.unknown": "--lang {lang!r}: known are {known}",
    "lang.incomplete": "Not all texts exist in {lang} yet; the others are shown in English.",
    "password.not_a_terminal": "no passphrase was given and there is no terminal to ask on",
    "password.not_a_terminal_hint": "set FENCHI_PASSWORD_FILE or FENCHI_PASSWORD_COMMAND, or use "
    "--password-file",
    "error": "error: {message}",
    "hint": "try: {hint}",
    "warning": "warning: {message}",
    "interrupted": "stopped on request; nothing is broken. Run the same command again to go on.",
    "usage.option_pair": "{option} takes {form}, not {value!r}",
    "usage.duration": "{value!r} is no duration: use a number with s, m, h or d, such as 4h",
    "usage.date": "{value!r} is no date: use YYYY-MM-DD",
    "usage.axis": "{axis!r} cannot be relaxed: known are {known}",
    "usage.stdin": "give either paths, or --stdin with --name",
    "usage.needs_providers": "there is no {path}, so name the providers: --provider NAME=URL ...",
    "usage.file_rules": "{path} exists and says how the vault is made: change it there instead "
    "of giving {options}",
    "init.done": "Vault {name!r} made: any {needed} of {total} providers give everything back.",
    "init.id": "Vault id: {id}",
    "init.config": "Configuration: {path}",
    "init.quorum": "A backup counts once {write} of {total} providers have it; {lost} may fail "
    "afterwards.",
    "init.strict": "While any provider is down, backups are refused. For a vault that allows "
    "{spare} to be down, make it anew with one more provider, or with --liars 0.",
    "init.keep": "Keep safe, each in another place than the backups:\n"
    "  1. the passphrase: without it nothing can be restored, by nobody\n"
    "  2. {path}, or at least the vault id: it proves that a restore is of your vault\n"
    "  3. the credentials of at least {needed} providers\n"
    "The format's description and an independent reader lie at every provider.",
    "init.placement": "placement: {note}",
    "backup.done": "Snapshot {snapshot}{label}: {files} files, {directories} directories, {bytes}.",
    "backup.cost": "Read {read}, new {new}, uploaded {uploaded} to all providers together, in "
    "{seconds}; {unchanged} files unchanged.",
    "backup.resumed": "{packs} packs were there from an earlier run.",
    "backup.label": " ({label})",
    "backup.missed": "Not at {providers}: these did not answer, refused or are full. Run `fenchi "
    "repair` when that is mended.",
    "backup.incomplete": "{unreadable} sources could not be read, {changed} changed while read:",
    "profile.stage": "stage, provider",
    "profile.seconds": "seconds",
    "profile.bytes": "bytes",
    "profile.note": "Seconds are summed over all threads; those of a provider are its share of "
    "'upload'.",
    "problem": "  {path}: {message}",
    "problem.hint": "  try: {hint}",
    "problem.more": "  ... and {count} more (use --json for all)",
    "snapshots.none": "No snapshots yet.",
    "snapshots.incomplete": "{count} backups did not finish and are no snapshots.",
    "snapshots.other_domains": "{count} more are in key domains that this credential cannot open.",
    "snapshots.unreadable": "{count} more do not open with their key: planted, or damaged. "
    "`fenchi verify --depth data` names them.",
    "freshness": "Too few providers answered to prove that nothing newer exists.",
    "column.snapshot": "snapshot",
    "column.began": "began",
    "column.label": "label",
    "column.files": "files",
    "column.size": "size",
    "column.paths": "paths",
    "column.provider": "provider",
    "column.location": "location",
    "column.ability": "ability",
    "column.found": "found",
    "column.means": "what it means for a vault",
    "column.state": "state",
    "restore.done": "Restored {files} files, {directories} directories, {others} others, {bytes}, "
    "to {target} in {seconds}.",
    "restore.checked": "{chunks} chunks were decrypted and compared with their ids; {fetched} were "
    "fetched; {replaced} missing or bad shards were replaced by others.",
    "restore.resumed": "{count} of these were there already and were compared.",
    "restore.dropped": "{count} devices and setuid bits were left out: see --devices, "
    "--keep-setuid.",
    "restore.failed": "NOT RESTORED: {count} entries, which are named below.",
    "restore.problems": "{count} entries could not be written, or not with all their attributes:",
    "restore.lost": "LOST: {count} files; too few good shards are left of them:",
    "verify.healthy": "Healthy: {shards} shards of {packs} packs and {objects} other objects, "
    "{bytes} read, in {seconds} (depth {depth}).",
    "verify.chunks": "{chunks} chunks were decrypted and compared; {snapshots} snapshots walked.",
    "verify.damaged": "{count} damaged or missing items; all can be repaired: `fenchi repair`.",
    "verify.lost": "{count} damaged or missing items; {lost} CANNOT be repaired:",
    "verify.item": "  {where}: {what}",
    "verify.per_provider": "  {provider}: {count} items",
    "repair.nothing": "Nothing to repair.",
    "repair.done": "Wrote {shards} shards and {objects} other objects, {bytes}, in {seconds}.",
    "repair.left": "{count} items could not be repaired:",
    "drill.done": "Drill {absent}: restored {files} files, {bytes}, in {seconds}.",
    "drill.without": "without {absent}",
    "drill.nobody": "with all providers",
    "drill.compared": "Compared {files} files, {bytes}, with the snapshot: {mismatches} differ.",
    "drill.rto": "Time to restore: {seconds}, target {target}: {verdict}.",
    "drill.rpo": "Age of the data: {seconds}, target {target}: {verdict}.",
    "drill.age": "Age of the data: {seconds}.",
    "drill.met": "met",
    "drill.missed": "MISSED",
    "drill.passed": "Passed.",
    "drill.failed": "NOT passed.",
    "contract.passed": "{location} keeps the contract: {count} checks.",
    "contract.failed": "{location} breaks the contract: {count} of {total} checks failed.",
    "contract.item": "  {mark} {check}{message}",
    "courier.written": "Wrote {objects} objects, {bytes}, for {provider} in {seconds}; {there} are "
    "there or on the medium already.",
    "courier.medium": "{path}: {objects} objects, {bytes}.",
    "courier.cargo": "  for provider {provider}: {objects} objects, {bytes}",
    "courier.fingerprint": "Fingerprint: {fingerprint}\n"
    "Read it out to whoever receives the medium: `fenchi provider courier check` shows the same.",
    "courier.whole": "Whole: nothing is missing or damaged.",
    "courier.broken": "NOT WHOLE:",
    "courier.damage": "  {what}",
    "courier.stored": "Stored {objects} objects, {bytes}, at {location} in {seconds}; {there} were "
    "there already.",
    "courier.left": "{count} objects were left out:",
    "courier.no_path": "provider {provider} has no courier: URL in {config}",
    "courier.no_path_hint": "name the file or directory on the medium",
    "contract.one_place": "{first} and {second} are ONE place: what it loses, both lose.",
    "contract.two_places": "{first} and {second} are two places.",
    **_ABILITIES,
    # what was used
    "column.calls": "calls",
    "column.errors": "errors",
    "column.sent": "sent",
    "column.received": "received",
    "column.waiting": "waited",
    "column.money": "cost",
    "usage.money": "{money:.4f} {currency}, and {month:.4f} a month",
    "status.vault": "Vault {name!r} {id}",
    "status.shape": "needs {needed} of {total} providers; writes to {write}, reads logs from "
    "{read}; liars {liars}, spare losses {spare}",
    "status.counts": "{snapshots} snapshots, {incomplete} unfinished backups, {writers} writers; "
    "policy version {policy}, key epoch {epoch}; key domains: {domains}",
    "status.ok": "ok",
    "status.unreachable": "does not answer",
    "status.empty": "answers, but has no good key share of this vault",
    "status.why": "{state}: {message}",
    "unexpected": "a mistake in fenchi itself: {what}",
    "unexpected_hint": "please report it with the lines above",
    "phase.scan": "Scanning",
    "phase.backup": "Backing up",
    "phase.upload": "Uploading",
    "phase.restore": "Restoring",
    "phase.verify": "Verifying",
    "phase.repair": "Repairing",
    "phase.courier": "Courier",
}

# With the custody work. What is missing is shown in English.
_CATALOGUES: dict[str, dict[str, str]] = {"en": _ENGLISH, "zh-TW": {}}

_language = "en"


def use(language: str) -> bool:
    """Chooses a language of LANGUAGES. False when some of its texts are still in English."""
    global _language
    _language = language
    return _CATALOGUES[language].keys() >= _ENGLISH.keys()


def text(key: str, /, **values: object) -> str:
    """The text with its values. An unknown key is a KeyError: a bug, found by the tests."""
    template = _CATALOGUES[_language].get(key) or _ENGLISH[key]
    return template.format(**values)
