"""The pure pieces of benchmarks/compare: rows, ratios, the table, and the shaped line."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from comparison import report
from comparison.inputs import sql_lines, top_up
from comparison.rows import Row, Rows, of_limit, ratios, shown, table, unknown_explanations
from comparison.shaping import Direction, Line, shaped
from comparison.tools import version_numbers


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


def test_ratios_of_unequal_numbers_of_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_the_harmonic_limit_is_the_time_of_all_parts() -> None:
    assert of_limit([4.0, 10.0], [[1.0, 2.0], [2.0, 3.0]]) == [0.75, 0.5]


def test_the_median_is_held_to_the_goal() -> None:
    row = Row("s", "n", [0.1, 3.0, 9.0], goal=3)
    assert row.met
    assert not Row("s", "n", [9.0, 2.9, 0.1], goal=3).met


def test_a_goal_may_be_an_upper_bound() -> None:
    assert Row("s", "n", [160.0], goal=160, at_most=True).met
    assert not Row("s", "n", [160.1], goal=160, at_most=True).met


def test_a_row_that_was_not_measured_does_not_meet_its_goal() -> None:
    assert not Row("s", "n", goal=3).met
    assert Row("s", "n").met


def test_rows_keep_the_order_in_which_they_came_and_gather_their_rounds() -> None:
    rows = Rows()
    for value in (1.0, 2.0):
        rows.add(Row("s", "b", goal=1.5), value)
        rows.add(Row("s", "a"), value)
    assert [(row.key, row.values) for row in rows] == [("s: b", [1.0, 2.0]), ("s: a", [1.0, 2.0])]
    assert rows.below() == []
    rows.add(Row("t", "c", goal=2), 1.0)
    assert [row.key for row in rows.below()] == ["t: c"]


def test_rows_are_the_same_after_a_file_of_json(tmp_path: Path) -> None:
    rows = [Row("s", "n", [1.0, 2.5], 160, True, "MiB", "note"), Row("t", "empty", goal=1)]
    path = tmp_path / "rows.json"
    report.write_json(path, rows, {"CPU": "one"}, ["`rand`"])
    assert report.read_json(path) == (rows, {"CPU": "one"}, ["`rand`"])


def test_the_table_names_what_is_below_its_goal() -> None:
    lines = table([Row("s", "n", [1.0, 2.0, 4.0], goal=3), Row("s", "never", goal=1)])
    assert lines[2] == "| s: n | 3 | 1.00 | 2.00 | 4.00 | x | >= 3 | **below its goal** |"
    assert lines[3] == "| s: never | 0 | - | not measured | - | x | >= 1 | **below its goal** |"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.0, "x", "0"), (0.949, "x", "0.95"), (12.34, "s", "12.3"), (1234.5, "MiB", "1234")],
)
def test_figures_are_shown_with_the_digits_that_count(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text


def test_an_explanation_without_a_row_is_found() -> None:
    assert unknown_explanations([Row("s", "n")], {"s: n": "why", "s: gone": "why"}) == ["s: gone"]


def test_the_page_has_a_place_for_each_row_below_its_goal() -> None:
    rows = [Row("s", "slow", [1.0], goal=2), Row("s", "fast", [3.0], goal=2)]
    texts = {"s: slow": "The disk holds it."}
    assert report.below(rows, texts) == ["- **s: slow**: 1.00, goal >= 2. The disk holds it."]
    assert report.below(rows[1:], {}) == ["None."]
    assert report.below(rows[:1], {})[0].endswith("Not explained yet.")


def test_the_explanations_are_a_table_of_texts() -> None:
    assert all(text for text in report.explanations().values())


def test_a_note_is_printed_once_with_all_its_rows() -> None:
    rows = [Row("s", "a", note="same"), Row("s", "b", note="same"), Row("s", "c")]
    assert report.notes(rows) == ["- same: *s: a; s: b*."]


@pytest.mark.parametrize(
    ("said", "numbers"),
    [("restic 0.14.0 compiled with go1.19.8", (0, 14, 0)), ("v1.3.2", (1, 3, 2)), ("none", ())],
)
def test_the_version_is_the_first_dotted_number(said: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(said) == numbers


def test_made_rows_of_a_dump_are_the_same_again() -> None:
    from random import Random

    first, second = (sql_lines(Random(5), 1, 20) for _ in range(2))
    assert first == second
    assert len(first.splitlines()) == 20


def test_a_tree_is_topped_up_to_the_number_that_is_wanted(tmp_path: Path) -> None:
    assert top_up(tmp_path, 10, 150) == 140
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 140
    assert top_up(tmp_path, 150, 150) == 0


def test_bytes_leave_a_line_at_its_rate_and_arrive_half_a_round_trip_later() -> None:
    line = Line(round_trip_seconds=0.020, bits_per_second=8000)  # 1,000 bytes a second
    assert line.up.arrival(5.0, 500) == pytest.approx(5.51)
    assert line.up.arrival(5.0, 1000) == pytest.approx(6.51)  # behind the first
    assert line.up.arrival(9.0, 100) == pytest.approx(9.11)  # the line was idle meanwhile
    assert (line.up.carried, line.down.carried) == (1600, 0)


def test_all_connections_of_a_direction_share_its_rate() -> None:
    direction = Direction(bytes_per_second=100.0, delay_seconds=0.0)
    assert [direction.arrival(0.0, 100) for _ in range(3)] == pytest.approx([1.0, 2.0, 3.0])


def echo_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        received = bytearray()
        while piece := connection.recv(65536):
            received += piece
        connection.sendall(received[::-1])


def test_a_shaped_line_carries_every_byte_both_ways_and_counts_them() -> None:
    data = bytes(range(256)) * 1000
    line = Line(round_trip_seconds=0.002, bits_per_second=1e9)
    with socket.create_server(("127.0.0.1", 0)) as server:
        other_end = threading.Thread(target=echo_once, args=(server,))
        other_end.start()
        with (
            shaped(server.getsockname()[1], line) as port,
            socket.create_connection(("127.0.0.1", port), timeout=30) as connection,
        ):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            back = bytearray()
            while piece := connection.recv(65536):
                back += piece
        other_end.join()
    assert bytes(back) == data[::-1]
    assert (line.up.carried, line.down.carried) == (len(data), len(data))


def test_a_connection_to_nothing_ends_and_stops_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    with (
        shaped(closed, Line(round_trip_seconds=0.0)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as connection,
    ):
        assert connection.recv(1) == b""
