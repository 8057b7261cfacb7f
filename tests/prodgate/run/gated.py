"""A small project whose own judges run in their process, with facts and a journal, as in a layer's process."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from prodgate.checks import Check
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal, load
from prodgate.facts import Facts
from prodgate.findings import Finding
from prodgate.run import pytest_plugin
from prodgate.run.team import Team, leave_unjudged, list_own_files, open_team, register_offer
from prodgate.sections.project import Project, open_project
from prodgate.terraform.policy import POLICIES
from tests.trees import write_tree

from ..sample_run import ABOUT

CRITERIA = 'system = "shop"\n' + "".join(
    f"[criteria.{id_}]\nstatement = 'a'\nwhy = 'a'\nsource = 'X-1'\nlayers = ['static']\n{more}\n"
    for id_, more in {
        "answers": "",
        "rare": "population = 0\napplicability = 'where-present'",
        "quick": "require = '< 1 s'",
        "restarts": "remedy = 'Restart it.'",
    }.items()
)
HEADER = """
import pytest
from prodgate import Criterion, Quantity, Resource, check, policy
from prodgate.facts.live.databases import DatabaseInstance, DatabaseSnapshot, Deletable
"""
CHECK = """
@check("answers", remedy="Restart it.")
def test_it(it: Deletable, criterion: Criterion) -> None:
    '''Does it answer?'''
    criterion.hold(it.protected, expected="an answer", observed="none")
"""


@dataclass(frozen=True)
class Judged:
    """A run of the static layer's own judges."""

    findings: Sequence[Finding]
    broken: Sequence[str]
    """Why the layer broke."""

    @property
    def by_judge(self) -> Mapping[str, Sequence[Finding]]:
        """Findings by the name of the check or policy."""
        found = defaultdict[str, list[Finding]](list)
        for each in self.findings:
            found[each.check].append(each)
        return found


def write(root: Path, files: Mapping[str, str]) -> Project:
    (root / "criteria.toml").write_text(CRITERIA, "utf-8")
    write_tree(root, files)
    return open_project(root / "criteria.toml")


@contextmanager
def opened(root: Path, files: Mapping[str, str], layer: str = "static") -> Iterator[tuple[Project, Team]]:
    """Yield the process in which a project's own judges of a layer are."""
    known = dict(POLICIES)
    project = write(root, files)
    try:
        with open_team(project, layer, policies=True, suites=True) as team:
            yield project, team
    finally:
        POLICIES.clear()
        POLICIES.update(known)


def judge(root: Path, files: Mapping[str, str], facts: Facts) -> Judged:
    with opened(root, files) as (project, team):
        lost = register_offer(team, project, "static")
        own = frozenset(file for several in list_own_files(project, "static") for file in several)
        return collect(project, own, facts, team.offer.checks, lost)


def collect(
    project: Project, files: frozenset[Path], facts: Facts, checks: Sequence[Check], lost: Mapping[Path, str] = {}
) -> Judged:
    """Let pytest judge facts by the checks that are written in files."""
    stated = project.stated.criteria
    run = runs.create(project.root.parent / "runs", ABOUT, project.stated.path, project.waivers)
    journal = Journal.of(run)
    leave_unjudged(journal, "static", lost, stated, project.root)
    judging = pytest_plugin.Judging(
        layer="static",
        criteria=stated,
        facts=facts,
        journal=journal,
        cite=lambda kind: (sha256(kind.__name__.encode()).hexdigest(),) if isinstance(kind, type) else (),
        files=files,
        checks=checks,
    )
    options = (
        "-c",
        str(Path(pytest_plugin.__file__).with_name("judging.ini")),
        f"--rootdir={project.root}",
        "--noconftest",
    )
    silent = ("--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "no:terminal", "--capture=no")
    pytest.main([*options, *silent, "-p", "prodgate.run.pytest_plugin", *map(str, sorted(files))], plugins=[judging])
    runs.close(run)
    broken = [str(event["reason"]) for event in load(journal.path).events if event["event"] == "broken"]
    return Judged(runs.read(run).findings, broken)
