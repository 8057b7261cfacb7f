"""Proves that each check of DAGs can fail: a named change to a healthy Airflow's answers turns exactly its criteria red.

``healthy.json.gz`` is the evidence of a rehearsal on a real Airflow 3.0.6 in which everything held.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prodgate.checks import Check, registered_checks
from prodgate.facts import Facts
from prodgate.layers.dags.facts import facts_of
from prodgate.run.judging import judge
from prodgate.sections.project import Project, open_project
from prodgate.testing import Finding, Outcome

ROOT = Path(__file__).parents[3]
HEALTHY = Path(__file__).with_name("healthy.json.gz")
#: Outcomes from the worst to the best; a criterion's is the worst of its findings.
WORST = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)
SCRAPER, CLEANUP, CANARY = "nba_news_scraper", "data_cleanup", "nba_news_canary"


@dataclass(frozen=True)
class Evidence:
    """What was kept of one observation, to be changed."""

    stored: list[tuple[str, Any]]

    def of(self, kind: str) -> Any:
        return next(value for stored, value in self.stored if stored == kind)

    def answers(self, ending: str) -> Iterator[dict[str, Any]]:
        """Yield what Airflow answered at paths with an ending, to be changed in place."""
        for answer in self.of("airflow")["answers"]:
            if answer["path"].endswith(ending):
                yield answer

    def rows(self, ending: str, key: str, dag: str = SCRAPER) -> list[dict[str, Any]]:
        """Return the rows about a DAG of every page of a list, by their time."""
        lists = [answer for answer in self.answers(ending) if answer["query"]["limit"] != "1"]
        found = [row for answer in lists for row in answer["body"][key] if row.get("dag_id") == dag]
        return sorted(found, key=lambda row: str(row.get("run_after") or row.get("start_date") or ""))

    def runs(self, dag: str = SCRAPER) -> list[dict[str, Any]]:
        """Return the scheduled runs of a DAG that succeeded."""
        rows = self.rows("/dagRuns", "dag_runs", dag)
        return [row for row in rows if (row["run_type"], row["state"]) == ("scheduled", "success")]

    def tasks(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        rows = self.rows("/taskInstances", "task_instances", run["dag_id"])
        return [row for row in rows if row["dag_run_id"] == run["dag_run_id"]]

    def remove(self, ending: str, key: str, gone: Callable[[dict[str, Any]], bool]) -> None:
        """Take rows out of a list, as if they had never been."""
        for answer in self.answers(ending):
            kept = [row for row in answer["body"][key] if not gone(row)]
            answer["body"]["total_entries"] -= len(answer["body"][key]) - len(kept)
            answer["body"][key] = kept


@dataclass(frozen=True)
class Sabotage:
    """Something that goes wrong, what it breaks, and what nobody can say any more."""

    name: str
    breaks: set[str]
    by: Callable[[Evidence], object]
    unsettles: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return self.name


def healthy() -> Evidence:
    """Return the evidence of a rehearsal in which everything held."""
    stored = json.loads(gzip.decompress(HEALTHY.read_bytes()))
    return Evidence([(kind, value) for kind, value in deepcopy(stored)])


def project() -> Project:
    return open_project(ROOT / "criteria.toml")


def dag_checks() -> tuple[Check, ...]:
    """Import the suites about DAGs and return their checks."""
    before = set(registered_checks())
    for path in sorted((ROOT / "suites" / "dags").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"dags_suite_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return tuple(check for check in registered_checks() if check not in before)


def judged(facts: Facts, checks: tuple[Check, ...], stated: Project) -> dict[str, list[Finding]]:
    """Judge facts by every check of DAGs; findings by criterion."""
    found = defaultdict[str, list[Finding]](list)
    for check in checks:
        criterion = stated.stated.criteria[check.criterion]
        found[criterion.id] += judge(check, criterion, facts, layer="dags", fixtures={})
    return dict(found)


def outcomes(findings: dict[str, list[Finding]]) -> dict[str, Outcome]:
    """Return the worst outcome of each criterion."""
    return {id_: min((one.outcome for one in found), key=WORST.index) for id_, found in sorted(findings.items())}


def judged_evidence(evidence: Evidence, checks: tuple[Check, ...], stated: Project) -> dict[str, list[Finding]]:
    return judged(facts_of(evidence.stored, {}), checks, stated)
