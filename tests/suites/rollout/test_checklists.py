"""Every check of the checklists is seen red: one change to a release turns exactly the stated criteria."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from prodgate.checks import Check
from prodgate.sections.project import Project
from prodgate.testing import Outcome
from tests.prodgate.facts.load.load_records import record, slow

from .checklists import (
    BEGAN,
    NOW,
    Release,
    checklist_checks,
    judged,
    outcomes,
    project,
    release,
    seen,
    value,
)

#: What rests on each layer.
DAGS = {"during-mwaa-up", "dags-deployed", "after-dags-ran"}
BEFORE = {"before-tests-pass", "before-security-scan", "before-performance-test", "before-dag-tests"}


@dataclass(frozen=True)
class Sabotage:
    name: str
    breaks: set[str]
    by: Callable[[Release], Any]
    unsettles: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return self.name


def at(of: Release, kind: str, time: str) -> None:
    """Let another layer have observed something at another time."""
    for fact in seen(of, kind)["facts"]:
        fact["at"] = time


def deployed(of: Release) -> Any:
    return value(of, "rollout-dag-release", "dags-deployed")


def served(of: Release, dag: str = "nba_news_scraper") -> Any:
    answers = value(of, "rollout-dag-release", "airflow")["answers"]
    return next(one["body"] for one in answers if one["path"] == f"/dags/{dag}")


def fail_every_run(of: Release) -> None:
    for answer in value(of, "rollout-dag-release", "airflow")["answers"]:
        if answer["path"].endswith("data_cleanup/dagRuns"):
            for row in answer["body"]["dag_runs"]:
                row["state"] = "failed"


def put_later(of: Release) -> None:
    for one in deployed(of)["files"].values():
        one["put"] = {"$time": "2026-11-26T15:38:05+00:00"}


SABOTAGES = (
    Sabotage("a test failed", {"before-tests-pass"}, lambda r: r["rollout-tests"][0]["results"][0].update(failures=1, failed=["x"])),
    Sabotage(
        "the tests are of another commit", set(), lambda r: r["rollout-tests"][0]["results"][0].update(marks=["deadbeef"]), {"before-tests-pass"}
    ),
    Sabotage("the tests say no commit", set(), lambda r: r["rollout-tests"][0]["results"][0].update(marks=[]), {"before-tests-pass"}),
    Sabotage("no test ran", set(), lambda r: r["rollout-tests"][0]["results"][0].update(tests=0, skipped=0), {"before-tests-pass"}),
    Sabotage("every test was skipped", set(), lambda r: r["rollout-tests"][0]["results"][0].update(skipped=12), {"before-tests-pass"}),
    Sabotage("the results are cut off", set(), lambda r: r["rollout-tests"][0]["results"][0].update(unread="no whole XML"), {"before-tests-pass"}),
    Sabotage("the results contradict themselves", set(), lambda r: r["rollout-tests"][0]["results"][0].update(flaws=["13 tests"]), {"before-tests-pass"}),
    Sabotage("the tests came after the deployment began", set(), lambda r: r["rollout-tests"][0]["results"][0].update(at=NOW), {"before-tests-pass"}),
    Sabotage(
        "files differ from the commit", set(), lambda r: r["rollout-tests"][0].update(commit="c0ffee+changes"), {"before-tests-pass"}
    ),
    Sabotage("the scan left something open", {"before-security-scan"}, lambda r: r["rollout-configuration-scan"][0].update(open=["CKV_AWS_1 on x"])),
    Sabotage("the scan did not complete", set(), lambda r: r["rollout-configuration-scan"][0].update(unread="no answer"), {"before-security-scan"}),
    Sabotage(
        "an image is vulnerable", {"before-security-scan"}, lambda r: r["rollout-image-scan"][0].update(grave=[{"title": "CVE-1", "first": ""}])
    ),
    Sabotage(
        "an image was found vulnerable later", set(), lambda r: r["rollout-image-scan"][0].update(grave=[{"title": "CVE-1", "first": NOW}])
    ),
    Sabotage("an image was never scanned", set(), lambda r: r["rollout-image-scan"][0].update(unread="never scanned"), {"before-security-scan"}),
    Sabotage(
        "the release was slow under load",
        {"before-performance-test"},
        lambda r: value(r, "rollout-load-test", "load").update(record=record(seconds=slow([20] * 40))),
    ),
    Sabotage(
        "the load went to another build",
        set(),
        lambda r: value(r, "rollout-load-test", "load")["build"].update(served="old"),
        {"before-performance-test"},
    ),
    Sabotage("the load test came after the deployment began", set(), lambda r: at(r, "rollout-load-test", NOW), {"before-performance-test"}),
    Sabotage("the load test is of another commit", set(), lambda r: seen(r, "rollout-load-test").update(commit="d" * 40), {"before-performance-test"}),
    Sabotage(
        "the load test was of files in no commit",
        set(),
        lambda r: seen(r, "rollout-load-test").update(commit=f"{seen(r, 'rollout-load-test')['commit']}+changes"),
        {"before-performance-test"},
    ),
    Sabotage(
        "the load test is a week old", set(), lambda r: at(r, "rollout-load-test", "2026-11-19T15:38:00+00:00"), {"before-performance-test"}
    ),
    Sabotage(
        "a DAG is not imported",
        {"before-dag-tests"},
        lambda r: value(r, "rollout-dag-files", "dag-files")["bag"]["import_errors"].update({"x.py": "SyntaxError"}),
    ),
    Sabotage(
        "a DAG's schedule is another",
        {"before-dag-tests"},
        lambda r: value(r, "rollout-dag-files", "dags-declared")["files"]["data_cleanup"].update(cron="0 3 * * *"),
    ),
    Sabotage("the DAG files were read after the deployment", set(), lambda r: at(r, "rollout-dag-files", NOW), {"before-dag-tests"}),
    Sabotage(
        "a new kind of error", {"during-logs"}, lambda r: r["rollout-logs"][0]["during"]["kinds"].update({"api: UndefinedColumn": 1})
    ),
    Sabotage("a log without a line", set(), lambda r: r["rollout-logs"][0].update(during={"lines": False, "kinds": {}}), {"during-logs"}),
    Sabotage("no log before", set(), lambda r: r["rollout-logs"][0].update(before={"lines": False, "kinds": {}}), {"during-logs"}),
    Sabotage("the environment's update failed", {"during-mwaa-up"}, lambda r: deployed(r).update(last_update={"Status": "FAILED"})),
    Sabotage("the environment is being updated", {"during-mwaa-up"}, lambda r: deployed(r).update(status="UPDATING")),
    Sabotage("a DAG is paused", {"dags-deployed"}, lambda r: served(r).update(is_paused=True)),
    Sabotage(
        "a DAG file is not the repository's",
        {"dags-deployed"},
        lambda r: deployed(r)["own"].update({"data_cleanup.py": "3"}),
        {"after-dags-ran"},
    ),
    Sabotage("every run of a DAG failed", {"after-dags-ran"}, fail_every_run),
    Sabotage(
        "DAG files were deployed after the last run", {"dags-deployed"}, put_later, {"after-dags-ran"}
    ),
    Sabotage(
        "the machine was too busy for Airflow",
        set(),
        lambda r: value(r, "rollout-dag-release", "dags-observed").update(crowded="busy"),
        {"during-mwaa-up", "after-dags-ran"},
    ),
    Sabotage("what Airflow did is of another commit", set(), lambda r: seen(r, "rollout-dag-release").update(commit="d" * 40), DAGS),
    Sabotage("GuardDuty found something", {"after-security-alerts"}, lambda r: r["rollout-alerts"][0].update(raised=1, titles=["Recon"])),
    Sabotage("Security Hub is off", set(), lambda r: r["rollout-alerts"][1].update(unread="it is off"), {"after-security-alerts"}),
    Sabotage("the front page fails", {"after-user-access"}, lambda r: r["rollout-visit"][0]["pages"][0].update(status=502)),
    Sabotage("an article is empty", {"after-user-access"}, lambda r: r["rollout-visit"][0]["pages"][1].update(words=3)),
    Sabotage("the reader came before the end", set(), lambda r: r["rollout-visit"][0].update(at=BEGAN), {"after-user-access"}),
    Sabotage("a journey failed", {"after-e2e"}, lambda r: r["rollout-journeys"][0]["record"]["journeys"][0].update(outcome="failed")),
    Sabotage("a journey did not end", set(), lambda r: r["rollout-journeys"][0]["record"]["journeys"][0].update(outcome=""), {"after-e2e"}),
    Sabotage("the journeys came before the end", set(), lambda r: r["rollout-journeys"][0].update(at=BEGAN), {"after-e2e"}),
    Sabotage(
        "the journeys met another build", set(), lambda r: r["rollout-journeys"][0]["visits"]["pages"][0].update(build="old"), {"after-e2e"}
    ),
    Sabotage(
        "nobody knows when it began", set(), lambda r: r["rollout-deployment"][0].update(unreadable="denied"), BEFORE | {"after-e2e", "after-user-access"}
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def checks() -> tuple[Check, ...]:
    return checklist_checks()


@pytest.fixture(scope="module")
def stated() -> Project:
    return project()


def test_a_release_of_which_everything_is_known_satisfies_all(checks: tuple[Check, ...], stated: Project) -> None:
    found = judged(release(), checks, stated)
    assert {one.outcome for each in found.values() for one in each} == {Outcome.SATISFIED}, found
    assert set(found) == BEFORE | DAGS | {"during-logs", "after-e2e", "after-user-access", "after-security-alerts"}


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_a_sabotage_turns_exactly_its_criteria(sabotage: Sabotage, checks: tuple[Check, ...], stated: Project) -> None:
    changed = release()
    sabotage.by(changed)
    found = outcomes(judged(changed, checks, stated))
    red = {id_ for id_, outcome in found.items() if outcome is Outcome.NOT_SATISFIED}
    unknown = {id_ for id_, outcome in found.items() if outcome is Outcome.UNDETERMINED}
    assert (red, unknown) == (sabotage.breaks, sabotage.unsettles)


def test_without_evidence_all_is_undetermined(checks: tuple[Check, ...], stated: Project) -> None:
    found = judged({}, checks, stated)
    assert {one.outcome for each in found.values() for one in each} == {Outcome.UNDETERMINED}


def test_what_was_observed_after_the_last_deployment_counts_where_that_was_of_another_release(
    checks: tuple[Check, ...], stated: Project
) -> None:
    changed = release()
    for page in changed["rollout-visit"][0]["pages"]:
        page["build"] = "older"
    at(changed, "rollout-load-test", NOW)
    found = outcomes(judged(changed, checks, stated))
    assert found["before-performance-test"] is Outcome.SATISFIED
    assert found["after-user-access"] is Outcome.NOT_SATISFIED


def test_what_runs_is_not_scanned_for_a_release_that_is_not_deployed(
    checks: tuple[Check, ...], stated: Project
) -> None:
    changed = release()
    del changed["rollout-deployment"]
    changed["rollout-image-scan"][0]["declared"] = False
    assert outcomes(judged(changed, checks, stated))["before-security-scan"] is Outcome.UNDETERMINED
