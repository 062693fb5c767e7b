"""The language of a run, known before anything is said: help and usage errors need it, too.

--lang, else `language` in vault.toml, else the locale, else English.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

from fenchi import messages


def _value(arguments: Sequence[str], *names: str) -> str | None:
    """What an option was given; the last one counts, as in the parser."""
    found = None
    for place, argument in enumerate(arguments):
        name, sign, value = argument.partition("=")
        if name not in names:
            continue
        if sign and name.startswith("--"):
            found = value
        elif not sign and place + 1 < len(arguments):
            found = arguments[place + 1]
    return found


def _of_config(path: str) -> str | None:
    """What a vault.toml asks for. Whatever is wrong with the file, its command will say."""
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        language = document["vault"]["language"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return language if language in messages.LANGUAGES else None


def choose(global_arguments: Sequence[str]) -> None:
    """`global_arguments`: those before the command's name."""
    asked = _value(global_arguments, "--lang")
    if asked not in messages.LANGUAGES:  # unknown: the usage error comes in the next best language
        config = _value(global_arguments, "-c", "--config") or os.environ.get("FENCHI_VAULT")
        asked = _of_config(config or "vault.toml") or messages.of_environment()
    messages.use(asked)
