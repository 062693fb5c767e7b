#!/usr/bin/env python3
"""Counts what scripts/check found: check_summary.py RESULTS_DIR.

RESULTS_DIR/parts.tsv has one line for each part that ran: name, exit code, seconds; `seconds` there
holds those of all, some of which ran side by side. A part that
also left PART.junit.xml there, or PART-*.junit.xml, is counted test by test, any other part as one.
Prints a table, each failure, each reason for skipping with its tests, and alone on the last line
"N passed, N failed, N skipped".
Exits 1 when anything failed or nothing ran.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree  # noqa: S405 - reads what our own tools wrote
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

NAMES_SHOWN = 5


@dataclass
class Part:
    name: str
    exit_code: int
    seconds: int
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # test, reason


def case_name(case: ElementTree.Element) -> str:
    name, group = case.get("name", "?"), case.get("classname", "")
    return name if group in ("", name) else f"{group}.{name}"


def skip_reason(case: ElementTree.Element, skipped: ElementTree.Element) -> str:
    """pytest says why in the message; for GoogleTest the reason follows "Skipped" in the output."""
    output = case.findtext("system-out") or ""
    told = re.search(r": Skipped\n(.+)", output)
    if told:
        return told[1].strip()
    message = skipped.get("message", "")
    return "no reason given" if message in ("", "SKIP_REGULAR_EXPRESSION_MATCHED") else message


def read_cases(part: Part, file: Path) -> None:
    for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314
        skipped = case.find("skipped")
        bad = case.find("failure") is not None or case.find("error") is not None
        if bad or case.get("status") == "fail":
            part.failed.append(case_name(case))
        elif skipped is not None:
            part.skipped.append((case_name(case), skip_reason(case, skipped)))
        elif case.get("status") in ("notrun", "disabled"):
            part.skipped.append((case_name(case), f"status {case.get('status')}"))
        else:
            part.passed += 1


def read_part(folder: Path, line: str) -> Part:
    name, code, seconds = line.split("\t")
    part = Part(name, int(code), int(seconds))
    files = [*folder.glob(f"{name}.junit.xml"), *sorted(folder.glob(f"{name}-*.junit.xml"))]
    for file in files:
        before = part.passed, len(part.failed), len(part.skipped)
        try:
            read_cases(part, file)
        except ElementTree.ParseError as error:
            part.failed.append(f"{file.name} is unreadable: {error}")
        if before == (part.passed, len(part.failed), len(part.skipped)):
            part.failed.append("no test ran")
    if not files and part.exit_code == 0:
        part.passed = 1
    if part.exit_code != 0 and not part.failed:
        part.failed.append(f"exit code {part.exit_code}")
    return part


def report(parts: list[Part], seconds: int) -> None:
    print(f"\n{'part':<12} {'seconds':>7} {'passed':>7} {'failed':>7} {'skipped':>7}")
    for part in parts:
        counts = f"{part.passed:>7} {len(part.failed):>7} {len(part.skipped):>7}"
        print(f"{part.name:<12} {part.seconds:>7} {counts}")
    print(f"{'all':<12} {seconds:>7}")
    for part in parts:
        for name in part.failed:
            print(f"failed: {part.name}: {name}")
    reasons: dict[str, list[str]] = defaultdict(list)
    for part in parts:
        for name, reason in part.skipped:
            reasons[reason].append(f"{part.name}: {name}")
    for reason, names in reasons.items():
        more = f", and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        print(f"skipped {len(names)}: {reason} ({', '.join(names[:NAMES_SHOWN])}{more})")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    lines = (folder / "parts.tsv").read_text(encoding="utf-8").splitlines()
    parts = [read_part(folder, line) for line in lines]
    report(parts, int((folder / "seconds").read_text(encoding="utf-8")))
    passed = sum(part.passed for part in parts)
    failed = sum(len(part.failed) for part in parts)
    skipped = sum(len(part.skipped) for part in parts)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
