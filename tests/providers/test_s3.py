"""S3 against real servers: contract, locks, parts, wrong settings, no credential in any text."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import built
import fenchi
import pytest
import servers
from fenchi.cli import exit_codes
from test_cli import Command, command

__all__ = ["command"]  # a fixture

MakeBucket = Callable[..., str]
PART_MIB = 5
MIB = 1 << 20
TOKEN = "session-token-that-no-message-may-show"


def failures(report: Any) -> list[str]:
    # These servers look first and then write, whatever they are asked: no judges of a race.
    race = "of many Puts of one name at once"
    failed = [found for found in report.findings if not found.passed]
    return [f"{one.check}: {one.message}" for one in failed if not one.check.startswith(race)]


@pytest.fixture(params=["versitygw", "versitygw_with_versions", "moto"])
def server(request: pytest.FixtureRequest) -> servers.S3Server:
    fixtures = {
        "versitygw": "versitygw_server",
        "versitygw_with_versions": "versitygw_versions",
        "moto": "moto_server",
    }
    found: servers.S3Server = request.getfixturevalue(fixtures[request.param])
    return found


def test_the_contract_is_kept(server: servers.S3Server, bucket: MakeBucket) -> None:
    report = fenchi.check_provider(server.url(bucket(server), "a/folder"))
    assert len(report.findings) >= 20
    assert failures(report) == []


def test_a_folder_with_odd_characters_is_a_folder(
    server: servers.S3Server, bucket: MakeBucket
) -> None:
    name = bucket(server)
    place = fenchi.open_provider(server.url(name, "%E5%88%86%E6%8C%81+%26%20b"))
    place.put("d/abc", b"hello")
    assert place.list("") == [("d/abc", 5)]
    assert place.get("d/abc") == b"hello"
    keys = [entry["Key"] for entry in server.client().list_objects_v2(Bucket=name)["Contents"]]
    assert "分持+& b/d/abc" in keys


def test_what_botocore_wrote_is_read_and_the_other_way_round(
    server: servers.S3Server, bucket: MakeBucket
) -> None:
    name = bucket(server)
    client = server.client()
    client.put_object(Bucket=name, Key="f/theirs", Body=b"from botocore")
    place = fenchi.open_provider(server.url(name, "f"))
    assert place.get("theirs") == b"from botocore"
    place.put("ours", b"from fenchi")
    assert client.get_object(Bucket=name, Key="f/ours")["Body"].read() == b"from fenchi"
    with pytest.raises(FileExistsError):
        place.put("theirs", b"again")


def test_large_objects_go_up_in_parts(server: servers.S3Server, bucket: MakeBucket) -> None:
    name = bucket(server)
    place = fenchi.open_provider(server.url(name, "f", part_mib=str(PART_MIB)))
    big = os.urandom(3 * PART_MIB * MIB + 12345)
    place.put("big", big)
    assert place.get("big") == big
    etag = server.client().head_object(Bucket=name, Key="f/big")["ETag"]
    assert etag.strip('"').endswith("-4"), "four parts"
    with pytest.raises(FileExistsError):
        place.put("big", big)
    assert "Uploads" not in server.client().list_multipart_uploads(Bucket=name)


def test_an_upload_of_an_earlier_process_is_gone_on_with(
    server: servers.S3Server, bucket: MakeBucket
) -> None:
    name = bucket(server)
    client = server.client()
    big = os.urandom(2 * PART_MIB * MIB + 1)
    begun = client.create_multipart_upload(Bucket=name, Key="f/big")["UploadId"]
    client.upload_part(
        Bucket=name, Key="f/big", UploadId=begun, PartNumber=1, Body=big[: PART_MIB * MIB]
    )
    place = fenchi.open_provider(server.url(name, "f", part_mib=str(PART_MIB)))
    place.put("big", big)
    assert place.get("big") == big
    assert "Uploads" not in client.list_multipart_uploads(Bucket=name), "it was that upload"


@pytest.mark.parametrize("checksum", ["md5", "sha256"])
def test_checksums_that_are_asked_for_are_right(
    server: servers.S3Server, bucket: MakeBucket, checksum: str
) -> None:
    url = server.url(bucket(server), "f", checksum=checksum, part_mib=str(PART_MIB))
    place = fenchi.open_provider(url)
    place.put("small", b"hello")
    place.put("big", bytes(PART_MIB * MIB + 1))
    assert place.stat(["small", "big"]) == [5, PART_MIB * MIB + 1]


def test_locks_hold_and_can_be_extended(
    versitygw_versions: servers.S3Server, bucket: MakeBucket
) -> None:
    url = versitygw_versions.url(bucket(versitygw_versions, lock=True), "f", lock="compliance")
    program = built.program("tests/providers/fenchi_lock_s3")
    done = subprocess.run([program, url], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_a_trial_locked_is_locked_for_good(
    versitygw_versions: servers.S3Server, bucket: MakeBucket
) -> None:
    """This server calls that a change of the weaker lock, for which it wants a right of its own."""
    name = bucket(versitygw_versions, lock=True)
    program = built.program("tests/providers/fenchi_lock_s3")

    def run(folder: str) -> subprocess.CompletedProcess[str]:
        urls = [versitygw_versions.url(name, folder, lock=m) for m in ("compliance", "governance")]
        return subprocess.run([program, *urls], capture_output=True, text=True, check=False)

    refused = run("without-the-right")
    assert refused.returncode == 1
    assert "WRONG lock it for good" in refused.stdout
    assert "s3:BypassGovernanceRetention" in refused.stdout
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:BypassGovernanceRetention"],
        "Resource": [f"arn:aws:s3:::{name}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    versitygw_versions.client().put_bucket_policy(Bucket=name, Policy=policy)
    done = run("with-it")
    assert done.returncode == 0, done.stdout


def test_a_locked_backup_outlives_who_may_delete_everything(
    versitygw_versions: servers.S3Server, bucket: MakeBucket, source: Path, tmp_path: Path
) -> None:
    names = {place: bucket(versitygw_versions, lock=True) for place in ("tokyo", "oslo", "lima")}
    urls = {
        place: versitygw_versions.url(name, "f", lock="compliance") for place, name in names.items()
    }
    with fenchi.create(
        urls,
        passphrase=b"correct horse",
        policy=fenchi.VaultPolicy(needed=2),
        passphrase_passes=1,
        passphrase_memory_kib=8,
        state_directory=tmp_path / "state",
    ) as vault:
        vault.backup(source)  # locks nothing
        (source / "more.bin").write_bytes(os.urandom(100_000))
        made = vault.backup(source, lock_for=timedelta(hours=1))
        assert made.locks is not None
        assert made.locks.complete
        assert {place.provider for place in made.locks.places if place.can_lock} == set(urls)
        number = vault.id
    client = versitygw_versions.client()
    deleted = 0
    for name in names.values():
        listed = client.list_object_versions(Bucket=name)
        for version in listed.get("Versions", []):
            which = {"Key": version["Key"], "VersionId": version["VersionId"]}
            try:
                client.delete_object(Bucket=name, **which)
                deleted += 1
            except client.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "AccessDenied"
    assert deleted > 0, "what no snapshot that is locked needs"
    with fenchi.open(
        urls,
        passphrase=b"correct horse",
        vault_id=number,
        state_directory=tmp_path / "another machine",
    ) as vault:
        assert vault.restore(made, tmp_path / "restored").complete
    for path in source.iterdir():
        assert (tmp_path / "restored" / source.name / path.name).read_bytes() == path.read_bytes()


def test_verify_asks_again_for_the_locks_of_a_backup(
    versitygw_versions: servers.S3Server, bucket: MakeBucket, source: Path, command: Command
) -> None:
    """In a mode that its owner overrules: at one place that is borne, at two it is an alarm."""
    names = {place: bucket(versitygw_versions, lock=True) for place in ("tokyo", "oslo", "lima")}
    places = [
        f"--provider={place}={versitygw_versions.url(name, 'f', lock='governance')}"
        for place, name in names.items()
    ]
    assert command("init", "--name", "test", *places) == 0, command.err
    made = command.json("backup", str(source), "--lock-days", "1")
    assert made["complete"]
    kept = command.json("verify")
    assert kept["locks_kept"]
    (locks,) = kept["locks"]["snapshots"]
    assert (locks["snapshot"], locks["until"]) == (made["snapshot"], made["locks"]["until"])
    assert (locks["packs_unlocked"], locks["opening"]) == (0, "locked")
    assert locks["packs"] == made["locks"]["packs"] > 0
    shorten_locks(versitygw_versions, names["tokyo"], "f/d/")
    assert command("verify") == 0
    assert "Locks hold" in command.out
    shorten_locks(versitygw_versions, names["oslo"], "f/d/")
    alarm = command.json("verify", "--depth", "exists", code=exit_codes.INCOMPLETE)
    assert alarm["healthy"]
    assert not alarm["locks_kept"]
    (locks,) = alarm["locks"]["snapshots"]
    assert locks["packs_unlocked"] == locks["packs"]
    assert locks["opening"] == "locked"
    failed = {place["provider"]: place["failed"] for place in alarm["locks"]["places"]}
    assert failed == {"tokyo": locks["packs"], "oslo": locks["packs"], "lima": 0}
    assert command("verify") == exit_codes.INCOMPLETE
    assert "ALARM: 1 of 1 snapshots" in command.out
    assert f"oslo does not keep {locks['packs']} objects" in command.out
    assert command("backup", str(source), "--lock-days", "1") == 0
    assert command("verify") == 0, "the next backup locks again what it re-uses"
    assert "2 snapshots" in command.out


def shorten_locks(server: servers.S3Server, name: str, prefix: str) -> None:
    """As its owner may in governance mode; this server takes no lock off, but ends it sooner."""
    client = server.client()
    soon = datetime.now(UTC) + timedelta(minutes=5)
    for item in client.list_objects_v2(Bucket=name, Prefix=prefix)["Contents"]:
        client.put_object_retention(
            Bucket=name,
            Key=item["Key"],
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": soon},
            BypassGovernanceRetention=True,
        )


def test_tls_is_trusted_by_its_authority_only(
    versitygw_tls: servers.S3Server, bucket: MakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = bucket(versitygw_tls)
    url = versitygw_tls.url(name, "f")
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    error = refusal(lambda: fenchi.open_provider(url).put("a", b"x"))
    assert isinstance(error, fenchi.Denied)
    assert "certificate" in str(error)
    monkeypatch.setenv("SSL_CERT_FILE", str(versitygw_tls.certificate))
    assert failures(fenchi.check_provider(url)) == []
    # The authority is right, the name is not.
    other_name = url.replace("127.0.0.1", "localhost")
    error = refusal(lambda: fenchi.open_provider(other_name).put("a", b"x"))
    assert isinstance(error, fenchi.Denied)
    assert "certificate" in str(error)


# ---- Bad input: each error names provider, operation, object, and what to do ----


def refusal(action: Callable[[], object]) -> fenchi.Error:
    with pytest.raises(fenchi.Error) as raised:
        action()
    error = raised.value
    print(f"{type(error).__name__}: {error}")
    return error


def test_wrong_settings_are_told_apart(
    versitygw_server: servers.S3Server, bucket: MakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = bucket(versitygw_server)

    def put(url: str) -> fenchi.Error:
        return refusal(lambda: fenchi.open_provider(url).put("d/abc", b"x"))

    url = versitygw_server.url(name)
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        error = put(url)
        assert isinstance(error, fenchi.Denied)
        assert "does not know this access key" in str(error)
    with monkeypatch.context() as patch:
        patch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        error = put(url)
        assert isinstance(error, fenchi.Denied)
        assert "signature" in str(error)
    with monkeypatch.context() as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")
        error = put(url)
        assert isinstance(error, fenchi.Denied)
        assert "no S3 credentials" in str(error)
    error = put(versitygw_server.url("no-such-bucket"))
    assert isinstance(error, fenchi.Unavailable)
    assert "bucket" in str(error)
    error = put(versitygw_server.url(name, region="eu-nowhere-1"))
    assert "region" in str(error) + error.hint
    nowhere = f"s3://{name}?endpoint=http://127.0.0.1:{servers.free_port()}&plain_text=allowed"
    assert isinstance(put(nowhere), fenchi.Unavailable)
    unknown = f"s3://{name}?endpoint=http://no-such-host.invalid&plain_text=allowed"
    error = put(unknown)
    assert isinstance(error, fenchi.Unavailable)
    assert "no-such-host.invalid" in str(error)


def test_plain_text_is_refused_unless_allowed_by_name(
    versitygw_server: servers.S3Server, bucket: MakeBucket
) -> None:
    name = bucket(versitygw_server)
    url = f"s3://{name}?endpoint={versitygw_server.endpoint}"
    error = refusal(lambda: fenchi.open_provider(url))
    assert isinstance(error, fenchi.InvalidArgument)
    assert "plain_text=allowed" in error.hint


def test_credentials_come_from_the_files_too(
    versitygw_server: servers.S3Server,
    bucket: MakeBucket,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    name = bucket(versitygw_server)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    keys = tmp_path / "credentials"
    keys.write_text(
        "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n"
        f"[land register]\n# comment\naws_access_key_id={servers.ACCESS_KEY}\n"
        f"aws_secret_access_key = {servers.SECRET_KEY}\n"
    )
    config = tmp_path / "config"
    config.write_text(
        f"[profile land register]\nregion = us-east-1\nendpoint_url = {versitygw_server.endpoint}\n"
        "[profile office]\nrole_arn = arn:aws:iam::1:role/x\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    place = fenchi.open_provider(f"s3://{name}/f?profile=land%20register&plain_text=allowed")
    place.put("a", b"x")
    monkeypatch.setenv("AWS_PROFILE", "land register")
    assert fenchi.open_provider(f"s3://{name}/f?plain_text=allowed").get("a") == b"x"
    error = refusal(lambda: fenchi.open_provider(f"s3://{name}?profile=office").get("a"))
    assert "role_arn" in str(error)


# ---- No credential in any text ----


def every_text(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)), *map(str, error.args))
        error = error.__cause__ or error.__context__


def test_no_text_shows_a_credential(
    versitygw_server: servers.S3Server,
    bucket: MakeBucket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    name = bucket(versitygw_server)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    caplog.set_level(logging.DEBUG)
    good = versitygw_server.url(name, "f")
    texts: list[str] = []
    urls = [
        good,
        versitygw_server.url("no-such-bucket"),
        versitygw_server.url(name, region="elsewhere-1"),
        f"s3://{name}?endpoint=http://127.0.0.1:{servers.free_port()}&plain_text=allowed",
        f"s3://{name}?endpoint=https://127.0.0.1:{servers.free_port()}",
        f"s3://{servers.ACCESS_KEY}:{servers.SECRET_KEY}@{name}",
        f"s3://{name}?endpoint=https://{servers.ACCESS_KEY}:{servers.SECRET_KEY}@x.invalid",
        f"s3://{name}?secret={servers.SECRET_KEY}",
        f"s3://{name}?{servers.SECRET_KEY}=1",
    ]
    actions: list[Callable[[Any], object]] = [
        lambda place: place.put("a", b"x"),
        lambda place: place.put("a", b"x"),
        lambda place: place.put("big", bytes(17 * MIB)),
        lambda place: place.get("absent", 0, 1),
        lambda place: place.stat(["a", "b"]),
        lambda place: place.list(""),
        lambda place: place.delete(["a"]),
    ]
    refused = 0
    for secret in (servers.SECRET_KEY, servers.SECRET_KEY + "-wrong"):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        for url in urls:
            try:
                place = fenchi.open_provider(url)
            except fenchi.Error as error:
                texts += every_text(error)
                refused += 1
                continue
            texts += [place.location(), repr(place)]
            for action in actions:
                try:
                    action(place)
                except (fenchi.Error, OSError) as error:
                    texts += every_text(error)
                    refused += 1
            command = [Path(sys.executable).parent / "fenchi", "--json", "provider", "check", url]
            if url == urls[1]:  # one is enough: it takes a process
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                assert json.loads(done.stdout)["ok"] is False
                texts += [done.stdout, done.stderr]
    assert refused > 50
    texts += [record.getMessage() for record in caplog.records]
    for text in texts:
        for secret in (servers.SECRET_KEY, servers.ACCESS_KEY, TOKEN, "Signature=", "AWS4-HMAC"):
            assert secret not in text, text
