"""The names of the package: read when they are first used, and known to type checkers as well."""

from __future__ import annotations

import ast
import inspect
import pydoc
import re
import subprocess
import sys
import typing
from collections import Counter
from pathlib import Path

import fenchi
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(fenchi.__file__)


def test_type_checkers_see_each_name_where_it_is_read_from() -> None:
    block = next(node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If))
    seen = Counter(
        (found.name, (node.module or "").removeprefix("fenchi").removeprefix("."))
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for found in node.names
        if found.asname == found.name  # else it is not given on
    )
    homes = fenchi._HOME_OF | dict.fromkeys(fenchi._MODULES, "")
    assert seen == Counter(homes.items())
    assert fenchi.__all__ == sorted(homes)


def test_a_type_checker_knows_each_name_and_refuses_others(tmp_path: Path) -> None:
    user = tmp_path / "user.py"
    lines = ["import fenchi", *(f"reveal_type(fenchi.{name})" for name in fenchi.__all__)]
    user.write_text("\n".join([*lines, "fenchi.Misspelt", ""]))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(user)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    known = re.findall(r'note: Revealed type is "(.*)"', done.stdout)
    assert len(known) == len(fenchi.__all__), done.stdout
    assert "Any" not in known
    assert re.findall(r"error: (.*)", done.stdout) == [
        'Module has no attribute "Misspelt"  [attr-defined]'
    ]


def public_names() -> dict[str, object]:
    """What a user gets by `from fenchi import *`."""
    everything: dict[str, object] = {}
    exec("from fenchi import *", everything)  # noqa: S102
    del everything["__builtins__"]
    return everything


def test_every_name_is_there_listed_and_explained() -> None:
    everything = public_names()
    assert set(everything) == set(fenchi.__all__) <= set(dir(fenchi))
    assert all(getattr(fenchi, name) is value for name, value in everything.items())
    page = pydoc.plain(pydoc.render_doc(fenchi))
    for name in ("class BackupReport(", "class Vault(", "class WrongKey(", "escape_path(path"):
        assert name in page


def test_a_name_that_is_none_is_said_to_be_none() -> None:
    with pytest.raises(AttributeError, match="'fenchi' has no attribute 'Misspelt'"):
        fenchi.Misspelt  # noqa: B018
    assert not hasattr(fenchi, "_reports.backup")


@pytest.mark.parametrize("module", [fenchi.custody, fenchi.providers])
def test_a_module_that_gives_names_on_lists_and_explains_them(module: typing.Any) -> None:
    page = pydoc.plain(pydoc.render_doc(module))
    for name in module.__all__:
        assert name in page
        assert getattr(module, name) is not None


def test_all_annotations_can_be_resolved() -> None:
    of_modules = [vars(getattr(fenchi, name)) for name in fenchi._MODULES]
    named = [value for names in (public_names(), *of_modules) for value in names.values()]
    ours = [one for one in named if getattr(one, "__module__", "").startswith("fenchi")]
    classes = [one for one in ours if inspect.isclass(one)]
    verbs = [verb for one in classes for _, verb in inspect.getmembers(one, inspect.isfunction)]
    assert fenchi.Vault.backup in verbs
    for one in (*ours, *verbs):
        if inspect.isclass(one) or inspect.isfunction(one):
            typing.get_type_hints(one)
    assert typing.get_type_hints(fenchi.Vault.backup)["return"] is fenchi.BackupReport
