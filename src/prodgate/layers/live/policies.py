"""Policies that also judge what is live: who holds rights, what watches and locks, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ...aws.answers import Unread
from ...facts import Fact, Facts
from ...facts.live.billed import CostResource
from ...facts.live.evidence_buckets import LockResource
from ...facts.live.identity import IdentityResource
from ...facts.live.resource_policies import PolicyResource
from ...facts.live.security_services import WatcherResource
from ...findings import Finding, Outcome
from ...sections.criteria_file import CriteriaFile
from ...semantics.unresolved import Unknown
from ...terraform.policy import POLICIES, Policy, apply
from ...terraform.resources import Configuration, Resource

#: Policy -> the kind of fact that holds everything it judges.
KINDS: Final[Mapping[str, type[Fact]]] = {
    **dict.fromkeys((f"PG_IAM_{number}" for number in (*range(1, 8), *range(9, 13), 15)), IdentityResource),
    **dict.fromkeys(("PG_IAM_13", "PG_IAM_14", "PG_ENC_6", "PG_ENC_13", "PG_ENC_26"), PolicyResource),
    **dict.fromkeys((f"PG_WATCH_{number}" for number in range(1, 6)), WatcherResource),
    **dict.fromkeys((f"PG_EVID_{number}" for number in range(1, 4)), LockResource),
    **dict.fromkeys((f"PG_COST_{number}" for number in range(1, 5)), CostResource),
}


def list_questions(stated: CriteriaFile) -> Sequence[tuple[str, str]]:
    """Return (policy, criterion) of the loaded policies that judge what is live."""
    return tuple((policy.id, policy.criterion) for policy in _list_policies(stated))


def conclude(facts: Facts, stated: CriteriaFile) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge what is live, by (policy, criterion)."""
    seen = {kind: make_configuration(facts, kind) for kind in set(KINDS.values())}
    return {
        (policy.id, policy.criterion): tuple(_judge(policy, facts, seen[KINDS[policy.id]], stated))
        for policy in _list_policies(stated)
    }


def _list_policies(stated: CriteriaFile) -> Iterator[Policy]:
    for id_ in KINDS:
        policy = POLICIES.get(id_)
        criterion = stated.criteria.get(policy.criterion) if policy else None
        if policy and criterion and "live" in criterion.layers:
            yield policy


def make_configuration(facts: Facts, kind: type[Fact]) -> Configuration:
    """Return the resources of a kind as a configuration that policies judge."""
    resources = [
        Resource(address=fact.subject, type=fact.type, name=fact.subject, values=_read_values(fact))
        for fact in facts.of(kind)
    ]
    return Configuration(root="the account", engine="AWS", resources=resources)


class _Unread(Mapping[str, Any]):
    """The values of a resource that was not understood: whichever is asked for, nobody knows it."""

    def __init__(self, reason: str) -> None:
        self._held = Unknown(reason)

    def __getitem__(self, name: str) -> Any:
        return self._held

    def __iter__(self) -> Iterator[str]:
        yield "values"

    def __len__(self) -> int:
        return 1


def _read_values(fact: Any) -> Mapping[str, Any]:
    values = object.__getattribute__(fact, "values")
    stated: Mapping[str, Any] = _Unread(values.reason) if isinstance(values, Unread) else _mark_unknown(values)
    return stated


def _mark_unknown(value: Any) -> Any:
    """Return a value with what AWS's answer left out as a value that nobody knows, which policies never judge."""
    if isinstance(value, Unread):
        return Unknown(value.reason)
    if isinstance(value, Mapping):
        return {key: _mark_unknown(item) for key, item in value.items()}
    return [_mark_unknown(item) for item in value] if isinstance(value, list) else value


def _judge(policy: Policy, facts: Facts, account: Configuration, stated: CriteriaFile) -> Iterator[Finding]:
    kind, criterion = KINDS[policy.id], stated.criteria[policy.criterion]
    reason = facts.unreadable.get(kind) or ("" if account.resources else f"no {kind.__name__} was observed")
    if reason:
        yield Finding(
            criterion=policy.criterion,
            check=policy.id,
            layer="live",
            subject=f"({kind.__name__})",
            outcome=Outcome.UNDETERMINED,
            reason=reason,
            remedy=policy.remedy or criterion.remedy,
        )
        return
    for finding in apply(policy, account, criterion):
        yield replace(finding, layer="live")
