"""Which language a run of the command speaks."""

from __future__ import annotations

from pathlib import Path

import fenchi
import pytest
from fenchi.cli import exit_codes
from fenchi.cli.run import run

ENGLISH, CHINESE = "there is no", "找不到"


def said(capture: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run([*arguments, "snapshots"]) == exit_codes.NO_VAULT
    return capture.readouterr().err


def test_the_option_outranks_the_locale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ENGLISH in said(capsys)
    assert CHINESE in said(capsys, "--lang", "zh-TW")
    assert CHINESE in said(capsys, "--lang=zh-TW")
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    assert CHINESE in said(capsys)
    assert ENGLISH in said(capsys, "--lang", "en")


def test_the_configuration_outranks_the_locale_and_yields_to_the_option(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "there.toml"
    config.write_text('[vault]\nlanguage = "zh-TW"\nneeded = 2\n')
    for arguments in (("-c", str(config)), ("--config", str(config)), (f"--config={config}",)):
        assert run([*arguments, "snapshots"]) == exit_codes.USAGE
        assert "設定檔裡沒有任何" in capsys.readouterr().err
    monkeypatch.setenv("FENCHI_VAULT", str(config))
    assert run(["snapshots"]) == exit_codes.USAGE
    assert "設定檔裡沒有任何" in capsys.readouterr().err
    assert run(["--lang", "en", "snapshots"]) == exit_codes.USAGE
    assert "[[provider]]" in capsys.readouterr().err
    assert fenchi.messages.in_use() == "en"


@pytest.mark.parametrize("content", ["not toml [", '[vault]\nlanguage = "tlh"\n', "vault = 3\n"])
def test_a_broken_configuration_leaves_the_locale_to_decide(
    content: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "vault.toml").write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    assert run(["snapshots"]) == exit_codes.USAGE
    assert "錯誤：" in capsys.readouterr().err


def test_a_vault_made_in_chinese_goes_on_in_chinese(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text("two dull foxes\n")
    monkeypatch.setenv("FENCHI_PASSWORD_FILE", str(tmp_path / "passphrase"))
    places = [f"--provider={name}={tmp_path / name}" for name in "abc"]
    assert run(["--lang", "zh-TW", "init", "--name", "地籍", *places]) == 0
    told = capsys.readouterr().out
    assert "已建立保存庫 '地籍'" in told
    assert "請妥善保管" in told
    assert fenchi.config.load("vault.toml").language == "zh-TW"
    assert run(["snapshots"]) == 0
    assert "目前還沒有備份快照。" in capsys.readouterr().out
    assert run(["--lang", "en", "snapshots"]) == 0
    assert "No snapshots yet." in capsys.readouterr().out


def test_an_unknown_language_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "tlh", "snapshots"]) == exit_codes.USAGE
    assert "tlh" in capsys.readouterr().err
