"""Lets pytest collect policies and checks: one item each, applied to every subject, its findings kept in the journal.

The gate's own are judged in the process of their layer. A team's are collected and run in a process of their own, which
answers what the items of the layer ask. Outside a gate run policies are not collected, and a check has no facts and
fails.
"""

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

from ..checks import Check, check_of, registered_checks
from ..criteria import Criteria, Criterion
from ..evidence.journal import Journal
from ..facts import Facts
from ..findings import Finding, Outcome
from ..sections.bundled import is_bundled
from ..sections.judges import find_place
from ..terraform.policy import POLICIES, Policy, apply
from ..terraform.resources import Configuration
from .judging import judge
from .planning import find_doubles, find_mistake

#: Findings shown for one failed item; the journal has all of them.
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judging:
    """The plugin that a layer's process gives to pytest."""

    layer: str
    criteria: Criteria
    facts: Facts
    journal: Journal
    cite: Callable[[type | str], Sequence[str]]
    """Returns the digests of the evidence of which facts of a kind are made."""
    files: frozenset[Path]
    """Files that are not imported here: policies, which were imported before, and the project's own files."""
    checks: Sequence[Check] = ()
    """The project's own checks."""
    unasked: frozenset[str] = frozenset()
    """Criteria that are stated, and that this run does not ask about."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make itself known to the hooks below."""
        config.stash[_JUDGING] = self

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say what could not be collected."""
        if not report.passed:
            self.journal.write("broken", layer=self.layer, reason=f"{report.nodeid}: {report.longreprtext}")

    def is_unasked(self, subject: Policy | Check) -> bool:
        """Whether a judge is of a criterion that this run leaves out, or that is not stated and comes with the gate."""
        if subject.criterion in self.criteria:
            return False
        return subject.criterion in self.unasked or is_bundled(Path(_function_of(subject).__code__.co_filename))


class Serves(Protocol):
    """The end of a team's process that answers requests."""

    lost: dict[str, str]
    checks: dict[str, tuple[Check, pytest.Item]]

    def offer(self, mistakes: Sequence[str]) -> None:
        """Tell which judges there are."""

    def serve(self) -> None:
        """Answer requests until there are no more."""

    def serve_check(self, check: Check, fixtures: Mapping[str, Any]) -> None:
        """Answer those about one check."""


@dataclass(frozen=True, slots=True, eq=False)
class Collecting:
    """The plugin that the process of a team's judges gives to pytest."""

    serving: Serves
    collected: list[pytest.Item] = field(default_factory=list)
    """Every item, also one that a plugin or the project's conftest.py takes out later."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make itself known to the hooks below."""
        config.stash[_COLLECTING] = self

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file can't be collected, and which of the project's facts it lacks."""
        if not report.passed:
            text = report.longreprtext
            through = [why for path, why in self.serving.lost.items() if os.path.relpath(path) in text]
            cause = "; ".join(["".join(text.strip().splitlines()[-1:]), *through])
            self.serving.lost[os.path.realpath(report.nodeid)] = f"{report.nodeid}: {cause}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Remember an item as soon as there is one."""
        self.collected.append(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool:
        """Answer requests in place of running items one after another."""
        found = [(check, item) for item in self.collected if isinstance(check := _subject(item), Check)]
        self.serving.checks.update({check.name: (check, item) for check, item in found})
        mistakes = [*_find_plain_tests(self.collected), *find_doubles(check for check, _ in found)]
        self.serving.offer([*mistakes, *_find_hidden(self.collected)])
        self.serving.serve()
        return True


_JUDGING = pytest.StashKey[Judging]()
_COLLECTING = pytest.StashKey[Collecting]()


def _judging(config: pytest.Config) -> Judging | None:
    return config.stash.get(_JUDGING, None)


class JudgeFile(pytest.File):
    """A file of policies, or of the project's own checks, which is not imported for its items."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each judge that is written in it."""
        judging = _judging(self.config)
        assert judging is not None, "such files are collected only in a gate run"
        subjects: Sequence[Policy | Check] = (*POLICIES.values(), *judging.checks)
        for subject in subjects:
            if find_real(_function_of(subject).__code__.co_filename) == find_real(self.path):
                yield JudgeItem.from_parent(self, name=subject.name, subject=subject)


class JudgeItem(pytest.Item):
    """One judge, applied to every subject it speaks of."""

    def __init__(self, *, subject: Policy | Check, **rest: Any) -> None:
        super().__init__(**rest)
        self.subject = subject

    def runtest(self) -> None:
        """Judge every subject, and fail with the findings that block."""
        __tracebackhide__ = True
        judging, subject = _judging(self.config), self.subject
        assert judging is not None, "such files are collected only in a gate run"
        criterion = judging.criteria[subject.criterion]
        if isinstance(subject, Check):
            findings = judge(subject, criterion, judging.facts, layer=judging.layer, fixtures={})
        else:
            findings = _policy_findings(subject, criterion, judging)
        _conclude(subject, findings, judging, self.config.rootpath)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where the judge is written."""
        return self.path, _function_of(self.subject).__code__.co_firstlineno - 1, self.subject.name


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> JudgeFile | None:
    """Collect a file of judges of a gate run as what it is, without importing it."""
    judging = _judging(parent.config)
    if judging is None or find_real(module_path) not in find_real_files(judging.files):
        return None
    return JudgeFile.from_parent(parent, path=module_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> list[Any] | None:
    """Make one item of a check that is defined in this module; leave everything else to pytest."""
    check = check_of(obj)
    if check is None or getattr(obj, "__module__", "") != collector.obj.__name__:
        return None
    return [pytest.Function.from_parent(collector, name=name, callobj=_make_runner(check, collector.config))]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write down everything that is planned."""
    if (judging := _judging(config)) is None:
        return
    subjects = {id(item): subject for item in items if (subject := _subject(item)) is not None}
    items[:] = [item for item in items if id(item) in subjects and not judging.is_unasked(subjects[id(item)])]
    asked = [subjects[id(item)] for item in items]
    mistakes = [text for subject in asked if (text := find_mistake(subject, judging.criteria))]
    if mistakes := [*mistakes, *find_doubles(asked)]:
        judging.journal.write("broken", layer=judging.layer, reason="; ".join(mistakes))
        raise pytest.UsageError("\n".join(mistakes))
    for subject in asked:
        judging.journal.record_planned(judging.layer, subject.name, subject.criterion)
    judging.journal.write("collected", layer=judging.layer)


def _find_plain_tests(items: Iterable[pytest.Item]) -> Iterator[str]:
    """Say which items are ordinary tests, whose failure would count for nothing."""
    for item in items:
        if _subject(item) is None:
            yield f"{item.nodeid}: is no check; decorate it with @check, or move it out of the suites"


def _find_hidden(items: Iterable[pytest.Item]) -> Iterator[str]:
    """Say which checks of the collected files became no item: hidden by another thing of that name, or taken away."""
    found = {id(check.function) for item in items if isinstance(check := _subject(item), Check)}
    files = {find_real(Path(item.path)) for item in items}
    for check in registered_checks():
        if id(check.function) not in found and find_real(Path(check.function.__code__.co_filename)) in files:
            yield f"{check.place}: {check.name} is hidden by something of the same name below it; rename one"


def _subject(item: pytest.Item) -> Policy | Check | None:
    holder = item if isinstance(item, JudgeItem) else getattr(item, "obj", None)
    found = getattr(holder, "subject", None)
    return found if isinstance(found, Policy | Check) else None


def _function_of(subject: Policy | Check) -> Callable[..., None]:
    return subject.judge if isinstance(subject, Policy) else subject.function


def _make_runner(check: Check, config: pytest.Config) -> Callable[..., None]:
    """Return the function that pytest calls: it takes only fixtures, and judges every subject."""
    judging, collecting = _judging(config), config.stash.get(_COLLECTING, None)

    def run(**fixtures: Any) -> None:
        __tracebackhide__ = True
        if collecting is not None:
            collecting.serving.serve_check(check, fixtures)
            return
        if judging is None:
            pytest.fail(f"{check.name} has no facts to judge; run it by: prodgate run", pytrace=False)
        criterion = judging.criteria[check.criterion]
        findings = judge(check, criterion, judging.facts, layer=judging.layer, fixtures=fixtures)
        _conclude(check, findings, judging, config.rootpath)

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in check.fixtures]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by pytest for fixtures
    run.subject = check  # type: ignore[attr-defined]
    run.pytestmark = getattr(check.function, "pytestmark", [])  # type: ignore[attr-defined]
    return run


def _conclude(subject: Policy | Check, findings: Iterable[Finding], judging: Judging, root: Path) -> None:
    """Write each finding to the journal before the next is made, then fail the item if any blocks."""
    __tracebackhide__ = True
    kind = subject.kind if isinstance(subject, Check) else Configuration
    place = find_place(_function_of(subject), root)
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
    lines = [": ".join([*each.where[:1], str(each.outcome), str(each)]) for each in unmet[:MOST_SHOWN]]
    if len(unmet) > MOST_SHOWN:
        lines.append(f"… and {len(unmet) - MOST_SHOWN} more")
    lines.append(f"remedy: {unmet[0].remedy}")
    return "\n".join(lines)


@cache
def find_real(path: str | Path) -> Path:
    """Return the resolved path; cached, because each module asks it of each policy."""
    return Path(path).resolve()


@cache
def find_real_files(paths: frozenset[Path]) -> frozenset[Path]:
    """Return the resolved paths; cached for the same reason."""
    return frozenset(map(find_real, paths))
