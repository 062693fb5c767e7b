"""The emulator's account: containers and signatures of the tests' own making."""

from __future__ import annotations

import base64
import hashlib
import hmac
import urllib.request
from datetime import UTC, datetime
from email.utils import format_datetime

from web_servers import AZURE_ACCOUNT, AZURE_KEY

VERSION = "2021-12-02"
KEY = base64.b64decode(AZURE_KEY)


def sign(text: str) -> str:
    return base64.b64encode(hmac.new(KEY, text.encode(), hashlib.sha256).digest()).decode()


def make_container(host: str, name: str) -> None:
    """With a signature of this test's own making."""
    date = format_datetime(datetime.now(UTC), usegmt=True)
    path = f"/{AZURE_ACCOUNT}/{name}"
    text = (
        "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{VERSION}\n"
        f"/{AZURE_ACCOUNT}{path}\nrestype:container"
    )
    request = urllib.request.Request(  # noqa: S310
        f"http://{host}{path}?restype=container",
        method="PUT",
        headers={
            "x-ms-date": date,
            "x-ms-version": VERSION,
            "Authorization": f"SharedKey {AZURE_ACCOUNT}:{sign(text)}",
        },
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 201
