"""A release of which all three checklists hold, and what can be wrong with it."""

from copy import deepcopy
from typing import Any

from tests.prodgate.facts.load.load_records import record, slow, stored
from tests.suites.dags.harness import healthy as healthy_dags
from tests.suites.judging import Sabotage

from .evidence import journeys
from .harness import Stored

COMMIT = "c0ffee" + "0" * 34
RUN = "2026-11-26T153000Z-0000001"
URL = "https://www.example.com"
ARN = "arn:aws:ecs:ap-northeast-1:123456789012:service/news/api"
#: When the DAG files were deployed, when other layers observed, when the deployment began and ended, when all was judged.
PUT, SEEN, BEGAN, ENDED, VISITED, NOW = (
    f"2026-11-26T15:{minute}:00+00:00" for minute in ("36", "38", "40", "44", "45", "46")
)


def release() -> Stored:
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


def seen(of: Stored, kind: str) -> dict[str, Any]:
    """Return the observation of another layer under some evidence."""
    return of[kind][0]["seen"]


def value(of: Stored, kind: str, inner: str) -> Any:
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
    page = {"name": "front", "build": COMMIT}
    visits = {"place": URL, "build": {"how": "x-build", "expected": COMMIT, "unread": ""}, "pages": [page]}
    told = {"place": URL, "at": VISITED, "record": journeys(URL), "visits": visits}
    return {**_observation("e2e", ("e2e-journeys", {})), **told}


#: What rests on each layer.
DAGS = {"during-mwaa-up", "dags-deployed", "after-dags-ran"}
BEFORE = {"before-tests-pass", "before-security-scan", "before-performance-test", "before-dag-tests"}


def observe_at(of: Stored, kind: str, time: str) -> None:
    """Let another layer have observed something at another time."""
    for fact in seen(of, kind)["facts"]:
        fact["at"] = time


def deployed(of: Stored) -> Any:
    return value(of, "rollout-dag-release", "dags-deployed")


def served(of: Stored, dag: str = "nba_news_scraper") -> Any:
    answers = value(of, "rollout-dag-release", "airflow")["answers"]
    return next(one["body"] for one in answers if one["path"] == f"/dags/{dag}")


def fail_every_run(of: Stored) -> None:
    for answer in value(of, "rollout-dag-release", "airflow")["answers"]:
        if answer["path"].endswith("data_cleanup/dagRuns"):
            for row in answer["body"]["dag_runs"]:
                row["state"] = "failed"


def put_later(of: Stored) -> None:
    for one in deployed(of)["files"].values():
        one["put"] = {"$time": "2026-11-26T15:38:05+00:00"}


SABOTAGES: tuple[Sabotage[Stored], ...] = (
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
    Sabotage("the load test came after the deployment began", set(), lambda r: observe_at(r, "rollout-load-test", NOW), {"before-performance-test"}),
    Sabotage("the load test is of another commit", set(), lambda r: seen(r, "rollout-load-test").update(commit="d" * 40), {"before-performance-test"}),
    Sabotage(
        "the load test was of files in no commit",
        set(),
        lambda r: seen(r, "rollout-load-test").update(commit=f"{seen(r, 'rollout-load-test')['commit']}+changes"),
        {"before-performance-test"},
    ),
    Sabotage(
        "the load test is a week old", set(), lambda r: observe_at(r, "rollout-load-test", "2026-11-19T15:38:00+00:00"), {"before-performance-test"}
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
    Sabotage("the DAG files were read after the deployment", set(), lambda r: observe_at(r, "rollout-dag-files", NOW), {"before-dag-tests"}),
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
        "the machine was too busy for Airflow to run DAGs",
        set(),
        lambda r: value(r, "rollout-dag-release", "dags-observed").update(crowded="busy"),
        {"after-dags-ran"},
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
