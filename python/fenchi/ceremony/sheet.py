"""What stands on a printed page, whatever prints it: in Chinese and English, side by side.

pdf.write(path, share_sheet(page)); html.write(path, card_sheet(card))
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fenchi import messages
from fenchi.ceremony import qr
from fenchi.ceremony.share_page import SharePage


@dataclass(frozen=True)
class Words:
    """The same in both languages."""

    chinese: str
    english: str


def words(key: str, **values: object) -> Words:
    english, chinese = messages.CATALOGUE[key]
    return Words(chinese.format(**values), english.format(**values))


@dataclass(frozen=True)
class Row:
    label: Words
    value: str
    fixed: bool = False
    """In a font whose letters are all as wide: for what is compared letter by letter."""


@dataclass(frozen=True)
class Section:
    title: Words
    items: tuple[Words, ...]
    numbered: bool = False
    plain: tuple[str, ...] = ()
    """Said in no language: over the whole width, before the items."""


@dataclass(frozen=True)
class Block:
    """Lines to be typed."""

    title: Words
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Sheet:
    title: Words
    banner: str
    """The one thing that tells this page from the others."""
    subtitle: Words
    rows: tuple[Row, ...]
    sections: tuple[Section, ...]
    code: str = field(repr=False)
    """Of the QR code."""
    blocks: tuple[Block, ...]
    footer: Words
    code_error: str = "m"


def section(
    name: str,
    count: int,
    numbered: bool = False,
    plain: tuple[str, ...] = (),
    **values: object,
) -> Section:
    """The texts NAME.1 to NAME.COUNT below the title NAME."""
    items = tuple(words(f"{name}.{n}", **values) for n in range(1, count + 1))
    return Section(words(name), items, numbered, plain)


def _share_rows(page: SharePage) -> tuple[Row, ...]:
    made = page.made.isoformat() if page.made else "-"
    rows = [
        Row(words("paper.vault"), page.vault_name or "-"),
        Row(words("paper.holder"), page.holder or "-"),
        Row(words("paper.deputy"), page.deputy or "-"),
        Row(words("paper.opens"), page.opens or "-"),
        Row(words("paper.set"), page.set, fixed=True),
        Row(words("paper.epoch_made"), f"{page.epoch} / {made}"),
        Row(words("paper.vault_id"), f"{page.vault[:32]} {page.vault[32:]}", fixed=True),
    ]
    locked = words("paper.locked" if page.locked else "paper.unlocked")
    rows.append(Row(words("paper.passphrase"), f"{locked.chinese} {locked.english}"))
    return tuple(rows)


def share_sheet(page: SharePage) -> Sheet:
    lines = page.lines()
    common = tuple(line for line in lines if line.startswith("A"))
    own = tuple(line for line in lines if line.startswith("B"))
    count = page.count or "?"
    return Sheet(
        title=words("paper.share"),
        banner=f"{page.index} / {count}",
        subtitle=words("paper.any", needed=page.threshold, count=count),
        rows=_share_rows(page),
        sections=(
            section("paper.what", 3, needed=page.threshold),
            section("paper.keep", 4),
            section("paper.use", 3, numbered=True, needed=page.threshold),
        ),
        code=qr.content_of(qr.SHARE, page.data()),
        blocks=(Block(words("paper.common"), common), Block(words("paper.own"), own)),
        footer=words("paper.footer"),
    )
