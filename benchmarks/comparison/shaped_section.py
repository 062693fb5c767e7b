"""Providers behind 20 ms and 100 Mbit/s: fenchi and restic over SFTP to a real server on loopback.

OpenSSH's sshd runs on a port of its own, with keys made for this run; a proxy in front of it shapes
the line. `shared`: one line for all that a tool sends, as at an office. `a line each`: every
provider has one for itself, as if the providers were the bottleneck. restic has one provider.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from comparison.inputs import Input
from comparison.processes import Failed, Run, output, say
from comparison.rows import Row, Rows
from comparison.shaping import Line, shaped
from comparison.tool_section import check_restored
from comparison.tools import PROVIDERS, Fenchi, Restic, Tool

ROUNDS_MAX = 5
LINE = "20 ms, 100 Mbit/s"


@dataclass(frozen=True)
class Server:
    port: int
    identity: Path
    host_key: str  # as it stands in a file of known hosts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            return line.recv(4) == b"SSH-"
    except OSError:
        return False


def write_sshd_config(folder: Path, port: int) -> Path:
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host_key'}\n"
        f"AuthorizedKeysFile {folder / 'identity.pub'}\nPidFile none\nStrictModes no\n"
        "UsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        "MaxStartups 100\nMaxSessions 100\nSubsystem sftp internal-sftp\n"
    )
    return config


@contextmanager
def ssh_server(folder: Path) -> Iterator[Server]:
    """OpenSSH's server, for the time of the block."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise Failed("sshd is not installed (scripts/setup --benchmarks)")
    folder.mkdir()
    for name in ("host_key", "identity"):
        output(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name])
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it separates privileges
    port = free_port()
    words = [program, "-D", "-e", "-f", str(write_sshd_config(folder, port))]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 10
        while not answers(port):
            if child.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"sshd does not answer: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)
        yield Server(port, folder / "identity", (folder / "host_key.pub").read_text().strip())
    finally:
        child.terminate()
        child.wait()


def known_hosts(path: Path, server: Server, ports: list[int]) -> Path:
    path.write_text("".join(f"[127.0.0.1]:{port} {server.host_key}\n" for port in ports))
    return path


class FarFenchi(Fenchi):
    def __init__(self, scratch: Path, source: Input, server: Server, ports: list[int]) -> None:
        super().__init__(scratch, source)
        self.server, self.ports = server, ports

    def urls(self) -> list[str]:
        hosts = known_hosts(self.folder / "known_hosts", self.server, self.ports)
        return [
            f"sftp://{getpass.getuser()}@127.0.0.1:{port}{self.folder / name}"
            f"?identity={self.server.identity}&known_hosts={hosts}"
            for name, port in zip(PROVIDERS, self.ports, strict=True)
        ]


class FarRestic(Restic):
    def __init__(self, scratch: Path, source: Input, server: Server, port: int) -> None:
        super().__init__(scratch, source)
        self.server, self.port = server, port

    def repository(self) -> list[object]:
        hosts = known_hosts(self.folder / "known_hosts", self.server, [self.port])
        user = getpass.getuser()
        ssh = (
            f"ssh -p {self.port} -i {self.server.identity} -o IdentitiesOnly=yes "
            f"-o UserKnownHostsFile={hosts} {user}@127.0.0.1 -s sftp"
        )
        return ["-r", f"sftp:{user}@127.0.0.1:{self.folder / 'repo'}", "-o", f"sftp.command={ssh}"]


def run_verbs(tool: Tool, scratch: Path, check: bool) -> dict[str, Run]:
    target = scratch / "target"
    tool.start()
    seen = {}
    for verb in ("backup", "no change", "restore"):
        seen[verb] = tool.do(verb, target)
    if check:
        check_restored(tool, tool.source.folder, tool.restored(target))
    shutil.rmtree(target)
    shutil.rmtree(tool.folder)
    return seen


def measure_round(
    given: Input, scratch: Path, server: Server, first: bool
) -> dict[str, dict[str, Run]]:
    seen = {}
    with shaped(server.port, Line()) as port:
        tool: Tool = FarFenchi(scratch, given, server, [port] * len(PROVIDERS))
        seen["shared"] = run_verbs(tool, scratch, first)
    with ExitStack() as lines:
        ports = [lines.enter_context(shaped(server.port, Line())) for _ in PROVIDERS]
        seen["a line each"] = run_verbs(FarFenchi(scratch, given, server, ports), scratch, first)
    if Restic.locate() is not None:
        with shaped(server.port, Line()) as port:
            seen["restic"] = run_verbs(FarRestic(scratch, given, server, port), scratch, first)
    return seen


def measure(rows: Rows, given: Input, scratch: Path, rounds: int) -> None:
    try:
        with ssh_server(scratch / "sshd") as server:
            for number in range(min(rounds, ROUNDS_MAX)):
                seen = measure_round(given, scratch, server, number == 0)
                for name, runs in seen.items():
                    told = ", ".join(f"{verb} {r.seconds:.2f} s" for verb, r in runs.items())
                    say(f"shaped {number + 1}/{rounds}: {name}: {told}")
                note(rows, seen)
    except Failed as failure:
        say(f"the shaped rows are missing: {failure}")
        rows.add(Row("shaped", f"backup against restic, {LINE}", note="could not be measured"))
    finally:
        shutil.rmtree(scratch / "sshd", ignore_errors=True)


def note(rows: Rows, seen: dict[str, dict[str, Run]]) -> None:
    sizes = "fenchi sends 1.5 times the data (k = 2 of 3); restic one copy; default verification"
    for kind in ("shared", "a line each"):
        title = f"{LINE}, SFTP, {kind if kind != 'shared' else 'one line shared'}"
        for verb, mine in seen[kind].items():
            rows.add(Row("shaped", f"{verb}: fenchi, {title}", unit="s"), mine.seconds)
            if "restic" in seen:
                theirs = seen["restic"][verb]
                row = Row("shaped", f"{verb} against restic, {title}", note=sizes)
                rows.add(row, theirs.seconds / mine.seconds)
    for verb, theirs in seen.get("restic", {}).items():
        rows.add(Row("shaped", f"{verb}: restic, {LINE}, SFTP", unit="s"), theirs.seconds)
