"""fenchi.providers: the wrappers, over the library's providers and over those written in Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import fenchi
import pytest
from fenchi import providers
from test_providers import Drawer
from vaults import PASSPHRASE, make_vault

QUICK = providers.Retry(first_wait=0, wait_max=0)

STACKS: dict[str, Callable[[Path], object]] = {
    "retrying": lambda work: providers.retrying(Drawer()),
    "rate_limited": lambda work: providers.rate_limited(Drawer(), "9 GB/s Mo-Su 00-24"),
    "metered": lambda work: providers.metered(Drawer(), providers.Meter()),
    "cached": lambda work: providers.cached(Drawer(), directory=work / "cache"),
    "spare_lines": lambda work: providers.spare_lines(
        [(work / "place").as_uri(), (work / "." / "place").as_uri() + "/."]
    ),
    "all": lambda work: providers.cached(
        providers.retrying(
            providers.rate_limited(providers.metered(Drawer(), providers.Meter()), "unlimited")
        )
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_every_wrapper_keeps_the_contract(name: str, tmp_path: Path) -> None:
    report = fenchi.check_provider(STACKS[name](tmp_path))  # type: ignore[arg-type]
    assert [f for f in report.findings if f.required and not f.passed] == []


class Flaky(Drawer):
    """Fails its first calls with `trouble`."""

    def __init__(self, failures: int, trouble: Exception) -> None:
        super().__init__()
        self.failures = failures
        self.flaw = trouble
        self.calls = 0

    def _raise_trouble(self) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.flaw


def test_retry_tries_again_only_where_it_may_help() -> None:
    flaky = Flaky(3, ConnectionError("line cut"))
    providers.retrying(flaky, QUICK).put("a", b"1")
    assert flaky.objects == {"a": b"1"}
    refusing = Flaky(1, PermissionError("no"))
    with pytest.raises(PermissionError):
        providers.retrying(refusing, QUICK).put("a", b"1")
    assert refusing.calls == 1


def test_a_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    trouble = fenchi.Unavailable("too many requests")
    trouble.retry_after = 3600
    busy = Flaky(1, trouble)
    with pytest.raises(fenchi.Unavailable):
        providers.retrying(busy, providers.Retry(deadline=60)).put("a", b"1")
    assert busy.calls == 1


def test_the_cause_survives_every_wrapper() -> None:
    drawer = Drawer()
    meter = providers.Meter()
    place = providers.cached(providers.rate_limited(providers.metered(drawer, meter), "unlimited"))
    drawer.trouble = PermissionError("badge expired")
    with pytest.raises(fenchi.Denied) as raised:
        place.put("a", b"1")
    assert raised.value.__cause__ is drawer.trouble
    assert meter.usage().errors == 1


def test_the_cause_survives_in_a_vault_over_wrapped_providers(tmp_path: Path, source: Path) -> None:
    drawers = {name: Drawer() for name in ("taipei", "tokyo", "oslo")}
    wrapped = {name: providers.retrying(drawer, QUICK) for name, drawer in drawers.items()}
    with make_vault(dict(wrapped), tmp_path) as vault:
        for drawer in drawers.values():
            drawer.trouble = PermissionError("badge expired")
        with pytest.raises(fenchi.Error) as raised:
            vault.backup(source)
    assert isinstance(raised.value.__cause__, PermissionError)


def test_a_budget_ends_in_full() -> None:
    place = providers.rate_limited(Drawer(), "unlimited", budget=10)
    place.put("a", b"123456")
    with pytest.raises(fenchi.Full):
        place.put("b", b"123456")
    shared = providers.RateLimit("unlimited", 10)
    first, second = (providers.rate_limited(Drawer(), shared) for _ in range(2))
    first.put("a", b"123456")
    with pytest.raises(fenchi.Full):
        second.put("b", b"123456")
    assert shared.bytes_reserved == 6


def test_a_rate_that_is_not_understood_says_where() -> None:
    with pytest.raises(fenchi.InvalidArgument, match="rule 2"):
        providers.rate_limited(Drawer(), "2 Mbit/s Mo-Fr 08-18, quickly")


def test_a_meter_counts_and_prices() -> None:
    meter = providers.Meter(providers.Prices(currency="TWD", put_per_1000=1000, gb_out=1e9))
    place = providers.metered("memory:metered", meter)
    place.put("a", b"12345")
    assert place.get("a", 0, 4) == b"1234"
    usage = meter.usage()
    assert (usage.verbs["put"].calls, usage.bytes_put, usage.bytes_got) == (1, 5, 4)
    assert (usage.currency, usage.money) == ("TWD", pytest.approx(1 + 4))
    assert usage.waiting_seconds > 0


def test_a_vault_knows_what_each_provider_was_used_for(tmp_path: Path, source: Path) -> None:
    drawers = {name: Drawer() for name in ("taipei", "tokyo", "oslo")}
    with make_vault(dict(drawers), tmp_path) as vault:
        before = {name: sum(map(len, d.objects.values())) for name, d in drawers.items()}
        made = vault.provider_usage()
        vault.backup(source)
        usage = vault.provider_usage()
    assert set(usage) == set(drawers)
    for name, drawer in drawers.items():
        stored = sum(map(len, drawer.objects.values())) - before[name]
        assert usage[name].bytes_put - made[name].bytes_put == stored > 0
    with fenchi.open(drawers, passphrase=PASSPHRASE, state_directory=tmp_path / "s") as vault:
        vault.restore("latest", tmp_path / "out")
        assert all(one.bytes_put == 0 for one in vault.provider_usage().values())
        assert sum(one.bytes_got for one in vault.provider_usage().values()) > 0


def test_read_only_refuses_every_change() -> None:
    drawer = Drawer()
    drawer.put("a", b"1")
    place = providers.read_only(drawer)
    assert place.get("a") == b"1"
    with pytest.raises(fenchi.Denied):
        place.put("b", b"2")
    with pytest.raises(fenchi.Denied):
        place.delete(["a"])


def test_a_spare_line_takes_over_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    first, elsewhere = Drawer(), Drawer()
    lines = [("first", lambda: first), ("second", lambda: first)]
    place = providers.spare_lines(lines)
    place.put("a", b"1")
    wrong = providers.spare_lines([("first", lambda: first), ("second", lambda: elsewhere)])
    first.trouble = ConnectionError("line cut")
    with pytest.raises(fenchi.Conflict, match="second"):
        wrong.get("a")
    assert elsewhere.objects == {}
    with pytest.raises(fenchi.Unavailable) as raised:  # both lines are this one drawer
        place.get("a")
    assert raised.value.__cause__ is first.trouble
    first.trouble = None
    with pytest.raises(fenchi.Conflict):
        providers.spare_lines(
            [("first", lambda: first), ("second", lambda: elsewhere)], compare_all=True
        )
    missing = (tmp_path / "not-mounted" / "x").as_uri()
    with pytest.raises(fenchi.NotFound):  # nothing has ever shown which place it is
        providers.spare_lines([missing, (tmp_path / "place").as_uri()])


def test_a_provider_with_a_wrong_line_is_done_without(tmp_path: Path, source: Path) -> None:
    url = {name: (tmp_path / name).as_uri() for name in ("a", "b", "c", "elsewhere")}
    tables = "".join(f'[[provider]]\nname = "{name}"\nurl = "{url[name]}"\n' for name in "abc")
    content = "[vault]\nneeded = 2\n" + tables
    made = fenchi.create(
        fenchi.config.parse(content.replace(f'"{url["c"]}"', f'["{url["c"]}", "{url["c"]}/."]')),
        passphrase=PASSPHRASE,
        passphrase_passes=1,
        passphrase_memory_kib=8192,
        state_directory=tmp_path / "state",
    )
    with made as vault:
        report = vault.backup(source)
    # The first line is gone for good, and the spare one is of another place.
    (tmp_path / "c").rename(tmp_path / "lost")
    wrong = content.replace(f'"{url["c"]}"', f'["{url["c"]}/x/y", "{url["elsewhere"]}"]')
    opened = fenchi.open(
        fenchi.config.parse(wrong), passphrase=PASSPHRASE, state_directory=tmp_path / "new"
    )
    with opened as vault:
        assert any(re.search(r"\bc\b", warning) for warning in vault.warnings)
        assert vault.restore(report, tmp_path / "out").complete
    assert not any((tmp_path / "elsewhere").rglob("*"))
