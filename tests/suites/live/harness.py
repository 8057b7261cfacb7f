"""Proves that each live check can fail: a named change of the healthy account turns exactly the stated criteria red."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from prodgate.aws.account import Calls
from prodgate.aws.answers import Unreadable
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.aws.recording import Recording
from prodgate.checks import Check
from prodgate.facts import Facts
from prodgate.facts.observers import OBSERVERS
from prodgate.layers.live.judging import KINDS, judge_policies
from prodgate.layers.live.observing import make_account, observe_through
from prodgate.layers.static.repository import ProjectView
from prodgate.rehearsal.account import OriginalAccount, RehearsalAccount
from prodgate.rehearsal.emulator_process import running_emulator
from prodgate.run.judging import judge
from prodgate.sections.project import Project
from prodgate.terraform.evaluate import scratch_directory
from prodgate.terraform.runner import prepare_environment
from prodgate.testing import Finding, Outcome
from tests.suites import judging

#: Makes clients of the account, by service and region.
Aws = Callable[..., Any]

#: What is changed by hand is no longer as it is declared, whatever else it breaks.
DRIFT = {"live-as-declared", "nothing-undeclared"}


#: A change of the healthy account, as a person would make it: ``lambda aws: aws("sns").delete_topic(TopicArn=...)``.
Sabotage = judging.Sabotage[Aws]


@dataclass(frozen=True)
class Overheard:
    """Replays a recording and records the requested operations."""

    recording: Recording
    asked: set[tuple[str, str]]

    def pages(self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool) -> Any:
        self.asked.add((service, operation))
        return self.recording.pages(service, operation, region, parameters, whole=whole)


@dataclass(frozen=True)
class Denying:
    """Answers from a recording, but for one operation."""

    recording: Recording
    denied: tuple[str, str]

    def pages(self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool) -> Any:
        if (service, operation) == self.denied:
            raise Unreadable(f"{service} {operation} in {region}: access denied (AccessDenied)")
        return self.recording.pages(service, operation, region, parameters, whole=whole)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The healthy account, what it is judged by, and how it fared."""

    original: OriginalAccount
    project: Project
    seen: ProjectView
    about: Mapping[str, Any]
    checks: tuple[Check, ...]
    _asked: dict[Callable[..., Any], frozenset[tuple[str, str]]] = field(default_factory=dict)

    @property
    def account(self) -> RehearsalAccount:
        """The account itself, to which nothing is done."""
        return self.original.account

    def observed(self, endpoint: str) -> Observed:
        """Observe and judge the account at an endpoint."""
        calls = LiveCalls(rehearsal_clients(endpoint, self.account.region, reads=True), account=self.account.id)
        return Observed(findings=self.judged(self.facts(calls)), recording=calls.recording)

    def facts(self, calls: Calls) -> Facts:
        """Observe what some calls answer."""
        return observe_through(calls, self.about, self.seen)

    def judged(self, facts: Facts, kinds: Container[type] | None = None) -> dict[str, list[Finding]]:
        """Judge by every live check and policy, or by those of some kinds of fact; findings by criterion."""
        stated, found = self.project.stated, defaultdict[str, list[Finding]](list)
        for check in self.checks:
            if kinds is None or check.kind in kinds:
                criterion = stated.criteria[check.criterion]
                found[criterion.id] += judge(check, criterion, facts, layer="live", fixtures={})
        for (policy, criterion_id), findings in judge_policies(facts, stated).items():
            if kinds is None or KINDS[policy] in kinds:
                found[criterion_id] += findings
        return dict(found)

    def asked_by(self, observer: Callable[..., Any], recording: Recording) -> frozenset[tuple[str, str]]:
        """Return the operations that an observer asks for, itself or through others, by a recording."""
        if observer not in self._asked:
            asked: set[tuple[str, str]] = set()
            with ThreadPoolExecutor(4, thread_name_prefix="calls") as pool, suppress(Exception):
                tuple(observer(make_account(Overheard(recording, asked), self.about, self.seen, pool)))
            self._asked[observer] = frozenset(asked)
        return self._asked[observer]

    def without(self, denied: tuple[str, str], recording: Recording) -> tuple[Facts, dict[str, list[Finding]]]:
        """Return what is seen when an operation is denied, by who asks for it, and how that is judged."""
        asking = {o: kinds for o, kinds in OBSERVERS.items() if denied in self.asked_by(o, recording)}
        kinds = {kind for each in asking.values() for kind in each}
        facts = observe_through(Denying(recording, denied), self.about, self.seen, asking)
        # another observer of the same kind, which does not ask for it, would say what it said before
        others = {o: each for o, each in OBSERVERS.items() if o not in asking and kinds & set(each)}
        more = observe_through(recording, self.about, self.seen, others)
        seen = Facts((*facts.known, *more.known), {**more.unreadable, **facts.unreadable})
        return seen, self.judged(seen, kinds)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Yield where an account listens in which there is nothing."""
        with (
            scratch_directory() as scratch,
            running_emulator(self.account.id, scratch, prepare_environment(os.environ, scratch)) as made,
        ):
            yield made.endpoint

    @contextmanager
    def sabotaged(self, sabotage: Sabotage) -> Iterator[str]:
        """Yield where a copy of the account listens, to which this was done."""
        with self.original.copy() as copy:
            sabotage.by(copy.clients)
            yield copy.endpoint


@dataclass(frozen=True, kw_only=True)
class Observed:
    """An account that was observed and judged."""

    findings: Mapping[str, list[Finding]]
    """By criterion."""
    recording: Recording

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return judging.outcomes(self.findings)

    def of(self, outcome: Outcome) -> set[str]:
        return {criterion for criterion, each in self.outcomes.items() if each is outcome}


def live_checks(project: Project) -> tuple[Check, ...]:
    return judging.import_checks(project.suite_files("suites/live"))


def sabotages() -> Iterator[Sabotage]:
    """Yield every sabotage of the modules beside this one."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = import_module(f"{__package__}.{path.stem}")
        yield from getattr(module, "SABOTAGES", ())


def told(findings: Mapping[str, list[Finding]], criteria: set[str]) -> str:
    """Return what was found of some criteria, for the message of a failed test."""
    lines = [
        f"{f.outcome}: {f}" for id_ in sorted(criteria) for f in findings.get(id_, ()) if f.outcome in judging.WORST[:2]
    ]
    return "\n".join(lines[:20])


def stated(each: Sabotage) -> set[str]:
    return each.breaks | each.unsettles


def judge_alone(stage: Stage, healthy: Observed, sabotage: Sabotage) -> None:
    """Do one sabotage to a copy of the healthy account; it breaks exactly the criteria that it says."""
    before = healthy.outcomes
    with stage.sabotaged(sabotage) as endpoint:
        after = stage.observed(endpoint)
    wanted = stated(sabotage)
    changed = {criterion for criterion in before if after.outcomes[criterion] is not before[criterion]}
    changed -= DRIFT - wanted
    assert not (ill := {id_ for id_ in wanted if before.get(id_) is not Outcome.SATISFIED}), told(healthy.findings, ill)
    assert changed == wanted, told(after.findings, changed ^ wanted)
    assert sabotage.breaks <= after.of(Outcome.NOT_SATISFIED), told(after.findings, wanted)
    assert sabotage.unsettles <= after.of(Outcome.UNDETERMINED), told(after.findings, wanted)
