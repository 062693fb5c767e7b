"""A user's script, checked by mypy --strict against the installed package and then run."""

from __future__ import annotations

import fenchi


def advice(code: fenchi.StatusCode) -> str:
    if code is fenchi.StatusCode.unavailable:
        return "try again"
    return f"{code.name} ({code.value})"


version: str = fenchi.__version__
print(version, advice(fenchi.StatusCode.unavailable), advice(fenchi.StatusCode.wrong_key))
