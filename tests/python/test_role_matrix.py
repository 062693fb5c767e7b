"""Every role and every command and verb: what is allowed works, all else touches nothing."""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fenchi
import pytest
import roles
from fenchi import custody
from fenchi.cli import exit_codes
from fenchi.cli.commands import whole_tree
from fenchi.cli.roles import NEEDS
from fenchi.cli.run import run
from roles import ADMINISTERS, ANY, NO_VAULT, READS, ROLES, SLOT, VERIFIES, WRITES, Needs
from test_cli import Command

pytestmark = pytest.mark.custody

# Each command of the app, as it is typed; roles.NEEDS of the package says who may run it.
COMMANDS = {
    "backup": "backup srv",
    "snapshots": "snapshots",
    "ls": "ls latest",
    "cat": "cat latest:first srv/book",
    "restore": "restore latest:first back",
    "verify": "verify",
    "repair": "repair",
    "status": "status",
    "drill": "drill latest:first --absent a",
    "attest": "attest",
    "key show": "key show",
    "key rotate": "key rotate --new-passphrase password --shares new",
    "key add": "key add '1 of board AND escrow' --shares new",
    "key split": "key split --open '1 of board' --custodian board=Lin --to new",
    "card": "card --format txt",
    "key recipient": "key recipient pair",
    "key credential": "key credential read new.cred",
    "key revoke custodian": "key revoke custodian Lin --new-passphrase password --shares new",
    "key revoke recipient": "key revoke recipient escrow --new-passphrase password --shares new",
    "key revoke writer": "key revoke writer host",
    "rekey": "rekey",
    "domain add": "domain add maps --read-credential maps.cred",
    "domain list": "domain list",
    "writer add": "writer add new.cred",
    "writer list": "writer list",
    "writer revoke": "writer revoke host",
    "admin key": "admin key pair",
    "admin propose": "admin propose --revoke-writer host",
    "admin review": "admin review p.fpr",
    "admin approve": "--admin-key admin.key admin approve p.fpr",
    "admin publish": "admin publish p.fpr",
    "provider check": "provider check elsewhere",
    "provider courier export": "provider courier export b medium",
    "provider courier check": "provider courier check cargo",
    "provider courier import": "provider courier import cargo b",
}
# Other forms of a command, which need another role.
FORMS: dict[str, tuple[Needs, list[str]]] = {
    "verify exists": (ANY, ["verify", "--depth", "exists"]),
    "verify data": (READS, ["verify", "--depth", "data"]),
    "key credential verify": (VERIFIES, ["key", "credential", "verify", "new.cred"]),
    "key credential admin": (ADMINISTERS, ["key", "credential", "admin", "new.cred"]),
}
# They ask for what opens a vault themselves, or make one: who runs them holds what is typed here,
# and nothing that was brought besides helps or hinders.
OWN = {
    "init": "--password-file password -c new.toml init --provider x=one --provider y=two"
    " --provider z=three --liars 0",
    "key combine": "key combine Lin.share Chen.share --restore back",
    "key check": "key check Lin.share",
    "recover": "-c new.toml recover card.txt Lin.share Huang.share --restore back",
}
# Without what they ask for themselves: the same refusal for everyone.
OWN_REFUSED = {
    "key combine": ("key combine Lin.share", exit_codes.WRONG_KEY),
    "key token": ("key token pkcs11:token=none?module-path=/none", exit_codes.FAILED),
    "recover": ("-c new.toml recover card.txt Lin.share", exit_codes.WRONG_KEY),
}
# It talks to each custodian: what it does when it may is in test_ceremony_pages.
TALKS = {"key split"}
MEANING = {
    **{"none": NO_VAULT, "any": ANY, "read": READS, "write": WRITES, "verify": VERIFIES},
    **{"admin": ADMINISTERS, "slot": SLOT},
}


def command_names(command: Any, name: str = "") -> Iterator[str]:
    for child, one in getattr(command, "commands", {}).items():
        whole = f"{name} {child}".strip()
        if getattr(one, "commands", None):
            yield from command_names(one, whole)
        else:
            yield whole


def test_every_command_has_a_row() -> None:
    names = set(command_names(whole_tree()))
    assert len(names) > 25
    assert names == NEEDS.keys(), "say in roles.py which role the new command needs"
    typed = COMMANDS.keys() | OWN.keys() | OWN_REFUSED.keys()
    assert names == typed, "say here how the new command is typed"
    for name in names - COMMANDS.keys():
        assert NEEDS[name] in ("own", "none"), "a command that a role runs belongs to COMMANDS"


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_every_command_says_which_role_it_needs(
    name: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for language, said in (("en", "Role needed: "), ("zh-TW", "所需角色：")):
        assert run(["--lang", language, *name.split(), "--help"]) == exit_codes.DONE
        shown = "".join(capfdbinary.readouterr().out.decode().split())
        assert "".join(said.split()) in shown
        if NEEDS[name] in ("read", "write", "verify", "admin"):
            assert NEEDS[name] in shown


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("made")
    roles.make(work)
    return work


@pytest.fixture
def command(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Command:
    """`fenchi` in a copy of the vault; its state is that of the host that made it."""
    roles.copy(made, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path, capfdbinary)


def said_what_is_missing(role: str, needs: Needs, message: str) -> bool:
    if role == "none":
        return "no passphrase was given" in message
    if role == "admin" and "admin" in needs.missing:
        return "only a slot opens" in message or "needs the read role" in message
    return f"needs the {needs.missing} role" in message


ROWS = {
    name: (MEANING[NEEDS[name]], shlex.split(typed)) for name, typed in COMMANDS.items()
} | FORMS
ALLOWED = [
    (role, name) for name, (needs, _) in ROWS.items() for role in needs.allowed if name not in TALKS
]


@pytest.mark.parametrize(("role", "name"), ALLOWED)
def test_a_role_runs_the_commands_that_it_may(command: Command, role: str, name: str) -> None:
    typed = ROWS[name][1]
    assert command(*roles.OPTIONS[role], *typed) == exit_codes.DONE, command.err


@pytest.mark.parametrize("role", ROLES)
def test_all_other_commands_of_a_role_touch_nothing(command: Command, role: str) -> None:
    before = roles.traces(command.work)
    tried = 0
    for name, (needs, typed) in ROWS.items():
        if role in needs.allowed:
            continue
        tried += 1
        code = exit_codes.WRONG_KEY if role == "none" else exit_codes.FAILED
        assert command("--json", *roles.OPTIONS[role], *typed) == code, (name, command.err)
        answer = json.loads(command.out or command.err)  # what goes to stdout is cat's data
        assert answer["code"] == ("wrong_key" if role == "none" else "denied"), (name, answer)
        assert said_what_is_missing(role, needs, answer["message"]), (name, answer)
        assert answer["hint"], name
        assert roles.traces(command.work) == before, name
    assert (tried > 10) == (role != "owner")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(OWN))
def test_what_asks_for_its_own_works_whatever_is_brought_besides(
    command: Command, role: str, name: str
) -> None:
    typed = shlex.split(OWN[name])
    besides = roles.OPTIONS[role] if "--password-file" not in typed else ()
    if name == "init":
        besides = () if role == "owner" else roles.OPTIONS[role]
    assert command(*besides, *typed) == exit_codes.DONE, command.out + command.err


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(OWN_REFUSED))
def test_what_asks_for_its_own_takes_no_role_instead(
    command: Command, role: str, name: str
) -> None:
    before = roles.traces(command.work)
    typed, code = OWN_REFUSED[name]
    assert command(*roles.OPTIONS[role], *shlex.split(typed)) == code, command.out + command.err
    assert roles.traces(command.work) == before


# ---- Python ----


def plan(work: Path, open: str) -> custody.CustodyPlan:
    return custody.CustodyPlan(
        open=open,
        passphrases={open: "x"},
        passphrase_passes=1,
        passphrase_memory_kib=8,
    )


def repair(vault: fenchi.Vault, work: Path) -> object:
    return vault.repair(vault.verify(depth="exists"))


def revoke(vault: fenchi.Vault, work: Path) -> object:
    return vault.change_policy(revoke_writers=[vault.custody().writers[-1].id])


def review(vault: fenchi.Vault, work: Path) -> object:
    return vault.review_proposal((work / "p.fpr").read_bytes())


def publish(vault: fenchi.Vault, work: Path) -> object:
    return vault.publish((work / "p.fpr").read_bytes(), [])


VERBS: dict[str, tuple[Needs, Callable[[fenchi.Vault, Path], object]]] = {
    "backup": (WRITES, lambda vault, work: vault.backup(work / "srv")),
    "backup_stream": (WRITES, lambda vault, work: vault.backup_stream([b"text"], name="s")),
    "snapshots": (ANY, lambda vault, work: vault.snapshots()),
    "ls": (READS, lambda vault, work: list(vault.ls("latest"))),
    "cat": (READS, lambda vault, work: list(vault.cat("latest:first", "srv/book"))),
    "restore": (READS, lambda vault, work: vault.restore("latest:first", work / "back")),
    "verify": (VERIFIES, lambda vault, work: vault.verify()),
    "repair": (VERIFIES, repair),
    "export_courier": (VERIFIES, lambda vault, work: vault.export_courier("b", work / "medium")),
    "drill": (READS, lambda vault, work: vault.drill("latest:first", absent=["a"])),
    "status": (ANY, lambda vault, work: vault.status()),
    "export_credential": (READS, lambda vault, work: vault.export_credential("read")),
    "attest": (READS, lambda vault, work: vault.attest()),
    "custody": (ANY, lambda vault, work: vault.custody()),
    "epochs": (ANY, lambda vault, work: vault.epochs()),
    "rotate": (SLOT, lambda vault, work: vault.rotate(plan(work, "passphrase"))),
    "add_access": (SLOT, lambda vault, work: vault.add_access(plan(work, "other"))),
    "change_policy": (ADMINISTERS, revoke),
    "review_proposal": (ANY, review),
    "publish": (ADMINISTERS, publish),
}
# They tell of this opening, and end it.
NO_VERBS = {"close", "provider_usage"}


def test_every_verb_has_a_row() -> None:
    methods = inspect.getmembers(fenchi.Vault, inspect.isfunction)
    names = {name for name, _ in methods if not name.startswith("_")}
    assert names - NO_VERBS == VERBS.keys(), "say here which role the new verb needs"


def opened(role: str, work: Path) -> fenchi.Vault:
    state = work / "state"
    if role == "owner":
        return fenchi.open(work / "vault.toml", passphrase=roles.PASSWORD, state_directory=state)
    credential = (work / f"{role}.cred").read_bytes()
    return fenchi.open(work / "vault.toml", credential=credential, state_directory=state)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "none"])
def test_a_role_has_its_verbs_and_no_others(made: Path, tmp_path: Path, role: str) -> None:
    for name, (needs, call) in VERBS.items():
        work = tmp_path / name
        work.mkdir()
        roles.copy(made, work)
        before = roles.traces(work)
        with opened(role, work) as vault:
            if role in needs.allowed:
                call(vault, work)
                continue
            with pytest.raises(fenchi.Denied) as caught:
                call(vault, work)
        assert said_what_is_missing(role, needs, caught.value.message), (name, caught.value)
        assert roles.traces(work) == before, name


def test_without_anything_nothing_is_opened(made: Path, tmp_path: Path) -> None:
    roles.copy(made, tmp_path)
    before = roles.traces(tmp_path)
    with pytest.raises(fenchi.WrongKey, match="no passphrase was given"):
        fenchi.open(tmp_path / "vault.toml")
    assert roles.traces(tmp_path) == before
