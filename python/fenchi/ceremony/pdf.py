"""A sheet as a PDF of one A4 page, or two, drawn with reportlab.

Chinese needs a TrueType font, which is embedded in part: the first of FONTS that is there, or the
one that $FENCHI_FONT names. Debian: fonts-droid-fallback (Apache licence) or fonts-arphic-uming.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from fenchi import _errors
from fenchi.ceremony import qr
from fenchi.ceremony.sheet import Block, Row, Section, Sheet, Words
from fenchi.messages import text

# (file, which font of a collection)
FONTS = (
    ("/usr/share/fonts/truetype/noto/NotoSansTC-Regular.ttf", 0),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/usr/share/fonts/truetype/arphic/uming.ttc", 2),
    ("C:/Windows/Fonts/msjh.ttc", 0),
    ("/Library/Fonts/Arial Unicode.ttf", 0),
)
_HAN = "FenchiHan"
_MM = 72 / 25.4
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
_LEFT, _RIGHT, _TOP, _BOTTOM = 14 * _MM, 196 * _MM, 285 * _MM, 11 * _MM
_COLUMN = (_RIGHT - _LEFT) / 2
_CODE = 66 * _MM


def font() -> tuple[Path, int]:
    """Errors: Unsupported where there is none."""
    if named := os.environ.get("FENCHI_FONT"):
        return Path(named), 0
    for name, index in FONTS:
        if Path(name).is_file():
            return Path(name), index
    raise _errors.Unsupported(text("font.missing"), text("font.missing_hint"))


def check() -> None:
    """Errors: Unsupported when a PDF cannot be made here."""
    qr.module("reportlab.pdfgen.canvas")
    font()


@dataclass
class _Fonts:
    """Latin letters are set in the PDF reader's own Helvetica, all others in the Chinese font."""

    metrics: Any
    glyphs: Any

    @classmethod
    def load(cls) -> _Fonts:
        metrics = qr.module("reportlab.pdfbase.pdfmetrics")
        fonts = qr.module("reportlab.pdfbase.ttfonts")
        path, index = font()
        try:
            loaded = fonts.TTFont(_HAN, str(path), subfontIndex=index)
        except (OSError, fonts.TTFError) as error:
            raise _errors.Unsupported(
                text("font.unreadable", path=path, why=error), text("font.missing_hint")
            ) from error
        metrics.registerFont(loaded)
        return cls(metrics, loaded.face.charToGlyph)

    def runs(self, content: str, latin: str) -> Iterator[tuple[str, str]]:
        """(font, text); a sign that the font lacks is written as its number."""
        run, current = "", latin
        for sign in content:
            wanted = latin if ord(sign) < 256 else _HAN
            shown = sign
            if wanted == _HAN and ord(sign) not in self.glyphs:
                shown, wanted = f"[U+{ord(sign):04X}]", latin
            if wanted != current and run:
                yield current, run
                run = ""
            run, current = run + shown, wanted
        if run:
            yield current, run

    def markup(self, content: str, latin: str) -> str:
        return "".join(
            f'<font name="{name}">{escape(run)}</font>' for name, run in self.runs(content, latin)
        )

    def width(self, content: str, latin: str, size: float) -> float:
        runs = self.runs(content, latin)
        return sum(float(self.metrics.stringWidth(run, name, size)) for name, run in runs)


class _Page:
    """Draws from top to bottom; `y` is where it goes on."""

    def __init__(self, canvas: Any, fonts: _Fonts) -> None:
        self.canvas, self.fonts, self.y = canvas, fonts, _TOP
        self._paragraph = qr.module("reportlab.platypus").Paragraph
        self._style = qr.module("reportlab.lib.styles").ParagraphStyle

    def line(self, x: float, content: str, size: float, latin: str = "Helvetica") -> None:
        """One line at `y`, not folded."""
        for name, run in self.fonts.runs(content, latin):
            self.canvas.setFont(name, size)
            self.canvas.drawString(x, self.y, run)
            x += self.fonts.metrics.stringWidth(run, name, size)

    def fold(
        self, x: float, width: float, content: str, size: float, latin: str = "Helvetica"
    ) -> float:
        """A paragraph whose top is at `y`; returns its height and leaves `y`."""
        chinese = any(ord(sign) > 255 for sign in content)
        style = self._style(
            "p",
            fontName=_HAN if chinese else latin,
            fontSize=size,
            leading=size * (1.36 if chinese else 1.22),
            wordWrap="CJK" if chinese else None,
        )
        paragraph = self._paragraph(self.fonts.markup(content, latin), style)
        height = float(paragraph.wrap(width, _HEIGHT)[1])
        paragraph.drawOn(self.canvas, x, self.y - height)
        return height

    def pair(self, content: Words, size: float, indent: float = 0, mark: str = "") -> None:
        """Chinese left, English right."""
        width = _COLUMN - indent - 4 * _MM
        latin = "Helvetica-Bold" if not indent else "Helvetica"
        heights = []
        for x, shown in ((_LEFT, content.chinese), (_LEFT + _COLUMN, content.english)):
            if mark:
                self.fold(x, indent, mark, size)
            heights.append(self.fold(x + indent, width, shown, size, latin))
        self.y -= max(heights) + 0.9


def _head(page: _Page, sheet: Sheet) -> None:
    canvas = page.canvas
    canvas.setFillGray(0)
    page.y -= 8 * _MM
    page.line(_LEFT, sheet.title.chinese, 25)
    after = page.fonts.width(sheet.title.chinese, "Helvetica", 25)
    page.line(_LEFT + after + 5 * _MM, sheet.title.english, 17, "Helvetica-Bold")
    size = 30 if len(sheet.banner) < 10 else 14
    width = page.fonts.width(sheet.banner, "Helvetica-Bold", size)
    page.line(_RIGHT - width, sheet.banner, size, "Helvetica-Bold")
    page.y -= 3.5 * _MM
    canvas.setLineWidth(1.2)
    canvas.line(_LEFT, page.y, _RIGHT, page.y)
    page.y -= 1.5 * _MM
    page.y -= page.fold(_LEFT, _RIGHT - _LEFT, sheet.subtitle.chinese, 11.5)
    page.y -= page.fold(_LEFT, _RIGHT - _LEFT, sheet.subtitle.english, 10) + 2 * _MM


def _rows(page: _Page, rows: Sequence[Row]) -> None:
    width = _RIGHT - _LEFT - _CODE - 6 * _MM
    label = 27 * _MM
    for row in rows:
        top = page.y
        page.y = top
        left = page.fold(_LEFT, label, row.label.chinese, 9.5)
        page.y = top - left
        left += page.fold(_LEFT, label, row.label.english, 7.5)
        page.y = top
        latin, size = ("Courier-Bold", 9) if row.fixed else ("Helvetica-Bold", 11)
        right = page.fold(_LEFT + label, width - label, row.value, size, latin)
        page.y = top - max(left, right) - 1.1 * _MM


def _code(page: _Page, sheet: Sheet, top: float) -> None:
    rows = qr.matrix(sheet.code, sheet.code_error)
    module = _CODE / len(rows)
    canvas = page.canvas
    canvas.setFillGray(0)
    for number, row in enumerate(rows):
        start = None
        for place, dark in enumerate([*row, False]):
            if dark and start is None:
                start = place
            elif not dark and start is not None:
                x, y = _RIGHT - _CODE + start * module, top - (number + 1) * module
                # A trace wider and higher, so that no hairline shows between neighbours.
                canvas.rect(x, y, (place - start) * module, module * 1.02, stroke=0, fill=1)
                start = None


def _section(page: _Page, section: Section) -> None:
    page.pair(section.title, 10)
    for line in section.plain:
        page.y -= page.fold(_LEFT + 4 * _MM, _RIGHT - _LEFT - 4 * _MM, line, 9) + 0.9
    for number, item in enumerate(section.items, start=1):
        page.pair(item, 8.3, 4 * _MM, f"{number}." if section.numbered else "-")
    page.y -= 0.9 * _MM


def _blocks(page: _Page, blocks: Sequence[Block]) -> None:
    canvas = page.canvas
    canvas.setLineWidth(0.5)
    canvas.line(_LEFT, page.y, _RIGHT, page.y)
    page.y -= 1.5 * _MM
    top, lowest = page.y, page.y
    for number, block in enumerate(blocks):
        x = _LEFT + number * (_COLUMN + 1 * _MM)
        page.y = top
        page.y -= page.fold(x, _COLUMN - 3 * _MM, block.title.chinese, 9)
        page.y -= page.fold(x, _COLUMN - 3 * _MM, block.title.english, 8) + 4 * _MM
        for line in block.lines:
            canvas.setFont("Courier-Bold", 9.6)
            canvas.drawString(x, page.y, line)
            page.y -= 4.2 * _MM
        lowest = min(lowest, page.y)
    page.y = lowest


def _draw(canvas: Any, fonts: _Fonts, sheet: Sheet, *, pages: int) -> float:
    """On one page or, with the lines on a second, on two; returns the least room that is left."""
    page = _Page(canvas, fonts)
    _head(page, sheet)
    top = page.y
    _code(page, sheet, top + 2 * _MM)
    _rows(page, sheet.rows)
    page.y = min(page.y, top - _CODE + 3 * _MM)
    for section in sheet.sections:
        _section(page, section)
    left = page.y
    if pages == 2:
        _foot(page, sheet)
        canvas.showPage()
        page.y = _TOP
        _head(page, sheet)
    _blocks(page, sheet.blocks)
    left = min(left, page.y)
    _foot(page, sheet)
    canvas.showPage()
    return left - _BOTTOM


def _foot(page: _Page, sheet: Sheet) -> None:
    page.y = _BOTTOM - 3 * _MM
    page.line(_LEFT, f"{sheet.footer.chinese}  {sheet.footer.english}", 7.5)


def render(sheet: Sheet) -> bytes:
    """One page, or two where names and lists are long.

    Errors: Unsupported without reportlab or a font; InvalidArgument when two are too few.
    """
    canvases = qr.module("reportlab.pdfgen.canvas")
    fonts = _Fonts.load()
    for pages in (1, 2):
        out = io.BytesIO()
        canvas = canvases.Canvas(out, pagesize=(_WIDTH, _HEIGHT), pageCompression=1, invariant=1)
        canvas.setTitle(f"{sheet.title.english} {sheet.banner}")
        canvas.setCreator("fenchi")
        if _draw(canvas, fonts, sheet, pages=pages) >= 0:
            canvas.save()
            return out.getvalue()
    raise _errors.InvalidArgument(text("sheet.full"), text("sheet.full_hint"))
