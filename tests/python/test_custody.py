"""Custody from Python: several hands, roles, admins; and the independent reader with key shares."""

from __future__ import annotations

import pickle
from pathlib import Path

import fenchi
import pytest
import vault_tools
from fenchi import custody
from fenchi.custody import Custodian, CustodianShare, CustodyPlan, Unlock


@pytest.fixture
def providers(tmp_path: Path) -> dict[str, str]:
    return {name: (tmp_path / name).as_uri() for name in ("tokyo", "oslo", "lima")}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "srv"
    folder.mkdir()
    (folder / "book").write_bytes(b"ledger" * 1000)
    return folder


POLICY = fenchi.VaultPolicy(needed=2, liars=0)


def plan_of(open: str, shares: list[CustodianShare] | None = None, **names: object) -> CustodyPlan:
    """A plan that is cheap to guess against."""
    return CustodyPlan(
        open=open,
        deliver=None if shares is None else shares.extend,
        passphrase_passes=1,
        passphrase_memory_kib=8,
        **names,  # type: ignore[arg-type]  # by the caller's keywords
    )


BOARD = {"board": [Custodian("Lin", "Wu"), Custodian("Chen"), Custodian("Huang")]}


def brought(shares: list[CustodianShare], *places: int) -> dict[str, fenchi.SecretBytes]:
    return {f"page {shares[i].index}": shares[i].data for i in places}


def test_an_expression_is_taken_apart_and_has_one_form() -> None:
    access = custody.parse_access("3 of board and passphrase , or escrow")
    assert access.canonical == "3 of board AND passphrase, OR escrow"
    assert access.alternatives == ("3 of board AND passphrase", "escrow")
    assert access.names == ("passphrase", "escrow")
    assert access.groups == {"board": 3}
    with pytest.raises(fenchi.InvalidArgument, match="character 7"):
        custody.parse_access("a AND OR b")


def test_a_vault_opens_by_each_alternative(providers: dict[str, str], source: Path) -> None:
    shares: list[CustodianShare] = []
    escrow = custody.new_recipient_key()
    plan = plan_of(
        "2 of board AND passphrase, OR escrow",
        shares,
        passphrases={"passphrase": "correct horse"},
        recipients={"escrow": custody.recipient_key_of(escrow)},
        custodians=BOARD,
    )
    with fenchi.create(providers, custody_plan=plan, policy=POLICY) as vault:
        snapshot = vault.backup(source).snapshot
        vault_id = vault.id
        report = vault.custody()
        assert report.open == plan.open
        assert report.groups[0].custodians == tuple(BOARD["board"])
        assert "Lin (deputy: Wu)" in report.in_words[0]
    assert [one.custodian.holder for one in shares] == ["Lin", "Chen", "Huang"]
    for unlock in (
        Unlock(recipient_keys=[escrow]),
        Unlock(shares=brought(shares, 0, 2), passphrases=["correct horse"]),
    ):
        with fenchi.open(providers, unlock=unlock, vault_id=vault_id) as vault:
            assert vault.snapshots()[0].id == snapshot
    with pytest.raises(fenchi.WrongKey, match="1 more of 2 key shares of board"):
        fenchi.open(providers, unlock=Unlock(shares=brought(shares, 1)), vault_id=vault_id)


def test_a_failing_delivery_makes_no_vault(providers: dict[str, str], tmp_path: Path) -> None:
    def jam(_: object) -> None:
        raise RuntimeError("paper jam")

    plan = CustodyPlan(open="2 of board", custodians=BOARD, deliver=jam)
    with pytest.raises(fenchi.Cancelled) as caught:
        fenchi.create(providers, custody_plan=plan, policy=POLICY)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert not list((tmp_path / "tokyo").glob("k/*"))


def test_secrets_are_not_shown_and_not_pickled(providers: dict[str, str]) -> None:
    shares: list[CustodianShare] = []
    plan = plan_of(
        "2 of board OR passphrase",
        shares,
        passphrases={"passphrase": "correct horse"},
        custodians=BOARD,
    )
    fenchi.create(providers, custody_plan=plan, policy=POLICY).close()
    unlock = Unlock(passphrases=["correct horse"], shares=brought(shares, 0))
    for shown in (repr(plan), repr(unlock), repr(shares), str(shares[0])):
        assert "correct horse" not in shown
        assert "data=" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(shares[0])


def test_rotating_takes_the_key_from_old_shares(providers: dict[str, str], source: Path) -> None:
    old: list[CustodianShare] = []
    new: list[CustodianShare] = []
    with fenchi.create(
        providers, custody_plan=plan_of("2 of board", old, custodians=BOARD), policy=POLICY
    ) as vault:
        vault.backup(source)
        change = vault.rotate(plan_of("2 of board", new, custodians=BOARD))
        assert change.published and not change.proposal
        vault_id = vault.id
    assert custody.read_share_label(old[0].data).epoch == 1
    assert custody.read_share_label(new[0].data).epoch == 2
    with pytest.raises(fenchi.WrongKey, match="of epoch 1, the vault is in epoch 2"):
        fenchi.open(providers, unlock=Unlock(shares=brought(old, 0, 1)), vault_id=vault_id)
    unlock = Unlock(shares=brought(new, 0, 1))
    with fenchi.open(providers, unlock=unlock, vault_id=vault_id) as vault:
        assert vault.verify(depth="data").healthy


def test_two_admins_sign_and_a_write_only_host_writes(
    providers: dict[str, str], source: Path
) -> None:
    plan = plan_of("passphrase", passphrases={"passphrase": "correct horse"})
    keys = [custody.new_admin_key() for _ in range(3)]
    with fenchi.create(providers, custody_plan=plan, policy=POLICY) as vault:
        rule = custody.AdminRule(threshold=2, keys=[custody.admin_key_of(k) for k in keys])
        assert vault.change_policy(admins=rule).published
        vault_id = vault.id
    admin = Unlock(passphrases=["correct horse"], admin_key=keys[0])
    with fenchi.open(providers, unlock=admin, vault_id=vault_id) as vault:
        change = vault.change_policy(add_writers=[custody.NewWriter(label="ledger host")])
        assert not change.published
        assert any("new writer" in line for line in vault.review_proposal(change.proposal))
        with pytest.raises(fenchi.Denied):
            vault.publish(change.proposal, [])
        approval = custody.approve_proposal(change.proposal, keys[2])
        assert vault.publish(change.proposal, [approval]).published
        writers = vault.custody().writers
        assert [(w.label, w.reads) for w in writers] == [("ledger host", False)]
    with fenchi.open(providers, credential=change.credentials[0], vault_id=vault_id) as host:
        assert host.role == "write"
        host.backup(source, label="blind")
        with pytest.raises(fenchi.Denied, match="needs the read role"):
            host.restore("latest", source.parent / "back")
    with fenchi.open(providers, passphrase="correct horse", vault_id=vault_id) as vault:
        vault.restore("latest:blind", source.parent / "back")
    assert (source.parent / "back" / "srv" / "book").read_bytes() == b"ledger" * 1000


@pytest.mark.parametrize(
    "open", ["2 of board", "2 of board AND passphrase", "2 of providers", "escrow OR 2 of board"]
)
def test_the_independent_reader_opens_with_key_shares(
    open: str, providers: dict[str, str], source: Path, tmp_path: Path
) -> None:
    shares: list[CustodianShare] = []
    access = custody.parse_access(open)
    escrow = custody.recipient_key_of(custody.new_recipient_key())
    plan = plan_of(
        open,
        shares,
        passphrases={"passphrase": "correct horse"} if "passphrase" in access.names else {},
        recipients={"escrow": escrow} if "escrow" in access.names else {},
        custodians=BOARD if access.groups else {},
    )
    with fenchi.create(providers, custody_plan=plan, policy=POLICY) as vault:
        vault.backup(source)
        vault_id = vault.id
    files = []
    for share in shares[1:]:
        files.append(tmp_path / f"share-{share.index}")
        files[-1].write_bytes(share.data.reveal())
    password = tmp_path / "password"
    password.write_text("correct horse\n")

    def run(out: Path, files: list[Path]) -> int:
        places = [tmp_path / name for name in ("oslo", "lima")]
        options = [word for file in files for word in ("--share-file", str(file))]
        with_password = password if "passphrase" in access.names else None
        done = vault_tools.run_reader(places, out, with_password, "--vault-id", vault_id, *options)
        print(done.stderr)
        return done.returncode

    assert run(tmp_path / "out", files) == 0
    restored = next((tmp_path / "out").glob("*/srv/book"))
    assert restored.read_bytes() == b"ledger" * 1000
    if access.groups:
        assert run(tmp_path / "less", files[:1]) == 12
        files[0].write_bytes(b"not a share")
        assert run(tmp_path / "torn", files) == 12
