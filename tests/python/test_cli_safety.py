"""What others wrote must not steer the terminal on which it is shown."""

from __future__ import annotations

import json

import pytest
from fenchi import Error
from fenchi.cli.output import Output, printable

HOSTILE = "a\x1b]0;owned\x07b\x9b2Jc\u202ed\re"
STEERING = set("\x1b\x07\x9b\u202e\r")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("tokyo\nline 2", "tokyo\nline 2"),
        ("帳冊", "帳冊"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b", "\\xc2\\x9b"),
        ("\u202egpj.exe", "\\xe2\\x80\\xaegpj.exe"),
    ],
)
def test_printable_escapes_what_steers_and_nothing_else(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_no_way_out_of_the_command_prints_raw_controls(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output()
    output.line(HOSTILE)
    output.warn(HOSTILE)
    output.say("warning", message=HOSTILE)
    output.table(["column"], [[HOSTILE]])
    output.error(Error(HOSTILE, HOSTILE))
    said = capsys.readouterr()
    assert "owned" in said.out
    assert "owned" in said.err
    assert not STEERING & set(said.out + said.err)


def test_json_keeps_the_value_and_shows_no_control(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json_wanted=True).document(True, name=HOSTILE)
    said = capsys.readouterr().out
    assert not STEERING & set(said)
    assert json.loads(said)["name"] == HOSTILE
