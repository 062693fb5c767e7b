"""QR codes: made with segno, read from image and PDF files with zxing-cpp.

Both come with the optional extra `fenchi[ceremony]`; what needs a missing one says so.
A code holds letters and digits only, a kind and base32, so that every reader shows it as text.
"""

from __future__ import annotations

import importlib
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fenchi import _errors
from fenchi.ceremony import lines
from fenchi.messages import text

SHARE, CARD = "FENCHI1S", "FENCHI1C"
_IMAGES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"}
_BYTES_MAX = 64 << 20
_PAGES_MAX = 64
_PIXELS_MAX = 200_000_000
_SCALES = (300 / 72, 200 / 72, 450 / 72)  # resolutions at which a PDF is looked at


def module(name: str) -> Any:
    """An optional package. Errors: Unsupported that says how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise _errors.Unsupported(
            text("extra.missing", name=name), text("extra.missing_hint")
        ) from None


def content_of(kind: str, data: bytes) -> str:
    return kind + lines.to_text(data)


def code(content: str, error: str = "m") -> Any:
    """A segno code. Errors: InvalidArgument when it is too much for one."""
    segno = module("segno")
    try:
        return segno.make_qr(content, error=error, boost_error=False)
    except segno.DataOverflowError:
        raise _errors.InvalidArgument(text("qr.too_much", size=len(content))) from None


def matrix(content: str, error: str = "m") -> list[list[bool]]:
    """Rows of modules, with the quiet zone of four."""
    rows = code(content, error).matrix_iter(border=4)
    return [[bool(value) for value in row] for row in rows]


def svg(content: str, error: str = "m") -> str:
    """An inline SVG that takes the size of its box."""
    out = io.BytesIO()
    made = code(content, error)
    made.save(out, kind="svg", border=4, omitsize=True, xmldecl=False, svgns=False, nl=False)
    return out.getvalue().decode()


def is_scan(path: Path) -> bool:
    return path.suffix.lower() in _IMAGES | {".pdf"}


def _codes_in(image: Any) -> list[str]:
    zxing = module("zxingcpp")
    found = zxing.read_barcodes(image.convert("L"), formats=zxing.BarcodeFormat.QRCode)
    return [one.text for one in found]


def _codes_of_page(page: Any) -> list[str]:
    for scale in _SCALES:
        if found := _codes_in(page.render(scale=scale, grayscale=True).to_pil()):
            return found
    return []


def _codes(path: Path) -> Iterator[str]:
    image = module("PIL.Image")
    image.MAX_IMAGE_PIXELS = _PIXELS_MAX
    if path.suffix.lower() != ".pdf":
        with image.open(path) as opened:
            yield from _codes_in(opened)
        return
    document = module("pypdfium2").PdfDocument(path)
    try:
        for page in itertools.islice(document, _PAGES_MAX):
            yield from _codes_of_page(page)
    finally:
        document.close()


def read(path: Path) -> list[tuple[str, bytes]]:
    """(kind, bytes) of each of our codes in an image or PDF, each once.

    Errors: Damaged when there is none, or the file is no picture; Io; Unsupported.
    """
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise _errors.Damaged(text("scan.large", path=path))
        found = dict.fromkeys(_codes(path))
    except _errors.Error:
        raise
    except FileNotFoundError:
        raise _errors.Io(text("scan.absent", path=path)) from None
    except Exception as error:  # whatever a library says of a file that is not what it is called
        raise _errors.Damaged(text("scan.unreadable", path=path, why=error)) from error
    ours = []
    for content in found:
        kind = content[: len(SHARE)]
        if kind in (SHARE, CARD):
            try:
                ours.append((kind, lines.from_text(content[len(kind) :])))
            except ValueError:
                raise _errors.Damaged(text("scan.garbled", path=path)) from None
    if not ours:
        raise _errors.Damaged(text("scan.none", path=path), text("scan.none_hint"))
    return ours
