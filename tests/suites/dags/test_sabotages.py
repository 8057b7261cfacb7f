"""Every check of DAGs is seen red: one change to a healthy Airflow's answers breaks exactly the stated criteria."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.dags import CollectionSlots, SlotHistory
from prodgate.layers.dags.facts import facts_of
from prodgate.testing import Outcome
from tests.suites.judging import Sabotage, assert_found_apart, judged, outcomes

from .harness import (
    CANARY,
    CLEANUP,
    SCRAPER,
    Evidence,
    dag_checks,
    healthy,
    judged_evidence,
)

UNTRUE = {"dag-record-intact", "dag-success-rate-rehearsed"}
RATES = {"dag-success-rate-rehearsed", "collection-every-slot"}
SLOTS = {
    "collection-every-slot", "dag-real-run", "dag-run-duration", "dag-scheduler-delay", "dag-success-rate-rehearsed",
}  # fmt: skip
#: What nobody can say without Airflow.
AIRFLOW = SLOTS | {
    "airflow-alive", "airflow-version-as-declared", "dag-failures-accounted", "dag-nothing-stuck", "dag-record-intact",
    "dag-served-as-declared", "dags-all-declared", "data-every-source-fresh", "data-for-every-slot",
}  # fmt: skip


BROKEN = {"rule": "DAG002", "file": "x.py", "line": 3, "text": "no catchup; write catchup=False"}


def later(text: str, by: timedelta) -> str:
    return (datetime.fromisoformat(text) + by).isoformat().replace("+00:00", "Z")


def answer(evidence: Evidence, path: str) -> dict[str, Any]:
    return next(evidence.answers(path))


def stop_the_scheduler(evidence: Evidence) -> None:
    """Take out the second and the third run of the scraper, with their tasks and data."""
    gone = evidence.runs()[1:3]
    ids = {run["dag_run_id"] for run in gone}
    slots = {datetime.fromisoformat(run["run_after"]) for run in gone}
    evidence.remove(f"{SCRAPER}/dagRuns", "dag_runs", lambda row: row["dag_run_id"] in ids)
    evidence.remove("~/taskInstances", "task_instances", lambda row: row["dag_run_id"] in ids)
    collected = evidence.of("dag-data")["collected"]
    collected["rows"] = [row for row in collected["rows"] if datetime.fromisoformat(row[1]) not in slots]


def events(evidence: Evidence, **event: Any) -> None:
    """Let somebody have done something to the scraper by the API."""
    for page in evidence.answers("/eventLogs"):
        if page["query"].get("dag_id") == SCRAPER:
            stated = {"event_log_id": 900, "dag_id": SCRAPER, "when": evidence.runs()[1]["end_date"], "owner": "eve"}
            page["body"]["event_logs"].append({"task_id": None, "run_id": None, "extra": None, **stated, **event})
            page["body"]["total_entries"] += 1


def never_parse(evidence: Evidence) -> None:
    said = answer(evidence, "/monitor/health")["body"]
    said["triggerer"] = {
        "status": "healthy",
        "latest_triggerer_heartbeat": said["scheduler"]["latest_scheduler_heartbeat"],
    }
    said["dag_processor"] = {"status": None, "latest_dag_processor_heartbeat": None}


def launder(evidence: Evidence) -> None:
    run = evidence.runs()[1]
    events(evidence, event="patch_dag_run", run_id=run["dag_run_id"], extra='{"state": "success"}')


def set_in_silence(evidence: Evidence) -> None:
    """Set a failed task to success by a request for several, which no version logs."""
    task = evidence.tasks(evidence.runs()[1])[-1]
    events(evidence, event="failed", run_id=task["dag_run_id"], task_id=task["task_id"], try_number=1, map_index=-1)


def clear_in_silence(evidence: Evidence) -> None:
    """Let a failed task succeed, by a DAG that triggers its run again."""
    evidence.tasks(evidence.runs()[1])[-1] |= {"try_number": 5, "max_tries": 7}


def clean_the_log(evidence: Evidence) -> None:
    (oldest,) = (page for page in evidence.answers("/eventLogs") if page["query"]["limit"] == "1")
    oldest["body"]["event_logs"][0]["when"] = evidence.runs()[1]["end_date"]


def hide_the_log(evidence: Evidence) -> None:
    for page in evidence.answers("/eventLogs"):
        del page["body"]
        page["unreadable"] = "GET /eventLogs: this is forbidden (403)"


def mask(evidence: Evidence) -> None:
    evidence.tasks(evidence.runs()[1])[0]["state"] = "failed"


def fabricate(evidence: Evidence) -> None:
    for task in evidence.tasks(evidence.runs()[1]):
        task |= {"hostname": "", "pid": None, "start_date": None}


def fail_a_run(evidence: Evidence) -> None:
    run = evidence.runs()[1]
    evidence.of("dead-letters")["sent"] = []
    run["state"] = "failed"
    evidence.tasks(run)[-1]["state"] = "failed"


def hang(evidence: Evidence) -> None:
    run = evidence.runs()[0]
    run |= {"state": "running", "end_date": None}
    evidence.tasks(run)[-1] |= {"state": "running", "end_date": None}


def overlap(evidence: Evidence) -> None:
    """Let a run end after the next slot of a DAG whose own schedule is that of the rehearsal."""
    evidence.of("dags-declared")["files"][SCRAPER]["cron"] = evidence.of("dags-observed")["dags"][SCRAPER]["cron"]
    run = evidence.runs()[1]
    run["end_date"] = later(run["end_date"], timedelta(seconds=16))


def start_late(evidence: Evidence) -> None:
    for task in evidence.tasks(evidence.runs()[1]):
        task["start_date"] = later(task["start_date"], timedelta(minutes=6))


def try_again_and_again(evidence: Evidence) -> None:
    for run in evidence.runs():
        for task in evidence.tasks(run):
            task["try_number"] = 4


def cut_off(evidence: Evidence) -> None:
    """Let Airflow have forgotten all that ran before the second slot of the scraper, which is stated to be older."""
    begin = evidence.runs()[1]["run_after"]
    for stated in evidence.of("dags-observed")["dags"].values():
        stated["since"] = evidence.of("airflow")["since"]
    for dag in (SCRAPER, CLEANUP, CANARY):
        for ending, key in ((f"{dag}/dagRuns", "dag_runs"), (f"{dag}/dagRuns/~/taskInstances", "task_instances")):
            evidence.remove(ending, key, lambda row: row["run_after"] < begin)
        oldest = next(page for page in evidence.answers(f"{dag}/dagRuns") if page["query"]["limit"] == "1")
        left = evidence.rows(f"{dag}/dagRuns", "dag_runs", dag)
        oldest["body"] = {"dag_runs": left[:1], "total_entries": len(left)}


def served(**changes: Any) -> Any:
    return lambda evidence: answer(evidence, f"/dags/{SCRAPER}")["body"].update(changes)


def beside(**changes: Any) -> Any:
    """Let Airflow serve one more DAG."""

    def by(evidence: Evidence) -> None:
        page = answer(evidence, "/dags")["body"]
        page["dags"].append({**page["dags"][0], **changes})
        page["total_entries"] += 1

    return by


def truncate(evidence: Evidence) -> None:
    for page in evidence.answers(f"{SCRAPER}/dagRuns"):
        page.pop("body")
        page["unreadable"] = "the list kept changing while it was read"


def deny_everything(evidence: Evidence) -> None:
    for page in evidence.of("airflow")["answers"]:
        page.pop("body")
        page["unreadable"] = "Airflow answers with an error (500)"


def data(change: Any) -> Any:
    return lambda evidence: change(evidence.of("dag-data")["collected"]["rows"])


def bag(change: Any, dag: str = SCRAPER) -> Any:
    def by(evidence: Evidence) -> None:
        change(next(one for one in evidence.of("dag-files")["bag"]["dags"] if one["dag_id"] == dag))

    return by


def tried(mode: str, **changes: Any) -> Any:
    def by(evidence: Evidence) -> None:
        next(one for one in evidence.of("dag-canary")["tried"] if one["mode"] == mode).update(changes)

    return by


SABOTAGES: tuple[Sabotage[Evidence], ...] = (
    Sabotage("the scheduler stood still for a while", RATES, stop_the_scheduler),
    Sabotage("a run was marked as a success by hand", UNTRUE, launder),
    Sabotage("a task was set to success by hand, in silence", UNTRUE, set_in_silence),
    Sabotage("a run was deleted and made anew", UNTRUE, lambda evidence: events(evidence, event="delete_dag_run", run_id=evidence.runs()[1]["dag_run_id"]), {"dag-run-duration", "dag-scheduler-delay"}),
    Sabotage("a run was cleared in silence", set(), clear_in_silence, {"dag-success-rate-rehearsed"}),
    Sabotage("an audit log that was cleaned", set(), clean_the_log, UNTRUE),
    Sabotage("an audit log that may not be read", set(), hide_the_log, UNTRUE),
    Sabotage("a failed task in a run that succeeded", UNTRUE, mask),
    Sabotage("rows that nobody executed", {"dag-record-intact", "dag-success-rate-rehearsed"}, fabricate),
    Sabotage("a history that begins too late", {"dag-record-intact", "data-for-every-slot"} | RATES, cut_off),
    Sabotage(
        "a run failed and left no dead letter",
        {"dag-success-rate-rehearsed", "dag-failures-accounted"},
        fail_a_run,
    ),
    Sabotage("a run hangs", {"dag-nothing-stuck", "dag-success-rate-rehearsed"}, hang, {"dag-run-duration"}),
    Sabotage("a run was too long for its slot", {"dag-run-duration", "dag-schedule-as-declared"}, overlap),
    Sabotage("a task waited for six minutes", {"dag-scheduler-delay"}, start_late),
    Sabotage("every task was tried four times", {"dag-task-failure-rate"}, try_again_and_again),
    Sabotage("a DAG is paused", {"dag-served-as-declared"}, served(is_paused=True)),
    Sabotage("the file of a DAG has gone", {"dag-served-as-declared"}, served(is_stale=True)),
    Sabotage("the file of a DAG is broken", {"dag-served-as-declared"}, served(has_import_errors=True)),
    Sabotage("a DAG that nobody declared", {"dags-all-declared"}, beside(dag_id="billing")),
    Sabotage("a DAG of others that is paused", set(), beside(dag_id="billing", is_paused=True)),
    Sabotage("a DAG of others that is exempt", set(), beside(dag_id="airflow_monitoring")),
    Sabotage("another schedule is served", {"dag-served-as-declared"}, served(timetable_summary="0 0 * * *")),
    Sabotage(
        "a scheduler that has not been heard of for an hour",
        {"airflow-alive"},
        lambda evidence: answer(evidence, "/health")["body"]["scheduler"].update(
            latest_scheduler_heartbeat=later(evidence.of("airflow")["now"], -timedelta(hours=1))
        ),
    ),
    Sabotage(
        "another version of Airflow",
        {"airflow-version-as-declared"},
        lambda evidence: answer(evidence, "/version")["body"].update(version="3.0.2"),
    ),
    Sabotage("a DAG processor that never ran, beside a triggerer", {"airflow-alive"}, never_parse),
    Sabotage("a page that was cut off", set(), truncate, AIRFLOW - {"airflow-alive", "airflow-version-as-declared", "dags-all-declared"}),
    Sabotage("Airflow is down", set(), deny_everything, AIRFLOW),
    Sabotage("a table without rows", {"data-for-every-slot", "data-every-source-fresh"}, data(lambda rows: rows.clear())),
    Sabotage("a time in the future", {"data-for-every-slot", "data-every-source-fresh"}, data(lambda rows: rows[-1].__setitem__(2, "2126-01-01T00:00:00+00:00"))),
    Sabotage("a file that does not import", {"dag-imports"}, lambda e: e.of("dag-files")["bag"]["import_errors"].update({"x.py": "SyntaxError"})),
    Sabotage("catchup", {"dag-no-catchup"}, bag(lambda dag: dag.update(catchup=True))),
    Sabotage("UTC", {"dag-schedule-timezone"}, bag(lambda dag: dag.update(timezone="UTC"))),
    Sabotage("another schedule in the file", {"dag-schedule-as-declared"}, bag(lambda dag: dag.update(cron="0 */8 * * *"))),
    Sabotage("a task is tried only twice", {"dag-retries"}, bag(lambda dag: dag["tasks"][0].update(retries=1))),
    Sabotage("no delay before a retry", {"dag-retries"}, bag(lambda dag: dag["tasks"][0].update(retry_delay=0.0))),
    Sabotage("a DAG without a callback", {"dag-failure-callback"}, bag(lambda dag: dag.update(failure_callback=False))),
    Sabotage("a task without a callback", {"dag-failure-callback"}, bag(lambda dag: dag["tasks"][0].update(failure_callback=False))),
    Sabotage("a DAG without a limit", {"dag-timeouts"}, bag(lambda dag: dag.update(timeout=None))),
    Sabotage("a task without a limit", {"dag-timeouts"}, bag(lambda dag: dag["tasks"][0].update(timeout=None))),
    Sabotage("a task more than declared", {"dag-structure"}, bag(lambda dag: dag["tasks"].append({**dag["tasks"][0], "task_id": "more"}))),
    Sabotage("a task in another place", {"dag-structure"}, bag(lambda dag: dag["tasks"][1].update(upstream=[]))),
    Sabotage("a last task that hides failures", {"dag-structure"}, bag(lambda dag: dag["tasks"][1].update(trigger_rule="all_done"))),
    Sabotage(
        "a rule is broken",
        {"dag-file-rules"},
        lambda evidence: evidence.of("dag-files")["rules"].append(BROKEN),
    ),
    Sabotage("the canary was not tried again", {"dag-retry-shown"}, tried("retry", tries=1)),
    Sabotage("nobody was told of a failure", {"dag-failure-alert-shown"}, tried("fail", notice=None, notices=0, notice_names=[])),
    Sabotage(
        "a drill of last summer",
        {"dag-failure-alert-shown", "dag-retry-shown", "dead-letter-shown"},
        lambda evidence: evidence.of("dag-canary").update(started="2026-07-01T00:00:00+00:00"),
    ),
    Sabotage("a killed task left no dead letter", {"dead-letter-shown"}, tried("kill", dead_letter=None, dead_letters=0, letter_names=[])),
)  # fmt: skip


def test_a_healthy_airflow_satisfies_all_that_a_rehearsal_can() -> None:
    found = outcomes(judged_evidence(healthy()))
    expected = dict.fromkeys(found, Outcome.SATISFIED)
    only_production = ("dag-success-rate", "collection-every-slot-in-production", "dag-task-failure-rate")
    expected |= dict.fromkeys(only_production, Outcome.UNDETERMINED)
    expected["dag-duration-regression"] = found["dag-duration-regression"]  # there was nothing to compare with
    assert found == expected


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_each_fault_breaks_exactly_what_is_stated(sabotage: Sabotage[Evidence]) -> None:
    before = outcomes(judged_evidence(healthy()))
    evidence = healthy()
    sabotage.by(evidence)
    findings = judged_evidence(evidence)
    changed = {id_: outcome for id_, outcome in outcomes(findings).items() if outcome is not before[id_]}
    told = "\n".join(str(one) for id_ in changed for one in findings[id_] if one.outcome is not Outcome.SATISFIED)
    assert {id_ for id_, outcome in changed.items() if outcome is Outcome.NOT_SATISFIED} == sabotage.breaks, told
    assert {id_ for id_, outcome in changed.items() if outcome is Outcome.UNDETERMINED} == sabotage.unsettles, told


def test_a_teams_checks_find_behind_the_boundary_what_they_would_find_here(tmp_path: Path) -> None:
    every = [healthy(), *(healthy() for _ in SABOTAGES)]
    for sabotage, evidence in zip(SABOTAGES, every, strict=False):
        sabotage.by(evidence)
    assert_found_apart([facts_of(each.stored, {}) for each in every], dag_checks(), "dags", tmp_path)


def test_every_check_of_dags_is_seen_red() -> None:
    """Save those that only production answers, and the comparison, which has a test of its own."""
    broken = set().union(*(sabotage.breaks for sabotage in SABOTAGES))
    elsewhere = {"dag-success-rate", "collection-every-slot-in-production", "dag-duration-regression", "dag-real-run"}
    assert {check.criterion for check in dag_checks()} == broken | elsewhere


def test_runs_that_slowed_down_are_seen() -> None:
    """As many runs as a comparison needs, each a half longer than in the last good run of the gate."""
    for factor, expected in ((1.0, Outcome.SATISFIED), (1.5, Outcome.NOT_SATISFIED)):
        evidence, before = healthy(), healthy()
        for kept, longer in ((evidence, factor), (before, 1.0)):
            multiply(kept, longer)
        evidence.stored.append(("airflow-before", {"run": "2026-11-25", "history": before.of("airflow")}))
        findings = judged_evidence(evidence)["dag-duration-regression"]
        assert expected in {one.outcome for one in findings}, [str(one) for one in findings]


@pytest.mark.parametrize("stopped", [False, True])
def test_a_month_in_which_the_scheduler_stood_still_is_seen(stopped: bool) -> None:
    """Only production has such a month: two slots are missed of 120, or none is."""
    evidence = healthy()
    if stopped:
        stop_the_scheduler(evidence)
    month = []
    for one in facts_of(evidence.stored, {}).of(SlotHistory):
        slot = replace(one.rates.slot, good=120 - (one.rates.slot.total - one.rates.slot.good), total=120)
        ledger = replace(one.ledger, since=one.ledger.until - timedelta(days=31))
        month.append(replace(one, ledger=ledger, rates=replace(one.rates, slot=slot)))
    collecting = (CollectionSlots(subject=SCRAPER, history=one) for one in month if one.subject == SCRAPER)
    found = outcomes(judged(Facts((*month, *collecting)), dag_checks(), "dags"))
    expected = Outcome.NOT_SATISFIED if stopped else Outcome.SATISFIED
    assert {found[id_] for id_ in ("dag-success-rate", "collection-every-slot-in-production")} == {expected}


def multiply(evidence: Evidence, longer: float) -> None:
    """Let there be 30 runs of the scraper, all alike but for a little."""
    page = next(page for page in evidence.answers(f"{SCRAPER}/dagRuns") if page["query"]["limit"] != "1")
    first = evidence.runs()[0]
    begin = datetime.fromisoformat(first["start_date"])
    rows = [
        {**first, "dag_run_id": f"scheduled__{number}", "run_after": later(first["run_after"], timedelta(seconds=number)),
         "end_date": (begin + timedelta(seconds=(2 + number / 100) * longer)).isoformat()}
        for number in range(30)
    ]  # fmt: skip
    page["body"] = {"dag_runs": rows, "total_entries": len(rows)}


def test_why_airflow_could_not_be_read_is_the_reason_of_all_that_it_tells() -> None:
    evidence = healthy()
    for page in evidence.answers("/version"):
        del page["body"]
        page["unreadable"] = "user 'viewer' is not accepted (401)"
    found = judged_evidence(evidence)
    assert {one.reason for id_ in AIRFLOW for one in found[id_]} == {"user 'viewer' is not accepted (401)"}
