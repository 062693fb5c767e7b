"""The verbs of a vault that change or tell who can do what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import fenchi
from fenchi._core import Vault as CoreVault
from fenchi._progress import OnProgress, to_core


class CustodyVerbs:
    """A part of fenchi.Vault."""

    _core: CoreVault

    def custody(self, at: datetime | None = None) -> fenchi.custody.CustodyReport:
        """Who can open the vault, or could at a time, which has a zone."""
        moment = None if at is None else fenchi.custody.moment_to_core(at)
        return fenchi.custody.CustodyReport.from_core(self._core.custody(moment))

    def epochs(self) -> tuple[fenchi.custody.EpochUse, ...]:
        """What lies at the providers, by the epoch whose keys read it, the oldest first."""
        return tuple(fenchi.custody.EpochUse(**fields) for fields in self._core.epochs())

    def attest(self, *, progress: OnProgress | None = None) -> fenchi.custody.AttestReport:
        """Opens the packs that other writers stored, compares every chunk with its id, and says so
        in the log: from then on read hosts need not store these chunks again. Needs the read role.
        """
        fields = self._core.attest(to_core(progress))
        return fenchi.custody.AttestReport(**{**fields, "refused": tuple(fields["refused"])})

    def rotate(self, plan: fenchi.custody.CustodyPlan) -> fenchi.custody.PolicyChange:
        """A new epoch: what the plan does not name opens nothing that is written from now on."""
        return fenchi.custody.PolicyChange.from_core(self._core.rotate(plan.to_core()))

    def add_access(self, plan: fenchi.custody.CustodyPlan) -> fenchi.custody.PolicyChange:
        """More alternatives besides those that there are, in the same epoch."""
        return fenchi.custody.PolicyChange.from_core(self._core.add_access(plan.to_core()))

    def change_policy(
        self,
        *,
        add_key_domains: Iterable[str] = (),
        add_writers: Iterable[fenchi.custody.NewWriter] = (),
        revoke_writers: Iterable[str] = (),
        admins: fenchi.custody.AdminRule | None = None,
        close_former_admins: bool = False,
    ) -> fenchi.custody.PolicyChange:
        """Key domains, writers, admins, in one version of the policy.

        close_former_admins: what admins of earlier versions sign from now on counts no more; in a
        version of its own, after the one that changed them.
        """
        edit = fenchi.custody.edit_to_core(
            add_key_domains=add_key_domains,
            add_writers=add_writers,
            revoke_writers=revoke_writers,
            admins=admins,
            close_former_admins=close_former_admins,
        )
        return fenchi.custody.PolicyChange.from_core(self._core.change_policy(edit))

    def review_proposal(self, proposal: bytes) -> tuple[str, ...]:
        """What a proposal changes, in sentences: to be read before approve_proposal."""
        return tuple(self._core.review_proposal(proposal))

    def publish(self, proposal: bytes, approvals: Iterable[bytes]) -> fenchi.custody.PolicyChange:
        """Publishes a proposal that enough admins approved; this opening's key counts as one."""
        return fenchi.custody.PolicyChange.from_core(self._core.publish(proposal, list(approvals)))
