"""Lets pytest collect policies and checks: one item each, applied to every subject, its findings kept in the journal.

Outside a gate run policies are not collected, and a check has no facts and fails.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ..checks import Check, check_of, registered_checks
from ..criteria import Criteria, Criterion, UsageError
from ..evidence.journal import Journal
from ..facts import Facts
from ..findings import Finding, Outcome
from ..sections.judges import find_place
from ..sections.project import is_own
from ..terraform.policy import POLICIES, Policy, apply
from ..terraform.resources import Configuration
from .judging import find_mistake, judge
from .real_paths import find_real, find_real_files
from .unloaded import find_cause, leave_unjudged

#: Findings shown for one failed item; the journal has all of them.
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judging:
    """What a layer's process hands to pytest, as a plugin of its own."""

    layer: str
    criteria: Criteria
    facts: Facts
    journal: Journal
    cite: Callable[[type | str], Sequence[str]]
    """Returns the digests of the evidence of which facts of a kind are made."""
    policy_files: frozenset[Path]
    root: Path = field(default_factory=Path.cwd)
    unasked: frozenset[str] = frozenset()
    """Criteria that are stated, and that this run does not ask about."""
    lost: Mapping[Path, str] = field(default_factory=dict)
    """Why modules of the project's facts can't be loaded."""
    collected: list[pytest.Item] = field(default_factory=list)
    """Every item, also one that a plugin or the project's conftest.py takes out later."""
    process: int = field(default_factory=os.getpid)  # the one that judges, and no copy of it

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make itself known to the hooks below."""
        config.stash[_JUDGING] = self

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say what could not be collected, and why: of a file its judges, of anything else the layer."""
        if not report.passed:
            said = f"{report.nodeid}: {find_cause(report.longreprtext, self.lost, self.root)}"
            if leave_unjudged(self.journal, self.layer, {self.root / report.nodeid: said}, self.criteria, self.root):
                self.journal.write("broken", layer=self.layer, reason=said)


_JUDGING = pytest.StashKey[Judging]()


def _judging(config: pytest.Config) -> Judging | None:
    return config.stash.get(_JUDGING, None)


class PolicyFile(pytest.File):
    """A module of policies; collected only in a gate run, from the policies that the run loaded."""

    def collect(self) -> Iterator[PolicyItem]:
        """Yield an item for each policy that is written in this file; the first file has those of none, too."""
        judging = _judging(self.config)
        files = find_real_files(judging.policy_files) if judging else frozenset()
        first = bool(judging) and find_real(self.path) == min(files)
        for policy in POLICIES.values():
            file = find_real(policy.judge.__code__.co_filename)
            if file == find_real(self.path) or (first and file not in files):
                yield PolicyItem.from_parent(self, name=policy.id, subject=policy)


class PolicyItem(pytest.Item):
    """One policy, applied to every resource it speaks of."""

    def __init__(self, *, subject: Policy, **rest: Any) -> None:
        super().__init__(**rest)
        self.subject = subject

    def runtest(self) -> None:
        """Judge every subject, and fail with the findings that block."""
        __tracebackhide__ = True
        judging = _judging(self.config)
        assert judging is not None, "policy files are collected only in a gate run"
        findings = _policy_findings(self.subject, judging.criteria[self.subject.criterion], judging)
        place = find_place(self.subject.judge, self.config.rootpath)
        _conclude(self.subject, findings, judging, place)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where the policy is written."""
        return self.path, self.subject.judge.__code__.co_firstlineno - 1, self.subject.id


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> PolicyFile | None:
    """Collect a policy module of a gate run as what it is, without importing it again under another name."""
    judging = _judging(parent.config)
    if judging is None or find_real(module_path) not in find_real_files(judging.policy_files):
        return None
    return PolicyFile.from_parent(parent, path=module_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> list[Any] | None:
    """Make one item of a check that is defined in this module; leave everything else to pytest."""
    check = check_of(obj)
    if check is None or getattr(obj, "__module__", "") != collector.obj.__name__:
        return None
    return [pytest.Function.from_parent(collector, name=name, callobj=_make_runner(check, collector.config))]


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Remember an item as soon as there is one."""
    if (judging := _judging(item.config)) is not None:
        judging.collected.append(item)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write down everything that is planned, whatever ``-k``, a skip or a conftest.py leaves out of ``items``."""
    if (judging := _judging(config)) is None:
        return
    items[:] = [item for item in items if not _is_unasked(item, judging, config.rootpath)]
    asked = [item for item in judging.collected if not _is_unasked(item, judging, config.rootpath)]
    subjects = [subject for item in asked if (subject := _subject(item)) is not None]
    mistakes = [text for subject in subjects if (text := find_mistake(subject, judging.criteria))]
    mistakes += [*_find_plain_tests(asked), *_find_duplicate_names(subjects), *_find_hidden(judging.collected)]
    if mistakes:
        judging.journal.write("broken", layer=judging.layer, reason="; ".join(mistakes))
        raise pytest.UsageError("\n".join(mistakes))
    loaded = [policy for policy in POLICIES.values() if judging.policy_files and policy.criterion in judging.criteria]
    for subject in {each.name: each for each in (*subjects, *loaded)}.values():
        judging.journal.record_planned(judging.layer, subject.name, subject.criterion)
    judging.journal.write("collected", layer=judging.layer)


def _find_plain_tests(items: Iterable[pytest.Item]) -> Iterator[str]:
    """Say which items are ordinary tests, whose failure would count for nothing."""
    for item in items:
        if _subject(item) is None:
            yield f"{item.nodeid}: is no check; decorate it with @check, or move it out of the suites"


def _find_duplicate_names(subjects: Iterable[Policy | Check]) -> Iterator[str]:
    """Say which share a name: the journal would take the end of one for the end of the other."""
    known: dict[str, Policy | Check] = {}
    for subject in subjects:
        if (other := known.setdefault(subject.name, subject)) is not subject:
            yield f"{subject.place}: {subject.name} is also the name of {other.place}; rename one"


def _find_hidden(items: Iterable[pytest.Item]) -> Iterator[str]:
    """Say which checks of the collected files became no item: hidden by another thing of that name, or taken away."""
    found = {id(check.function) for item in items if isinstance(check := _subject(item), Check)}
    files = {find_real(Path(item.path)) for item in items}
    for check in registered_checks():
        if id(check.function) not in found and find_real(Path(check.function.__code__.co_filename)) in files:
            yield f"{check.place}: {check.name} is hidden by something of the same name below it; rename one"


def _subject(item: pytest.Item) -> Policy | Check | None:
    holder = item if isinstance(item, PolicyItem) else getattr(item, "obj", None)
    found = getattr(holder, "subject", None)
    return found if isinstance(found, Policy | Check) else None


def _is_unasked(item: pytest.Item, judging: Judging, project: Path) -> bool:
    """Whether an item judges a criterion that this run leaves out, or comes with the gate and judges one not stated."""
    subject = _subject(item)
    if subject is None or subject.criterion in judging.criteria:
        return False
    return subject.criterion in judging.unasked or not is_own(item.path, project)


def _make_runner(check: Check, config: pytest.Config) -> Callable[..., None]:
    """Return the function that pytest calls: it takes only fixtures, and judges every subject."""
    judging = _judging(config)

    def run(**fixtures: Any) -> None:
        __tracebackhide__ = True
        if judging is None:
            pytest.fail(f"{check.name} has no facts to judge; run it by: prodgate run", pytrace=False)
        criterion = judging.criteria[check.criterion]
        skips = (pytest.skip.Exception, pytest.xfail.Exception, pytest.fail.Exception)
        findings = judge(check, criterion, judging.facts, layer=judging.layer, fixtures=fixtures, interruptions=skips)
        _conclude(check, findings, judging, find_place(check.function, config.rootpath))

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in check.fixtures]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by pytest for fixtures
    run.subject = check  # type: ignore[attr-defined]
    run.pytestmark = getattr(check.function, "pytestmark", [])  # type: ignore[attr-defined]
    return run


def _conclude(subject: Policy | Check, findings: Iterable[Finding], judging: Judging, place: str) -> None:
    """Write each finding to the journal before the next is made, then fail the item if any blocks."""
    __tracebackhide__ = True
    if os.getpid() != judging.process:
        raise UsageError(f"{subject.place}: is judged by a forked copy of the layer; fork nothing in suites")
    kind = subject.kind if isinstance(subject, Check) else Configuration
    judging.journal.record_started(judging.layer, subject.name, place, judging.cite(kind))
    unmet, made = [], 0
    for made, finding in enumerate(findings, start=1):  # noqa: B007  counted for what comes after the loop
        judging.journal.record_finding(finding)
        if finding.outcome in (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED):
            unmet.append(finding)
    judging.journal.record_finished(judging.layer, subject.name, made)
    if unmet:
        pytest.fail(_render_failure(unmet), pytrace=False)


def _policy_findings(policy: Policy, criterion: Criterion, judging: Judging) -> Iterator[Finding]:
    configurations = judging.facts.of(Configuration)
    for configuration in configurations:
        yield from apply(policy, configuration, criterion)
    if not configurations:
        reason = judging.facts.why_unreadable(Configuration) or "no Terraform configuration was observed"
        yield Finding(
            criterion=policy.criterion,
            check=policy.id,
            layer=judging.layer,
            subject="(Terraform configuration)",
            outcome=Outcome.UNDETERMINED,
            reason=reason,
            remedy="Mend what stops the evaluation and run the gate again.",
        )


def _render_failure(unmet: list[Finding]) -> str:
    shown = unmet[:MOST_SHOWN]
    lines = [": ".join([*each.where[:1], str(each.outcome), str(each)]) for each in shown]
    if len(unmet) > MOST_SHOWN:
        lines.append(f"… and {len(unmet) - MOST_SHOWN} more")
    lines.append(f"remedy: {unmet[0].remedy}")
    return "\n".join(lines)
