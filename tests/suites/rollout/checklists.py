"""A release of which everything is known: evidence of the three checklists, to be changed in one place."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from copy import deepcopy
from pathlib import Path
from typing import Any

from prodgate.checks import Check, registered_checks
from prodgate.layers.rollout.facts import facts_of
from prodgate.run.judging import judge
from prodgate.sections.project import Project, open_project
from prodgate.testing import Finding, Outcome
from tests.prodgate.facts.load.load_records import record, stored
from tests.suites.dags.harness import healthy as healthy_dags

ROOT = Path(__file__).parents[3]
COMMIT = "c0ffee" + "0" * 34
RUN = "2026-11-26T153000Z-0000001"
URL = "https://www.example.com"
ARN = "arn:aws:ecs:ap-northeast-1:123456789012:service/news/api"
#: When the DAG files were deployed, when other layers observed, when the deployment began and ended, when all was judged.
PUT, SEEN, BEGAN, ENDED, VISITED, NOW = (
    f"2026-11-26T15:{minute}:00+00:00" for minute in ("36", "38", "40", "44", "45", "46")
)
WORST = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)

Release = dict[str, list[Any]]


def release() -> Release:
    """Return the evidence of a release in which everything held, by kind."""
    return deepcopy(
        {
            "rollout-deployment": [_deployment()],
            "rollout-tests": [{"commit": COMMIT, "results": [_results()]}],
            "rollout-configuration-scan": [
                {**_observation("static", ("checkov", {})), "root": "terraform", "run": RUN, "open": [], "unread": ""}
            ],
            "rollout-image-scan": [{"image": "registry/api@sha256:1", "declared": True, "grave": []}],
            "rollout-load-test": [_observation("load", ("load", _load()))],
            "rollout-dag-files": [_observation("dags", *_dags("dags-declared", "dag-files"))],
            "rollout-dag-release": [
                _observation(
                    "dags", *_dags("dags-declared", "dags-observed", "airflow"), ("dags-deployed", _deployed())
                )
            ],
            "rollout-logs": [
                {"group": "/ecs/api", "serves": True, "window": "15:40 to 15:44", "during": _log(), "before": _log()}
            ],
            "rollout-alerts": [
                {"service": name, "began": BEGAN, "asked": NOW, "raised": 0, "titles": []}
                for name in ("GuardDuty", "Security Hub")
            ],
            "rollout-visit": [_visit()],
            "rollout-journeys": [_journeys()],
        }
    )


def seen(of: Release, kind: str) -> dict[str, Any]:
    """Return the observation of another layer under some evidence."""
    found: dict[str, Any] = of[kind][0]["seen"]
    return found


def value(of: Release, kind: str, inner: str) -> Any:
    """Return what another layer stored under one of its kinds."""
    return next(fact["value"] for fact in seen(of, kind)["facts"] if fact["kind"] == inner)


def _observation(layer: str, *facts: tuple[str, Any]) -> dict[str, Any]:
    rows = [{"kind": kind, "subject": kind, "at": SEEN, "digest": "d", "value": value} for kind, value in facts]
    told = {"layer": layer, "run": RUN, "target": "rehearsal://", "commit": COMMIT, "facts": rows}
    return {"seen": told, "commit": COMMIT, "asked": NOW, "most": 86400.0, "again": "prodgate run"}


def _deployment() -> dict[str, Any]:
    row = {
        "serviceDeploymentArn": f"{ARN}/1",
        "status": "SUCCESSFUL",
        "createdAt": {"$time": BEGAN},
        "startedAt": {"$time": BEGAN},
        "finishedAt": {"$time": ENDED},
    }
    return {"service": {"serviceArn": ARN, "serviceName": "api"}, "carrier": "ECS", "deployment": row, "revisions": []}


def _results() -> dict[str, Any]:
    told = {"file": "reports/unit.xml", "asked": NOW, "at": SEEN, "marks": [COMMIT[:12]]}
    return {**told, "tests": 12, "failures": 0, "failed": [], "skipped": 1, "flaws": []}


def _load() -> dict[str, Any]:
    build = {"served": "blue", "expected": "blue", "unread": ""}
    return stored(record(), build=build)


def _dags(*kinds: str) -> list[tuple[str, Any]]:
    evidence = healthy_dags()
    return [(kind, evidence.of(kind)) for kind in kinds]


def _deployed() -> dict[str, Any]:
    files = {"nba_news_scraper.py": "1", "data_cleanup.py": "2"}
    return {
        "Arn": "arn:aws:airflow:ap-northeast-1:123456789012:environment/news",
        "place": "s3://dags/dags/",
        "status": "AVAILABLE",
        "last_update": {"Status": "SUCCESS"},
        "files": {name: {"digest": digest, "put": {"$time": PUT}} for name, digest in files.items()},
        "own": files,
    }


def _log() -> dict[str, Any]:
    return {"lines": True, "kinds": {"api: KeyError": 2}}


def _visit() -> dict[str, Any]:
    row = {"status": 200, "build": COMMIT[:8], "words": 300}
    pages = [{"name": "front page", "path": "/", **row}, {"name": "article", "path": "/stories/1", **row}]
    return {"place": URL, "at": VISITED, "build": COMMIT, "pages": pages}


def _journeys() -> dict[str, Any]:
    journey = {
        "id": "e2e/journeys/test_reading.py::test_a_reader[chromium]", "name": "A reader reads.", "outcome": "passed",
        "again": "", "refused": [], "cookies": [], "evidence": [], "why": "", "mutates": False, "file": "e2e/x.py",
        "line": 3,
    }  # fmt: skip
    browser = {"name": "Chromium", "version": "1"}
    told = {"format": 1, "place": URL, "browser": browser, "journeys": [journey], "broken": []}
    page = {"name": "front", "build": COMMIT}
    visits = {"place": URL, "build": {"how": "x-build", "expected": COMMIT, "unread": ""}, "pages": [page]}
    return {**_observation("e2e"), "place": URL, "at": VISITED, "record": told, "visits": visits} | {
        "seen": {**_observation("e2e", ("e2e-journeys", {}))["seen"]}
    }


def checklist_checks() -> tuple[Check, ...]:
    """Import the suites of the checklists and return their checks."""
    before = set(registered_checks())
    for name in ("before", "during", "after"):
        path = ROOT / "suites" / "rollout" / f"test_{name}.py"
        spec = importlib.util.spec_from_file_location(f"checklist_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return tuple(check for check in registered_checks() if check not in before)


def project() -> Project:
    return open_project(ROOT / "criteria.toml")


def judged(of: Release, checks: tuple[Check, ...], stated: Project) -> dict[str, list[Finding]]:
    """Judge a release by the checklists; findings by criterion."""
    facts = facts_of([(kind, one) for kind, values in of.items() for one in values], {})
    found = defaultdict[str, list[Finding]](list)
    for check in checks:
        criterion = stated.stated.criteria[check.criterion]
        found[criterion.id] += judge(check, criterion, facts, layer="rollout", fixtures={})
    return dict(found)


def outcomes(findings: dict[str, list[Finding]]) -> dict[str, Outcome]:
    """Return the worst outcome of each criterion."""
    return {id_: min((one.outcome for one in found), key=WORST.index) for id_, found in sorted(findings.items())}
