"""Gathers key shares from files, scans and typed pages, and says at once what each is worth.

    collection = Collection(vault=card.vault, epoch=card.epoch, ask_passphrase=ask)
    for outcome in collection.add_path(Path("lin.pdf")): print(outcome.text)
    verdict = collection.judge()
    fenchi.open(..., unlock=Unlock(shares=verdict.shares))

A bad share never stops the good ones. What is damaged, foreign, old or there already is told when
it comes; that one of several whole shares is forged shows as soon as enough are together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path

from fenchi import _errors
from fenchi._core import SecretBytes
from fenchi.ceremony import qr, share_file
from fenchi.ceremony.share_page import SharePage
from fenchi.messages import text
from fenchi.primitives import recover_key

AskPassphrase = Callable[[str, SharePage], SecretBytes | None]
_FILE_MAX = 256 * 1024
_RAW = b"fsh1"  # a share as the library serialises it


@dataclass(frozen=True)
class Outcome:
    """What came of one item: `kind` is "good", or the fault."""

    name: str
    kind: str
    """"good", "damaged", "foreign", "old", "duplicate", "forged", "bad_index", "locked"."""
    text: str
    page: SharePage | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Verdict:
    """Which shares can be used, after they were compared with each other."""

    shares: Mapping[str, SecretBytes] = field(repr=False)
    needed: int
    """0: none is there that says."""
    faults: tuple[Outcome, ...]
    undecided: bool = False
    """Enough are there, but one at least is bad, and it takes one more to tell which."""

    @property
    def missing(self) -> int:
        return max(int(self.undecided), self.needed - len(self.shares))

    @property
    def enough(self) -> bool:
        return self.needed > 0 and self.missing == 0


@dataclass
class _Item:
    name: str
    page: SharePage
    share: SecretBytes = field(repr=False)


class Collection:
    """vault: the id that all must be of; epoch: the newest that is known. Both may be unknown."""

    def __init__(
        self,
        *,
        vault: str | None = None,
        epoch: int = 0,
        ask_passphrase: AskPassphrase | None = None,
    ) -> None:
        self._vault = vault
        self._epoch = epoch
        self._ask = ask_passphrase
        self._items: list[_Item] = []
        self._faults: list[Outcome] = []

    def add_path(self, path: Path) -> list[Outcome]:
        """A text file, an image, a PDF: every share in it."""
        name = path.name
        try:
            pages = pages_of(path)
        except _errors.Error as error:
            return [self._fault(Outcome(name, "damaged", self._why(name, error)))]
        outcomes = []
        for number, parsed in enumerate(pages, start=1):
            item = name if len(pages) == 1 else f"{name} ({number})"
            outcomes.append(self.add_page(item, parsed.page, parsed.notes))
        if len(pages) > 1:
            outcomes.append(Outcome(name, "note", text("share.together", path=name)))
        return outcomes

    @staticmethod
    def _why(name: str, error: _errors.Error) -> str:
        hint = f"\n{error.hint}" if error.hint else ""
        return text("share.damaged", name=name, why=f"{error.message}{hint}")

    def _fault(self, outcome: Outcome) -> Outcome:
        self._faults.append(outcome)
        return outcome

    def add_page(self, name: str, page: SharePage, notes: tuple[str, ...] = ()) -> Outcome:
        """One page, from wherever it came."""
        label = page.label
        if self._vault is not None and label.vault != self._vault:
            why = text("share.foreign", name=name, vault=label.vault[:8], ours=self._vault[:8])
            return self._fault(Outcome(name, "foreign", why, page))
        if label.epoch < self._epoch:
            why = text("share.old", name=name, epoch=label.epoch, ours=self._epoch)
            return self._fault(Outcome(name, "old", why, page))
        try:
            share = self._open(name, page)
        except _errors.Error as error:
            kind = "locked" if isinstance(error, _errors.WrongKey) else "damaged"
            return self._fault(Outcome(name, kind, self._why(name, error), page))
        for other in self._items:
            if compare_digest(other.share.reveal(), share.reveal()):
                why = text("share.duplicate", name=name, other=other.name)
                return self._fault(Outcome(name, "duplicate", why, page))
        self._items.append(_Item(name, page, share))
        self._forget_old()
        good = text("share.good", name=name, index=page.index, needed=page.threshold)
        return Outcome(name, "good", "\n".join((good, *notes)), page)

    def _open(self, name: str, page: SharePage) -> SecretBytes:
        passphrase = None
        if page.locked and self._ask is not None:
            passphrase = self._ask(name, page)
        return page.share(passphrase)

    def _forget_old(self) -> None:
        """Of one vault's shares: a newer set makes older ones old once it is whole.

        Not before: anybody can make one page that says that it is newer.
        """
        newest: dict[str, int] = {}
        for item in self._items:
            page = item.page
            same = {one.page.index for one in self._items if one.page.set == page.set}
            if len(same) >= page.threshold:
                newest[page.vault] = max(newest.get(page.vault, 0), page.epoch)
        kept = []
        for item in self._items:
            epoch = newest.get(item.page.vault, 0)
            if item.page.epoch >= epoch:
                kept.append(item)
                continue
            why = text("share.old", name=item.name, epoch=item.page.epoch, ours=epoch)
            self._fault(Outcome(item.name, "old", why, item.page))
        self._items = kept

    @property
    def faults(self) -> list[Outcome]:
        """What was told already."""
        return self._faults

    @property
    def pages(self) -> list[SharePage]:
        return [item.page for item in self._items]

    def _largest_set(self) -> tuple[list[_Item], int]:
        sets: dict[str, list[_Item]] = {}
        for item in self._items:
            sets.setdefault(item.page.set, []).append(item)
        if not sets:
            return [], 0

        def lacking(items: list[_Item]) -> tuple[int, int]:
            return len({one.page.index for one in items}) - items[0].page.threshold, len(items)

        largest = max(sets.values(), key=lacking)
        return largest, largest[0].page.threshold

    def judge(self) -> Verdict:
        """Compares what came so far: forged ones are named once enough good ones are there."""
        largest, needed = self._largest_set()
        faults = list(self._faults)
        others = [item for item in self._items if item not in largest]
        if len({item.page.index for item in largest}) < needed or needed == 0:
            for item in others:
                why = text("share.other_set", name=item.name)
                faults.append(Outcome(item.name, "foreign", why))
            return Verdict({item.name: item.share for item in largest}, needed, tuple(faults))
        named = {item.name: item.share for item in self._items}
        try:
            back = recover_key(named)
        except _errors.WrongKey as error:
            # Of two whole sets the vault's slot tells which is its own, when it is opened.
            faults.append(Outcome("", "forged", text("share.no_key", why=error.message)))
            whole = _fit_together({item.name: item.share for item in largest})
            return Verdict(named, needed, tuple(faults), undecided=not whole)
        used = {name: named[name] for name in back.used}
        for fault in back.faults:
            why = text(f"fault.{fault.kind}", name=fault.name)
            faults.append(Outcome(fault.name, fault.kind, why))
        return Verdict(used, needed, tuple(faults))


def _fit_together(shares: Mapping[str, SecretBytes]) -> bool:
    try:
        recover_key(shares)
    except _errors.WrongKey:
        return False
    return True


def pages_of(path: Path) -> list[share_file.Parsed]:
    """Every share in a text file, image or PDF. Errors: Damaged, Io, Unsupported."""
    if not qr.is_scan(path):
        return _parsed(path)
    found = [data for kind, data in qr.read(path) if kind == qr.SHARE]
    if not found:
        raise _errors.Damaged(text("share.is_card", path=path.name))
    return [share_file.Parsed(SharePage.of_bytes(data)) for data in found]


def _parsed(path: Path) -> list[share_file.Parsed]:
    try:
        data = path.read_bytes() if path.stat().st_size <= _FILE_MAX else b"\xff"
    except OSError as error:
        raise _errors.Io(text("share.unreadable", path=path, why=error.strerror)) from error
    if data.startswith(_RAW):
        return [share_file.Parsed(SharePage.of_share(SecretBytes(data)))]
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _errors.Damaged(text("share.no_text", path=path.name)) from None
    pieces = list(share_file.split(content)) or [content]
    return [share_file.parse(piece) for piece in pieces]
