"""Bytes as lines that a person can type, each of which says itself where it is wrong.

    lines = encode(data, "A")            # ["A1  7G3KD 0Q2MV ...", ...], 15 bytes each
    report = decode(lines, "A")          # report.data, or what is wrong, by line and group

A line is its name and 30 characters in 6 groups of 5. Letters and digits are Crockford's base32
(no I, L, O, U; read without regard to case, I and L as 1, O as 0), so that any keyboard can type
them and none is taken for another. 24 characters carry 15 bytes, 6 are check characters of a
Reed-Solomon code over GF(32) that also covers the line's number: up to two wrong characters are
found in their places, with what should stand there; a third, or a group that is wrong as a whole,
by its group (in some cases beside a group that is right); so is a line that stands in another's
place. Six wrong characters or fewer never pass. What is found is told, never silently mended: the
paper is looked at again. FORMAT.md section 17.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LINE_BYTES = 15
GROUPS, GROUP_SIZE = 6, 5
_DATA, _CHECKS = 24, 6
_TYPED = _DATA + _CHECKS
_SIZE = _TYPED + 1  # the last symbol is the line's number, never typed
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_NAME = re.compile(r"\s*([A-Za-z])\s?(\d{1,3})(?:\s*[:.)]\s*|\s+)(.*)")


def _field() -> tuple[list[int], list[int]]:
    """Powers of 2 in GF(2^5) by x^5 + x^2 + 1, and their logarithms."""
    powers, logs = [1] * 62, [0] * 32
    for exponent in range(1, 62):
        value = powers[exponent - 1] << 1
        powers[exponent] = value ^ 0b100101 if value & 32 else value
    for exponent in range(31):
        logs[powers[exponent]] = exponent
    return powers, logs


_POWER, _LOG = _field()


def _times(a: int, b: int) -> int:
    return _POWER[_LOG[a] + _LOG[b]] if a and b else 0


def _inverse(a: int) -> int:
    return _POWER[(31 - _LOG[a]) % 31]


def _at(place: int, row: int) -> int:
    """The element by which check `row` weighs the symbol at `place`."""
    return _POWER[place * row % 31]


def _syndromes(symbols: Sequence[int]) -> list[int]:
    sums = [0] * _CHECKS
    for place, symbol in enumerate(symbols):
        for row in range(_CHECKS):
            sums[row] ^= _times(symbol, _at(place, row))
    return sums


def _solve(places: Sequence[int], sums: Sequence[int]) -> list[int] | None:
    """The values at `places` that give all the sums, or None where there are none."""
    rows = [[_at(place, row) for place in places] + [sums[row]] for row in range(_CHECKS)]
    for column in range(len(places)):
        pivot = next((r for r in range(column, _CHECKS) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = _inverse(rows[column][column])
        rows[column] = [_times(scale, value) for value in rows[column]]
        for other in range(_CHECKS):
            if other != column and (factor := rows[other][column]):
                pairs = zip(rows[other], rows[column], strict=True)
                rows[other] = [a ^ _times(factor, b) for a, b in pairs]
    if any(row[-1] for row in rows[len(places) :]):
        return None
    return [rows[i][-1] for i in range(len(places))]


KINDS = (
    *("letter", "group", "groups", "sign", "length", "place"),
    *("missing", "twice", "name", "line"),
)


@dataclass(frozen=True)
class Wrong:
    """A mistake: in which line (its name), which group (1..6; 0: the line), and what is known."""

    line: str
    group: int
    kind: str
    """One of KINDS."""
    place: int = 0
    """Of a letter in its group, 1..5."""
    found: str = ""
    wanted: str = ""


@dataclass(frozen=True)
class Decoded:
    data: bytes
    """Empty where something is wrong."""
    wrong: tuple[Wrong, ...]
    last_good: int
    """How many lines from the first on are right."""


def _symbols_of(piece: bytes) -> list[int]:
    number = int.from_bytes(piece.ljust(LINE_BYTES, b"\0"), "big")
    return [number >> 5 * (_DATA - 1 - i) & 31 for i in range(_DATA)]


def line_of(piece: bytes, letter: str, number: int) -> str:
    """`piece`: up to 15 bytes, filled up with zeros. `number`: from 1."""
    data = _symbols_of(piece)
    known = [*data, *[0] * _CHECKS, number % 31]
    # Any six places can be solved for.
    checks = _solve(range(_DATA, _TYPED), _syndromes(known)) or []
    text = "".join(ALPHABET[value] for value in [*data, *checks])
    groups = " ".join(text[i : i + GROUP_SIZE] for i in range(0, _TYPED, GROUP_SIZE))
    return f"{letter}{number:<3} {groups}"


def encode(data: bytes, letter: str) -> list[str]:
    """Lines `letter`1, `letter`2, ...; the last one is filled up with zeros."""
    pieces = [data[i : i + LINE_BYTES] for i in range(0, len(data), LINE_BYTES)]
    return [line_of(piece, letter, 1 + i) for i, piece in enumerate(pieces)]


def split_name(line: str) -> tuple[str, int, str] | None:
    """ "A", 3 and the rest of a line called A3, or None where it has no name."""
    match = _NAME.fullmatch(line)
    if match is None:
        return None
    return match[1].upper(), int(match[2]), match[3]


def _groups_of(text: str) -> list[str]:
    words = text.upper().replace("-", " ").split()
    if len(words) == 1 and len(words[0]) == _TYPED:  # typed without a blank
        return [words[0][i : i + GROUP_SIZE] for i in range(0, _TYPED, GROUP_SIZE)]
    return words


def _shape_faults(name: str, groups: list[str]) -> list[Wrong]:
    faults = [
        Wrong(name, 1 + i, "sign", 1 + place, sign)
        for i, group in enumerate(groups)
        for place, sign in enumerate(group)
        if sign not in _VALUES
    ]
    faults += [
        Wrong(name, 1 + i, "length", 0, str(len(group)), str(GROUP_SIZE))
        for i, group in enumerate(groups)
        if len(group) != GROUP_SIZE
    ]
    if not faults and len(groups) != GROUPS:
        faults.append(Wrong(name, 0, "groups", 0, str(len(groups)), str(GROUPS)))
    return faults


def _letter(name: str, symbols: Sequence[int], place: int, change: int) -> Wrong:
    group, inside = divmod(place, GROUP_SIZE)
    found, wanted = ALPHABET[symbols[place]], ALPHABET[symbols[place] ^ change]
    return Wrong(name, 1 + group, "letter", 1 + inside, found, wanted)


def _locate(letter: str, number: int, symbols: Sequence[int]) -> list[Wrong]:
    """What is wrong with a line of the right shape; empty: nothing."""
    sums, name = _syndromes(symbols), f"{letter}{number}"
    if not any(sums):
        return []
    for count in (1, 2):
        for places in combinations(range(_SIZE), count):
            changes = _solve(places, sums)
            if changes is None or not all(changes):
                continue
            if places == (_TYPED,):  # it is a right line, with another number
                return [Wrong(name, 0, "place", 0, str(symbols[_TYPED] ^ changes[0]))]
            if _TYPED not in places:
                pairs = zip(places, changes, strict=True)
                return [_letter(name, symbols, place, change) for place, change in pairs]
    groups = _suspects(sums)
    return [Wrong(name, group, "group") for group in groups] or [Wrong(name, 0, "line")]


def _suspects(sums: Sequence[int]) -> list[int]:
    """The groups that may be wrong where more than two letters are: usually one.

    Six sums tell three letters, or one whole group, not quite which of the two: all groups that
    either explanation names.
    """
    starts = range(0, _TYPED, GROUP_SIZE)
    suspects = {1 + at // GROUP_SIZE for at in starts if _solve(range(at, at + GROUP_SIZE), sums)}
    for places in combinations(range(_TYPED), 3):
        changes = _solve(places, sums)
        if changes is not None and all(changes):
            suspects |= {1 + place // GROUP_SIZE for place in places}
    return sorted(suspects)


def check_line(text: str, letter: str, number: int) -> tuple[bytes, list[Wrong]]:
    """The 15 bytes of the rest of a line (without its name), and what is wrong with it."""
    groups = _groups_of(text)
    name = f"{letter}{number}"
    if faults := _shape_faults(name, groups):
        return b"", faults
    symbols = [_VALUES[sign] for sign in "".join(groups)] + [number % 31]
    if faults := _locate(letter, number, symbols):
        return b"", faults
    value = 0
    for symbol in symbols[:_DATA]:
        value = value << 5 | symbol
    return value.to_bytes(LINE_BYTES, "big"), []


def decode(lines: Iterable[str], letter: str, count: int | None = None) -> Decoded:
    """Lines of one letter, in any order; blank ones and those of other letters are passed over.

    `count`: how many there must be; by default as many as the highest number says.
    """
    found: dict[int, bytes] = {}
    wrong: list[Wrong] = []
    for line in lines:
        named = split_name(line)
        if named is None or named[0] != letter:
            continue
        piece, faults = check_line(named[2], letter, named[1])
        if not faults and found.get(named[1], piece) != piece:
            faults = [Wrong(f"{letter}{named[1]}", 0, "twice")]
        wrong += faults
        found.setdefault(named[1], piece)
    last = count if count is not None else max(found, default=0)
    wrong += [Wrong(f"{letter}{n}", 0, "missing") for n in range(1, last + 1) if n not in found]
    wrong += [Wrong(f"{letter}{n}", 0, "name") for n in found if not 1 <= n <= last]
    good = 0
    bad_names = {fault.line for fault in wrong}
    while good < last and f"{letter}{good + 1}" not in bad_names:
        good += 1
    data = b"" if wrong else b"".join(found[n] for n in range(1, last + 1))
    return Decoded(data, tuple(wrong), good)


def to_text(data: bytes) -> str:
    """All of `data` as one run of base32 letters: what a QR code holds. No check characters."""
    bits = len(data) * 8
    size = (bits + 4) // 5
    number = int.from_bytes(data, "big") << (size * 5 - bits)
    return "".join(ALPHABET[number >> 5 * (size - 1 - i) & 31] for i in range(size))


def from_text(text: str) -> bytes:
    """The reverse. Raises ValueError for another sign, or left-over bits that are not zero."""
    try:
        values = [_VALUES[sign] for sign in text.upper()]
    except KeyError as error:
        raise ValueError(f"no base32 letter: {error.args[0]!r}") from None
    number = 0
    for value in values:
        number = number << 5 | value
    size, rest = divmod(len(values) * 5, 8)
    if rest >= 5 or number & ((1 << rest) - 1):
        raise ValueError("a base32 text that ends in the wrong place")
    return (number >> rest).to_bytes(size, "big")
