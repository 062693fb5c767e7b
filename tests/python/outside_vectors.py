"""Outside vectors (Project Wycheproof, SLIP-0039), which are not part of this repository.

They are looked for in $FENCHI_VECTORS, then in shared/vectors beside the checkout or a folder above
it; where they are absent the test is skipped. Source: https://github.com/C2SP/wycheproof.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Vector:
    fields: dict[str, Any]

    @property
    def name(self) -> str:
        return f"case {self.fields['tcId']}: {self.fields['comment']}"

    @property
    def valid(self) -> bool:
        return self.fields["result"] == "valid"

    def raw(self, field: str) -> bytes:
        return bytes.fromhex(self.fields[field])

    def number(self, field: str) -> int:
        return int(self.fields[field])


def vector_file(name: str) -> Path | None:
    """A file below shared/vectors, such as "slip39/vectors.json"."""
    places = [Path(os.environ["FENCHI_VECTORS"])] if "FENCHI_VECTORS" in os.environ else []
    places += [parent / "shared" / "vectors" for parent in ROOT.parents]
    return next((place / name for place in places if (place / name).is_file()), None)


def wycheproof(name: str, wanted: int, **group_fields: int) -> list[Vector]:
    """The vectors of the groups that have these fields: at least `wanted`, or the test fails."""
    file = vector_file(f"wycheproof/{name}")
    if file is None:
        pytest.skip(f"{name} not found: set FENCHI_VECTORS")
    groups = json.loads(file.read_text(encoding="utf-8"))["testGroups"]
    vectors = [
        Vector(test)
        for group in groups
        if all(group[field] == value for field, value in group_fields.items())
        for test in group["tests"]
    ]
    assert len(vectors) >= wanted
    return vectors
