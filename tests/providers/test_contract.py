"""Every kind of provider against the contract and a real server, and the table of what each can do.

docs/providers/contract.md is that table. FENCHI_WRITE_DOCS=1 writes it anew; without, this test
fails when the page is not what was seen.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import fenchi
import pytest
import servers
import web_servers
from azure_account import make_container
from fenchi.messages import text
from web_servers import AZURE_ACCOUNT, AZURE_KEY

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "providers" / "contract.md"
Place = Any
CHECKS_LEAST = 20
RACE = "of many Puts of one name at once"
HEAD = """# What each kind of provider can do

Seen by `fenchi provider check` at real servers on one machine; `scripts/check --only providers`
looks again, and fails when this table is not what it sees. All kinds keep the contract: every check
of the suite (`fenchi/testing/provider_contract.h`) that a vault cannot do without has passed, but
that versitygw, moto and servers of WebDAV look first and then write: two Puts of one name at once
may both succeed there, where Amazon's service decides. What an ability means for a vault,
`fenchi provider check` says of your own place.

"""


@contextmanager
def folder(tmp_path: Path) -> Iterator[Place]:
    yield (tmp_path / "place").as_uri()


@contextmanager
def memory(_: Path) -> Iterator[Place]:
    yield "memory:contract-table"


@contextmanager
def s3(tmp_path: Path) -> Iterator[Place]:
    with servers.versitygw(tmp_path / "s3") as server, environment(server.environment):
        server.make_bucket("ledger")
        yield server.url("ledger", "place")


@contextmanager
def s3_locking(tmp_path: Path) -> Iterator[Place]:
    with (
        servers.versitygw(tmp_path / "s3", versions=True) as server,
        environment(server.environment),
    ):
        server.make_bucket("ledger", lock=True)
        yield server.url("ledger", "place", lock="governance")


@contextmanager
def s3_moto(tmp_path: Path) -> Iterator[Place]:
    with servers.moto(tmp_path) as server, environment(server.environment):
        server.make_bucket("ledger")
        yield server.url("ledger", "place")


@contextmanager
def s3_by_fsspec(tmp_path: Path) -> Iterator[Place]:
    config = pytest.importorskip("fsspec.config", reason="fsspec is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    with servers.versitygw(tmp_path / "s3") as server, environment(server.environment):
        server.make_bucket("ledger")
        before = config.conf.get("s3")
        config.conf["s3"] = {
            "endpoint_url": server.endpoint,
            "skip_instance_cache": True,
            "client_kwargs": {"region_name": "us-east-1"},
        }
        try:
            yield "fsspec+s3://ledger/place"
        finally:
            config.conf.pop("s3")
            if before is not None:
                config.conf["s3"] = before


@contextmanager
def azure(_: Path) -> Iterator[Place]:
    with web_servers.azurite() as host, environment({"AZURE_STORAGE_KEY": AZURE_KEY}):
        make_container(host, "ledger")
        endpoint = f"endpoint=http://{host}/{AZURE_ACCOUNT}&plain_text=allowed"
        yield f"azure://{AZURE_ACCOUNT}/ledger/place?{endpoint}"


@contextmanager
def gcs(_: Path) -> Iterator[Place]:
    with web_servers.fake_gcs("ledger") as host, environment({"FENCHI_GCS_TOKEN": "any"}):
        yield f"gs://ledger/place?endpoint=http://{host}&plain_text=allowed"


@contextmanager
def sftp(tmp_path: Path) -> Iterator[Place]:
    with servers.sshd(tmp_path) as server:
        yield server.url("/place")


@contextmanager
def apache(_: Path) -> Iterator[Place]:
    with web_servers.apache() as (host, _served):
        yield f"webdav://{host}/place?plain_text=allowed"


@contextmanager
def nginx(_: Path) -> Iterator[Place]:
    with web_servers.nginx() as (host, _served):
        yield f"webdav://{host}/place?plain_text=allowed"


@contextmanager
def written_in_python(tmp_path: Path) -> Iterator[Place]:
    """The one of docs/providers/write-your-own.md."""
    spec = importlib.util.spec_from_file_location("own", REPOSITORY / "examples" / "provider.py")
    assert spec is not None
    assert spec.loader is not None
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)
    yield own.Database(str(tmp_path / "place.db"))


@contextmanager
def memory_by_fsspec(_: Path) -> Iterator[Place]:
    yield "fsspec+memory://contract-table"


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AZURE_", "AWS_"))]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv(name, value)
        yield


KINDS: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {
    "`file:` on ext4": folder,
    "`memory:`": memory,
    "`s3:` at versitygw 1.7": s3,
    "`s3:` with `lock=` at versitygw 1.7 with versions": s3_locking,
    "`s3:` at moto 5": s3_moto,
    "`azure:` at Azurite 3.35": azure,
    "`gs:` at fake-gcs-server 1.55": gcs,
    "`sftp:` at OpenSSH": sftp,
    "`webdav:` at Apache": apache,
    "`webdav:` at nginx": nginx,
    "a provider written in Python": written_in_python,
    "`fsspec+memory:`": memory_by_fsspec,
    "`fsspec+s3:` at versitygw 1.7": s3_by_fsspec,
}
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


def looks_first(kind: str) -> bool:
    """Servers that look first and then write, whatever they are asked: no judges of a race."""
    return any(name in kind for name in ("versitygw", "moto", "webdav"))


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
