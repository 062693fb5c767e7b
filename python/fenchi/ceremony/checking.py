"""Whether a share, alone, is whole and of today's keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fenchi import _core, config
from fenchi._core import SecretBytes
from fenchi._opening import open_all
from fenchi.ceremony import collecting
from fenchi.ceremony.card import Card
from fenchi.ceremony.share_file import Parsed
from fenchi.ceremony.share_page import SharePage


def pages_of(path: Path) -> list[Parsed]:
    """Every share in a file or scan. Errors: Damaged, Io, Unsupported."""
    return collecting.pages_of(path)


@dataclass(frozen=True)
class Standing:
    """kind: "current"; "old"; "foreign"; "unused" (no slot asks for it any more); "alone" (nothing
    was there to compare with)."""

    kind: str
    values: Mapping[str, object] = field(default_factory=dict)


def _by_card(page: SharePage, card: Card) -> Standing:
    if page.vault != card.vault:
        return Standing("foreign", {"vault": card.vault[:16]})
    if page.epoch < card.epoch:
        return Standing("old", {"epoch": page.epoch, "ours": card.epoch})
    return Standing("current", {"epoch": page.epoch, "slot": card.opens or "-"})


def standing(
    page: SharePage, share: SecretBytes, card: Card | None, providers: config.Config | None
) -> Standing:
    """By the card, and by what the providers serve, where either is there. No key is needed."""
    by_card = Standing("alone") if card is None else _by_card(page, card)
    if providers is None or by_card.kind in ("foreign", "old"):
        return by_card
    opened, _, _ = open_all(providers, absent_too=True)
    vault = providers.vault_id or (card.vault if card else None)
    found = _core.check_share(opened, share, vault, "")
    if not found["same_vault"]:
        return Standing("foreign", {"vault": (providers.vault_id or "")[:16]})
    if page.epoch != found["epoch"]:
        return Standing("old", {"epoch": page.epoch, "ours": found["epoch"]})
    if not found["slot"]:
        return Standing("unused", {"epoch": page.epoch})
    return Standing("current", {"epoch": page.epoch, "slot": found["slot"]})
