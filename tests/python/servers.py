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
import datetime
import getpass
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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
    certificate: Path | None = None  # of a server that speaks TLS: its own authority
    environment: dict[str, str] = field(
        default_factory=lambda: {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "no_proxy": "127.0.0.1,localhost",
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
            "s3",
            region_name="us-east-1",
            endpoint_url=self.endpoint,
            config=config,
            verify=str(self.certificate) if self.certificate else None,
        )

    def add_user(self, access: str, secret: str) -> None:
        """A user of versitygw without rights: a bucket's policy gives them."""
        command = [tool("versitygw"), "admin", "--endpoint-url", self.endpoint]
        command += ["--access", ACCESS_KEY, "--secret", SECRET_KEY, "create-user"]
        command += ["--access", access, "--secret", secret, "--role", "user"]
        subprocess.run(command, check=True, capture_output=True)

    def make_bucket(self, name: str, *, lock: bool = False) -> None:
        self.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)

    def url(self, bucket: str, folder: str = "", **options: str) -> str:
        plain = {} if self.certificate else {"plain_text": "allowed"}
        query = {"endpoint": self.endpoint, **plain, **options}
        words = "&".join(f"{key}={value}" for key, value in query.items())
        return f"s3://{bucket}{'/' + folder if folder else ''}?{words}"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own authority for 127.0.0.1, valid for a day, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fenchi tests")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@contextlib.contextmanager
def versitygw(
    work: Path, *, versions: bool = False, tls: bool = False, users: bool = False
) -> Iterator[S3Server]:
    """Versity's gateway over a folder: checks signatures, conditions, locks; versions if asked.

    users: it knows others than the one with all rights, see add_user.
    """
    program = tool("versitygw")
    for name in ("data", "versions", "users"):
        (work / name).mkdir(parents=True)
    port = free_port()
    command: list[str | Path] = [program, "--port", f"127.0.0.1:{port}", "--keep-alive"]
    certificate = None
    if tls:
        certificate, key = make_certificate(work)
        command += ["--cert", certificate, "--key", key]
    command += ["--access", ACCESS_KEY, "--secret", SECRET_KEY]
    command += ["--iam-dir", work / "users"] if users else []
    command += ["posix"]
    command += ["--versioning-dir", work / "versions"] if versions else []
    command += [work / "data"]
    log = work / "versitygw.log"
    with running(command, log, lambda: accepts(port)) as process:
        scheme = "https" if tls else "http"
        yield S3Server(f"{scheme}://127.0.0.1:{port}", log, process, certificate)


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


SSHD_CONFIG = """\
HostKey {work}/host
AuthorizedKeysFile {work}/client.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""


class SshServer:
    """OpenSSH's sshd: one process for each connection, started by a listener of our own, so that
    the port is never guessed and every line can be cut."""

    def __init__(self, work: Path, program: Path) -> None:
        self.work = work
        self.root = work / "root"
        self.root.mkdir(parents=True)
        self._words = [str(program), "-i", "-e", "-f", str(work / "config")]
        for name in ("host", "client"):
            words = [tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", work / name]
            subprocess.run(words, check=True)
        (work / "config").write_text(SSHD_CONFIG.format(work=work))
        self._children: list[tuple[subprocess.Popen[bytes], socket.socket]] = []
        self._stopping = threading.Event()
        self.port = 0
        self.start()
        host_key = (work / "host.pub").read_text()
        (work / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host_key}")

    def start(self) -> None:
        """Listens, after stop() on the same port again."""
        self._stopping.clear()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listener.settimeout(0.05)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def url(self, below: str = "") -> str:
        """An sftp: URL of a directory on it, with the key that it lets in."""
        known = f"identity={self.work}/client&known_hosts={self.work}/known_hosts"
        return f"sftp://{getpass.getuser()}@127.0.0.1:{self.port}{self.root}{below}?{known}"

    def _serve(self) -> None:
        with (self.work / "log").open("ab") as log:
            while not self._stopping.is_set():
                try:
                    line, _ = self._listener.accept()
                except TimeoutError:
                    continue
                line.setblocking(True)
                child = subprocess.Popen(self._words, stdin=line, stdout=line, stderr=log)
                self._children.append((child, line))
        self._listener.close()

    def stop(self) -> None:
        """As a machine that is switched off: nobody listens, every line is cut."""
        self._stopping.set()
        self._thread.join()
        for child, line in self._children:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
            child.kill()
            child.wait()
        self._children.clear()


@contextlib.contextmanager
def sshd(work: Path) -> Iterator[SshServer]:
    """OpenSSH's server with SFTP, for the account that runs the test; a key of its own."""
    program = tool("sshd")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it
    server = SshServer(work / "sshd", program)
    try:
        yield server
    finally:
        server.stop()
