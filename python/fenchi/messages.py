"""All texts for people, in one catalogue.

    text("backup.done", snapshot="1a2b", files=3)

English is complete; another language may lack entries, which are then shown in English. What the
C++ library says (the message and hint of an error) is not in here.
"""

from __future__ import annotations

LANGUAGES = ("en", "zh-TW")

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
    "config.several_urls": "provider {name}: several URLs are not built in yet",
    "config.twice": "two providers are called {name}",
    "config.no_providers": "there is no [[provider]]",
    "config.scheme": "provider {name}: {scheme}: URLs are not built in yet",
    "config.scheme_hint": "give a directory, a file: or an sftp: URL; in Python any object with "
    "the five verbs is a provider",
    "toml.top": "A fenchi vault. No secret is in this file, but keep copies: the id below pins the "
    "vault.",
    "toml.id": "written by init: the pinned vault id",
    "toml.id_set": "pinned: no other vault is accepted",
    "toml.needed": "k: shards needed; n is the number of providers",
    "toml.name": "used everywhere: reports, --absent, errors",
    "toml.domain": "vendor, vendor_home, country, region, account, medium: who holds it",
    "toml.policy": "the defaults are the safe ones; relaxations stand here by name",
    "toml.expires": "new backups are refused from then on, never a restore",
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
