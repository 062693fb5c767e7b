"""The WebDAV provider against Apache's mod_dav and nginx."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import fenchi
import pytest
import web_servers
from vaults import make_vault
from web_servers import PASSWORD, USER

KINDS = ("apache", "apache-basic", "apache-digest", "nginx", "nginx-basic")


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FENCHI_WEBDAV")]:
        monkeypatch.delenv(name)


def log_in(monkeypatch: pytest.MonkeyPatch, password: str = PASSWORD) -> None:
    monkeypatch.setenv("FENCHI_WEBDAV_USER", USER)
    monkeypatch.setenv("FENCHI_WEBDAV_PASSWORD", password)


@pytest.fixture
def server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Path]]:
    kind, _, auth = request.param.partition("-")
    if auth:
        log_in(monkeypatch)
    if kind == "apache":
        with web_servers.apache(auth or "none") as running:
            yield running
    else:
        with web_servers.nginx(web_servers.nginx_login() if auth else "") as running:
            yield running


def url(host: str, more: str = "", folder: str = "vault") -> str:
    return f"webdav://{host}/{folder}?plain_text=allowed{more}"


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_the_contract_is_kept_and_nothing_is_left_behind(server: tuple[str, Path]) -> None:
    host, served = server
    report = fenchi.check_provider(url(host))
    assert [f for f in report.findings if f.required and not f.passed] == []
    # Said honestly: no server promises a move that is atomic against others.
    assert [f.check for f in report.findings if not f.passed] == [
        "the place says that it refuses to overwrite"
    ]
    assert files(served) == []


@pytest.mark.parametrize("server", ["apache-digest", "nginx"], indirect=True)
def test_a_vault_lives_on_a_server_and_its_operator_can_read_it_as_files(
    server: tuple[str, Path], tmp_path: Path, source: Path
) -> None:
    host, served = server
    places = {
        "nas": url(host),
        "disk": (tmp_path / "disk").as_uri(),
        "memory": f"memory:webdav-{tmp_path.name.lower().strip('_')}",
    }
    with make_vault(dict(places), tmp_path) as vault:
        report = vault.backup(source, label="night")
        vault.restore(report.snapshot, tmp_path / "back")
        assert vault.verify(depth="tags").healthy
    assert (tmp_path / "back" / "ledger" / "2026.txt").read_text() == "opening balance 100\n"
    as_files = fenchi.open_provider((served / "vault").as_uri())
    over_http = fenchi.open_provider(url(host))
    assert as_files.list("", "") == over_http.list("", "")
    assert len(over_http.list("d/", "")) > 0


def test_wrong_credentials_are_named_and_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    for auth in ("basic", "digest"):
        with web_servers.apache(auth) as (host, _):
            log_in(monkeypatch, "hush hush")
            place = fenchi.open_provider(url(host))
            with pytest.raises(fenchi.Denied, match="FENCHI_WEBDAV_PASSWORD") as refused:
                place.get("a", 0, 1)
            assert "hush" not in str(refused.value)
            with pytest.raises(fenchi.Denied, match="FENCHI_WEBDAV_PASSWORD") as refused:
                place.list("", "")
            assert "hush" not in str(refused.value)
            monkeypatch.delenv("FENCHI_WEBDAV_USER")
            with pytest.raises(fenchi.Denied, match="401"):
                fenchi.open_provider(url(host)).list("", "")


def test_one_of_several_servers_has_credentials_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(PASSWORD + "\n")
    monkeypatch.setenv("FENCHI_WEBDAV_TOKYO_USER", USER)
    monkeypatch.setenv("FENCHI_WEBDAV_TOKYO_PASSWORD_FILE", str(tmp_path / "secret"))
    with web_servers.apache("digest") as (host, _):
        place = fenchi.open_provider(url(host, "&credentials=tokyo"))
        place.put("a", b"hello")
        assert place.get("a", 0, 5) == b"hello"
        assert PASSWORD not in place.location() + repr(place)


def test_a_server_that_only_reads_refuses_to_be_written() -> None:
    with web_servers.nginx("limit_except GET PROPFIND { deny all; }") as (host, served):
        (served / "vault").mkdir()
        (served / "vault" / "a").write_bytes(b"hello")
        (served / "vault").chmod(0o755)
        place = fenchi.open_provider(url(host))
        assert place.get("a", 0, 5) == b"hello"
        assert place.list("", "") == [("a", 5)]
        with pytest.raises(fenchi.Denied, match="cannot write"):
            place.put("b", b"new")


@pytest.mark.parametrize("kind", ["apache", "nginx"])
def test_a_server_may_refuse_to_delete_objects(kind: str) -> None:
    """The settings that docs/providers/webdav.md gives."""
    if kind == "apache":
        running = web_servers.apache(
            besides=r"""<LocationMatch "^/vault/(?!\.tmp/)">
                       <Limit DELETE>
                       Require all denied
                       </Limit>
                       </LocationMatch>"""
        )
    else:
        running = web_servers.nginx(
            besides=r"""location ~ ^/vault/(?!\.tmp/) {
                       dav_methods PUT MKCOL COPY MOVE;
                       dav_ext_methods PROPFIND OPTIONS;
                       }"""
        )
    with running as (host, served):
        place = fenchi.open_provider(url(host))
        place.put("d/abcdef", b"1")
        with pytest.raises(fenchi.Denied, match="cannot delete"):
            place.delete(["d/abcdef"])
        assert files(served) == ["vault/d/ab/abcdef"]


def test_a_web_server_without_webdav_is_told_apart() -> None:
    with web_servers.nginx(methods="off", listing="off") as (host, _):
        place = fenchi.open_provider(url(host))
        with pytest.raises(fenchi.Unsupported, match="WebDAV"):
            place.list("", "")


def test_a_folder_whose_parent_is_missing_is_not_made() -> None:
    with web_servers.apache() as (host, served):
        with pytest.raises(fenchi.NotFound, match="only the last folder"):
            fenchi.open_provider(url(host, folder="no/vault")).put("a", b"1")
        assert files(served) == []


@pytest.mark.parametrize("server", ["apache", "nginx"], indirect=True)
def test_a_folder_that_goes_away_is_not_an_empty_place(server: tuple[str, Path]) -> None:
    host, served = server
    place = fenchi.open_provider(url(host))
    place.put("d/abcdef", b"1")
    (served / "vault").rename(served / "elsewhere")
    for call in (
        lambda: place.get("d/abcdef", 0, 1),
        lambda: place.stat(["d/abcdef"]),
        lambda: place.list("", ""),
        lambda: place.put("b", b"2"),
    ):
        with pytest.raises(fenchi.Unavailable):
            call()
    assert not (served / "vault").exists()
    (served / "elsewhere").rename(served / "vault")
    assert place.list("", "") == [("d/abcdef", 1)]


@pytest.mark.parametrize("server", ["apache", "nginx"], indirect=True)
def test_what_dead_programs_left_is_never_listed_and_removed_after_a_day(
    server: tuple[str, Path],
) -> None:
    host, served = server
    fenchi.open_provider(url(host)).put("a", b"1")
    temporary = served / "vault" / ".tmp"
    old, new, foreign = (
        temporary / name
        for name in (f"fenchi-{'0' * 32}.tmp", f"fenchi-{'1' * 32}.tmp", "notes.txt")
    )
    for path in (old, new, foreign):
        path.write_bytes(b"part")
        path.chmod(0o644)
    day_ago = time.time() - 25 * 3600
    os.utime(old, (day_ago, day_ago))
    os.utime(foreign, (day_ago, day_ago))
    place = fenchi.open_provider(url(host))
    assert place.list("", "") == [("a", 1)]
    place.put("b", b"2")
    assert sorted(temporary.iterdir()) == [new, foreign]


@pytest.mark.parametrize("server", ["apache", "nginx"], indirect=True)
def test_a_folder_is_neither_replaced_nor_deleted_as_an_object(server: tuple[str, Path]) -> None:
    host, _ = server
    place = fenchi.open_provider(url(host))
    place.put("log/1", b"1")
    with pytest.raises(fenchi.Unsupported):
        place.put("log", b"x", replace=True)
    place.delete(["log"])
    assert place.stat(["log", "log/1"]) == [None, 1]


def test_plain_text_is_refused_unless_allowed_by_name() -> None:
    with pytest.raises(fenchi.InvalidArgument, match="plain_text=allowed"):
        fenchi.open_provider("webdav://127.0.0.1:1/a")
    with pytest.raises(fenchi.InvalidArgument) as refused:
        fenchi.open_provider("webdavs://hush:hush@127.0.0.1:1/a")
    assert "hush" not in str(refused.value)
