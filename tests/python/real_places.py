"""A place of each kind at a real server of its own, for the tests in tests/providers."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import servers
import web_servers
from azure_account import make_container
from web_servers import AZURE_ACCOUNT, AZURE_KEY

REPOSITORY = Path(__file__).resolve().parents[2]
Place = Any
CHECKS_LEAST = 20  # of the contract
RACE = "of many Puts of one name at once"


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


def looks_first(kind: str) -> bool:
    """Servers that look first and then write, whatever they are asked: no judges of a race."""
    return any(name in kind for name in ("versitygw", "moto", "webdav"))
