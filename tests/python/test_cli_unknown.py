"""What the command says of providers that cannot be asked: not known, and never damaged or lost."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from fenchi import Damage, RepairReport, VerifyReport
from fenchi.cli import exit_codes
from fenchi.cli.health import _repair_code
from test_cli import Command, command, ready

__all__ = ["command", "ready"]  # fixtures


def give_budget(ready: Command, budget: str, *names: str) -> None:
    """A byte budget for these providers, in vault.toml."""
    written = Path("vault.toml").read_text()
    for name in names:
        line = f'url = "{ready.provider(name).as_uri()}"'
        assert line in written
        written = written.replace(line, f'{line}\nbudget = "{budget}"')
    Path("vault.toml").write_text(written)


def take_away(ready: Command, name: str) -> None:
    """Nothing can open the place by now: an empty directory would be a new place."""
    shutil.move(ready.provider(name), ready.work / "away")
    ready.provider(name).write_text("no directory")


def bring_back(ready: Command, name: str) -> None:
    ready.provider(name).unlink()
    shutil.move(ready.work / "away", ready.provider(name))


def test_a_budget_that_is_used_up_is_no_damage(ready: Command) -> None:
    big = ready.work / "big"
    big.write_bytes(random.Random(20260105).randbytes(2_000_000))
    assert ready("backup", str(big)) == exit_codes.DONE, ready.err
    give_budget(ready, "300 kB", "a", "b", "c")
    for depth in ("tags", "data"):
        assert ready("verify", "--depth", depth) in (
            exit_codes.DAMAGE,
            exit_codes.TOO_FEW_PROVIDERS,
        )
        said = ready.out + ready.err
        assert "byte budget" in said
        assert "damaged or missing items" not in said
        assert "CANNOT" not in said
    for language, words in (("en", "goes on from there"), ("zh-TW", "連得上的儲存處不足")):
        code = ready("--lang", language, "restore", "latest", "out")
        assert code == exit_codes.TOO_FEW_PROVIDERS, ready.out + ready.err
        assert "byte budget" in ready.err
        assert words in ready.err
        assert "LOST" not in ready.out + ready.err
    Path("vault.toml").write_text(Path("vault.toml").read_text().replace('budget = "300 kB"', ""))
    assert ready("restore", "latest", "out") == exit_codes.DONE, ready.err


def test_a_provider_that_is_away_is_named_and_not_counted_as_damage(ready: Command) -> None:
    take_away(ready, "a")
    assert ready("verify") == exit_codes.DAMAGE
    assert "Not known, and not counted as damage: what lies at a" in ready.out
    assert "damaged or missing items" not in ready.out
    assert ready("repair") == exit_codes.DAMAGE
    assert "Not known: the shards at a" in ready.out
    assert ready("--lang", "zh-TW", "repair") == exit_codes.DAMAGE
    assert "該處的分持檔狀況不明" in ready.out
    report = ready.json("repair", code=exit_codes.DAMAGE)
    assert report["unknown"] == ["a"]
    assert [item["kind"] for item in report["left"]] == ["unreachable"]
    bring_back(ready, "a")
    assert ready("repair") == exit_codes.DONE


def test_repair_never_ends_well_after_data_was_lost(ready: Command) -> None:
    for name in ("a", "b", "c"):
        shutil.rmtree(ready.provider(name) / "d")
    assert ready("verify") == exit_codes.DATA_LOST
    report = ready.json("repair", code=exit_codes.DATA_LOST)
    assert any(not item["repairable"] for item in report["left"])
    assert ready("repair") == exit_codes.DATA_LOST


def item(kind: str, repairable: bool) -> Damage:
    return Damage(provider="a", object="", kind=kind, block=None, what="why", repairable=repairable)


UNREACHABLE = item("unreachable", True)
LOST = item("header", False)


@pytest.mark.parametrize(
    ("unreachable", "left", "code"),
    [
        ((), (), exit_codes.DONE),
        (("a",), (), exit_codes.DAMAGE),
        (("a",), (UNREACHABLE,), exit_codes.DAMAGE),
        (("a",), (UNREACHABLE, LOST), exit_codes.DATA_LOST),
        ((), (LOST,), exit_codes.DATA_LOST),
    ],
)
def test_the_exit_code_of_a_repair_follows_from_both_reports(
    unreachable: tuple[str, ...], left: tuple[Damage, ...], code: int
) -> None:
    before = VerifyReport(
        depth="tags",
        packs=1,
        shards=3,
        objects=9,
        bytes_read=0,
        chunks_checked=0,
        snapshots_checked=0,
        seconds=0.0,
        damage=(),
        unreachable=unreachable,
        freshness_proven=True,
    )
    after = RepairReport(
        shards_written=0, objects_written=0, bytes_written=0, seconds=0.0, left=left
    )
    assert _repair_code(before, after) == code


def test_a_provider_that_is_left_out_is_not_opened(ready: Command) -> None:
    take_away(ready, "a")
    assert ready("restore", "latest", "out", "--absent", "b") == exit_codes.TOO_FEW_PROVIDERS
    assert "not a directory" in (ready.err + ready.out).lower()
    assert ready("restore", "latest", "out", "--absent", "a") == exit_codes.DONE, ready.err
    assert "not a directory" not in (ready.err + ready.out).lower()
    assert ready("drill", "--absent", "a") == exit_codes.DONE, ready.err
    assert ready("restore", "latest", "more", "--absent", "nobody") == exit_codes.USAGE
