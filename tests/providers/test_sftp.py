"""SFTP from Python and from the command line, against OpenSSH's own server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fenchi
import pytest
import servers
import vaults


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.SshServer]:
    with servers.sshd(tmp_path) as running:
        yield running


def test_stores_and_reads(server: servers.SshServer) -> None:
    provider = fenchi.open_provider(server.url())
    provider.put("d/abcdef", b"hello")
    with pytest.raises(FileExistsError):
        provider.put("d/abcdef", b"other")
    assert provider.get("d/abcdef") == b"hello"
    assert (server.root / "d/ab/abcdef").read_bytes() == b"hello"
    assert "identity" not in repr(provider)


def test_the_check_of_the_command_line_passes(server: servers.SshServer) -> None:
    command = Path(sys.executable).with_name("fenchi")
    words = [command, "--json", "provider", "check", server.url()]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"] is True


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(fenchi.InvalidArgument) as caught:
        fenchi.open_provider("sftp://clerk:hunter2@nas.example/backup")
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint


def test_a_process_killed_in_the_middle_of_a_put_leaves_nothing_visible(
    server: servers.SshServer, tmp_path: Path
) -> None:
    program = (
        "import fenchi, sys\n"
        "provider = fenchi.open_provider(sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "provider.put('large', bytes(256 << 20))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, server.url()], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    temporary = server.root / ".tmp"
    while not any(file.stat().st_size > 1 << 20 for file in temporary.iterdir()):
        assert child.poll() is None, "the Put ended before it could be interrupted"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    provider = fenchi.open_provider(server.url())
    assert provider.stat(["large"]) == [None]
    assert provider.list() == []
    provider.put("large", b"whole")
    assert provider.get("large") == b"whole"


def test_a_vault_loses_its_server_and_restores(server: servers.SshServer, tmp_path: Path) -> None:
    source = tmp_path / "ledger"
    source.mkdir()
    (source / "a").write_bytes(os.urandom(2_000_000))
    where = vaults.urls(tmp_path, ("tokyo", "oslo")) | {"taipei": server.url("/taipei")}
    vault = vaults.make_vault(where, tmp_path)
    saved = vault.backup(source)
    assert saved.complete
    server.stop()
    assert vault.restore(saved.snapshot, tmp_path / "back").complete
    assert (tmp_path / "back/ledger/a").read_bytes() == (source / "a").read_bytes()
