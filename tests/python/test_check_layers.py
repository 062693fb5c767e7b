"""Each rule of scripts/check_layers.py finds the violation that is planted in a small tree."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_layers", ROOT / "scripts/check_layers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_layers"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


layers = load()

CLEAN = {
    "include/fenchi/status.h": "#pragma once\n#include <string>\n",
    "include/fenchi/hash.h": '#pragma once\n#include "fenchi/status.h"\n',
    "lib/base/CMakeLists.txt": "target_sources(o PRIVATE coding.cc)\n",
    "lib/base/coding.h": "#pragma once\n",
    "lib/base/coding.cc": '#include "base/coding.h"\n#include <unistd.h>\n',
    "lib/crypto/CMakeLists.txt": "target_sources(o PRIVATE hash.cc)\n",
    "lib/crypto/seal.h": "#pragma once\n",
    "lib/crypto/hash.cc": '#include "fenchi/hash.h"\n#include "base/coding.h"\n',
    "lib/sharing/field_11b.h": "#pragma once\n",
    "lib/sharing/field_11d.h": "#pragma once\n",
    "lib/sharing/code.h": '#pragma once\n#include "sharing/field_11d.h"\n',
    "bindings/python/module.cc": '#include <pybind11/pybind11.h>\n#include "fenchi/hash.h"\n',
    "tests/unit/base/CMakeLists.txt": "fenchi_test(base_test coding_test.cc)\n",
    "tests/unit/base/coding_test.cc": '#include <gtest/gtest.h>\n#include "base/coding.h"\n',
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in CLEAN.items():
        plant(tmp_path, name, text)
    return tmp_path


def plant(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def found(root: Path, compile_headers: bool = False) -> list[str]:
    return [str(finding) for finding in layers.findings(root, compile_headers)]


def test_a_clean_tree_has_no_findings(tree: Path) -> None:
    assert found(tree, compile_headers=True) == []


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        # A lower floor includes a higher one, a sibling its sibling, a private or a public header.
        ("lib/base/coding.h", '#include "crypto/seal.h"\n', "lib/base/coding.h:1", "not crypto"),
        (
            "lib/crypto/seal.h",
            '\n#include "sharing/code.h"\n',
            "lib/crypto/seal.h:2",
            "not sharing",
        ),
        ("lib/base/coding.h", '#include "fenchi/hash.h"\n', "lib/base/coding.h:1", "not crypto"),
        ("lib/format/pack.h", "#include <fstream>\n", "lib/format/pack.h:1", "pure"),
        ("lib/format/pack.h", '#include "storage/local.h"\n', "lib/format/pack.h:1", "not found"),
        ("lib/crypto/seal.h", '#include "hash.h"\n', "lib/crypto/seal.h:1", "from lib/"),
        ("lib/attic/old.h", "\n", "lib/attic/old.h:1", "no known module"),
        # Public headers.
        (
            "include/fenchi/status.h",
            "#include <sodium.h>\n",
            "include/fenchi/status.h:1",
            "standard",
        ),
        ("include/fenchi/status.h", '#include "fenchi/hash.h"\n', "status.h:1", "not crypto"),
        ("include/fenchi/extra.h", "\n", "include/fenchi/extra.h:1", "PUBLIC_HEADERS"),
        # Those who stand outside.
        (
            "bindings/python/module.cc",
            '#include "crypto/seal.h"\n',
            "module.cc:1",
            "as a user does",
        ),
        ("examples/story.cc", "#include <fmt/format.h>\n", "examples/story.cc:1", "as a user does"),
        # The two fields meet, here through another header.
        (
            "lib/sharing/key.h",
            '#include "sharing/code.h"\n#include "sharing/field_11b.h"\n',
            "lib/sharing/key.h:1",
            "separate arithmetic",
        ),
        # Sources that nobody builds.
        ("tests/unit/base/lost_test.cc", "\n", "lost_test.cc:1", "never built"),
        ("lib/base/lost.cc", "\n", "lib/base/lost.cc:1", "never built"),
        # Sizes.
        ("lib/base/coding.h", "//\n" * 501, "lib/base/coding.h:501", "501 lines"),
        ("python/fenchi/wide.py", "#" * 101 + "\n", "python/fenchi/wide.py:1", "101 columns"),
    ],
)
def test_a_planted_violation_is_found(
    tree: Path, name: str, text: str, where: str, what: str
) -> None:
    plant(tree, name, text)
    lines = found(tree)
    assert len(lines) == 1, lines
    assert where in lines[0]
    assert what in lines[0]


def test_a_source_that_is_only_commented_in_cmake_counts_as_not_built(tree: Path) -> None:
    plant(tree, "tests/unit/base/CMakeLists.txt", "# fenchi_test(base_test coding_test.cc)\n")
    assert len(found(tree)) == 1


def test_wide_characters_count_as_one_column(tree: Path) -> None:
    plant(tree, "python/fenchi/wide.py", "#" + "份" * 99 + "\n")
    assert found(tree) == []


def test_a_header_that_needs_another_first_does_not_compile_alone(tree: Path) -> None:
    plant(tree, "include/fenchi/hash.h", "#pragma once\nstd::string Hash();\n")
    lines = found(tree, compile_headers=True)
    assert len(lines) == 1, lines
    assert "include/fenchi/hash.h:1: does not compile alone" in lines[0]
