"""No credential in any text: errors with their causes, logs at the lowest level, what the command
line prints with --json, for every kind of provider. S3 has a longer one in test_s3.py."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fenchi
import pytest
import servers
import web_servers
from azure_account import make_container
from web_servers import AZURE_ACCOUNT, AZURE_KEY, PASSWORD, USER

WRONG = "another-secret-that-no-text-may-show"
TOKEN = "bearer-token-that-no-text-may-show"  # noqa: S105
KINDS = ("s3", "azure-key", "azure-sas", "gcs", "webdav-basic", "webdav-digest", "sftp")


@dataclass
class Kind:
    url: str
    good: dict[str, str]  # variables that hold a credential that is taken
    wrong: dict[str, str]  # and one that is refused
    secrets: tuple[str, ...]
    in_url: str = ""  # a URL that holds a credential, which is refused


def sas() -> str:
    return f"sv=2021-12-02&sr=c&sp=rl&sig={base64.b64encode(WRONG.encode()).decode()}"


def s3(stack: ExitStack, work: Path) -> Kind:
    server = stack.enter_context(servers.versitygw(work / "s3"))
    server.make_bucket("ledger")
    secret = servers.SECRET_KEY
    return Kind(
        server.url("ledger", "f"),
        server.environment,
        {"AWS_SECRET_ACCESS_KEY": WRONG},
        (secret, servers.ACCESS_KEY, "Signature=", "AWS4-HMAC"),
        f"s3://{servers.ACCESS_KEY}:{secret}@ledger/f",
    )


def azure(stack: ExitStack, kind: str) -> Kind:
    host = stack.enter_context(web_servers.azurite())
    make_container(host, "ledger")
    url = (
        f"azure://{AZURE_ACCOUNT}/ledger/f?endpoint=http://{host}/{AZURE_ACCOUNT}"
        "&plain_text=allowed"
    )
    wrong_key = base64.b64encode(WRONG.encode() * 2).decode()
    wrong = (
        {"AZURE_STORAGE_KEY": wrong_key}
        if kind == "azure-key"
        else {"AZURE_STORAGE_KEY": "", "AZURE_STORAGE_SAS_TOKEN": sas()}
    )
    secrets = (AZURE_KEY, wrong_key, "SharedKey ", sas(), "sig=")
    return Kind(url, {"AZURE_STORAGE_KEY": AZURE_KEY}, wrong, secrets, f"{url}&sig={WRONG}")


def gcs(stack: ExitStack) -> Kind:
    host = stack.enter_context(web_servers.fake_gcs("ledger"))
    url = f"gs://ledger/f?endpoint=http://{host}&plain_text=allowed"
    good = {"FENCHI_GCS_TOKEN": TOKEN}
    return Kind(url, good, {"FENCHI_GCS_TOKEN": WRONG}, (TOKEN, "Bearer "), f"{url}&token={TOKEN}")


def webdav(stack: ExitStack, auth: str) -> Kind:
    host, _ = stack.enter_context(web_servers.apache(auth))
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return Kind(
        f"webdav://{host}/f?plain_text=allowed",
        {"FENCHI_WEBDAV_USER": USER, "FENCHI_WEBDAV_PASSWORD": PASSWORD},
        {"FENCHI_WEBDAV_PASSWORD": WRONG},
        (PASSWORD, login, "Basic ", "response="),
        f"webdav://{USER}:{WRONG}@{host}/f?plain_text=allowed",
    )


def sftp(stack: ExitStack, work: Path) -> Kind:
    server = stack.enter_context(servers.sshd(work))
    key = (server.work / "client").read_text()
    body = [line for line in key.splitlines() if line and not line.startswith("-")]
    url = server.url("/f")
    return Kind(
        url,
        {"FENCHI_SFTP_PASSPHRASE": TOKEN},
        {"FENCHI_SFTP_PASSPHRASE": WRONG},
        (TOKEN, *body),
        url.replace("@127", f":{WRONG}@127"),
    )


@pytest.fixture
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    name: str = request.param
    with ExitStack() as stack:
        if name == "s3":
            yield s3(stack, tmp_path)
        elif name.startswith("azure"):
            yield azure(stack, name)
        elif name == "gcs":
            yield gcs(stack)
        elif name == "sftp":
            yield sftp(stack, tmp_path)
        else:
            yield webdav(stack, name.partition("-")[2])


def every_text(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)), *map(str, error.args))
        error = error.__cause__ or error.__context__


ACTIONS: tuple[Callable[[Any], object], ...] = (
    lambda place: place.put("a", b"x"),
    lambda place: place.put("a", b"x"),
    lambda place: place.get("a", 0, 1),
    lambda place: place.get("absent", 0, 1),
    lambda place: place.stat(["a", "b"]),
    lambda place: place.list(""),
    lambda place: place.delete(["a"]),
)


def texts_of(url: str) -> Iterator[str]:
    try:
        place = fenchi.open_provider(url)
    except fenchi.Error as error:
        yield from every_text(error)
        return
    yield from (place.location(), repr(place))
    for action in ACTIONS:
        try:
            action(place)
        except (fenchi.Error, OSError) as error:
            yield from every_text(error)


def command_line(*words: object) -> Iterator[str]:
    command = [str(Path(sys.executable).parent / "fenchi"), "--json", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    json.loads(done.stdout)
    yield from (done.stdout, done.stderr)


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_no_text_shows_a_credential(
    kind: Kind,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "FENCHI_AZURE", "FENCHI_GCS", "FENCHI_WEBDAV")):
            monkeypatch.delenv(name)
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    password = tmp_path / "password"
    password.write_text("correct horse battery staple")
    config = tmp_path / "vault.toml"
    disks = [tmp_path / "one", tmp_path / "two"]
    dead = kind.url.replace("127.0.0.1:", "127.0.0.1:1", 1)
    for variables in (kind.good, {**kind.good, **kind.wrong}):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        for url in (kind.url, dead, kind.in_url):
            texts += texts_of(url)
            texts += command_line("provider", "check", url)
        entries = [*(disk.as_uri() for disk in disks), kind.url]
        if not config.exists():
            with fenchi.create(
                {f"p{number}": url for number, url in enumerate(entries)},
                passphrase=password.read_text(),
                policy=fenchi.VaultPolicy(needed=2, liars=0),
                passphrase_passes=1,
                passphrase_memory_kib=8192,
            ) as vault:
                lines = [f'[vault]\nname = "v"\nid = "{vault.id}"\nneeded = 2\n']
            for number, url in enumerate(entries):
                lines.append(f'[[provider]]\nname = "p{number}"\nurl = "{url}"\nretry = false\n')
            config.write_text("\n".join(lines))
        monkeypatch.setenv("FENCHI_PASSWORD_FILE", str(password))
        for words in (("backup", config), ("verify",), ("status",), ("snapshots",)):
            texts += command_line("-c", config, *words)
    texts += [record.getMessage() for record in caplog.records]
    assert len(texts) > 40
    told = "\n".join(texts)
    for secret in (*kind.secrets, WRONG, password.read_text()):
        assert secret not in told, secret
