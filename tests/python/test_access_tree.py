"""Access expressions as trees, vault.toml's custody, and secrets as files."""

from __future__ import annotations

import os
import stat
import sys
import types
from pathlib import Path

import fenchi
import pytest
from fenchi import _access_tree, _secret_files, _toml_text, config
from fenchi.custody import Custodian, parse_access
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.custody

HEAD = '[vault]\nneeded = 2\nopen = "{open}" # who\n\n[[provider]]\nname = "a"\nurl = "file:///a"\n'
TABLES = """
[[custodian]] # the chair
group = "board"
holder = "Lin"
deputy = "Wu"

[[custodian]]
group = "board"
holder = "陳"

[[recipient]]
name = "escrow"
key = "{key}"

[policy]
liars = 0
"""
KEY = "3b" * 32


def toml(open: str) -> str:
    return HEAD.format(open=open) + TABLES.format(key=KEY)


NAMES = st.sampled_from(["passphrase", "escrow", "office-2", "總務"])
LEAVES = st.one_of(
    NAMES.map(lambda name: _access_tree.Term("name", name)),
    st.integers(1, 3).map(lambda n: _access_tree.Term("shares", "board", n)),
)


def joined(kind: str, inner: st.SearchStrategy[_access_tree.Term]) -> st.SearchStrategy:
    items = st.lists(
        inner.filter(lambda one: one.kind != kind), min_size=2, max_size=3, unique=True
    )
    return items.map(lambda some: _access_tree.Term(kind, children=tuple(some)))


TREES = st.one_of(
    LEAVES,
    joined("and", LEAVES),
    joined("or", LEAVES),
    joined("and", st.one_of(LEAVES, joined("or", LEAVES))),
    joined("or", st.one_of(LEAVES, joined("and", LEAVES))),
)


@given(TREES)
def test_a_tree_is_what_the_library_reads_in_its_text(tree: _access_tree.Term) -> None:
    text = _access_tree.render(tree)
    assert _access_tree.parse(text) == tree
    (canonical,) = parse_access(text).alternatives
    people = _access_tree.fewest_people(tree)
    assert _access_tree.fewest_people(_access_tree.parse(canonical)) == people


@given(TREES, NAMES)
def test_without_someone_no_way_needs_him_and_none_is_new(
    tree: _access_tree.Term, name: str
) -> None:
    left = _access_tree.without(tree, name)
    if left is None:
        assert name in {leaf.name for leaf in _access_tree.leaves(tree)}
        return
    assert name not in {leaf.name for leaf in _access_tree.leaves(left)}
    # Whoever opens what is left opened the whole before.
    assert opens(tree, left)


def opens(tree: _access_tree.Term, left: _access_tree.Term) -> bool:
    """Whether each set of leaves that satisfies `left` satisfies `tree`."""

    def satisfied(term: _access_tree.Term, there: set[_access_tree.Term]) -> bool:
        if not term.children:
            return term in there
        answers = [satisfied(child, there) for child in term.children]
        return all(answers) if term.kind == "and" else any(answers)

    all_leaves = sorted(set(_access_tree.leaves(tree)), key=repr)
    for bits in range(1 << len(all_leaves)):
        there = {leaf for i, leaf in enumerate(all_leaves) if bits >> i & 1}
        if satisfied(left, there) and not satisfied(tree, there):
            return False
    return True


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("passphrase", 1),
        ("3 of board AND passphrase", 4),
        ("(3 of board OR escrow) AND passphrase", 2),
        ("2 of providers", 0),
        ("2 of providers AND escrow", 1),
    ],
)
def test_the_fewest_people_are_counted(text: str, people: int) -> None:
    assert _access_tree.fewest_people(_access_tree.parse(text)) == people


def test_vault_toml_says_who_opens_it() -> None:
    table = config.parse(toml("2 of board and passphrase, or escrow")).custody
    assert table.open == "2 of board AND passphrase, OR escrow"
    assert table.custodians == {"board": (Custodian("Lin", "Wu"), Custodian("陳"))}
    assert table.recipients == {"escrow": bytes.fromhex(KEY)}
    assert table.passphrase_names() == ("passphrase",)
    plan = table.plan(passphrases={"passphrase": "words"}, deliver=print)
    assert plan.custodians == dict(table.custodians)
    assert "words" not in repr(plan)


@pytest.mark.parametrize(
    ("open", "match"),
    [
        ("3 of board AND passphrase, OR escrow", "names 2 custodians of board"),
        ("2 of board AND passphrase", "names the recipient escrow"),
        ("escrow", "names custodians of board"),
    ],
)
def test_a_plan_that_does_not_fit_its_tables_is_refused(open: str, match: str) -> None:
    table = config.parse(toml(open)).custody
    with pytest.raises(fenchi.InvalidArgument, match=match):
        table.plan()


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('holder = "陳"', 'holder = "Lin"', "twice"),
        (KEY, "3b", "64 hexadecimal"),
        ('deputy = "Wu"', 'deputty = "Wu"', "did you mean deputy"),
        ("2 of board", "2 off board", "open: .*character"),
    ],
)
def test_a_mistake_in_the_tables_is_pointed_at(old: str, new: str, match: str) -> None:
    with pytest.raises(fenchi.InvalidArgument, match=match):
        try:
            config.parse(toml("2 of board, OR escrow").replace(old, new))
        except fenchi.Error as error:
            raise type(error)(str(error)) from None


def test_what_is_rendered_is_read_again() -> None:
    read = config.parse(toml("2 of board, OR escrow"))
    assert config.parse(config.render(read.policy, read.providers, read.custody)) == read


def test_a_change_of_the_file_keeps_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "vault.toml"
    before = toml("2 of board, OR escrow")
    path.write_text(before, encoding="utf-8")
    path.chmod(0o640)

    def edit(content: str) -> str:
        content = _toml_text.without_block(content, "custodian", group="board", holder="陳")
        return _toml_text.with_block(content, _toml_text.custodian_lines("board", 'A "B"', "C"))

    config.write_custody(path, "2 of board", edit)
    after = config.load(path)
    assert after.custody.open == "2 of board"
    assert after.custody.custodians["board"] == (Custodian("Lin", "Wu"), Custodian('A "B"', "C"))
    assert after.policy.liars == 0
    kept = [line for line in before.splitlines() if "open" not in line and "陳" not in line]
    assert all(line in path.read_text(encoding="utf-8").splitlines() for line in kept)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_secret_is_written_for_its_owner_alone_and_never_over_a_file(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        _secret_files.write(tmp_path / "key", fenchi.SecretBytes(b"secret"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert _secret_files.read(tmp_path / "key") == b"secret"
    with pytest.raises(fenchi.AlreadyExists):
        _secret_files.write(tmp_path / "key", fenchi.SecretBytes(b"other"))
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(fenchi.AlreadyExists):
        _secret_files.write(tmp_path / "link", fenchi.SecretBytes(b"other"))
    assert _secret_files.read(tmp_path / "key") == b"secret"
    assert not (tmp_path / "elsewhere").exists()


def test_a_secret_is_not_written_where_others_may_write(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(fenchi.Denied, match="others may write"):
        _secret_files.write(shared / "key", fenchi.SecretBytes(b"secret"))
    assert list(shared.iterdir()) == []


def test_a_file_system_without_owners_gets_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def open_as_on_a_stick(path: object, flags: int, mode: int = 0o777, **more: object) -> int:
        descriptor = real(path, flags, mode, **more)  # type: ignore[arg-type]
        os.fchmod(descriptor, 0o777)
        return descriptor

    monkeypatch.setattr(os, "open", open_as_on_a_stick)
    with pytest.raises(fenchi.Denied, match="others could read"):
        _secret_files.write(tmp_path / "key", fenchi.SecretBytes(b"secret"))
    assert list(tmp_path.iterdir()) == []


def test_a_secret_comes_by_descriptor(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"words\n")
    os.close(write)
    try:
        assert _secret_files.read(f"fd:{read}") == b"words\n"
    finally:
        os.close(read)
    with pytest.raises(fenchi.InvalidArgument, match="fd:3"):
        _secret_files.read("fd:three")


def test_a_secret_comes_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("fenchi", "land"): "words"}
    ring = types.SimpleNamespace(get_password=lambda service, name: kept.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert _secret_files.read("keyring:land") == b"words"
    with pytest.raises(fenchi.NotFound, match="no secret called sea"):
        _secret_files.read("keyring:sea")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(fenchi.Unsupported, match="not installed"):
        _secret_files.read("keyring:land")


def test_a_file_that_wants_more_than_a_passphrase_makes_no_vault_by_one(tmp_path: Path) -> None:
    path = tmp_path / "vault.toml"
    wanted = toml("2 of board, OR escrow").replace("file:///a", (tmp_path / "a").as_uri())
    path.write_text(wanted, encoding="utf-8")
    with pytest.raises(fenchi.InvalidArgument, match="takes a custody plan"):
        fenchi.create(path, passphrase="words")
