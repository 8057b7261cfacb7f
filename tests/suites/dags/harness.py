"""Proves that each check of DAGs can fail: a named change to a healthy Airflow's answers turns exactly its criteria red.

``healthy.json.gz`` is the evidence of a rehearsal on a real Airflow 3.0.6 in which everything held.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodgate.checks import Check
from prodgate.layers.dags.facts import facts_of
from tests.suites.judging import Findings, checks_in, judged

HEALTHY = Path(__file__).with_name("healthy.json.gz")
SCRAPER, CLEANUP, CANARY = "nba_news_scraper", "data_cleanup", "nba_news_canary"


@dataclass(frozen=True)
class Evidence:
    """The stored evidence of one observation, to be changed."""

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


def healthy() -> Evidence:
    """Return the evidence of a rehearsal in which everything held."""
    stored = json.loads(gzip.decompress(HEALTHY.read_bytes()))
    return Evidence([(kind, value) for kind, value in deepcopy(stored)])


def dag_checks() -> tuple[Check, ...]:
    return checks_in("suites/dags/test_*.py")


def judged_evidence(evidence: Evidence) -> Findings:
    return judged(facts_of(evidence.stored, {}), dag_checks(), "dags")
