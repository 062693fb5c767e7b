"""A backup host with append-only credentials at every provider, stolen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import fenchi
import pytest
import servers
from botocore.config import Config
from fenchi import custody

pytestmark = pytest.mark.custody

HOST, HOST_SECRET = "backup-host", "the-host-s-secret-key-at-the-provider"
BUCKETS = ("tokyo", "oslo", "lima")
# All that fenchi asks for: see docs/providers/s3.md.
APPEND_ONLY = ("s3:PutObject", "s3:GetObject", "s3:ListBucket")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.S3Server]:
    """Buckets that keep versions, and a user who may add to them and read."""
    with servers.versitygw(tmp_path / "s3", versions=True, users=True) as running:
        running.add_user(HOST, HOST_SECRET)
        client = running.client()
        for bucket in BUCKETS:
            running.make_bucket(bucket)
            client.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
            statement = {
                "Effect": "Allow",
                "Principal": {"AWS": [HOST]},
                "Action": list(APPEND_ONLY),
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            }
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        yield running


def become(
    monkeypatch: pytest.MonkeyPatch, server: servers.S3Server, access: str, secret: str
) -> None:
    for key, value in server.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)


def client_of_the_host(server: servers.S3Server) -> Any:
    session = botocore.session.Session()
    session.set_credentials(HOST, HOST_SECRET)
    return session.create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )


def versions(server: servers.S3Server) -> set[tuple[str, str, str, str]]:
    """Every version of every object: bucket, name, version, hash."""
    found = set()
    pages = server.client().get_paginator("list_object_versions")
    for bucket in BUCKETS:
        for page in pages.paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                found.add((bucket, one["Key"], one["VersionId"], one["ETag"]))
    return found


def refused(action: Any, **arguments: str) -> bool:
    try:
        action(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"] == "AccessDenied"
    return False


def test_a_stolen_host_deletes_nothing_at_a_provider(
    server: servers.S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / "book").write_bytes(b"ledger" * 1000)
    where = {bucket: server.url(bucket) for bucket in BUCKETS}
    become(monkeypatch, server, servers.ACCESS_KEY, servers.SECRET_KEY)
    with fenchi.create(
        where,
        passphrase="correct horse",
        policy=fenchi.VaultPolicy(needed=2, liars=0),
        passphrase_passes=1,
        passphrase_memory_kib=8192,
    ) as vault:
        change = vault.change_policy(add_writers=[custody.NewWriter(label="host")])
        vault_id = vault.id

    # The host: its fenchi credential and its append-only keys, which are all that it needs.
    become(monkeypatch, server, HOST, HOST_SECRET)
    with fenchi.open(
        where, credential=change.credentials[0], vault_id=vault_id, state_directory=tmp_path / "h"
    ) as host:
        host.backup(tmp_path / "srv", label="nightly")
    before = versions(server)
    assert len(before) > 20

    thief = client_of_the_host(server)
    for bucket, name, version, _ in before:
        assert refused(thief.delete_object, Bucket=bucket, Key=name)
        assert refused(thief.delete_object, Bucket=bucket, Key=name, VersionId=version)
    for bucket in BUCKETS:
        assert refused(thief.delete_bucket_policy, Bucket=bucket)
        assert refused(thief.delete_bucket, Bucket=bucket)
    # To write over an object is in his power: what was there stays as an older version.
    victim = next(one for one in sorted(before) if one[1].startswith("d/"))
    thief.put_object(Bucket=victim[0], Key=victim[1], Body=b"junk")
    assert before < versions(server)

    become(monkeypatch, server, servers.ACCESS_KEY, servers.SECRET_KEY)
    with fenchi.open(where, passphrase="correct horse", vault_id=vault_id) as owner:
        report = owner.restore("latest:nightly", tmp_path / "back")
        assert report.complete
        health = owner.verify()
        assert {one.provider for one in health.damage} == {victim[0]}
        owner.repair(health)
        assert owner.verify(depth="data").healthy
    assert (tmp_path / "back" / "srv" / "book").read_bytes() == b"ledger" * 1000
