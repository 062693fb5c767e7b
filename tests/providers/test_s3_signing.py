"""Our signatures against botocore's, over random requests of every awkward kind."""

from __future__ import annotations

import datetime
import hashlib
import json
import random
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import botocore.auth
import built
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

COUNT = 2000
SEED = 20261128
METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
# What breaks signers: see the table of request shapes in the notes of other clients' bugs.
PIECES = (
    *("a", "Z", "0", "-", "_", ".", "~", "/", "//", "/./", "/../", " ", "  ", "+", "%", "%20"),
    *("%2F", "=", "&", "?", "#", ":", ";", ",", "@", "!", "$", "'", "(", ")", "*", "[", "]", "|"),
    *("^", "\\", '"', "<", ">", "{", "}", "`", "ä", "é", "分持", "備份快照", "🗄", "\u0301", "\x7f"),
)
QUERY_NAMES = ("uploads", "prefix", "X", "x", "a b", "ä", "versionId", "a+b", "%41", "分")
HEADER_NAMES = ("If-None-Match", "x-amz-meta-a", "X-Amz-Meta-B", "Range", "x-amz-acl")
HEADER_VALUES = ("*", "a  b", " lead", "trail ", "tab\tin", "分持", "", '"quoted"', "a=b,c")
HOSTS = ("s3.example.org", "ledger.s3.eu-west-1.example.org:9000", "[::1]:90")


def text(chance: random.Random, pieces: int) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(0, pieces)))


def make_request(chance: random.Random) -> dict[str, Any]:
    query = [
        (chance.choice(QUERY_NAMES), text(chance, 4)) for _ in range(chance.choice((0, 0, 1, 2, 5)))
    ]
    if query and chance.random() < 0.5:  # the same name again, and the same pair again
        query.append((query[0][0], text(chance, 2)))
        query.append(query[0])
        chance.shuffle(query)
    headers = [
        (chance.choice(HEADER_NAMES), chance.choice(HEADER_VALUES))
        for _ in range(chance.choice((0, 1, 3)))
    ]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+"
    return {
        "method": chance.choice(METHODS),
        "host": chance.choice(
            ("s3.example.org", "ledger.s3.eu-west-1.example.org:9000", "[::1]:90")
        ),
        "path": "/" + text(chance, 8),
        "query": query,
        "headers": headers,
        "body": chance.randbytes(chance.choice((0, 1, 100))),
        "signed": chance.random() < 0.5,
        "access": "".join(chance.choices(alphabet[:36], k=20)),
        "secret": "".join(chance.choices(alphabet, k=40)),
        "token": "" if chance.random() < 0.5 else "".join(chance.choices(alphabet + "=", k=200)),
        "region": chance.choice(("us-east-1", "ap-northeast-1", "auto")),
        "time": chance.randint(0, 4_000_000_000),
    }


def ask_ours(requests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    lines = []
    for request in requests:
        plain = {name: value for name, value in request.items() if name not in ("body", "signed")}
        digest = hashlib.sha256(request["body"]).hexdigest()
        plain["payload_hash"] = digest if request["signed"] else "UNSIGNED-PAYLOAD"
        lines.append(json.dumps(plain))
    program = built.program("tests/providers/fenchi_sign_s3")
    done = subprocess.run(
        [program], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    yield from (json.loads(line) for line in done.stdout.splitlines())


def botocore_request(request: dict[str, Any], params: Any) -> AWSRequest:
    made = AWSRequest(
        method=request["method"],
        url=f"https://{request['host']}{quote(request['path'], safe='/~')}",
        data=request["body"],
        params=params,
    )
    for name, value in request["headers"]:
        made.headers.add_header(name, value)
    made.context["client_config"] = Config(s3={"payload_signing_enabled": request["signed"]})
    return made


def freeze(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_a, **_k: now)


def test_signatures_in_headers_equal_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    requests = [make_request(chance) for _ in range(COUNT)]
    equal = 0
    for request, ours in zip(requests, ask_ours(requests), strict=True):
        freeze(monkeypatch, request["time"])
        credentials = Credentials(request["access"], request["secret"], request["token"] or None)
        theirs = botocore_request(request, request["query"])
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", request["region"])
        signer.add_auth(theirs)
        mine = {name.lower(): value for name, value in ours["headers"]}
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token"):
            assert mine.get(name.lower()) == theirs.headers.get(name), (name, request)
        # And what is sent is what was signed.
        path, _, query = ours["target"].partition("?")
        assert path == quote(request["path"], safe="/~")
        assert query == signer.canonical_query_string(theirs), request
        equal += 1
    assert equal == COUNT


def test_presigned_urls_equal_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    print(f"seed {SEED + 1}")
    chance = random.Random(SEED + 1)
    requests = [make_request(chance) for _ in range(COUNT)]
    for request in requests:
        request["query"] = list(dict(request["query"]).items())  # botocore knows no repeats here
        request["valid"] = chance.randint(1, 7 * 24 * 3600)
        request["signed"] = False
    equal = 0
    for request, ours in zip(requests, ask_ours(requests), strict=True):
        freeze(monkeypatch, request["time"])
        credentials = Credentials(request["access"], request["secret"], request["token"] or None)
        theirs = botocore_request({**request, "body": b""}, dict(request["query"]))
        signer = botocore.auth.S3SigV4QueryAuth(
            credentials, "s3", request["region"], expires=request["valid"]
        )
        signer.add_auth(theirs)
        mine = urlsplit(f"https://{request['host']}{ours['target']}")
        other = urlsplit(theirs.url)
        assert mine.path == other.path
        assert sorted(parse_qsl(mine.query, keep_blank_values=True)) == sorted(
            parse_qsl(other.query, keep_blank_values=True)
        ), request
        equal += 1
    assert equal == COUNT
