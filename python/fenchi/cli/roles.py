"""Which role each command needs: said in its help, and held by tests/python/test_role_matrix.py.

A slot opens the vault by what `fenchi key show` lists, and holds the read role; with one admin, the
admin role as well. A role that is not listed for a command is refused before anything is touched.
"""

from __future__ import annotations

from fenchi.cli.help import Command, walk
from fenchi.messages import text

# "none": no vault is opened. "own": it asks for what opens it, and gets it from nowhere else.
# "any": whatever opens it. "slot": a slot and the admin role.
NEEDS = {
    "init": "none",
    "backup": "write",
    "snapshots": "any",
    "ls": "read",
    "cat": "read",
    "restore": "read",
    "verify": "verify",
    "repair": "verify",
    "status": "any",
    "drill": "read",
    "attest": "read",
    "key show": "any",
    "key rotate": "slot",
    "key add": "slot",
    "key split": "slot",
    "key combine": "own",
    "key check": "own",
    "card": "any",
    "recover": "own",
    "key recipient": "none",
    "key token": "none",
    "key credential": "read",
    "key revoke custodian": "slot",
    "key revoke recipient": "slot",
    "key revoke writer": "admin",
    "rekey": "any",
    "domain add": "slot",
    "domain list": "any",
    "writer add": "slot",
    "writer list": "any",
    "writer revoke": "admin",
    "admin key": "none",
    "admin propose": "admin",
    "admin review": "any",
    "admin approve": "none",
    "admin publish": "admin",
    "provider check": "none",
    "provider courier export": "verify",
    "provider courier check": "none",
    "provider courier import": "none",
}

_SAID = {
    "none": "role.none",
    "own": "role.own",
    "any": "role.any",
    "read": "role.read",
    "write": "role.write",
    "verify": "role.verify",
    "admin": "role.admin",
    "slot": "role.slot",
}


def state(tree: Command) -> None:
    """Puts the role that it needs under each command's help, in the language in use."""
    for path, command in walk(tree):
        if (name := " ".join(path)) in NEEDS:
            command.epilog = text(_SAID[NEEDS[name]])
