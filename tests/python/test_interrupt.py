"""Ctrl-C: a verb stops soon, says so in Python's own way, and breaks nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import fenchi
from vaults import PASSPHRASE, urls

SCRIPT = """
import os, signal, sys
import fenchi

# Whoever runs the tests in the background may have it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

def long():  # a gigabyte, so that a failure here fills no disk
    for number in range(16384):
        if number == 40:
            print("ready", flush=True)
        yield os.urandom(65536)

with fenchi.open({providers!r}, passphrase={passphrase!r}) as vault:
    try:
        vault.backup_stream(long(), name="long")
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        print(len(vault.snapshots()), flush=True)
        sys.exit(130)
"""


def test_ctrl_c_stops_a_backup(tmp_path: Path) -> None:
    providers = urls(tmp_path)
    fenchi.create(
        providers, passphrase=PASSPHRASE, passphrase_passes=1, passphrase_memory_kib=8192
    ).close()
    script = SCRIPT.format(providers=providers, passphrase=PASSPHRASE)
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=120)[0]
    print(f"stopped after {time.monotonic() - began:.2f} s")
    assert process.returncode == 130
    assert told.splitlines() == ["interrupted", "0"]
    with fenchi.open(providers, passphrase=PASSPHRASE) as vault:
        assert vault.verify(depth="data").repairable
