"""scripts/check_summary.py counts what the tools report and never turns a failure into a pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUMMARY = Path(__file__).resolve().parents[2] / "scripts/check_summary.py"

CTEST = """<testsuite>
  <testcase name="A.Passes" classname="A.Passes" status="run"/>
  <testcase name="A.Fails" classname="A.Fails" status="fail"><failure message=""/></testcase>
  <testcase name="A.Skips" classname="A.Skips" status="notrun">
    <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>a_test.cc:7: Skipped
no outside vectors beside the checkout
</system-out>
  </testcase>
  <testcase name="A.Off" classname="A.Off" status="disabled"/>
</testsuite>"""

PYTEST = """<testsuites><testsuite>
  <testcase classname="tests.test_a" name="test_passes"/>
  <testcase classname="tests.test_a" name="test_breaks"><error message="x"/></testcase>
  <testcase classname="tests.test_a" name="test_skips">
    <skipped type="pytest.skip" message="needs root"/>
  </testcase>
</testsuite></testsuites>"""


def summary(folder: Path, parts: str, **files: str) -> tuple[int, list[str]]:
    (folder / "parts.tsv").write_text(parts)
    (folder / "seconds").write_text("9\n")
    for part, text in files.items():
        (folder / f"{part}.junit.xml").write_text(text)
    done = subprocess.run(
        [sys.executable, str(SUMMARY), str(folder)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_counts_tests_and_names_failures_and_reasons(tmp_path: Path) -> None:
    parts = "format\t0\t3\nctest\t8\t5\npytest\t1\t7\n"
    code, lines = summary(tmp_path, parts, ctest=CTEST, pytest=PYTEST)
    assert code == 1
    assert lines[-1] == "3 passed, 2 failed, 3 skipped"
    assert any(line.split() == ["all", "9"] for line in lines)
    assert "failed: ctest: A.Fails" in lines
    assert "failed: pytest: tests.test_a.test_breaks" in lines
    assert "skipped 1: no outside vectors beside the checkout (ctest: A.Skips)" in lines
    assert "skipped 1: needs root (pytest: tests.test_a.test_skips)" in lines
    assert "skipped 1: status disabled (ctest: A.Off)" in lines


def test_all_good_is_exit_code_0(tmp_path: Path) -> None:
    assert summary(tmp_path, "format\t0\t3\nlayers\t0\t1\n")[0] == 0


def test_a_part_that_failed_counts_even_when_its_tests_look_good(tmp_path: Path) -> None:
    good = '<testsuite><testcase name="A.Passes" status="run"/></testsuite>'
    code, lines = summary(tmp_path, "ctest\t8\t5\n", ctest=good)
    assert (code, lines[-1]) == (1, "1 passed, 1 failed, 0 skipped")


def test_a_part_without_a_single_test_fails(tmp_path: Path) -> None:
    code, lines = summary(tmp_path, "ctest\t0\t5\n", ctest="<testsuite/>")
    assert (code, lines[-1]) == (1, "0 passed, 1 failed, 0 skipped")


def test_half_a_report_fails(tmp_path: Path) -> None:
    code, lines = summary(tmp_path, "pytest\t0\t5\n", pytest=PYTEST[:50])
    assert (code, lines[-1]) == (1, "0 passed, 1 failed, 0 skipped")


def test_several_files_of_one_part_are_counted_together_and_none_may_be_empty(
    tmp_path: Path,
) -> None:
    files = {"custody-ctest": CTEST, "custody-pytest": PYTEST}
    code, lines = summary(tmp_path, "custody\t0\t5\n", **files)
    assert code == 1
    assert lines[-1] == "2 passed, 2 failed, 3 skipped"
    code, lines = summary(
        tmp_path, "custody\t0\t5\n", **{**files, "custody-pytest": "<testsuite></testsuite>"}
    )
    assert "failed: custody: no test ran" in lines
