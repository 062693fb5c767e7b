"""Keeps a whole process from being swapped out, where the system lets it.

The library keeps keys and shares in locked pages of their own. What is typed, printed or read as
words passes through Python's strings, which nobody can wipe: a command that works with those locks
all that it has.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import sys
from collections.abc import Iterable
from pathlib import Path

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_KNOWN = ("x86_64", "aarch64", "riscv64")
_CAP_IPC_LOCK = 14
_WORDS = {"split", "combine", "check", "recover"}
_OPTION = "--share"


def works_with_words(arguments: Iterable[str]) -> bool:
    """Whether a command may read or show key shares as words."""
    return any(one in _WORDS or one.partition("=")[0] == _OPTION for one in arguments)


def _is_privileged() -> bool:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    held = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return bool(int(held, 16) >> _CAP_IPC_LOCK & 1)


def may_lock_all() -> bool:
    """Without a limit that some later allocation would meet."""
    if sys.platform != "linux" or platform.machine() not in _KNOWN:
        return False
    soft = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return soft == resource.RLIM_INFINITY or _is_privileged()


def lock_all() -> bool:
    """Of this process, now and later. False where it may not: then pages may be swapped."""
    if not may_lock_all():
        return False
    flags = _MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT
    done: int = ctypes.CDLL(None, use_errno=True).mlockall(flags)
    return done == 0
