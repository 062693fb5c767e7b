"""The providers of a vault: opened, and each under a meter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from fenchi import config
from fenchi._providers import AnyProvider, open_or_absent
from fenchi._wrappers import Meter, metered

Where = str | os.PathLike[str] | config.Config | Mapping[str, AnyProvider | str]


def open_all(
    where: Where, absent_too: bool
) -> tuple[list[tuple[str, object]], dict[str, Meter], config.Config | None]:
    """The providers, each under a meter, and what names them."""
    if not isinstance(where, Mapping):
        loaded = where if isinstance(where, config.Config) else config.load(where)
        meters = loaded.meters()
        opened = loaded.open_providers(absent_too=absent_too, meters=meters)
        return list(opened.items()), meters, loaded
    meters = {name: Meter() for name in where}
    places: list[tuple[str, object]] = [
        (name, _open(name, place, meters[name], absent_too)) for name, place in where.items()
    ]
    return places, meters, None


def _open(name: str, place: AnyProvider | str, meter: Meter, absent_too: bool) -> AnyProvider:
    if not isinstance(place, str):
        return metered(place, meter)
    entry = config.ProviderEntry(url=place)  # as if it stood in a vault.toml
    if not absent_too:
        return entry.open(name, meter)
    return open_or_absent(place, partial(entry.open, name, meter))
