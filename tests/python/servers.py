"""Real servers on loopback for tests: a context manager each, with an ephemeral port.

with servers.sshd(tmp_path) as server:
    provider = fenchi.open_provider(server.url())

`missing_sshd()` says why a server cannot run here, "" when it can; what a server started ends with
its context.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SSHD = Path("/usr/sbin/sshd")
SSHD_CONFIG = """\
HostKey {home}/host
AuthorizedKeysFile {home}/client.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""


def missing_sshd() -> str:
    if not SSHD.exists():
        return "no OpenSSH server here (Debian: openssh-server)"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it
    return ""


class SshServer:
    """OpenSSH's sshd: one process for each connection, started by a listener of our own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "root"
        self.root.mkdir(parents=True)
        keygen = shutil.which("ssh-keygen") or "ssh-keygen"
        for name in ("host", "client"):
            words = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", home / name]
            subprocess.run(words, check=True)
        (home / "config").write_text(SSHD_CONFIG.format(home=home))
        self._children: list[tuple[subprocess.Popen[bytes], socket.socket]] = []
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = int(self._listener.getsockname()[1])
        host_key = (home / "host.pub").read_text()
        (home / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host_key}")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def url(self, below: str = "") -> str:
        """An sftp: URL of a directory on it, with the key that it lets in."""
        known = f"identity={self.home}/client&known_hosts={self.home}/known_hosts"
        user = getpass.getuser()
        return f"sftp://{user}@127.0.0.1:{self.port}{self.root}{below}?{known}"

    def _serve(self) -> None:
        log = (self.home / "log").open("ab")
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.setblocking(True)
            words = [str(SSHD), "-i", "-e", "-f", str(self.home / "config")]
            child = subprocess.Popen(words, stdin=connection, stdout=connection, stderr=log)
            self._children.append((child, connection))
        log.close()
        self._listener.close()

    def stop(self) -> None:
        """As a machine that is switched off: nobody listens, every line is cut."""
        self._stopping.set()
        self._thread.join()
        for child, connection in self._children:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
            child.kill()
            child.wait()
        self._children.clear()


@contextmanager
def sshd(directory: Path) -> Iterator[SshServer]:
    server = SshServer(directory / "sshd")
    try:
        yield server
    finally:
        server.stop()
