"""Courier media: objects for a provider that no line reaches, carried and imported there.

    vault.export_courier("oslo", "/media/usb/oslo.courier").medium.fingerprint
    fenchi.courier.check("/media/usb/oslo.courier").whole                 # where it arrives
    fenchi.courier.load("/media/usb/oslo.courier", "file:///srv/fenchi")  # into the provider

What is on the way counts for nothing until it is imported.
"""

from __future__ import annotations

import os

import fenchi
from fenchi import _core
from fenchi._progress import OnProgress, to_core
from fenchi._providers import AnyProvider, open_provider


def check(
    path: str | bytes | os.PathLike[str], *, progress: OnProgress | None = None
) -> fenchi.CourierReport:
    """Reads the whole medium; needs no vault and no key. Damage is in the report."""
    return fenchi.CourierReport.from_core(_core.check_courier(os.fsencode(path), to_core(progress)))


def load(
    path: str | bytes | os.PathLike[str],
    place: AnyProvider | str,
    *,
    destination: str = "",
    progress: OnProgress | None = None,
) -> fenchi.CourierImportReport:
    """Stores what the medium carries for the provider at `place` (or its URL): create-only.

    destination: the provider's id in hex, needed only where the place is empty and the medium
    carries objects for several. InvalidArgument when the medium is for another place.
    """
    provider: object = open_provider(place) if isinstance(place, str) else place
    return fenchi.CourierImportReport.from_core(
        _core.import_courier(os.fsencode(path), provider, destination, to_core(progress))
    )
