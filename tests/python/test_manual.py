"""The manuals and man pages: whole, as new as the commands, and right in what they tell to type."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import manual
import pytest
from fenchi import messages
from fenchi.cli import exit_codes
from fenchi.cli import help as pages
from fenchi.cli.commands import whole_tree
from fenchi.cli.run import run

COMMANDS = dict(pages.walk(whole_tree()))
LANGUAGE = pytest.mark.parametrize("language", messages.LANGUAGES)
ROOT = Path(__file__).parents[2]


def book(language: str, name: str) -> str:
    return (manual.FOLDERS[language] / name).read_text(encoding="utf-8")


def test_manuals_and_man_pages_say_what_the_program_says() -> None:
    old = [
        str(path.relative_to(ROOT))
        for path, content in manual.contents().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    assert old == [], "run scripts/manual.py"


@LANGUAGE
def test_every_command_and_option_stands_in_the_manual(language: str) -> None:
    both = book(language, "commands.md") + book(language, "custody-commands.md")
    chapters = re.split(r"^## fenchi ", both, flags=re.M)
    found = {chapter.partition("\n")[0]: chapter for chapter in chapters[1:]}
    for path, command in COMMANDS.items():
        if not path:
            continue
        chapter = found.pop(" ".join(path))
        for one in pages.options_of(command):
            assert f"{one.opts[-1]}" in chapter
        for one in pages.arguments_of(command):
            assert pages.argument_name(one) in chapter
    assert found == {}, "these commands are not there any more"
    first = book(language, "manual.md")
    for one in pages.options_of(COMMANDS[()]):
        assert f"{one.opts[-1]}" in first
    for name, number in vars(exit_codes).items():
        if name.isupper() and isinstance(number, int):
            assert re.search(rf"^\| `{number}` \| \S", first, re.M)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        *(("en", "manual.md"), ("en", "custody.md"), ("zh-TW", "manual.md")),
        *(("zh-TW", "custody.md"), ("zh-TW", "quickstart.md")),
    ],
)
def test_what_the_manual_tells_to_type_exists(language: str, name: str) -> None:
    known = {name for command in COMMANDS.values() for one in command.params for name in one.opts}
    content = book(language, name)
    lines = re.findall(r"`(fenchi [^`\n]+)`", content)
    lines += re.findall(r"^(fenchi .+)$", content, re.M)
    assert lines or name != "manual.md"
    for line in lines:
        words = shlex.split(line)[1:]
        path: pages.Path = ()
        for word in words:
            if word in pages.commands_of(COMMANDS[path]):
                path = (*path, word)
        assert path or words[0].startswith(("-", "[")) or words[0] == "指令", line
        options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert options <= known | {"--help", "-h"}, line


@LANGUAGE
def test_links_of_the_documents_lead_somewhere(language: str) -> None:
    for path in (*manual.FOLDERS[language].glob("*.md"), *ROOT.glob("README*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


@LANGUAGE
def test_man_reads_the_man_page_without_a_complaint(language: str) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    page = manual.MAN_PAGES[language]
    command = ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_quick_start_works_as_it_stands(
    tmp_path: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text("two dull foxes\n")
    monkeypatch.setenv("FENCHI_PASSWORD_FILE", str(tmp_path / "passphrase"))
    (tmp_path / "mnt").mkdir()
    places = {"/mnt/": f"{tmp_path}/mnt/", "/srv/ledger": str(source), "/restore": "restored"}
    blocks = re.findall(r"^```sh\n(.*?)^```", book("zh-TW", "quickstart.md"), re.M | re.S)
    lines = "".join(blocks).splitlines()
    assert len(lines) >= 8
    told = ""
    for line in lines:
        command = line.rpartition("| ")[2]
        for there, here in places.items():
            command = command.replace(there, here)
        dump = io.TextIOWrapper(io.BytesIO(b"create table land;\n"))
        monkeypatch.setattr("sys.stdin", dump)
        assert run(shlex.split(command)[1:]) == exit_codes.DONE, line + capsys.readouterr().err
        told += capsys.readouterr().out
    for word in ("已建立保存庫", "備份快照", "狀況良好", "沒有需要修復", "已還原", "演練通過。"):
        assert word in told
    assert (tmp_path / "restored/ledger/2026.txt").read_text() == "opening balance 100\n"


def test_the_chinese_documents_are_written_as_in_taiwan() -> None:
    from test_messages import FOREIGN_WORDS, is_common_in_taiwan

    wide = re.compile("[\u2e80-\u9fff]")
    for path in (*sorted(manual.FOLDERS["zh-TW"].glob("*.md")), ROOT / "README.zh-TW.md"):
        content = path.read_text(encoding="utf-8")
        assert {c for c in wide.findall(content) if not is_common_in_taiwan(c)} == set(), path
        assert [word for word in FOREIGN_WORDS if word in content] == [], path


def test_every_test_that_the_threat_model_names_exists() -> None:
    claimed = (ROOT / "docs/THREAT_MODEL.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]\w+)\.([A-Z]\w+)`", claimed))
    assert len(named) > 15
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.cc"))
    found = set(re.findall(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", tests, re.M))
    assert named - found == set()
