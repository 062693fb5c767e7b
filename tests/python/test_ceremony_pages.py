"""Share pages and cards as files, printed sheets and pictures; every bad input is named."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import fenchi
import pytest
from custodians import BOARD, Board, Script, handover, misread
from fenchi.ceremony import card_file, html, lines, pdf, qr, share_file, share_page, typed_page
from fenchi.ceremony.card import Card, without_secrets
from fenchi.ceremony.collecting import Collection
from fenchi.ceremony.handing import Handing
from fenchi.ceremony.share_page import SharePage
from fenchi.ceremony.sheet import share_sheet
from fenchi.config import ProviderEntry
from fenchi.custody import CustodianShare
from fenchi.primitives import split_key

VAULT = bytes(range(32))


def shares_of(
    seed: int, *, vault: bytes = VAULT, epoch: int = 1, needed: int = 3, count: int = 5
) -> list[CustodianShare]:
    """As a vault makes them, but for the dealer's signature. New ones at each call."""
    rng = random.Random(seed)
    context = vault + epoch.to_bytes(4, "big") + rng.randbytes(48)
    made = split_key(rng.randbytes(32), threshold=needed, count=count, context=context)
    return [
        CustodianShare(
            slot=f"{needed} of board",
            group="board",
            custodian=BOARD[one.index - 1],
            threshold=needed,
            count=count,
            index=one.index,
            epoch=epoch,
            data=one.serialize(),
        )
        for one in made
    ]


def page_of(share: CustodianShare, passphrase: str | None = None) -> SharePage:
    return SharePage.of(
        share,
        vault_name="land-register 地籍",
        made=date(2026, 11, 28),
        passphrase=None if passphrase is None else share_page.passphrase_of(passphrase),
        passes=1,
        memory_kib=8,
    )


@pytest.fixture
def pages() -> list[SharePage]:
    return [page_of(share) for share in shares_of(1)]


# ---- one page ----


@pytest.mark.parametrize("passphrase", [None, "通行 pass phrase"])
def test_a_page_gives_the_share_back_from_bytes_lines_and_text(passphrase: str | None) -> None:
    share = shares_of(2)[1]
    page = page_of(share, passphrase)
    secret = None if passphrase is None else share_page.passphrase_of(passphrase)
    shuffled = page.lines()
    random.Random(3).shuffle(shuffled)
    for back in (
        SharePage.of_bytes(page.data()),
        share_page.of_lines(shuffled),
        share_file.parse(share_file.render(page)).page,
    ):
        assert back.share(secret).reveal() == share.data.reveal()
        assert (back.index, back.threshold, back.epoch) == (2, 3, 1)
        assert back.vault == VAULT.hex()
        assert back.label == fenchi.custody.read_share_label(share.data)


def test_the_text_file_names_people_and_says_nothing_else_about_the_secret() -> None:
    page = page_of(shares_of(2)[0])
    content = share_file.render(page)
    parsed = share_file.parse(content)
    assert parsed.page == page
    assert parsed.notes == ()
    assert "Holder: 林美華" in content
    assert "own=" not in repr(page)
    assert page.own.hex() not in repr(parsed)


def test_a_wrong_passphrase_is_named_and_nothing_is_given() -> None:
    page = page_of(shares_of(2)[0], "right words")
    with pytest.raises(fenchi.WrongKey, match="not the passphrase of share 1"):
        page.share(share_page.passphrase_of("wrong words"))
    with pytest.raises(fenchi.WrongKey, match="passphrase is needed"):
        page.share(None)


def test_costs_beyond_the_limits_are_refused_before_anything_is_computed() -> None:
    page = page_of(shares_of(2)[0], "right words")
    for passes, memory in ((0, 8), (21, 8), (1, 7), (1, 2**32 - 1)):
        own = page.own[:2] + bytes([passes]) + memory.to_bytes(4, "big") + page.own[7:]
        with pytest.raises(fenchi.Damaged):
            replace(page, own=own).share(share_page.passphrase_of("right words"))


# ---- bad input, named ----


def test_a_torn_file_names_the_lines_that_are_missing(pages: list[SharePage]) -> None:
    content = share_file.render(pages[0])
    cut = content[: content.index("\nB5")]
    with pytest.raises(fenchi.Damaged) as caught:
        share_file.parse(cut)
    assert caught.value.message.splitlines() == [
        "line B5 is missing",
        "line B6 is missing",
        "line B7 is missing",
    ]


def test_a_wrong_letter_in_a_file_is_pointed_at(pages: list[SharePage]) -> None:
    content = share_file.render(pages[0])
    line = next(one for one in content.splitlines() if one.startswith("B3"))
    wrong = line[:11] + ("Z" if line[11] != "Z" else "Y") + line[12:]
    with pytest.raises(fenchi.Damaged, match=r"line B3, group 2, letter 1"):
        share_file.parse(content.replace(line, wrong))


def test_text_that_was_changed_around_good_lines_is_noted(pages: list[SharePage]) -> None:
    content = share_file.render(pages[0])
    other = share_file.parse(content.replace("林美華", "Mallory"))
    assert other.notes == ("the text around the lines was changed: do not believe its names",)
    cut = share_file.parse(content[: content.index("Check:")])
    assert "cut off at its end" in cut.notes[0]
    moved = share_file.parse(content.replace("Epoch: 1", "Epoch: 9"))
    assert any("Epoch says '9', the share itself says '1'" in note for note in moved.notes)


def test_lines_of_two_pages_do_not_pass_as_one(pages: list[SharePage]) -> None:
    first = [line for line in pages[0].lines() if line.startswith("A")]
    stranger = page_of(shares_of(9)[1])
    own = [line for line in stranger.lines() if line.startswith("B")]
    with pytest.raises(fenchi.Damaged, match="not of the same share"):
        share_page.of_lines([*first, *own])


def test_index_0_is_refused(pages: list[SharePage]) -> None:
    own = bytes([0, 0]) + pages[0].own[2:-4]
    own += share_page._check_of(pages[0].common, own)
    with pytest.raises(fenchi.Damaged, match="index 0"):
        SharePage.of_parts(pages[0].common, own)


def test_no_flipped_bit_of_a_code_gives_another_share(pages: list[SharePage]) -> None:
    data = pages[0].data()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises(fenchi.Damaged):
            SharePage.of_bytes(bytes(changed))


@pytest.mark.parametrize("size", [0, 1, 4, 5, 60, 217, 218, 300])
def test_a_code_that_is_too_short_is_refused(pages: list[SharePage], size: int) -> None:
    with pytest.raises(fenchi.Damaged):
        SharePage.of_bytes(pages[0].data()[:size])


# ---- many shares ----


def write(folder: Path, pages: Sequence[SharePage]) -> list[Path]:
    paths = [folder / f"share-{page.index}.txt" for page in pages]
    for path, page in zip(paths, pages, strict=True):
        path.write_text(share_file.render(page))
    return paths


def kinds(collection: Collection) -> list[tuple[str, str]]:
    return [(fault.name, fault.kind) for fault in collection.judge().faults]


def test_good_shares_are_found_among_bad_ones(tmp_path: Path, pages: list[SharePage]) -> None:
    good = write(tmp_path, pages[:3])
    (tmp_path / "torn.txt").write_text(share_file.render(pages[3])[:700])
    (tmp_path / "copy.txt").write_text(share_file.render(pages[0]))
    (tmp_path / "foreign.txt").write_text(
        share_file.render(page_of(shares_of(4, vault=bytes(32))[0]))
    )
    (tmp_path / "old.txt").write_text(share_file.render(page_of(shares_of(5, epoch=0)[1])))
    (tmp_path / "picture.txt").write_bytes(os.urandom(64) + b"\xff")
    collection = Collection(vault=VAULT.hex(), epoch=1)
    bad = ("torn.txt", "copy.txt", "foreign.txt", "old.txt", "picture.txt")
    for path in (good[0], *(tmp_path / name for name in bad), *good[1:]):
        collection.add_path(path)
    verdict = collection.judge()
    assert verdict.enough
    assert sorted(verdict.shares) == ["share-1.txt", "share-2.txt", "share-3.txt"]
    assert [(fault.name, fault.kind) for fault in verdict.faults] == [
        ("torn.txt", "damaged"),
        ("copy.txt", "duplicate"),
        ("foreign.txt", "foreign"),
        ("old.txt", "old"),
        ("picture.txt", "damaged"),
    ]


def test_shares_as_the_library_writes_them_are_taken_too(tmp_path: Path) -> None:
    shares = shares_of(3)[:3]
    collection = Collection(vault=VAULT.hex())
    for share in shares:
        path = tmp_path / f"{share.index}.fshare"
        path.write_bytes(share.data.reveal())
        assert [one.kind for one in collection.add_path(path)] == ["good"]
    assert collection.judge().enough
    path.write_bytes(shares[2].data.reveal()[:-9])
    assert [one.kind for one in Collection().add_path(path)] == ["damaged"]


def test_a_forged_share_is_named_once_enough_are_there(pages: list[SharePage]) -> None:
    value = bytearray(pages[1].own[2:-4])
    value[5] ^= 1  # whole, of the set, and not what was dealt
    own = pages[1].own[:2] + bytes(value)
    forged = replace(pages[1], own=own + share_page._check_of(pages[1].common, own))
    collection = Collection()
    collection.add_page("Lin", pages[0])
    collection.add_page("Mallory", forged)
    assert collection.judge().missing == 1
    collection.add_page("Huang", pages[2])
    assert (collection.judge().enough, collection.judge().missing) == (False, 1)
    collection.add_page("Wang", pages[3])
    verdict = collection.judge()
    assert verdict.enough
    assert [(fault.name, fault.kind) for fault in verdict.faults] == [("Mallory", "forged")]
    assert sorted(verdict.shares) == ["Huang", "Lin", "Wang"]


def test_without_a_card_a_whole_newer_set_makes_the_older_shares_old() -> None:
    collection = Collection()
    collection.add_page("old", page_of(shares_of(6, epoch=1)[0]))
    for number, share in enumerate(shares_of(7, epoch=2)):
        # One page alone may be anybody's that says that it is newer.
        assert ("old", "old") not in kinds(collection) or number > 1
        collection.add_page(f"new {number}", page_of(share))
    assert ("old", "old") in kinds(collection)


def test_two_shares_in_one_file_are_both_used_and_told(
    tmp_path: Path, pages: list[SharePage]
) -> None:
    path = tmp_path / "both.txt"
    path.write_text(share_file.render(pages[0]) + share_file.render(pages[1]))
    outcomes = Collection().add_path(path)
    assert [one.kind for one in outcomes] == ["good", "good", "note"]
    assert "more than one share" in outcomes[-1].text


def test_a_locked_share_without_its_passphrase_is_left_out_and_named() -> None:
    page = page_of(shares_of(2)[0], "right words")
    asked: list[str] = []

    def ask(name: str, _: SharePage) -> fenchi.SecretBytes:
        asked.append(name)
        return share_page.passphrase_of("wrong words" if len(asked) == 1 else "right words")

    collection = Collection(ask_passphrase=ask)
    assert collection.add_page("Lin", page).kind == "locked"
    assert collection.add_page("Lin", page).kind == "good"


# ---- typed pages ----


def test_a_typed_page_asks_again_for_the_line_that_is_wrong(pages: list[SharePage]) -> None:
    right = pages[0].lines()
    typed = [*right[:16], misread(right[16], 1), *right[16:]]
    talk = Script(typed)
    page = typed_page.type_share(talk)
    assert page is not None
    assert page.data() == pages[0].data()
    assert any(said.startswith("line B2, group 1") for said in talk.said)


def test_the_second_page_of_a_set_takes_its_own_lines_only(pages: list[SharePage]) -> None:
    own = [line[5:] for line in pages[1].lines() if line.startswith("B")]  # without their names
    page = typed_page.type_share(Script(own), [pages[0]])
    assert page is not None
    assert page.data() == pages[1].data()


def test_typing_may_be_given_up(pages: list[SharePage]) -> None:
    assert typed_page.type_share(Script([pages[0].lines()[0], ""])) is None


# ---- printed ----


def test_a_page_of_paper_is_read_back_from_pdf_and_picture(
    tmp_path: Path, pages: list[SharePage]
) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    for page in (pages[0], page_of(shares_of(2)[0], "right words")):
        path = tmp_path / f"page-{page.locked}.pdf"
        path.write_bytes(pdf.render(share_sheet(page)))
        assert qr.read(path) == [(qr.SHARE, page.data())]
        document = pdfium.PdfDocument(path)
        assert len(document) == 1
        printed = document[0].get_textpage().get_text_range()
        for line in page.lines():
            assert line.split()[1] in printed
        for word in ("金鑰分持", "林美華", "吳大明", page.set, "1 / 5", "land-register"):
            assert word in printed
        picture = tmp_path / f"page-{page.locked}.png"
        document[0].render(scale=150 / 72).to_pil().rotate(3, fillcolor="white").save(picture)
        assert qr.read(picture) == [(qr.SHARE, page.data())]


def test_long_names_move_the_lines_to_a_second_page(tmp_path: Path) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    page = replace(page_of(shares_of(2)[0], "right words"), holder="行政院主計總處 " * 30)
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf.render(share_sheet(page)))
    document = pdfium.PdfDocument(path)
    assert len(document) == 2
    assert page.lines()[-1].split()[1] in document[1].get_textpage().get_text_range()
    assert qr.read(path) == [(qr.SHARE, page.data())]
    with pytest.raises(fenchi.InvalidArgument, match="too much for two pages"):
        pdf.render(share_sheet(replace(page, holder="行政院主計總處 " * 300)))


def test_a_name_that_the_font_lacks_is_written_as_its_number(tmp_path: Path) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    page = replace(page_of(shares_of(2)[0]), holder="林\U000323af")
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf.render(share_sheet(page)))
    assert "[U+323AF]" in pdfium.PdfDocument(path)[0].get_textpage().get_text_range()


def test_the_html_page_needs_nothing_else_and_escapes_names(pages: list[SharePage]) -> None:
    content = html.render(share_sheet(replace(pages[0], holder="<script>")))
    assert "&lt;script&gt;" in content
    assert "<script" not in content
    for outside in ("http:", "https:", "src=", "url("):
        assert outside not in content
    assert all(line in content for line in pages[0].lines())


def test_a_file_that_is_no_picture_or_holds_no_code_is_named(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    blank, torn = tmp_path / "blank.png", tmp_path / "torn.pdf"
    image.new("L", (300, 300), 255).save(blank)
    torn.write_bytes(b"%PDF-1.4\nnothing")
    with pytest.raises(fenchi.Damaged, match=r"no QR code of fenchi was found in .*blank.png"):
        qr.read(blank)
    with pytest.raises(fenchi.Damaged, match=r"torn.pdf cannot be read as a picture"):
        qr.read(torn)
    with pytest.raises(fenchi.Io, match="there is no file"):
        qr.read(tmp_path / "absent.png")


# ---- the card ----

CARD = Card(
    vault=VAULT.hex(),
    needed=2,
    total=3,
    policy_version=7,
    policy_hash=bytes(range(32, 64)).hex(),
    epoch=3,
    fingerprint="0123456789abcdef",
    vault_name="地籍資料",
    opens="3 of board, OR escrow",
    made=date(2026, 11, 28),
    providers=tuple(
        (name, ProviderEntry(url=f"file:///srv/{name}", domain=fenchi.Domain(country="JP")))
        for name in ("tokyo", "oslo", "lima")
    ),
    logs=(fenchi.LogEnd(writer="ab" * 16, seq=41, hash="cd" * 32),),
)


def test_a_card_comes_back_from_text_lines_code_and_paper(tmp_path: Path) -> None:
    assert Card.of_bytes(CARD.data()) == CARD
    assert Card.of_lines(reversed(CARD.lines())) == CARD
    text, paper = tmp_path / "card.txt", tmp_path / "card.pdf"
    text.write_text(card_file.render(CARD))
    assert card_file.read(text) == CARD
    paper.write_bytes(pdf.render(card_file.card_sheet(CARD)))
    assert card_file.read(paper) == CARD


def test_six_typed_lines_of_a_card_name_the_vault_and_its_policy() -> None:
    typed = typed_page.type_card(Script(CARD.lines()[:6]))
    assert typed is not None
    assert typed.vault == CARD.vault
    assert typed.head.policy_hash == CARD.policy_hash
    assert typed.providers == ()


@pytest.mark.parametrize("cut", [3, 7, -1])
def test_a_card_that_lacks_lines_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "card.txt"
    path.write_text("\n".join(CARD.lines()[:cut]))
    with pytest.raises(fenchi.Damaged):
        card_file.read(path)


def test_no_flipped_bit_of_a_card_passes() -> None:
    data = CARD.data()
    for place in [*range(87), *range(90, len(data))]:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises(fenchi.Damaged):
            Card.of_bytes(bytes(changed))


def test_a_share_is_not_taken_for_a_card(tmp_path: Path, pages: list[SharePage]) -> None:
    path = write(tmp_path, pages[:1])[0]
    with pytest.raises(fenchi.InvalidArgument, match="key share, not a recovery card"):
        card_file.read(path)


def test_a_card_holds_no_password_that_stood_in_a_url() -> None:
    url = "webdavs://lin:geheim@cloud.example/dav?token=abc&timeout=5"
    assert without_secrets(url) == "webdavs://lin@cloud.example/dav?timeout=5"
    assert without_secrets("s3://bucket/a?region=x") == "s3://bucket/a?region=x"


# ---- handing out ----


def test_each_custodian_gets_a_folder_of_the_own_and_one_share_is_on_the_screen_at_a_time(
    tmp_path: Path,
) -> None:
    board = Board({2: "chen's own words"})
    hand_out = Handing(board, handover(tmp_path / "out"), pick=lambda count: count - 1)
    shares = shares_of(1)
    hand_out(shares)
    assert len({path.parent for path in hand_out.files}) == 5
    for share, path in zip(shares, hand_out.files, strict=True):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        page = share_file.parse(path.read_text()).page
        assert page.locked is (share.index == 2)
        secret = share_page.passphrase_of("chen's own words") if page.locked else None
        assert page.share(secret).reveal() == share.data.reveal()
    own = [set(share_file.parse(p.read_text()).page.lines()) for p in hand_out.files]
    for screen in board.screens:
        assert sum(any(line in screen for line in page if line[0] == "B") for page in own) <= 1
    assert "chen's own words" not in "\n".join(board.screens)


def test_a_ceremony_that_is_not_confirmed_leaves_nothing(tmp_path: Path) -> None:
    shares = shares_of(1)
    stranger = lines.encode(page_of(shares_of(8)[2]).own, "B")

    class Stubborn(Board):
        def _reply(self, question: str, screen: str) -> str:
            if "Share 3 of" in screen and "Line B" in question:
                name = question.split()[1]
                return next(line for line in stranger if line.startswith(f"{name} "))
            return super()._reply(question, screen)

    talk = Stubborn()
    hand_out = Handing(talk, handover(tmp_path / "out"), pick=lambda _: 1)
    with pytest.raises(fenchi.Cancelled, match="share 3 was not confirmed"):
        hand_out(shares)
    assert list((tmp_path / "out").rglob("*")) == []
    assert any("The ceremony is void" in said for said in talk.said)
    assert any("but of another page" in said for said in talk.said)


def test_a_place_that_holds_another_share_is_not_taken(tmp_path: Path) -> None:
    sticks = [tmp_path / name for name in ("stick-a", "stick-b")]
    for stick in sticks:
        stick.mkdir()
    places = iter([str(sticks[0]), str(sticks[0]), str(tmp_path / "none"), str(sticks[1])])

    class Sticks(Board):
        def _reply(self, question: str, screen: str) -> str:
            return next(places) if "folder" in question else super()._reply(question, screen)

    talk = Sticks()
    hand_out = Handing(talk, handover(None))
    hand_out(shares_of(1, needed=2, count=2))
    assert [path.parent.parent for path in hand_out.files] == sticks
    assert any("another custodian's share lies in" in said for said in talk.said)
