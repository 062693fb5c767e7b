"""All texts for people, in one catalogue, each in every language.

    text("backup.done", snapshot="1a2b", files=3, ...)

One module a subject holds `TEXTS`: a key, then the English and the 正體中文 text with the same
`{values}`. A new module gets a line in _SUBJECTS. The words are those of docs/GLOSSARY.md. English
details that the C++ library gives to an error or a note are shown behind these texts as they are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import ModuleType

from fenchi.messages import (
    abilities,
    backing_up,
    ceremony,
    command_line,
    configuration,
    courier,
    custody,
    custody_examples,
    custody_help,
    examples,
    health,
    help,
    manual,
    opening,
    outcomes,
    paper,
    places,
    restoring,
    tokens,
)

LANGUAGES = ("en", "zh-TW")

_SUBJECTS: tuple[ModuleType, ...] = (
    command_line,
    opening,
    configuration,
    places,
    abilities,
    courier,
    custody,
    backing_up,
    restoring,
    health,
    ceremony,
    paper,
    outcomes,
    help,
    custody_help,
    examples,
    custody_examples,
    tokens,
    manual,
)


CATALOGUE: Mapping[str, tuple[str, str]] = {
    key: entry for subject in _SUBJECTS for key, entry in subject.TEXTS.items()
}

_chosen = 0  # the place of the language in LANGUAGES and in each entry


def use(language: str) -> None:
    """Chooses a language of LANGUAGES for all texts from now on."""
    global _chosen
    _chosen = LANGUAGES.index(language)


def in_use() -> str:
    return LANGUAGES[_chosen]


def of_environment(environment: Mapping[str, str] | None = None) -> str:
    """The language that the locale asks for: the first of LC_ALL, LC_MESSAGES, LANG that is set.

    Any Chinese that is written in traditional characters gets zh-TW; all else gets English.
    """
    variables = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := variables.get(name):
            locale = value.partition(".")[0].partition("@")[0].replace("-", "_").lower()
            traditional = locale in ("zh_tw", "zh_hk", "zh_mo") or locale.startswith("zh_hant")
            return "zh-TW" if traditional else "en"
    return "en"


def text(key: str, /, **values: object) -> str:
    """The text with its values. An unknown key is a KeyError: a bug, found by the tests."""
    return CATALOGUE[key][_chosen].format(**values)
