"""Courier media from Python and from the command line: exported, checked, imported."""

from __future__ import annotations

from pathlib import Path

import fenchi
import pytest
import vaults
from fenchi.cli import exit_codes
from test_cli import Command, command, ready

__all__ = ["command", "ready"]  # fixtures


def _empty(place: Path) -> None:
    for file in place.rglob("*"):
        if file.is_file() and file.parent.name != ".tmp":
            file.unlink()


def test_a_lost_provider_comes_back_by_courier(source: Path, tmp_path: Path) -> None:
    where = vaults.urls(tmp_path)
    vault = vaults.make_vault(where, tmp_path)
    saved = vault.backup(source)
    _empty(tmp_path / "providers/oslo/d")
    medium = tmp_path / "medium"
    sent = vault.export_courier("oslo", medium)
    assert sent.complete
    assert sent.medium.whole
    assert sent.objects_written == sent.medium.objects > 0
    seen = fenchi.courier.check(medium)
    assert seen.fingerprint == sent.medium.fingerprint
    assert not vault.verify().healthy
    done = fenchi.courier.load(medium, where["oslo"])
    assert done.complete
    assert done.objects_stored == sent.objects_written
    assert vault.verify(depth="data").healthy
    assert vault.restore(saved.snapshot, tmp_path / "back", absent=["tokyo"]).complete


def test_the_wrong_place_is_refused(source: Path, tmp_path: Path) -> None:
    where = vaults.urls(tmp_path)
    vault = vaults.make_vault(where, tmp_path)
    vault.backup(source)
    _empty(tmp_path / "providers/oslo/d")
    vault.export_courier("oslo", tmp_path / "medium")
    with pytest.raises(fenchi.InvalidArgument):
        fenchi.courier.load(tmp_path / "medium", where["tokyo"])
    with pytest.raises(FileNotFoundError):
        fenchi.courier.check(tmp_path / "nowhere")


def test_the_command_line_exports_checks_and_imports(ready: Command) -> None:
    _empty(ready.provider("c") / "d")
    stick = ready.work / "stick"
    stick.mkdir()
    sent = ready.json("provider", "courier", "export", "c", str(stick))
    assert sent["objects_written"] > 0
    assert (stick / "courier-0001.fenchi").exists()
    seen = ready.json("provider", "courier", "check", str(stick))
    assert seen["whole"] is True
    assert seen["fingerprint"] == sent["medium"]["fingerprint"]
    assert ready("provider", "courier", "import", str(stick), "a") == exit_codes.USAGE
    assert "nothing was stored" in ready.err
    done = ready.json("provider", "courier", "import", str(stick), "c")
    assert done["objects_stored"] == sent["objects_written"]
    assert ready("verify") == exit_codes.DONE
    part = stick / "courier-0001.fenchi"
    part.write_bytes(part.read_bytes()[:-1])
    assert ready("provider", "courier", "check", str(stick)) == exit_codes.DAMAGE
    assert "NOT WHOLE" in ready.out


def test_a_provider_by_courier_is_absent_and_names_its_medium(ready: Command) -> None:
    written = Path("vault.toml").read_text()
    url = ready.provider("c").as_uri()
    assert url in written
    medium = ready.work / "medium"
    Path("vault.toml").write_text(written.replace(url, f"courier:{medium}"))
    # Two of three hold everything that is needed to read; a backup needs all three here.
    assert ready("snapshots") == exit_codes.DONE
    source = ready.work / "more"
    source.mkdir()
    assert ready("backup", str(source)) == exit_codes.TOO_FEW_PROVIDERS
    sent = ready.json("provider", "courier", "export", "c")
    assert sent["objects_there"] == 0
    assert medium.exists()
    assert ready("provider", "courier", "export", "a") == exit_codes.USAGE
    assert "courier: URL" in ready.err
