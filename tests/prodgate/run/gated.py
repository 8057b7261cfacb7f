"""Checks and policies that pytest runs in a test, with facts and a journal, as in a layer's process."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from prodgate.criteria import Criteria
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.findings import Finding
from prodgate.quantities import Bound
from prodgate.run.pytest_plugin import Judging

from ..plugin_facts import Pod
from ..sample_run import ABOUT
from ..samples import criterion

CRITERIA = Criteria(
    {
        c.id: c
        for c in (
            criterion("answers", bound=None),
            criterion("rare", bound=None, population=0, where_present=True),
            criterion("quick", bound=Bound.parse("< 1 s")),
            criterion("restarts", bound=None, remedy="Restart it."),
        )
    }
)


HEADER = """
from prodgate import Criterion, Quantity, check
from tests.prodgate.plugin_facts import Pod
import pytest
"""


CHECK = """
@check("answers", remedy="Restart it.")
def test_pods_answer(pod: Pod, criterion: Criterion) -> None:
    '''Does the pod answer?'''
    criterion.hold(pod.answers, expected="an answer", observed="none")
"""


class Gate:
    """Runs pytest on check files with facts and a journal, as a layer's process does."""

    def __init__(self, pytester: pytest.Pytester, path: Path) -> None:
        self.pytester, self.path = pytester, path
        (path / "criteria.toml").write_text(
            "system = 'shop'\n"
            + "".join(
                f"[criteria.{id_}]\nstatement = {{ en = 'a', ja = 'a' }}\nwhy = 'a'\nsource = 'X-1'\nlayers = ['static']\n"
                for id_ in CRITERIA
            ),
            "utf-8",
        )
        self.run = runs.create(path / "runs", ABOUT, path / "criteria.toml", path / "waivers.toml")

    def judge(self, *facts: object, policies: frozenset[Path] = frozenset(), options: tuple[str, ...] = ()) -> int:
        unreadable = {Pod: "access denied"} if "unreadable" in facts else {}
        known = tuple(fact for fact in facts if fact != "unreadable")
        judging = Judging(
            layer="static",
            criteria=CRITERIA,
            facts=Facts(known, unreadable),
            journal=Journal.of(self.run),
            cite=lambda kind: (sha256(kind.__name__.encode()).hexdigest(),) if isinstance(kind, type) else (),
            policy_files=policies,
        )
        arguments = ["-p", "prodgate.run.pytest_plugin", "-p", "no:randomly", "--import-mode=importlib", *options]
        self.result = self.pytester.inline_run(*arguments, *map(str, policies), plugins=[judging])
        runs.close(self.run)
        return int(self.result.ret)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return runs.read(self.run).findings

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(finding.subject, str(finding.outcome)) for finding in self.findings]
