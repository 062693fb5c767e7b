"""fsspec+s3:// against a server of S3 on this machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import fenchi
import fsspec.config
import pytest
from fenchi import providers
from vaults import PASSPHRASE, make_vault

pytest.importorskip("s3fs", reason="s3fs is not installed")
server = pytest.importorskip("moto.server", reason="moto is not installed")

# Those of the libraries that stand between.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a new bucket; where it is and how to log in stand outside the URL."""
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    endpoint = {"endpoint_url": f"http://{host}:{port}"}
    monkeypatch.setitem(fsspec.config.conf, "s3", endpoint)
    filesystem = fsspec.filesystem("s3", skip_instance_cache=True)
    name = f"shards-{secrets.token_hex(8)}"  # the server's state is one for the process
    filesystem.mkdir(name)
    yield f"fsspec+s3://{name}"
    running.stop()


def test_the_contract_is_kept(bucket: str) -> None:
    report = fenchi.check_provider(f"{bucket}/contract")
    # This server looks first and then writes, whatever it is asked: no judge of a race.
    race = "of many Puts of one name at once"
    failed = [f for f in report.findings if f.required and not f.passed]
    assert [f for f in failed if not f.check.startswith(race)] == []
    assert fenchi.open_provider(f"{bucket}/x").capability()["create_only"]
    found = {one.name: one.value for one in report.abilities}
    assert found["delete"] == "yes"
    assert found["listing"] == "at_once"
    assert "testing" not in report.location


def test_a_vault_over_buckets(bucket: str, tmp_path: Path, source: Path) -> None:
    where = {name: f"{bucket}/{name}" for name in ("taipei", "tokyo", "oslo")}
    with make_vault(dict(where), tmp_path) as vault:
        report = vault.backup(source)
        assert all(one.errors == 0 for one in vault.provider_usage().values())
    with fenchi.open(where, passphrase=PASSPHRASE, state_directory=tmp_path / "new") as vault:
        assert vault.verify(depth="data").healthy
        assert vault.restore(report, tmp_path / "out").complete
    assert (tmp_path / "out/ledger/2026.txt").read_text() == "opening balance 100\n"


def test_a_bucket_that_is_not_there_is_an_error_that_says_so(bucket: str) -> None:
    place = fenchi.open_provider(f"{bucket}-elsewhere")
    for call in (
        lambda: place.put("a", b"1"),
        lambda: place.get("a", 0, 1),
        lambda: place.get("a", 0, 0),
        lambda: place.stat(["a"]),
        lambda: place.list(""),
        lambda: place.delete(["a"]),
    ):
        with pytest.raises(fenchi.Unavailable, match="is not there"):
            call()


def test_two_folders_of_a_bucket_are_two_places(bucket: str) -> None:
    assert not fenchi.same_place(f"{bucket}/a", f"{bucket}/b")
    assert fenchi.same_place(f"{bucket}/a", f"{bucket}/a")
    line = providers.spare_lines([f"{bucket}/a", f"{bucket}/b/../a"])
    line.put("n", b"1")
