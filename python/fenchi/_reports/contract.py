"""What `check_provider` found: whether a place keeps its promises, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass

from fenchi._core_fields import Fields


@dataclass(frozen=True, kw_only=True)
class ContractFinding:
    """One check of the provider contract: a sentence, and whether it held."""

    check: str
    passed: bool
    required: bool
    message: str


@dataclass(frozen=True, kw_only=True)
class ContractAbility:
    """What a place was seen to be able to do: `name` and `value` are stable words, listed in
    fenchi/testing/provider_contract.h."""

    name: str
    value: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class ContractReport:
    """Whether a place keeps the promises that fenchi needs, and what it can do."""

    location: str
    findings: tuple[ContractFinding, ...]
    abilities: tuple[ContractAbility, ...] = ()

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings if finding.required)

    @classmethod
    def from_core(cls, fields: Fields) -> ContractReport:
        findings = tuple(ContractFinding(**item) for item in fields["findings"])
        abilities = tuple(ContractAbility(**item) for item in fields["abilities"])
        return cls(location=fields["location"], findings=findings, abilities=abilities)
