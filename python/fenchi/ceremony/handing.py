"""The ceremony: one custodian after the other gets a share, and reads a line of it back.

    hand_out = Handing(talk, Handover(vault_name="land-register", folder=Path("/media")))
    vault.rotate(CustodyPlan(open="3 of board", custodians=..., deliver=hand_out))

The vault is changed only after the last custodian has confirmed. A ceremony that stops before is
void: what it wrote is removed, and pages that were taken away open nothing. Shares exist in this
process only, one is on the screen or in a file at a time, and each has a folder of its own.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fenchi import _errors
from fenchi._core import SecretBytes
from fenchi.ceremony import html, lines, pdf, qr, share_file
from fenchi.ceremony.conversation import Conversation
from fenchi.ceremony.share_page import MEMORY_KIB, PASSES, SharePage, explain, passphrase_of
from fenchi.ceremony.sheet import Sheet, share_sheet
from fenchi.custody import CustodianShare
from fenchi.messages import text

FORMATS = ("txt", "pdf", "html")
PASSPHRASE_MIN = 8
_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Handover:
    """How pages are made and where they go."""

    vault_name: str
    made: date
    folder: Path | None = None
    """A folder for each share is made in it; None: each custodian says where."""
    formats: tuple[str, ...] = FORMATS
    print_command: str = ""
    """Gets the PDF on its standard input, such as "lp -d office"."""
    passes: int = PASSES
    memory_kib: int = MEMORY_KIB


def available_formats() -> tuple[str, ...]:
    """Those that this machine can make: the text always."""
    found = ["txt"]
    try:
        qr.module("segno")
        found.append("html")
        pdf.check()
        found.insert(1, "pdf")
    except _errors.Unsupported:
        pass
    return tuple(found)


def explain_missing(kind: str) -> None:
    """Errors: Unsupported, saying what a format lacks here."""
    qr.module("segno")
    if kind == "pdf":
        pdf.check()


def write_new(path: Path, content: bytes) -> None:
    """For its owner's eyes only. Errors: AlreadyExists; Io."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise _errors.AlreadyExists(text("write.exists", path=path)) from None
    except OSError as error:
        raise _errors.Io(text("write.failed", path=path, why=error.strerror)) from error


def render(page: SharePage, kind: str) -> bytes:
    if kind == "txt":
        return share_file.render(page).encode()
    sheet: Sheet = share_sheet(page)
    return pdf.render(sheet) if kind == "pdf" else html.render(sheet).encode()


def _file_name(page: SharePage) -> str:
    safe = "".join(c if c.isalnum() and c.isascii() else "-" for c in page.vault_name) or "vault"
    return f"key-share-{safe}-{page.set[:6]}-{page.index}"


class Handing:
    """A CustodyPlan's `deliver`."""

    def __init__(
        self,
        talk: Conversation,
        how: Handover,
        *,
        pick: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        """pick: which line is read back, of so many."""
        self._talk = talk
        self._how = how
        self._pick = pick
        self.files: list[Path] = []
        """Everything that was written, in order."""
        self._folders: list[Path] = []
        self.confirmed = False
        """All have their shares: from here on the vault may ask for them, so they are kept."""

    def __call__(self, shares: Sequence[CustodianShare]) -> None:
        try:
            for number, share in enumerate(shares, start=1):
                self._hand(share, number, len(shares))
        except BaseException:
            self._void()
            raise
        self.confirmed = True
        self._talk.clear()
        self._talk.say(text("hand.all", count=len(shares)))

    def _void(self) -> None:
        """Takes back what was written: the vault was not changed."""
        self._talk.clear()
        left = []
        for path in self.files:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                left.append(path)
        for folder in self._folders:
            try:
                folder.rmdir()
            except OSError:
                continue  # it holds something else, or is gone
        self.files, self._folders = [], []
        self._talk.say(text("hand.void"))
        for path in left:
            self._talk.say(text("hand.left", path=path))

    def _hand(self, share: CustodianShare, number: int, count: int) -> None:
        talk, person = self._talk, share.custodian
        talk.clear()
        talk.say(text("hand.who", number=number, count=count, holder=person.holder))
        if person.deputy:
            talk.say(text("hand.deputy", deputy=person.deputy))
        talk.say(text("hand.alone", holder=person.holder))
        page = SharePage.of(
            share,
            vault_name=self._how.vault_name,
            made=self._how.made,
            passphrase=self._passphrase(),
            passes=self._how.passes,
            memory_kib=self._how.memory_kib,
        )
        written = self._write(page)
        self._check_written(page, written)
        self._print(page)
        self._read_back(page)
        talk.clear()

    def _passphrase(self) -> SecretBytes | None:
        talk = self._talk
        while True:
            words = talk.ask_secret(text("hand.passphrase"))
            if not words:
                return None
            if len(words) < PASSPHRASE_MIN:
                talk.say(text("hand.passphrase_short", least=PASSPHRASE_MIN))
                continue
            if talk.ask_secret(text("hand.passphrase_again")) == words:
                return passphrase_of(words)
            talk.say(text("passphrase.differ"))

    def _folder(self, page: SharePage) -> Path:
        name = _file_name(page)
        if self._how.folder is not None:
            return self._how.folder / name
        while True:
            answer = self._talk.ask(text("hand.where")).strip()
            if answer and Path(answer).is_dir():
                folder = Path(answer) / name
                if not self._holds_another(Path(answer)):
                    return folder
                self._talk.say(text("hand.shared", path=answer))
                continue
            self._talk.say(text("hand.no_folder", path=answer))

    def _holds_another(self, folder: Path) -> bool:
        """Whether another custodian's share of this ceremony lies there."""
        taken = {path.parent.parent.resolve() for path in self.files if path.exists()}
        return folder.resolve() in taken

    def _write(self, page: SharePage) -> list[Path]:
        folder = self._folder(page)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=False)
        except OSError as error:
            raise _errors.Io(text("write.failed", path=folder, why=error.strerror)) from error
        self._folders.append(folder)
        written = []
        for kind in self._how.formats:
            path = folder / f"{_file_name(page)}.{kind}"
            self.files.append(path)
            write_new(path, render(page, kind))
            written.append(path)
            self._talk.say(text("hand.written", path=path))
        return written

    def _check_written(self, page: SharePage, written: Sequence[Path]) -> None:
        """What lies in the files is the share: nobody learns that in an emergency."""
        for path in written:
            if path.suffix == ".txt":
                same = share_file.parse(path.read_text(encoding="utf-8")).page.data() == page.data()
            elif path.suffix == ".pdf" and _can_read_pdf():
                same = (qr.SHARE, page.data()) in qr.read(path)
            else:
                continue
            if not same:
                raise _errors.Damaged(text("hand.differs", path=path))

    def _print(self, page: SharePage) -> None:
        if not self._how.print_command:
            return
        words = shlex.split(self._how.print_command)
        try:
            subprocess.run(words, input=render(page, "pdf"), check=True, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            raise _errors.Io(text("hand.print", command=words[0], why=error)) from error
        self._talk.say(text("hand.printed"))

    def _read_back(self, page: SharePage) -> None:
        """The custodian types one line of the share as it was taken: it is legible, and there."""
        own = lines.encode(page.own, "B")
        number = 1 + self._pick(len(own))
        wanted, _ = lines.check_line(own[number - 1][5:], "B", number)
        self._talk.say(text("hand.take"))
        for _ in range(_TRIES):
            answer = self._talk.ask(text("hand.read_back", line=f"B{number}"))
            named = lines.split_name(answer)
            piece, wrong = lines.check_line(named[2] if named else answer, "B", number)
            if not wrong and piece == wanted:
                return
            self._talk.say(_mistakes(wrong))
        raise _errors.Cancelled(text("hand.not_confirmed", index=page.index))


def _mistakes(wrong: Sequence[lines.Wrong]) -> str:
    return explain(wrong) if wrong else text("hand.other_line")


def _can_read_pdf() -> bool:
    try:
        qr.module("pypdfium2")
        qr.module("zxingcpp")
        qr.module("PIL.Image")
    except _errors.Unsupported:
        return False
    return True
