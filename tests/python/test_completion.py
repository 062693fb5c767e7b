"""The Tab key: what bash, zsh and fish offer, asked of the installed program and of the shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FENCHI = Path(sys.executable).with_name("fenchi")
SHELLS = pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])


def environment(home: Path, **variables: str) -> dict[str, str]:
    path = f"{FENCHI.parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", **variables}


def asked(home: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        command, env=environment(home, **variables), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@SHELLS
def test_the_script_is_one_that_the_shell_can_read(shell: str, tmp_path: Path) -> None:
    script = asked(tmp_path, str(FENCHI), _FENCHI_COMPLETE=f"source_{shell}")
    assert f"complete_{shell}" in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script)
    asked(tmp_path, shell, "-n", str(tmp_path / "script"))


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    script = asked(tmp_path, str(FENCHI), _FENCHI_COMPLETE="source_bash")
    function = script.split("()")[0].split()[-1]

    def completed(*words: str) -> list[str]:
        typed = " ".join(f"'{word}'" for word in words)
        program = (
            f"{script}\nCOMP_WORDS=({typed})\nCOMP_CWORD={len(words) - 1}\n"
            f"{function} fenchi\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        )
        return asked(tmp_path, "bash", "-c", program).split()

    assert {"restore", "repair"} <= set(completed("fenchi", "re"))
    assert completed("fenchi", "sn") == ["snapshots"]
    assert completed("fenchi", "provider", "courier", "e") == ["export"]
    assert completed("fenchi", "restore", "--inc") == ["--include"]
    assert set(completed("fenchi", "verify", "--depth", "")) == {"exists", "tags", "data"}


@pytest.mark.parametrize(
    ("language", "explained"), [("C.UTF-8", "List snapshots"), ("zh_TW.UTF-8", "列出備份快照")]
)
@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_explain_in_the_language_of_the_user(
    shell: str, language: str, explained: str, tmp_path: Path
) -> None:
    told = asked(
        tmp_path,
        str(FENCHI),
        _FENCHI_COMPLETE=f"complete_{shell}",
        _TYPER_COMPLETE_ARGS="fenchi snap",
        _TYPER_COMPLETE_FISH_ACTION="get-args",
        LC_ALL=language,
        PYTHONUTF8="1",
    )
    assert "snapshots" in told
    assert explained in told


@SHELLS
def test_install_completion_writes_where_the_shell_looks(shell: str, tmp_path: Path) -> None:
    asked(
        tmp_path,
        str(FENCHI),
        "--install-completion",
        shell,
        _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1",
    )
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    expected = {
        "bash": ".bash_completions/fenchi.sh",
        "zsh": ".zfunc/_fenchi",
        "fish": ".config/fish/completions/fenchi.fish",
    }
    assert expected[shell] in written
