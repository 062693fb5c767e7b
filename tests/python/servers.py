"""Real servers for the provider tests: each on 127.0.0.1, on a free port, ended by its own process.

    with servers.versitygw(tmp_path) as s3:
        s3.make_bucket("ledger")
        monkeypatch.setenv(...)   # s3.environment
        fenchi.check_provider(s3.url("ledger"))

A server that is not installed makes the test skip and say what to run: scripts/setup --tests
installs them all. A server's output is in `log`, and shown when it does not come up.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "tools" / "bin"
START_SECONDS = 60.0
ACCESS_KEY = "fenchi-test-access"
SECRET_KEY = "fenchi-test-secret-key-that-no-message-may-show"


def tool(name: str) -> Path:
    """A program of build/tools, the venv or the system; skips the test where it is missing."""
    for candidate in (TOOLS / name, Path(sys.executable).parent / name):
        if candidate.exists():
            return candidate
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed: run scripts/setup --tests")
    return Path(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    ready: Callable[[], bool],
    environment: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The command in the background from `ready` on; ended, it and nothing else, at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not come up:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class S3Server:
    endpoint: str
    log: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str] = field(
        default_factory=lambda: {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "no_proxy": "127.0.0.1",
        }
    )

    def client(self) -> Any:
        """botocore's client of this server: the other opinion."""
        session = botocore.session.Session()
        session.set_credentials(ACCESS_KEY, SECRET_KEY)
        config = Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            proxies={},
        )
        return session.create_client(
            "s3", region_name="us-east-1", endpoint_url=self.endpoint, config=config
        )

    def make_bucket(self, name: str, *, lock: bool = False) -> None:
        self.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)

    def url(self, bucket: str, folder: str = "", **options: str) -> str:
        query = {"endpoint": self.endpoint, "plain_text": "allowed", **options}
        words = "&".join(f"{key}={value}" for key, value in query.items())
        return f"s3://{bucket}{'/' + folder if folder else ''}?{words}"


@contextlib.contextmanager
def versitygw(work: Path, *, versions: bool = False) -> Iterator[S3Server]:
    """Versity's gateway over a folder: checks signatures, conditions, locks; versions if asked."""
    program = tool("versitygw")
    for name in ("data", "versions"):
        (work / name).mkdir(parents=True)
    port = free_port()
    command: list[str | Path] = [program, "--port", f"127.0.0.1:{port}", "--keep-alive"]
    command += ["--access", ACCESS_KEY, "--secret", SECRET_KEY, "posix"]
    command += ["--versioning-dir", work / "versions"] if versions else []
    command += [work / "data"]
    log = work / "versitygw.log"
    with running(command, log, lambda: accepts(port)) as process:
        yield S3Server(f"http://127.0.0.1:{port}", log, process)


@contextlib.contextmanager
def moto(work: Path) -> Iterator[S3Server]:
    """moto's S3: in memory, lenient about signatures, other in many details."""
    program = tool("moto_server")
    work.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = work / "moto.log"
    command = [program, "-H", "127.0.0.1", "-p", str(port)]
    with running(command, log, lambda: accepts(port)) as process:
        yield S3Server(f"http://127.0.0.1:{port}", log, process)
