"""Credentials that a callable gives, for each kind of provider that takes one."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import fenchi
import pytest
import servers
import web_servers
from azure_account import make_container
from web_servers import AZURE_ACCOUNT, AZURE_KEY, PASSWORD, USER

MakeBucket = Callable[..., str]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "FENCHI_AZURE", "FENCHI_GCS", "FENCHI_WEBDAV")):
            monkeypatch.delenv(name)


def stores_and_reads(place: fenchi.BuiltinProvider) -> None:
    place.put("d/abc", b"hello")
    assert place.get("d/abc") == b"hello"


def test_s3_asks_a_callable_and_asks_again_before_they_expire(
    versitygw_server: servers.S3Server, bucket: MakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = versitygw_server.url(bucket(versitygw_server), "called")
    for name in versitygw_server.environment:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    asked: list[datetime] = []

    def source() -> dict[str, str | bytes | datetime]:
        asked.append(datetime.now(UTC))
        return {
            "access_key_id": servers.ACCESS_KEY,
            "secret_access_key": servers.SECRET_KEY,
            "expires": datetime.now(UTC) + timedelta(seconds=1),
        }

    place = fenchi.open_provider(url, credentials=source)
    stores_and_reads(place)
    assert len(asked) > 1, "they expire within minutes: each request asks"


def test_azure_gcs_and_webdav_ask_a_callable() -> None:
    with web_servers.azurite() as host:
        make_container(host, "ledger")
        endpoint = f"endpoint=http://{host}/{AZURE_ACCOUNT}&plain_text=allowed"
        stores_and_reads(
            fenchi.open_provider(
                f"azure://{AZURE_ACCOUNT}/ledger/f?{endpoint}",
                credentials=lambda: {"key": AZURE_KEY},
            )
        )
    with web_servers.fake_gcs("ledger") as host:
        url = f"gs://ledger/f?endpoint=http://{host}&plain_text=allowed"
        stores_and_reads(fenchi.open_provider(url, credentials=lambda: {"token": b"any"}))
    with web_servers.apache("digest") as (host, _):
        login = {"user": USER, "password": PASSWORD}
        url = f"webdav://{host}/f?plain_text=allowed"
        stores_and_reads(fenchi.open_provider(url, credentials=lambda: login))
        wrong = fenchi.open_provider(
            url, credentials=lambda: {"user": USER, "password": "not-this-one"}
        )
        with pytest.raises(fenchi.Denied) as caught:
            wrong.get("d/abc")
        assert "not-this-one" not in str(caught.value)


def test_of_an_exception_only_the_type_is_told(
    versitygw_server: servers.S3Server, bucket: MakeBucket
) -> None:
    url = versitygw_server.url(bucket(versitygw_server), "f")

    def broken() -> dict[str, str | bytes | datetime]:
        raise RuntimeError("the-secret-is-in-here")

    with pytest.raises(fenchi.Error) as caught:
        fenchi.open_provider(url, credentials=broken).get("a", 0, 1)
    assert "RuntimeError" in str(caught.value)
    assert "the-secret-is-in-here" not in repr(caught.value)
    naive = {"token": "x", "expires": datetime(2030, 1, 1)}  # noqa: DTZ001
    with pytest.raises(fenchi.Error, match="TypeError"):
        fenchi.open_provider(
            "gs://bucket/f?endpoint=http://127.0.0.1:1&plain_text=allowed",
            credentials=lambda: naive,
        ).get("a", 0, 1)


def test_other_schemes_take_no_callable() -> None:
    with pytest.raises(fenchi.InvalidArgument, match="s3:"):
        fenchi.open_provider("memory:x", credentials=dict)
