"""Progress of a verb, as its caller wants to hear of it."""

from __future__ import annotations

from collections.abc import Callable

import fenchi

OnProgress = Callable[["fenchi.Progress"], object]


def to_core(callback: OnProgress | None) -> Callable[..., object] | None:
    if callback is None:
        return None

    progress = fenchi.Progress  # now: while the verb works, nothing is read that could be missing

    def pass_on(phase: str, items: int, of_items: int, size: int, of_size: int, path: str) -> None:
        callback(
            progress(
                phase=phase,
                items_done=items,
                items_total=of_items,
                bytes_done=size,
                bytes_total=of_size,
                current=path,
            )
        )

    return pass_on
