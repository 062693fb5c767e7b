"""Lines that people type: every mistake is pointed at, none passes."""

from __future__ import annotations

import random

import pytest
from fenchi.ceremony import lines
from hypothesis import given, settings
from hypothesis import strategies as st

DATA = bytes((i * 37 + 11) % 256 for i in range(45))
LINES = lines.encode(DATA, "B")


def text_of(line: str) -> str:
    named = lines.split_name(line)
    assert named is not None
    return named[2]


def with_signs(line: str, changes: dict[int, str]) -> str:
    """The line with other signs in some of its 30 places."""
    signs = list(text_of(line).replace(" ", ""))
    for place, sign in changes.items():
        signs[place] = sign
    return "".join(signs)


def another(rng: random.Random, sign: str) -> str:
    return rng.choice([one for one in lines.ALPHABET if one != sign])


def wrong_at(line: str, places: list[int], seed: int) -> list[lines.Wrong]:
    print("seed", seed)
    rng = random.Random(seed)
    signs = text_of(line).replace(" ", "")
    changed = {place: another(rng, signs[place]) for place in places}
    return lines.check_line(with_signs(line, changed), "B", 1)[1]


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=420))
def test_what_was_encoded_comes_back_with_zeros_behind(data: bytes) -> None:
    decoded = lines.decode(lines.encode(data, "A"), "A")
    assert decoded.wrong == ()
    assert decoded.data.rstrip(b"\0") == data.rstrip(b"\0")
    assert len(decoded.data) % lines.LINE_BYTES == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_a_run_of_letters_comes_back_exactly(data: bytes) -> None:
    assert lines.from_text(lines.to_text(data)) == data


def test_case_blanks_hyphens_and_look_alikes_do_not_matter() -> None:
    sloppy = text_of(LINES[0]).lower().replace(" ", "-").replace("0", "o").replace("1", "l")
    assert lines.check_line(sloppy, "B", 1) == (DATA[:15], [])
    assert lines.check_line(text_of(LINES[0]).replace(" ", ""), "B", 1) == (DATA[:15], [])


@pytest.mark.parametrize("place", range(30))
def test_one_wrong_letter_is_named_with_the_right_one(place: int) -> None:
    right = text_of(LINES[0]).replace(" ", "")[place]
    (fault,) = wrong_at(LINES[0], [place], 100 + place)
    assert (fault.line, fault.kind) == ("B1", "letter")
    assert (fault.group, fault.place) == (1 + place // 5, 1 + place % 5)
    assert fault.wanted == right


def test_two_wrong_letters_are_both_named() -> None:
    for seed in range(40):
        places = sorted(random.Random(seed).sample(range(30), 2))
        faults = wrong_at(LINES[0], places, seed)
        assert [(f.group - 1) * 5 + f.place - 1 for f in faults] == places


def test_two_letters_in_the_wrong_order_are_named() -> None:
    signs = text_of(LINES[0]).replace(" ", "")
    place = next(i for i in range(29) if signs[i] != signs[i + 1])
    swapped = with_signs(LINES[0], {place: signs[place + 1], place + 1: signs[place]})
    faults = lines.check_line(swapped, "B", 1)[1]
    assert [(f.group - 1) * 5 + f.place - 1 for f in faults] == [place, place + 1]


@pytest.mark.parametrize("group", range(6))
def test_a_whole_wrong_group_is_among_those_that_are_named(group: int) -> None:
    for seed in range(4):
        places = list(range(group * 5, group * 5 + 5))
        faults = wrong_at(LINES[0], places, 7 * group + seed)
        assert {fault.kind for fault in faults} == {"group"}
        assert group + 1 in {fault.group for fault in faults}
        assert len(faults) <= 4


def test_up_to_six_wrong_letters_never_pass() -> None:
    for seed in range(200):
        rng = random.Random(seed)
        places = rng.sample(range(30), rng.randint(1, 6))
        if len(places) < 3:
            continue  # named one by one, above
        signs = text_of(LINES[0]).replace(" ", "")
        changed = with_signs(LINES[0], {p: another(rng, signs[p]) for p in places})
        symbols = [lines.ALPHABET.index(sign) for sign in changed] + [1]
        assert any(lines._syndromes(symbols)), f"seed {seed}"


def test_a_line_in_the_place_of_another_is_named_with_its_number() -> None:
    (fault,) = lines.check_line(text_of(LINES[2]), "B", 1)[1]
    assert (fault.kind, fault.line, fault.found) == ("place", "B1", "3")


@pytest.mark.parametrize(
    ("typed", "kind", "group"),
    [
        ("{0} {1} {2} {3} {4} {5}!", "sign", 6),
        ("U{0} {1} {2} {3} {4} {5}", "sign", 1),
        ("{0} {1}Q {2} {3} {4} {5}", "length", 2),
        ("{0} {1} {2} {3} {4}", "groups", 0),
        ("{0} {1} {1} {2} {3} {4} {5}", "groups", 0),
    ],
)
def test_a_line_of_another_shape_says_what_is_odd(typed: str, kind: str, group: int) -> None:
    groups = text_of(LINES[0]).split()
    faults = lines.check_line(typed.format(*groups), "B", 1)[1]
    assert (faults[0].kind, faults[0].group) == (kind, group)


def test_lines_may_come_in_any_order_and_missing_ones_are_named() -> None:
    shuffled = [LINES[2], "", "a remark", LINES[0], LINES[1]]
    assert lines.decode(shuffled, "B").data == DATA
    faults = lines.decode([LINES[0], LINES[2]], "B").wrong
    assert [(f.line, f.kind) for f in faults] == [("B2", "missing")]
    assert [f.line for f in lines.decode(LINES[:2], "B", 3).wrong] == ["B3"]
    other = lines.line_of(b"other", "B", 2)
    assert ("B2", "twice") in [(f.line, f.kind) for f in lines.decode([*LINES, other], "B").wrong]


@pytest.mark.parametrize("text", ["U", "00!", "0", "Z", "ZZZZ1"])
def test_a_run_of_letters_that_ends_in_the_wrong_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base32"):
        lines.from_text(text)
