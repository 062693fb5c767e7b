"""The catalogue: every key that the code uses is there, and every text that is there is used."""

from __future__ import annotations

import re
from pathlib import Path

import fenchi
import pytest
from fenchi import messages

PACKAGE = Path(fenchi.__file__).parent
USE = re.compile(r"""(?:\btext|\.say|\bsay)\(\s*"([a-z_]+(?:\.[a-z_]+)?)\"""")
QUOTED = re.compile(r"[\"']([a-z0-9_]+(?:\.[a-z0-9_]+)?)[\"']")


def sources() -> str:
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "messages.py"]
    return "\n".join(path.read_text() for path in paths)


def test_every_key_in_use_is_in_the_catalogue() -> None:
    used = set(USE.findall(sources()))
    assert len(used) > 60
    assert used <= messages._ENGLISH.keys()


def test_every_text_is_in_use() -> None:
    code = sources()
    families = ("phase.", "column.", "ability.")  # made of a name at run time
    unused = [
        key
        for key in messages._ENGLISH
        if key not in QUOTED.findall(code) and not key.startswith(families)
    ]
    assert unused == []


def test_every_ability_of_a_place_is_put_into_words() -> None:
    header = Path(__file__).parents[2] / "include/fenchi/testing/provider_contract.h"
    # A row is "//   name   value (remark) | value"; remarks may go on in the next line.
    comment = header.read_text().partition("// What the place can do")[2].partition("struct")[0]
    rows = re.findall(r"^//   ([a-z_]+) {2,}(.*(?:\n// {8,}.*)*)", comment, re.M)
    names = {
        f"ability.{name}.{value}"
        for name, values in rows
        for value in re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)|`[^`]*`", "", values))
    }
    assert len(rows) == 8
    expected = {f"ability.{name}" for name, _ in rows} | names
    expected |= {f"{name}.means" for name in names}
    assert expected == {key for key in messages._ENGLISH if key.startswith("ability.")}


def test_another_language_falls_back_to_english() -> None:
    try:
        assert messages.use("en")
        english = messages.text("repair.nothing")
        assert not messages.use("zh-TW")
        assert messages.text("repair.nothing") == english
    finally:
        messages.use("en")


def test_an_unknown_key_is_a_bug() -> None:
    with pytest.raises(KeyError):
        messages.text("no.such.key")
