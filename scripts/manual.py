#!/usr/bin/env python3
"""Writes what the catalogue and the commands say into the manuals and the man pages.

    .venv/bin/python scripts/manual.py [--check]

In manual.md and the two books of commands, of docs/ and docs/zh-TW/, it writes anew what is between
"<!-- NAME: made by scripts/manual.py -->" and "<!-- end -->"; the man pages in python/man/ it makes
whole. --check changes nothing, and fails when something would change. It reads the installed
package.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from fenchi import messages
from fenchi.cli import exit_codes, roles
from fenchi.cli import help as pages
from fenchi.cli.commands import whole_tree
from fenchi.cli.wrapping import pieces
from fenchi.messages import CATALOGUE, custody_help, text

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"en": ROOT / "docs", "zh-TW": ROOT / "docs/zh-TW"}
BOOKS = ("manual.md", "commands.md", "custody-commands.md")
MAN_PAGES = {"en": ROOT / "python/man/fenchi.1", "zh-TW": ROOT / "python/man/zh_TW/fenchi.1"}
PART = re.compile(
    r"(<!-- (?P<name>[a-z-]+): made by scripts/manual\.py -->\n).*?(<!-- end -->\n)", re.S
)


def rows_of(command: pages.Command) -> list[tuple[str, str]]:
    arguments = [
        (pages.argument_name(a), pages.explanation(a)) for a in pages.arguments_of(command)
    ]
    options = [(pages.option_name(o), pages.explanation(o)) for o in pages.options_of(command)]
    return arguments + options


def codes() -> list[tuple[str, str]]:
    numbers = {name: value for name, value in vars(exit_codes).items() if name.isupper()}
    return [
        (str(value), text(f"exit.{name.lower()}"))
        for name, value in numbers.items()
        if isinstance(value, int)
    ]


def variables() -> list[tuple[str, str]]:
    names = [key for key in CATALOGUE if key.startswith("variable.")]
    return [(key.removeprefix("variable.").upper(), text(key)) for key in names]


# ---- Markdown


def table(left: str, right: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    yield f"| {left} | {right} |"
    yield "|---|---|"
    for name, meaning in rows:
        cells = (f"`{name}`", meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def examples(path: pages.Path) -> Iterator[str]:
    key = pages.example_key(path)
    if key is None:
        return
    yield from ("", "```sh")
    for line in text(key).split("\n"):
        yield line.strip() if line.startswith(" ") else f"# {line}"
    yield "```"


def command_part(path: pages.Path, command: pages.Command) -> Iterator[str]:
    yield from (f"## fenchi {' '.join(path)}", "", f"`{pages.usage(path, command)}`", "")
    yield " ".join(pages.paragraphs(command))
    if rows := rows_of(command):
        yield from ("", *table(text("manual.what"), text("manual.meaning"), rows))
    yield from examples(path)
    yield ""


def part(name: str, tree: pages.Command) -> str:
    if name == "options":
        lines = [*table(text("manual.what"), text("manual.meaning"), rows_of(tree)), ""]
    elif name == "exit-codes":
        lines = [*table(text("manual.code"), text("manual.meaning"), codes()), ""]
    elif name == "variables":
        lines = [*table(text("manual.variable"), text("manual.meaning"), variables()), ""]
    elif name in ("commands", "custody-commands"):
        lines = [
            line
            for path, one in pages.walk(tree)
            if path and (pages.key_of(path) in custody_help.TEXTS) == (name == "custody-commands")
            for line in command_part(path, one)
        ]
    else:
        raise SystemExit(f"manual.py: there is no part {name!r}")
    return "\n".join(("", *lines))


def manual(tree: pages.Command, before: str) -> str:
    return PART.sub(lambda found: found[1] + part(found["name"], tree) + found[3], before)


# ---- man


def roff(content: str) -> str:
    escaped = content.replace("\\", "\\e").replace("-", "\\-")
    out = ""
    for piece in pieces(escaped):  # Chinese has no spaces: lines may be broken between characters
        between = out and not out[-1].isspace() and not piece.isspace()
        out += ("\\:" if between else "") + piece
    return f"\\&{out}" if out.startswith((".", "'")) else out


def entries(rows: list[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in rows:
        yield from (".TP", f".B {roff(name)}", roff(meaning))


def command_page(path: pages.Path, command: pages.Command) -> Iterator[str]:
    yield f'.SS "fenchi {roff(" ".join(path))}"'
    yield f".B {roff(pages.usage(path, command))}"
    for paragraph in pages.paragraphs(command):
        yield from (".PP", roff(paragraph))
    yield from entries(rows_of(command))
    if key := pages.example_key(path):
        yield ".PP"
        yield from (roff(text("page.examples")), ".nf", ".RS")
        yield from (roff(line) for line in text(key).split("\n"))
        yield from (".RE", ".fi")


def man_page(tree: pages.Command) -> str:
    def section(name: str) -> str:
        return f'.SH "{text(f"manual.{name}")}"'

    lines = [
        '.\\" Made by scripts/manual.py.',
        '.TH FENCHI 1 "" "fenchi" ""',
        ".ad l",
        *(section("name"), f"fenchi \\- {roff(text('manual.title'))}"),
        *(section("synopsis"), f".B {roff(pages.usage((), tree))}"),
        section("description"),
    ]
    for paragraph in pages.paragraphs(tree):
        lines += [".PP", roff(paragraph)]
    lines += [section("options"), *entries(rows_of(tree)), section("commands")]
    for path, command in pages.walk(tree):
        if path:
            lines += command_page(path, command)
    lines += [section("exit"), *entries(codes())]
    lines += [section("environment"), *entries(variables())]
    return "\n".join(lines) + "\n"


def contents() -> dict[Path, str]:
    """What each file should hold."""
    found = {}
    tree = whole_tree()
    for language in messages.LANGUAGES:
        messages.use(language)
        roles.state(tree)
        pages.localize(tree)
        for book in (FOLDERS[language] / name for name in BOOKS):
            found[book] = manual(tree, book.read_text(encoding="utf-8"))
        found[MAN_PAGES[language]] = man_page(tree)
    messages.use(messages.LANGUAGES[0])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the manuals and the man pages anew.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if old")
    wanted = parser.parse_args()
    old = []
    for path, content in contents().items():
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        old.append(path)
        if not wanted.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    for path in old:
        print(f"{'old' if wanted.check else 'written'}: {path.relative_to(ROOT)}")
    return 1 if wanted.check and old else 0


if __name__ == "__main__":
    sys.exit(main())
