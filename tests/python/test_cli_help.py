"""Help: every command and option explained in every language, and examples that are right."""

from __future__ import annotations

import importlib
import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fenchi import cli, messages
from fenchi.cli import exit_codes
from fenchi.cli import help as pages
from fenchi.cli.commands import FILES, place_of_command, whole_tree
from fenchi.cli.run import run
from fenchi.cli.wrapping import wrapped
from fenchi.messages import CATALOGUE
from rich.cells import cell_len

TREE = whole_tree()
COMMANDS = dict(pages.walk(TREE))
PATHS = pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(("fenchi", *path)))
LANGUAGE = pytest.mark.parametrize("language", messages.LANGUAGES)


def examples(path: pages.Path, language: str = "en") -> list[str]:
    """The command lines of a command's examples."""
    key = pages.example_key(path)
    assert key, f"no example of {' '.join(path)}"
    entry = CATALOGUE[key][messages.LANGUAGES.index(language)]
    return [line.strip() for line in entry.split("\n") if line.startswith("  ")]


def called_by(words: list[str]) -> pages.Path:
    """The command that a typed line calls."""
    path: pages.Path = ()
    for word in words:
        if word in pages.commands_of(COMMANDS[path]):
            path = (*path, word)
    return path


@PATHS
def test_every_command_and_parameter_has_a_text_of_the_catalogue(path: pages.Path) -> None:
    command = COMMANDS[path]
    assert pages.key_of(path) in CATALOGUE
    parameters = [*pages.arguments_of(command), *pages.options_of(command)]
    assert [one.name for one in parameters if pages.parameter_key(path, one) is None] == []


def test_every_help_text_belongs_to_a_command_or_parameter() -> None:
    used = {pages.key_of(path) for path in COMMANDS}
    for path, command in COMMANDS.items():
        used |= {key for one in command.params if (key := pages.parameter_key(path, one))}
    used |= {key for path in COMMANDS if (key := pages.example_key(path))}
    told = {key for key in CATALOGUE if key.startswith(("help.", "example."))}
    assert told == used


@LANGUAGE
@PATHS
def test_help_is_in_the_language_of_the_run(
    path: pages.Path, language: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--lang", language, *path, "--help"]) == exit_codes.DONE
    page = capsys.readouterr().out
    at = messages.LANGUAGES.index(language)
    first = CATALOGUE[pages.key_of(path)][at].split("\n")[0]
    assert "".join(first.split()) in "".join(page.split())
    assert page.startswith(CATALOGUE["page.usage"][at].format(usage="fenchi"))
    other = CATALOGUE["page.options"][1 - at]
    assert CATALOGUE["page.options"][at] in page
    assert other not in page
    for option in pages.options_of(COMMANDS[path]):
        assert option.opts[-1] in page
    lines = page.partition(CATALOGUE["page.examples"][at])[0].splitlines()
    assert max(map(cell_len, lines)) <= 80


def test_commands_come_in_the_order_in_which_people_meet_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2]
    names = re.findall(r"^  ([a-z]+) ", listed, re.M)
    assert names[:3] == ["init", "backup", "snapshots"]
    assert set(names) == set(pages.commands_of(TREE))


@PATHS
def test_every_command_has_examples_that_can_be_typed(path: pages.Path) -> None:
    if pages.commands_of(COMMANDS[path]):
        return  # a group: its commands have them
    lines = examples(path)
    assert lines
    assert lines == examples(path, "zh-TW")
    for line in lines:
        words = shlex.split(line.rpartition("| ")[2])
        assert words[0] == "fenchi"
        assert called_by(words[1:]) == path, f"{line}: is an example of another command"
        known = {name for one in (*COMMANDS[path].params, *TREE.params) for name in one.opts}
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert options <= known, line


@LANGUAGE
def test_no_command_shows_the_page(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    at = messages.LANGUAGES.index(language)
    for arguments in (["provider"], ["provider", "courier"]):
        assert run(["--lang", language, *arguments]) == exit_codes.USAGE
        assert CATALOGUE["page.commands"][at] in capsys.readouterr().err
    assert run([]) == exit_codes.USAGE
    assert CATALOGUE["page.commands"][0] in capsys.readouterr().err
    assert run(["--lang", language]) == exit_codes.USAGE
    assert CATALOGUE["usage.no_command_given"][at] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (["restor"], "did you mean restore", "是不是要用 restore"),
        (["frobnicate"], "there is no command 'frobnicate'", "沒有 'frobnicate' 這個指令"),
        (["restore", "--inclde", "x"], "did you mean --include?", "是不是要用 --include？"),
        (["restore", "latest"], "TARGET is missing", "缺少 TARGET"),
        (["verify", "--depth", "x"], "give one of exists, tags, data", "只能是下列之一：exists"),
        (["backup", "--compression", "x", "y"], "--compression: ", "--compression 的值不正確："),
        (["backup", "--label"], "--label", "--label 這個選項的用法不正確："),
        (["cat", "a", "b", "c"], "unexpected", "用法不正確："),
        (["drill", "--rto", "4 hours"], "4h", "請用數字加上"),
    ],
)
def test_a_mistake_is_explained_in_the_language_of_the_run(
    arguments: list[str], english: str, chinese: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, told in (("en", english), ("zh-TW", chinese)):
        assert run(["--lang", language, *arguments]) == exit_codes.USAGE
        said = capsys.readouterr().err
        assert told in said
        assert "--help" in said
        assert run(["--json", "--lang", language, *arguments]) == exit_codes.USAGE
        assert '"code": "usage"' in capsys.readouterr().out


def test_lines_are_broken_as_both_scripts_want_it() -> None:
    content = "備份（含資料庫）完成後，請執行 `fenchi verify --depth data`，確認沒有損壞。" * 3
    for width in range(12, 60):
        lines = list(wrapped(content, width))
        assert "".join("".join(lines).split()) == "".join(content.split())
        assert max(map(cell_len, lines)) <= max(width, 14)  # 14: the widest piece, "（含" and so on
        assert not any(line[0] in "，。、：；）」" for line in lines)
        assert not any(line.endswith("（") for line in lines)
    assert list(wrapped("one two three", 7)) == ["one two", "three"]
    assert list(wrapped("", 10)) == [""]


@pytest.mark.parametrize("name", FILES)
def test_the_files_of_a_command_declare_all_of_it(name: str) -> None:
    """In a process of its own: here all files have been read."""
    script = (
        "import sys\n"
        "from fenchi.cli.commands import tree_for\n"
        "from fenchi.cli.help import walk\n"
        "print(*sorted(' '.join(path) for path, _ in walk(tree_for(sys.argv[1:]))), sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, name], capture_output=True, text=True, check=True
    )
    expected = {" ".join(path) for path in COMMANDS if path[:1] == (name,)}
    assert expected <= set(done.stdout.splitlines())


def test_all_commands_are_in_the_table_of_files() -> None:
    """That of the top: what lies below it is held above."""
    assert set(FILES) == set(pages.commands_of(TREE))
    modules = {file.stem for file in Path(cli.__file__).parent.glob("*.py")}
    declaring = {one for one in modules if _declares_commands(one)}
    assert declaring == {one for files in FILES.values() for one in files}


def _declares_commands(module: str) -> bool:
    source = inspect.getsource(importlib.import_module(f"fenchi.cli.{module}"))
    return re.search(r"^@\w+\.command\(", source, re.M) is not None


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("ls latest", 0),
        ("--json ls", 1),
        ("-c backup ls", 2),
        ("--config=backup ls --json", 1),
        ("-cvault.toml backup verify", 1),
        ("--lang zh-TW --json -c v.toml verify", 5),
        ("--help", 1),
        ("-", 1),
        ("- ls", 2),
        ("", 0),
    ],
)
def test_the_command_stands_behind_the_options_of_the_program(line: str, place: int) -> None:
    assert place_of_command(line.split()) == place
