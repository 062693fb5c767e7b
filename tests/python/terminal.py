"""A person at a terminal: what a command asks for is typed once it was asked."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Sequence

WAIT_SECONDS = 60.0


def _controlling() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def typed(arguments: Sequence[str], answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Runs fenchi; for each (question, answer), types the answer when the question stands there.

    The exit code and all that the screen showed.
    """
    ours, theirs = pty.openpty()
    program = "from fenchi.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_controlling,
    )
    os.close(theirs)
    screen, since = "", 0
    left = list(answers)
    try:
        while process.poll() is None or select.select([ours], [], [], 0)[0]:
            if not select.select([ours], [], [], WAIT_SECONDS)[0]:
                raise AssertionError(f"nothing happens; the screen shows: {screen}")
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            screen += piece.decode(errors="replace")
            if left and left[0][0] in screen[since:]:
                os.write(ours, left.pop(0)[1].encode() + b"\n")
                since = len(screen)
    finally:
        if process.poll() is None and left:
            process.kill()
        code = process.wait()
        os.close(ours)
    assert not left, f"never asked for {left[0][0]!r}: {screen}"
    return code, screen
