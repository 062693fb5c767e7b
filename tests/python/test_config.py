"""vault.toml: everything is known or refused, and init's edit keeps the rest of the file."""

from __future__ import annotations

import random
import tomllib
from datetime import date
from pathlib import Path

import fenchi
import pytest
from fenchi import _stack, _wrappers, config, providers

FULL = """
# a comment that stays
[vault]
name = "land-register"
id = ""                         # written by init
needed = 2
suite = "aes256gcm"
open = "passphrase"

[[provider]]
name = "tokyo"
url = "file:///srv/fenchi/tokyo"
vendor = "Example"
vendor_home = "US"
country = "JP"
region = "ap-northeast-1"
account = "1234"
medium = "cloud"

[[provider]]
name = "oslo"
url = ["file:///srv/fenchi/oslo"]

[policy]
home_country = "TW"
liars = 1
deny_countries = ["CN", "HK", "MO"]

[[policy.relax]]
axis = "vendor_home"
ground = "only two vendors were offered"
approver = "Lin"
expires = 2027-01-01
"""
SMALL = '[vault]\nneeded = 2\n[[provider]]\nname = "a"\nurl = "file:///a"\n'


def test_every_key_of_the_documented_file_is_read() -> None:
    loaded = config.parse(FULL)
    assert loaded.vault_id is None
    assert loaded.policy.name == "land-register"
    assert (loaded.policy.needed, loaded.policy.suite, loaded.policy.liars) == (2, "aes256gcm", 1)
    assert loaded.policy.deny_countries == ("CN", "HK", "MO")
    assert loaded.policy.relax[0].expires == date(2027, 1, 1)
    assert loaded.policy.relax[0].expires_seconds == 1798761600
    assert loaded.providers["tokyo"].domain.region == "ap-northeast-1"
    assert loaded.providers["oslo"].url == "file:///srv/fenchi/oslo"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("liars = 1", "liers = 1", "did you mean liars"),
        ('vendor_home = "US"', 'vendor_hom = "US"', "did you mean vendor_home"),
        ("needed = 2", "neded = 2", "needed is missing"),
        ("needed = 2", 'needed = "2"', "type int"),
        ("needed = 2", "needed = true", "type int"),
        ("aes256gcm", "rot13", "one of: aes256gcm"),
        ('"passphrase"', '"3 of"', "open"),
        ('name = "oslo"', 'name = "tokyo"', "two providers"),
        ('name = "oslo"', 'name = "Oslo!"', "provider name"),
        ('"vendor_home"\nground', '"vendr"\nground', "one of: vendor"),
        ('id = ""', 'id = "12"', "64 hexadecimal"),
        ("[policy]", "[polcy]", "did you mean policy"),
        ("needed = 2", "needed = ", "not a TOML file"),
        ('"CN"', "1", "list of str"),
    ],
)
def test_a_wrong_file_is_refused_in_words(old: str, new: str, message: str) -> None:
    assert old in FULL
    with pytest.raises(fenchi.InvalidArgument) as raised:
        config.parse(FULL.replace(old, new))
    assert message in str(raised.value)


def test_what_is_not_built_in_says_so() -> None:
    loaded = config.parse(SMALL.replace("file:///a", "gopher://hole/a"))
    with pytest.raises(fenchi.Unsupported, match="provider a: no provider for gopher"):
        loaded.open_providers()


AROUND = """
rate = "2 Mbit/s Mo-Fr 08-18, unlimited"
budget = "10 GB"
retry = { attempts = 3, first_wait_seconds = 0.5, budget = 7 }
prices = { currency = "TWD", put_per_1000 = 0.15, gb_out = 3 }
"""


def test_what_stands_around_a_provider_is_read() -> None:
    entry = config.parse(SMALL + AROUND).providers["a"]
    assert entry.rate == "2 Mbit/s Mo-Fr 08-18, unlimited"
    assert entry.budget == "10 GB"
    assert entry.retry == providers.Retry(attempts=3, first_wait=0.5, budget=7)
    assert entry.prices == providers.Prices(currency="TWD", put_per_1000=0.15, gb_out=3)
    for text, value in (("true", True), ("false", False)):
        assert config.parse(SMALL + f"retry = {text}\n").providers["a"].retry is value


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('rate = "fast"', "provider a: rule 1 of the rate 'fast'"),
        ("rate = 5", "type str"),
        ('budget = "10"', "such as"),
        ('budget = "ten GB"', "such as"),
        ('budget = "1e3 GB"', "such as"),
        ('retry = "often"', "retry must be a table"),
        ("retry = { attempts = 0 }", "attempts must be a number from 1"),
        ("retry = { attempts = 1.5 }", "type int"),
        ("retry = { atempts = 2 }", "did you mean attempts"),
        ("retry = { wait_max_seconds = nan }", "from 0 up"),
        ("prices = { gb_out = -1 }", "gb_out must be a number from 0"),
        ("prices = { gb_out = true }", "type number"),
        ("prices = { gb_oud = 1 }", "did you mean gb_out"),
        ("prices = 5", "type dict"),
    ],
)
def test_what_is_wrong_around_a_provider_is_refused_in_words(line: str, message: str) -> None:
    with pytest.raises(fenchi.InvalidArgument) as raised:
        config.parse(SMALL + line + "\n")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1 B", 1), ("10 GB", 10**10), ("1.5 kB", 1500), ("2 KiB", 2048), ("3TiB", 3 << 40)],
)
def test_sizes_have_units(text: str, size: int) -> None:
    assert _stack.size_bytes(text) == size


def test_a_list_of_urls_is_one_place_over_several_lines(tmp_path: Path) -> None:
    place, same = (tmp_path / "place").as_uri(), (tmp_path / "link").as_uri()
    (tmp_path / "place").mkdir()
    (tmp_path / "link").symlink_to("place")
    two = SMALL.replace('"file:///a"', f'["{place}", "{same}"]')
    entry = config.parse(two).providers["a"]
    assert (entry.url, entry.spare_urls) == (place, (same,))
    opened = config.parse(two).open_providers()["a"]
    opened.put("n", b"1")
    assert (tmp_path / "place/n").read_bytes() == b"1"
    with pytest.raises(fenchi.Conflict, match="link2 does not show the marker"):
        config.parse(two.replace(same, same + "2")).open_providers()
    with pytest.raises(fenchi.InvalidArgument, match="listed twice"):
        config.parse(two.replace(same, place))


def test_a_budget_of_the_file_is_kept(tmp_path: Path) -> None:
    content = SMALL.replace("file:///a", (tmp_path / "place").as_uri()) + 'budget = "5 B"\n'
    place = config.parse(content).open_providers()["a"]
    with pytest.raises(fenchi.Full):
        place.put("n", b"123456")


def test_retry_is_on_by_default_for_all_but_local_places(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def note(place: object, rule: object = None) -> object:
        made.append("retry")
        return place

    monkeypatch.setattr(_wrappers, "retrying", note)
    for url, retry, expected in (
        ("memory:x", None, 0),
        ("memory:x", True, 1),
        ("memory:x", providers.Retry(), 1),
        ("fsspec+memory://x", None, 0),
        ("elsewhere:x", None, 1),
        ("elsewhere:x", False, 0),
    ):
        made.clear()
        entry = config.ProviderEntry(url=url, retry=retry)
        place = fenchi.open_provider("memory:x")
        _stack.build(place, entry, providers.Meter())
        assert len(made) == expected, (url, retry)


@pytest.mark.parametrize("content", [FULL, SMALL, SMALL.replace("needed", 'id = ""\nneeded')])
def test_the_id_is_written_and_nothing_else_changes(tmp_path: Path, content: str) -> None:
    path = tmp_path / "vault.toml"
    path.write_text(content)
    path.chmod(0o640)
    config.write_id(path, "ab" * 32)
    assert config.load(path).vault_id == "ab" * 32
    before, after = tomllib.loads(content), tomllib.loads(path.read_text())
    before["vault"]["id"] = "ab" * 32
    assert before == after
    assert path.stat().st_mode & 0o777 == 0o640
    assert ("# a comment that stays" in path.read_text()) == ("# a comment" in content)
    assert [child.name for child in tmp_path.iterdir()] == ["vault.toml"]


def test_what_is_rendered_reads_back_the_same() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    letters = 'ab"\\\n\t\x7f\x1bé中 #='
    for _ in range(200):
        odd = "".join(chance.choices(letters, k=8))
        policy = config.VaultPolicy(
            name=odd or "x",
            needed=chance.randint(1, 9),
            suite=chance.choice((None, *config.SUITES)),
            liars=chance.choice((None, 0, 1)),
            spare_losses=chance.randint(0, 2),
            home_country=chance.choice(("", "TW")),
            deny_countries=chance.choice(((), ("CN", "HK"))),
            abroad=chance.choice((None, 0, 2)),
            key_domains=chance.choice((("main",), ("land", odd))),
            relax=(
                config.Relaxation(axis="vendor", ground=odd, approver="x", expires=None),
                config.Relaxation(
                    axis="abroad", ground="y", approver=odd, expires=date(2031, 2, 3)
                ),
            )[: chance.randint(0, 2)],
        )
        places = {
            "a": config.ProviderEntry(url="file:///a", domain=fenchi.Domain(vendor=odd)),
            "b": config.ProviderEntry(
                url="memory:b",
                spare_urls=chance.choice(((), ("memory:c", f"memory:{odd}"))),
                rate=chance.choice(("", "2 Mbit/s Mo-Fr 08-18, unlimited")),
                budget=chance.choice(("", "10 GB")),
                retry=chance.choice((None, True, False, providers.Retry(first_wait=0.125))),
                prices=chance.choice((None, providers.Prices(currency=odd or "X", gb_out=0.09))),
            ),
        }
        loaded = config.parse(config.render(policy, places))
        assert loaded == config.Config(vault_id=None, policy=policy, providers=places)
