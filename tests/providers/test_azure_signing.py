"""Our signatures for Azure Storage against those of Microsoft's own library.

Random requests of the kinds that blobs are asked with: names in several scripts, values that need
escaping, headers whose order by hyphens is special. What travels is taken from our program, and
must lead back to what was asked for.
"""

from __future__ import annotations

import base64
import json
import random
import string
import subprocess
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import built
from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

COUNT = 2000
SEED = 20261128

LETTERS = string.ascii_letters + string.digits
TEXT = LETTERS + " -._~!$&'()*+,;=:@%/?#[]\"<>\\^`{|}" + "分持台é\u0301𝄞"
STANDARD = (
    "Content-Encoding Content-Language Content-MD5 Content-Type If-Modified-Since If-Match"
    " If-None-Match If-Unmodified-Since"
).split()
OWN = (
    "x-ms-blob-type x-ms-range x-ms-immutability-policy-mode x-ms-lease-id x-ms-meta-a"
    " x-ms-immutability-policy-until-date x-ms-meta-ab x-ms-meta-a-c x-ms-meta-a-b"
    " x-ms-meta-ab-c x-ms-meta-a-bc x-ms-meta-2 x-ms-blob-content-md5"
).split()


def text(rng: random.Random, alphabet: str, most: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, most)))


def random_request(rng: random.Random) -> dict[str, Any]:
    account = text(rng, string.ascii_lowercase + string.digits, 24)
    name = quote(text(rng, TEXT, 40), safe="/-._~")
    path = f"/{text(rng, string.ascii_lowercase, 10)}/{name}"
    if rng.random() < 0.3:
        path = f"/{account}{path}"
    names = rng.sample(
        ["comp", "restype", "prefix", "marker", "blockid", "timeout", "versionid", "maxresults"],
        rng.randint(0, 4),
    )
    value = LETTERS + '-=+/"*, :'
    headers = [[h, text(rng, value, 30).strip() or "x"] for h in STANDARD if rng.random() < 0.2]
    headers += [[h, text(rng, value, 30).strip() or "x"] for h in OWN if rng.random() < 0.3]
    headers += [["x-ms-date", "Sat, 28 Nov 2026 18:00:00 GMT"], ["x-ms-version", "2021-12-02"]]
    rng.shuffle(headers)
    return {
        "method": rng.choice(["GET", "PUT", "HEAD", "DELETE", "POST"]),
        "path": path,
        "query": [[n, text(rng, TEXT, 20)] for n in names],
        "headers": headers,
        "body_size": rng.choice([0, 0, 1, rng.randint(1, 1 << 40)]),
        "account": account,
        "key": base64.b64encode(rng.randbytes(64)).decode(),
    }


def expected(request: dict[str, Any], target: str) -> str:
    """What Microsoft's library says about the request that travels."""
    sent = HttpRequest(request["method"], "https://example.org" + target)
    sent.headers.update(dict(request["headers"]))
    if request["body_size"] > 0:
        sent.headers["Content-Length"] = str(request["body_size"])
    policy = SharedKeyCredentialPolicy(request["account"], request["key"])
    context = SimpleNamespace(transport=None)
    policy.on_request(SimpleNamespace(http_request=sent, context=context))
    return str(sent.headers["Authorization"])


def leads_back(request: dict[str, Any], target: str) -> bool:
    parts = urlsplit(target)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return parts.path == request["path"] and query == [tuple(pair) for pair in request["query"]]


def test_all_signatures_equal_those_of_azure_storage_blob() -> None:
    program = built.program("tests/providers/fenchi_sign_azure")
    chance = random.Random(SEED)
    requests = [random_request(chance) for _ in range(COUNT)]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    equal = 0
    for request, answer in zip(requests, answers, strict=True):
        assert leads_back(request, answer["target"]), (SEED, request, answer)
        assert answer["authorization"] == expected(request, answer["target"]), (SEED, request)
        equal += 1
    assert equal == COUNT
