"""What the library says in English comes with a sentence in the language of the run."""

from __future__ import annotations

import re
from pathlib import Path

import fenchi
import pytest
from fenchi import _errors, messages
from fenchi.cli import exit_codes, explaining
from fenchi.cli.run import run
from fenchi.messages import CATALOGUE

CODES = [code for code in fenchi.StatusCode if code.name != "ok"]
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_sentence_and_a_next_step(code: fenchi.StatusCode) -> None:
    error = _errors.from_status(int(code), "pack 12: no", "")
    assert explaining.explained(error) == ("pack 12: no", CATALOGUE[f"outcome.{code.name}.next"][0])
    hinted = _errors.from_status(int(code), "pack 12: no", "look there")
    assert explaining.explained(hinted) == ("pack 12: no", "look there")
    messages.use("zh-TW")
    what, next_step = explaining.explained(hinted)
    assert what.startswith(CATALOGUE[f"outcome.{code.name}"][1])
    assert "pack 12: no" in what
    assert next_step.startswith(CATALOGUE[f"outcome.{code.name}.next"][1])
    assert "look there" in next_step


def test_no_sentence_is_of_no_code() -> None:
    families = {key.split(".")[1] for key in CATALOGUE if key.startswith("outcome.")}
    assert families == {code.name for code in CODES} | {"detail", "next"}


def test_what_fenchi_says_in_the_language_already_is_left_alone() -> None:
    messages.use("zh-TW")
    error = fenchi.NotFound(messages.text("config.absent", path="x"), "去那裡找")
    assert explaining.explained(error) == ("找不到 x", "去那裡找")


def test_each_kind_of_damage_has_a_name() -> None:
    header = Path(__file__).parents[2] / "include/fenchi/report.h"
    enum = header.read_text().partition("enum class DamageKind {")[2].partition("}")[0]
    kinds = [name.lower() for name in re.findall(r"^  k(\w+),", enum, re.M)]
    assert len(kinds) > 6
    assert {f"damage.{kind}" for kind in kinds} == {
        key for key in CATALOGUE if key.startswith("damage.") and key != "damage.of_kind"
    }
    for kind in kinds:
        assert explaining.damage_explained(kind, "gone") == "gone"
    messages.use("zh-TW")
    for kind in kinds:
        told = explaining.damage_explained(kind, "gone")
        assert "gone" in told
        assert CHINESE.search(told)


def test_a_failure_of_a_run_is_explained(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    source: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text("two dull foxes\n")
    (tmp_path / "wrong").write_text("three dull foxes\n")
    monkeypatch.setenv("FENCHI_PASSWORD_FILE", str(tmp_path / "passphrase"))
    places = [f"--provider={name}={tmp_path / name}" for name in "abc"]
    assert run(["--lang", "zh-TW", "init", *places]) == 0
    assert run(["backup", str(source)]) == 0
    assert "備份快照" in capsys.readouterr().out

    assert run(["--password-file", "wrong", "snapshots"]) == exit_codes.WRONG_KEY
    said = capsys.readouterr().err
    assert "錯誤：打不開保存庫" in said
    assert "詳細內容（英文）：" in said
    assert "請試：請慢慢重新輸入密碼" in said

    assert run(["restore", "nothing", "out"]) == exit_codes.FAILED
    assert "錯誤：找不到所指定的保存庫、備份快照、路徑或物件。" in capsys.readouterr().err

    shard = next(path for path in (tmp_path / "a" / "d").rglob("*") if path.is_file())
    shard.chmod(0o600)
    shard.unlink()
    assert run(["verify"]) == exit_codes.DAMAGE
    assert re.search(r"a d/\S+：缺少（英文：", capsys.readouterr().out)
