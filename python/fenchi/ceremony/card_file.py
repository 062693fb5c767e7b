"""The recovery card as a text file, and cards read from files, scans and typed lines."""

from __future__ import annotations

from pathlib import Path

from fenchi import _errors
from fenchi.ceremony import lines, qr, share_file
from fenchi.ceremony.card import CORE_LINES, Card
from fenchi.ceremony.sheet import Block, Row, Sheet, section, words
from fenchi.config import ProviderEntry
from fenchi.messages import text

BEGIN = "FENCHI RECOVERY CARD 1"
END = "END OF RECOVERY CARD"
_SIZE_MAX = 256 * 1024


def _place(name: str, entry: ProviderEntry) -> str:
    domain = entry.domain
    known = [value for value in (domain.vendor, domain.country, domain.region) if value]
    where = f" ({', '.join(known)})" if known else ""
    return f"{name}: {' | '.join((entry.url, *entry.spare_urls))}{where}"


def render(card: Card) -> str:
    """The text file. Everything that counts is in the lines; the fields are for people."""
    fields = [
        f"Vault: {' '.join(card.vault_name.split())}",
        f"Vault-Id: {card.vault}",
        f"Needed: {card.needed} of {card.total} providers",
        f"Opens: {card.opens}",
        f"Policy: {card.policy_version} {card.policy_hash}",
        f"Epoch: {card.epoch}",
        f"Admins: {card.fingerprint}",
        f"Made: {card.made.isoformat() if card.made else ''}",
        *(f"Provider {_place(name, entry)}" for name, entry in card.providers),
        *(f"Log {log.writer}: {log.seq} {log.hash}" for log in card.logs),
    ]
    steps = card_sheet(card).sections[-1]
    told = [f"{n}. {item.chinese}\n   {item.english}" for n, item in enumerate(steps.items, 1)]
    body = [BEGIN, *fields, "", *told, "", *card.lines(), "", END, ""]
    return "\n".join(body)


def card_sheet(card: Card) -> Sheet:
    """One page. Only the core is printed as lines; the QR code holds all."""
    made = card.made.isoformat() if card.made else "-"
    rows = [
        Row(words("paper.vault"), card.vault_name or "-"),
        Row(words("paper.opens"), card.opens or "-"),
        Row(words("paper.needed"), f"{card.needed} / {card.total}"),
        Row(words("paper.epoch_made"), f"{card.epoch} / {made}"),
        Row(words("paper.admins"), card.fingerprint, fixed=True),
        Row(words("paper.policy"), f"{card.policy_version}  {card.policy_hash[:16]}", fixed=True),
        Row(words("paper.vault_id"), f"{card.vault[:32]} {card.vault[32:]}", fixed=True),
    ]
    places = tuple(_place(*one) for one in card.providers)
    heads = ", ".join(f"{log.writer[:8]}:{log.seq}" for log in card.logs) or "-"
    return Sheet(
        title=words("paper.card"),
        banner=made,
        subtitle=words("paper.card_is"),
        rows=tuple(rows),
        sections=(
            section("paper.places", 0, plain=places),
            section("paper.freshness", 1, version=card.policy_version, logs=heads),
            section("paper.recover", 5, numbered=True, needed=card.needed, opens=card.opens),
        ),
        code=qr.content_of(qr.CARD, card.data()),
        code_error="l",
        blocks=(Block(words("paper.core"), tuple(card.lines()[:CORE_LINES])),),
        footer=words("paper.footer"),
    )


def _scanned(path: Path) -> tuple[list[Card], bool]:
    found = qr.read(path)
    cards = [Card.of_bytes(data) for kind, data in found if kind == qr.CARD]
    return cards, any(kind == qr.SHARE for kind, _ in found)


def _content(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _errors.Io(text("card.unreadable", path=path, why=error.strerror)) from error
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _errors.Damaged(text("card.no_text", path=path)) from None
    if len(data) > _SIZE_MAX:
        raise _errors.Damaged(text("card.no_text", path=path))
    return content


def _is_card_text(content: str) -> bool:
    rows = content.splitlines()
    return BEGIN in content or any((lines.split_name(row) or "")[:1] == ("C",) for row in rows)


def read(path: Path) -> Card:
    """From a text file, an image or a PDF.

    Errors: Io; Damaged, saying what is wrong; InvalidArgument for a key share.
    """
    if qr.is_scan(path):
        cards, _ = _scanned(path)
        if not cards:
            raise _errors.InvalidArgument(text("card.is_share", path=path))
        if len(cards) > 1:
            raise _errors.InvalidArgument(text("card.several", path=path, count=len(cards)))
        return cards[0]
    content = _content(path)
    if share_file.is_share_text(content):
        raise _errors.InvalidArgument(text("card.is_share", path=path))
    if BEGIN in content and END not in content:
        raise _errors.Damaged(text("card.cut", path=path), text("card.torn_hint"))
    return Card.of_lines(content.splitlines())


def look(path: Path) -> tuple[list[Card], bool]:
    """The cards in a file or scan, and whether it is (also) something else: a key share, perhaps.

    Errors: as read, for what is a card.
    """
    try:
        if qr.is_scan(path):
            return _scanned(path)
        if not _is_card_text(_content(path)):
            return [], True
    except (_errors.Io, _errors.Damaged, _errors.Unsupported):
        return [], True  # who takes it for a share says what is wrong with it
    return [read(path)], False
