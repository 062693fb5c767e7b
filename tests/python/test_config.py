"""vault.toml: everything is known or refused, and init's edit keeps the rest of the file."""

from __future__ import annotations

import random
import tomllib
from datetime import date
from pathlib import Path

import fenchi
import pytest
from fenchi import config

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
        ('"passphrase"', '"3 of custodians"', "open"),
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
    loaded = config.parse(SMALL.replace("file:///a", "s3://bucket/a"))
    with pytest.raises(fenchi.Unsupported, match="not built in yet"):
        loaded.open_providers()
    two = SMALL.replace('"file:///a"', '["file:///a", "file:///b"]')
    with pytest.raises(fenchi.Unsupported, match="several URLs"):
        config.parse(two)


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
            "b": config.ProviderEntry(url="memory:b"),
        }
        loaded = config.parse(config.render(policy, places))
        assert loaded == config.Config(vault_id=None, policy=policy, providers=places)
