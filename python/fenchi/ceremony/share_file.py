"""A key share as a text file: readable, printable, mailable, and checked line by line.

    FENCHI KEY SHARE 1
    Vault: land-register
    ...
    A1   8GG84 F7XWV RW4TS GZ47C FQ81H FMXYC
    B1   ...
    Check: Q3ZK-91V0
    END OF KEY SHARE

Fields above the lines are for people, and compared with the share where it says the same. `Check`
covers the whole text, so that a changed holder or a cut file shows; lines that are right are used
all the same, with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from fenchi import _errors
from fenchi.ceremony import lines, share_page
from fenchi.ceremony.share_page import SharePage
from fenchi.messages import text
from fenchi.primitives import sha256

BEGIN = "FENCHI KEY SHARE 1"
END = "END OF KEY SHARE"
_SIZE_MAX = 64 * 1024
_CHECK = "Check"


def _check_of(content: str) -> str:
    letters = lines.to_text(sha256(content.encode())[:5])
    return f"{letters[:4]}-{letters[4:]}"


def _one_line(value: str) -> str:
    return " ".join(value.split())


def render(page: SharePage) -> str:
    fields = {
        "Vault": page.vault_name,
        "Vault-Id": page.vault,
        "Set": page.set,
        "Share": f"{page.index} of {page.count}" if page.count else str(page.index),
        "Needed": str(page.threshold),
        "Group": page.group,
        "Opens": page.opens,
        "Holder": page.holder,
        "Deputy": page.deputy,
        "Epoch": str(page.epoch),
        "Made": page.made.isoformat() if page.made else "",
        "Passphrase": "yes" if page.locked else "no",
    }
    head = [f"{name}: {_one_line(value)}" for name, value in fields.items() if value]
    body = "\n".join([BEGIN, *head, "", *page.lines(), ""]) + "\n"
    return f"{body}{_CHECK}: {_check_of(body)}\n{END}\n"


@dataclass(frozen=True)
class Parsed:
    """One share in a text; `notes`: what is odd about it, though it can be used."""

    page: SharePage
    notes: tuple[str, ...] = ()


def is_share_text(content: str) -> bool:
    return BEGIN in content


def split(content: str) -> Iterator[str]:
    """The shares of a text, which should be one."""
    starts = []
    at = content.find(BEGIN)
    while at >= 0:
        starts.append(at)
        at = content.find(BEGIN, at + 1)
    for start, stop in zip(starts, [*starts[1:], len(content)], strict=True):
        yield content[start:stop]


def _fields(content: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in content.splitlines():
        name, colon, value = line.partition(":")
        if colon and lines.split_name(line) is None:
            found.setdefault(name.strip(), value.strip())
    return found


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _count(value: str) -> int:
    count = value.partition(" of ")[2]
    return int(count) if count.isdecimal() and len(count) < 4 else 0


def _notes(content: str, fields: dict[str, str], page: SharePage) -> tuple[str, ...]:
    notes = []
    if END not in content:
        notes.append(text("file.cut"))
    elif fields.get(_CHECK, "") != _check_of(content.partition(f"{_CHECK}:")[0]):
        notes.append(text("file.changed"))
    said = {
        "Vault-Id": page.vault,
        "Set": page.set,
        "Needed": str(page.threshold),
        "Epoch": str(page.epoch),
    }
    for name, value in said.items():
        if fields.get(name, value) != value:
            notes.append(text("file.differs", name=name, said=fields[name], holds=value))
    if fields.get("Share", "").split(" ")[0] not in ("", str(page.index)):
        notes.append(text("file.differs", name="Share", said=fields["Share"], holds=page.index))
    return tuple(notes)


def parse(content: str) -> Parsed:
    """One share. Errors: Damaged, saying which line and group; a bare set of lines is fine, too."""
    if len(content) > _SIZE_MAX:
        raise _errors.Damaged(text("file.long"))
    content = content.replace("\r\n", "\n").removeprefix("\ufeff")
    bare = share_page.of_lines(content.splitlines())
    if not is_share_text(content):
        return Parsed(bare)
    fields = _fields(content)
    described = SharePage(
        vault_name=fields.get("Vault", ""),
        group=fields.get("Group", ""),
        opens=fields.get("Opens", ""),
        holder=fields.get("Holder", ""),
        deputy=fields.get("Deputy", ""),
        count=_count(fields.get("Share", "")),
        made=_date(fields.get("Made", "")),
        common=bare.common,
        own=bare.own,
    )
    return Parsed(described, _notes(content, fields, bare))
