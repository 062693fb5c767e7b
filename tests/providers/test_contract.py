"""Every kind of provider against the contract and a real server, and the table of what each can do.

docs/providers/contract.md is that table. FENCHI_WRITE_DOCS=1 writes it anew; without, this test
fails when the page is not what was seen.
"""

from __future__ import annotations

import os
from pathlib import Path

import fenchi
import pytest
from fenchi.messages import text
from real_places import CHECKS_LEAST, KINDS, RACE, REPOSITORY, looks_first

PAGE = REPOSITORY / "docs" / "providers" / "contract.md"
HEAD = """# What each kind of provider can do

Seen by `fenchi provider check` at real servers on one machine; `scripts/check --only providers`
looks again, and fails when this table is not what it sees. All kinds keep the contract: every check
of the suite (`fenchi/testing/provider_contract.h`) that a vault cannot do without has passed, but
that versitygw, moto and servers of WebDAV look first and then write: two Puts of one name at once
may both succeed there, where Amazon's service decides. What an ability means for a vault,
`fenchi provider check` says of your own place.

"""


_seen: dict[str, fenchi.ContractReport] = {}


@pytest.mark.filterwarnings("ignore")  # of the libraries between
@pytest.mark.parametrize("kind", KINDS)
def test_the_contract_is_kept(kind: str, tmp_path: Path) -> None:
    with KINDS[kind](tmp_path) as place:
        report = fenchi.check_provider(place)
    failed = [one for one in report.findings if one.required and not one.passed]
    if looks_first(kind):
        failed = [one for one in failed if not one.check.startswith(RACE)]
    assert [f"{one.check}: {one.message}" for one in failed] == []
    assert len(report.findings) >= CHECKS_LEAST
    _seen[kind] = report


def table() -> str:
    names = [one.name for one in next(iter(_seen.values())).abilities if one.name != "clock"]
    rows = [["kind", "checks", *(text(f"ability.{name}") for name in names)]]
    for kind in KINDS:
        report = _seen[kind]
        found = {
            one.name: text(f"ability.{one.name}.{one.value}", detail="") for one in report.abilities
        }
        if looks_first(kind):  # seen or not: it takes luck to see it
            found["overwrite_refusal"] = text("ability.overwrite_refusal.not_at_once")
        rows.append([kind, str(len(report.findings)), *(found[name] for name in names)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"


def test_the_page_is_what_was_seen() -> None:
    if set(_seen) != set(KINDS):
        missing = sorted(set(KINDS) - set(_seen))
        pytest.skip(f"not all kinds were looked at in this run: {', '.join(missing)}")
    page = HEAD + table()
    if os.environ.get("FENCHI_WRITE_DOCS"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "write it anew: FENCHI_WRITE_DOCS=1"
