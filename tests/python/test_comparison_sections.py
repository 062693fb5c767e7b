"""Which rows benchmarks/compare makes of what it measured: every goal has its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comparison import path_section, tool_section
from comparison.inputs import Input
from comparison.path_section import Jobs
from comparison.processes import Failed, Run, output, run
from comparison.rows import Rows
from comparison.tools import ALL, Fenchi

PATH_JOBS = (
    "full_path seal seal_plain encrypt split tags check_tile encrypt_to_memory "
    "split_to_memory tags_of_cached ids cuts gather two_packs_one_thread "
    "two_packs_two_threads memcpy secretstream zfec secretstream_zfec"
).split()


def jobs_of(seconds: dict[str, float]) -> Jobs:
    said: dict[str, Any] = {
        "cycles_per_second": 2e9,
        "jobs": {
            name: {
                "bytes": 1_000_000,
                "wall": [time, time],
                "first_wall": [time + 1, time + 1],
                "tries": 21,
                "cpu": [time, time],
            }
            for name, time in seconds.items()
        },
    }
    return Jobs(said)


def values(rows: Rows) -> dict[str, tuple[float, float | None]]:
    return {row.name: (row.median, row.goal) for row in rows}


def test_the_goals_of_the_path_are_held_to_the_split_that_they_name() -> None:
    times = dict.fromkeys(PATH_JOBS, 1.0)
    times |= {"seal": 5.0, "seal_plain": 2.5, "full_path": 8.0, "secretstream_zfec": 30.0}
    times |= {"two_packs_one_thread": 19.0, "two_packs_two_threads": 10.0}
    rows = Rows()
    path_section.split_rows(rows, jobs_of(times), 3, 5)
    assert values(rows) == {
        "encrypt + split + tags 3-of-5, of the harmonic limit of its parts": (0.8, 0.95),
        "encrypt + split + tags 3-of-5, of the same limit where the parts write their output": (
            0.8,
            None,
        ),
        "encrypt + split 3-of-5 without tags, of the harmonic limit of its parts": (0.8, None),
        "encrypt + split with tags against libsodium secretstream + zfec's C core, 3-of-5": (
            6.0,
            6,
        ),
        "encrypt + split without tags against libsodium secretstream + zfec's C core, 3-of-5": (
            12.0,
            9,
        ),
        "full path 3-of-5 without zstd, of the harmonic limit of its parts": (0.75, 0.90),
        "full path 3-of-5 without zstd, of the same limit where the parts write their output": (
            0.75,
            None,
        ),
        "full path 3-of-5 without zstd, two threads against one": (1.9, 1.85),
        "full path 3-of-5 without zstd, two threads against one, the first try": (20 / 11, None),
    }
    assert any("of 21 tries each the quickest" in row.note for row in rows)
    other = Rows()
    path_section.split_rows(other, jobs_of(times), 2, 3)
    assert all(row.goal is None for row in other)


def test_without_zfec_its_goals_are_not_met() -> None:
    times = dict.fromkeys(PATH_JOBS, 1.0)
    del times["secretstream_zfec"]
    rows = Rows()
    path_section.split_rows(rows, jobs_of(times), 3, 5)
    missing = [row for row in rows if not row.values]
    assert [row.goal for row in missing] == [6, 9]
    assert missing[0] in rows.below()


def test_the_compressing_path_is_held_to_zstd_alone() -> None:
    names = {
        "zstd_path:x": 2.0,
        "zstd_path_unchecked:x": 1.25,
        "zstd:x": 1.0,
        "zstd_checked:x": 1.5,
    }
    rows = Rows()
    path_section.zstd_rows(rows, jobs_of(names), "x")
    found = values(rows)
    assert found["full path with zstd 3 on x, against zstd 3 alone"] == (0.5, 0.85)
    assert found["full path with zstd 3 on x, against zstd 3 that checks what it made"] == (
        0.75,
        None,
    )
    assert found["full path with zstd 3 unchecked on x, against zstd 3 alone"] == (0.8, None)
    assert all("expanded" in row.note for row in rows if row.section == "path")


def test_bytes_for_each_cycle_come_from_the_time_stamp_counter() -> None:
    assert jobs_of({"cut": 0.001}).bytes_per_cycle("cut") == [0.5, 0.5]


def source(name: str) -> Input:
    return Input(name, Path("/nowhere") / name, 1, 1, "")


@pytest.mark.parametrize("name", ["rand", "sql", "source", "tree"])
def test_every_goal_among_the_tools_has_its_row(name: str) -> None:
    mine = {verb: Run(1.0, 2.0, 100.0) for verb in Fenchi.verbs}
    theirs = {verb: Run(3.0, 8.0, 50.0) for verb in ("backup", "no change", "restore")}
    rows = Rows()
    tool_section.note_fenchi(rows, source(name), mine, 90.0)
    for tool in ("restic", "borg"):
        tool_section.note_other(rows, source(name), (mine, 90.0), (theirs, 100.0), tool)
    found = values(rows)
    for (given, verb, tool), goal in tool_section.GOALS.items():
        if given == name:
            assert found[f"{verb} against {tool}"] == (3.0, goal)
    for (given, verb, tool), goal in tool_section.CPU_GOALS.items():
        if given == name:
            assert found[f"{verb}: CPU, of {tool}'s"] == (0.25, goal)
    for (given, tool), goal in tool_section.STORED_GOALS.items():
        if given == name:
            assert found[f"stored for each copy, of {tool}'s"] == (0.9, goal)
    for verb in Fenchi.verbs:
        assert found[f"{verb}: peak memory of fenchi"] == (100.0, 160.0)


def test_a_tool_that_is_not_there_leaves_its_goals_unmet() -> None:
    rows = Rows()
    tool_section.missing_rows(rows, source("tree"), "borg")
    assert [row.name for row in rows.below()] == ["backup against borg"]
    rows = Rows()
    tool_section.missing_rows(rows, source("rand"), "restic")
    assert [row.name for row in rows.below()] == [
        "backup against restic",
        "restore against restic",
        "restore, one lost against restic",
        "backup: CPU, of restic's",
    ]
    rows = Rows()
    tool_section.missing_rows(rows, source("tree"), "restic")
    assert "stored for each copy, of restic's" in [row.name for row in rows.below()]


def test_the_goals_name_tools_that_there_are() -> None:
    names = {tool.name for tool in ALL}
    named = {key[-1] for key in (*tool_section.GOALS, *tool_section.CPU_GOALS)}
    assert named | {key[-1] for key in tool_section.STORED_GOALS} <= names


def test_all_tools_begin_and_those_with_a_goal_go_on_first_and_last_by_turns() -> None:
    def names(given: str, number: int, rounds: int = 6) -> list[str]:
        return [tool.name for tool in tool_section.turn(ALL, source(given), number, rounds)]

    everybody = [tool.name for tool in ALL]
    assert names("rand", 0) == everybody
    assert names("rand", 1) == everybody[::-1]
    assert names("rand", 3) == everybody[::-1]
    assert names("rand", 5) == names("rand", 5, 12) == ["restic", "fenchi"]
    assert names("rand", 1, 2) == ["restic", "fenchi"]
    assert names("tree", 4) == ["fenchi", "restic", "borg"]
    assert names("sql", 4) == ["fenchi", "restic"]


def test_as_much_memory_is_touched_as_a_run_may_fill() -> None:
    given = Input("rand", Path("/nowhere"), 1, 1000, "")
    own = tool_section.PROCESS_BYTES
    filled = {verb: tool_section.filled_by(verb, given) - own for verb in Fenchi.verbs}
    assert filled == {"backup": 1500, "no change": 0, "restore": 1000, "restore, one lost": 1000}


def test_a_process_that_fails_gives_no_figure() -> None:
    with pytest.raises(Failed, match="exit code 3"):
        run(["sh", "-c", "echo why >&2; exit 3"])
    with pytest.raises(Failed, match="why"):
        output(["sh", "-c", "echo why >&2; exit 3"])


def test_a_run_counts_what_the_process_started() -> None:
    done = run(["sh", "-c", "python3 -c 'sum(range(3_000_000))'; true"])
    assert done.cpu_seconds > 0
    assert done.peak_mib > 0
    assert done.seconds > 0
