"""Judging a configuration with the policies alone, by a team's criteria or by good practice for any team."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from ..criteria import Criteria, Scope
from ..findings import Finding, Outcome
from ..layers.static.names import EVALUATES
from ..run.watching import watch_judgements
from ..terraform.policy import Policy, apply
from ..terraform.resources import Configuration
from ..verdict import Decision, Verdict, decide
from ..waivers import Waiver

STATIC: Final = Scope(layers=frozenset({"static"}))
#: The verdict on what declares nothing.
NOTHING: Final = Verdict(decision=Decision.INSUFFICIENT, scope=STATIC, rulings=(), waivers=())


def baseline(criteria: Criteria) -> Criteria:
    """Return the criteria that are good practice for any team, asked only where there is something to ask about."""
    return Criteria(
        {
            id_: replace(
                criterion,
                layers=("static",),
                population=0,
                where_present=True,
                bound=criterion.baseline_bound or criterion.bound,
            )
            for id_, criterion in criteria.items()
            if criterion.baseline and "static" in criterion.layers
        }
    )


def check(
    configurations: Iterable[Configuration],
    policies: Iterable[Policy],
    criteria: Criteria,
    waivers: Sequence[Waiver] = (),
    *,
    whole: bool,
    judged_elsewhere: Sequence[Finding] | None = None,
) -> Verdict:
    """Judge configurations by the policies whose criteria are given.

    ``whole`` says that the configurations are a whole system, so that what is missing from them counts;
    ``judged_elsewhere`` are the findings of a team's policies, which are not run in this process.
    """
    watch_judgements()
    chosen = [policy for policy in policies if policy.criterion in criteria]
    findings = [f for each in configurations for f in _findings(each, chosen, criteria, whole)]
    findings += judged_elsewhere or ()
    if whole:
        answered = {EVALUATES, *(policy.criterion for policy in chosen), *(f.criterion for f in findings)}
        findings += _find_unjudged(criteria, answered)
    found = {finding.criterion for finding in findings}
    asked = {criterion for criterion in criteria if whole or criterion in found}
    judged = {id_: criteria[id_] for id_ in sorted(asked) if "static" in criteria[id_].layers}
    return decide(judged, findings, waivers, datetime.now(UTC), STATIC)


def _findings(
    configuration: Configuration, policies: Iterable[Policy], criteria: Criteria, whole: bool
) -> Iterator[Finding]:
    for gap in configuration.gaps:
        yield _evaluation(gap.subject, Outcome.UNDETERMINED, gap.reason, str(gap.position or ""))
    if whole and configuration.complete and EVALUATES in criteria:
        yield _evaluation(configuration.root, Outcome.SATISFIED)
    for policy in policies:
        expected = policy if whole else replace(policy, population=0)
        yield from apply(expected, configuration, criteria[policy.criterion])


def _find_unjudged(criteria: Criteria, judged: Container[str]) -> Iterator[Finding]:
    """Say which static criteria policies alone can't answer."""
    for criterion in criteria.values():
        if "static" in criterion.layers and criterion.id not in judged:
            yield Finding(
                criterion=criterion.id,
                check="policies",
                layer="static",
                subject="(no policy)",
                outcome=Outcome.UNDETERMINED,
                reason="no policy judges it",
                remedy="Judge the whole project, with its suites: prodgate run --only static",
            )


def _evaluation(subject: str, outcome: Outcome, reason: str = "", place: str = "") -> Finding:
    return Finding(
        criterion=EVALUATES,
        check="terraform",
        layer="static",
        subject=subject,
        outcome=outcome,
        reason=reason,
        remedy="Judge a plan.json from your pipeline, where the value is known." if reason else "",
        where=(place,) if place else (),
    )
