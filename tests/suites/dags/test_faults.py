"""Faults on a real Airflow: each turns exactly its checks red, and anything unreadable is undetermined."""

import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from prodgate.airflow.direct import HttpTransport, Login
from prodgate.airflow.history import observe_history
from prodgate.airflow.transport import Transport
from prodgate.aws.answers import Unreadable
from prodgate.collected.observing import observe as look_at_data
from prodgate.layers.dags.facts import DATA, DECLARED, HISTORY, OBSERVED, facts_of
from prodgate.sections.dags import parse_data_section
from prodgate.testing import Finding, Outcome
from tests.suites.judging import Findings, judged

from .harness import dag_checks
from .stage import VERSION, Stage, staged, write

pytestmark = [pytest.mark.alone, pytest.mark.once]

#: Seconds between two slots, and for how long they are watched.
EVERY, WATCHED = 10, 75
#: Seconds after which Airflow takes a scheduler that says nothing for ill.
SILENT = 32
FAIL = 'raise ValueError("on purpose")'
#: What each DAG is, and what becomes of it.
DAGS = {
    "healthy": {},
    "laundered": {"work": FAIL},
    "masked": {"work": FAIL, "then": ">> settle()"},
    "killed": {"work": "os.kill(os.getpid(), signal.SIGKILL)"},
    "paused": {},
    "renamed": {},
}
#: A DAG of one slot, declared in Tokyo's time, whose file says the same of UTC.
ELSEWHERE = "elsewhere"
TABLE = {"database": "env:DATA", "table": "collections", "source": "source", "slot": "slot", "written": "at",
         "rows": "rows", "sources": ["court"]}  # fmt: skip

SLOTS = {"dag-success-rate-rehearsed"}
BREAKS = {
    "healthy": set[str](),
    "laundered": {"dag-record-intact", "dag-real-run", *SLOTS},
    "masked": {"dag-record-intact", "dag-real-run", *SLOTS},
    "killed": {"dag-real-run", *SLOTS},
    "paused": {"dag-served-as-declared"},
    "renamed": {"dag-real-run", "dag-served-as-declared", *SLOTS},
    ELSEWHERE: {"dag-real-run", "dag-served-as-declared", *SLOTS},
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    schedules = {name: f"* * * * * {number}/{EVERY}" for number, name in enumerate(DAGS)}
    with staged(tmp_path_factory.mktemp("airflow"), DAGS, schedules) as ready:
        yield ready


def history(
    since: datetime, through: Transport, patience: float = 60.0, now: datetime | None = None
) -> Mapping[str, Any]:
    return observe_history(through, [*DAGS, ELSEWHERE], since=since, now=now or datetime.now(UTC), patience=patience)


def declared(cron: str) -> list[tuple[str, Any]]:
    """The declared DAGs, with the one in another zone on ``cron``."""
    common = {"timezone": "Asia/Tokyo", "window": 600.0, "grace": 40.0, "limit": 600.0}
    dags = {name: {"cron": f"* * * * * {number}/{EVERY}", **common} for number, name in enumerate(DAGS)}
    dags[ELSEWHERE] = {"cron": cron, **common, "grace": 10.0}
    said = {"version": VERSION, "files": {}, "collecting": ["healthy"], "acknowledged": []}
    return [(DECLARED, said), (OBSERVED, {"place": "airflow", "crowded": "", "dags": dags})]


def findings(seen: Mapping[str, Any], *more: tuple[str, Any], cron: str = "0 0 1 1 *") -> Findings:
    return judged(facts_of([*declared(cron), (HISTORY, seen), *more], {}), dag_checks(), "dags")


def red(found: Mapping[str, list[Finding]], dag: str) -> set[str]:
    """Return the criteria that a DAG does not satisfy, or its data."""
    return {
        id_ for id_, each in found.items() for one in each
        if one.subject.partition(":")[0] == dag and one.outcome is Outcome.NOT_SATISFIED
    }  # fmt: skip


class Watched(NamedTuple):
    """The faults of the DAGs, and the end of that minute: other tests disturb Airflow later, in any order."""

    since: datetime
    now: datetime
    broken: dict[str, list[Finding]]


@pytest.fixture(scope="module")
def watched(stage: Stage) -> Watched:
    """A minute in which something befell each DAG but one, and nothing Airflow itself."""
    (stage.airflow.dags / "renamed.py").unlink()
    write(stage.airflow.dags, "another_name")
    soon = datetime.now(ZoneInfo("Asia/Tokyo")) + timedelta(seconds=100)
    cron = f"{soon.minute} {soon.hour} * * *"
    write(stage.airflow.dags, ELSEWHERE, schedule=cron, zone="UTC")
    stage.until(lambda: "renamed" not in stage.served() and ELSEWHERE in stage.served(), "the files to be read again")
    since = datetime.now(UTC)
    stage.wait(WATCHED)
    stage.wait((soon.replace(second=0) - datetime.now(UTC)).total_seconds() + 15)
    stage.change("/dags/paused", {"is_paused": True})
    for run in stage.runs("laundered", "failed"):
        stage.change(f"/dags/laundered/dagRuns/{run['dag_run_id']}", {"state": "success"})
    now = datetime.now(UTC)
    broken = findings(history(since, stage.gate, now=now), cron=cron)
    return Watched(now - timedelta(seconds=WATCHED), now, broken)


@pytest.mark.parametrize("dag", BREAKS)
def test_a_fault_turns_exactly_its_checks_red(watched: Watched, dag: str) -> None:
    assert red(watched.broken, dag) == BREAKS[dag], [
        f"{one.criterion}: {one.observed} {one.reason}"
        for each in watched.broken.values()
        for one in each
        if one.subject == dag
    ]


def test_nothing_else_is_wrong_with_airflow(watched: Watched) -> None:
    assert {one.outcome for one in watched.broken["airflow-alive"]} == {Outcome.SATISFIED}
    assert {one.outcome for one in watched.broken["airflow-version-as-declared"]} == {Outcome.SATISFIED}


class Altered:
    """The real Airflow, through something that changes its answers."""

    def __init__(self, transport: Transport, change: Callable[[dict[str, Any], Mapping[str, str], int], Any]) -> None:
        self.transport, self.change, self.asked = transport, change, 0

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        body = self.transport.get(path, query)
        if path.endswith("/healthy/dagRuns") and "run_after_gte" in query:
            self.asked += 1
            self.change(body, query, self.asked)
        return body


def truncated(body: dict[str, Any], query: Mapping[str, str], _asked: int) -> None:
    body["dag_runs"] = body["dag_runs"][:2] if query["offset"] == "0" else []


def growing(body: dict[str, Any], _query: Mapping[str, str], asked: int) -> None:
    body["total_entries"] += asked
    body["dag_runs"] = body["dag_runs"][:2]


@pytest.mark.parametrize(("change", "says"), [(truncated, "ends after 2 of"), (growing, "kept changing")])
def test_a_list_that_is_not_whole_settles_nothing(
    stage: Stage, watched: Watched, change: Callable[..., None], says: str
) -> None:
    altered = Altered(stage.gate, change)
    found = findings(history(watched.since, altered, now=watched.now))
    assert altered.asked
    for criterion in ("dag-success-rate-rehearsed", "dag-record-intact"):
        assert {one.outcome for one in found[criterion]} == {Outcome.UNDETERMINED}
        assert all(says in one.reason for one in found[criterion]), found[criterion]


def test_a_filter_that_is_ignored_hides_nothing(stage: Stage, watched: Watched) -> None:
    """All runs of all DAGs, of all times, are returned for any request; the judgement is the same."""

    class Deaf:
        def get(self, path: str, query: Mapping[str, str]) -> Any:
            if not path.endswith("/dagRuns"):
                return stage.gate.get(path, query)
            left = {key: query[key] for key in ("limit", "offset", "order_by") if key in query}
            return stage.gate.get("/dags/~/dagRuns", left)

    whole, deaf = (history(watched.since, each, now=watched.now) for each in (stage.gate, Deaf()))
    assert red(findings(deaf), "healthy") == red(findings(whole), "healthy") == set()


def test_an_empty_table_is_no_data(stage: Stage, watched: Watched, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "news.sqlite")) as connection:
        connection.execute("CREATE TABLE collections (source TEXT, slot TEXT, at TEXT, rows INTEGER)")
    section = parse_data_section(TABLE)
    url = f"sqlite:///{tmp_path / 'news.sqlite'}"
    seen = look_at_data(section, watched.since, environment={"DATA": url}, secret=pytest.fail, account=None)  # type: ignore[arg-type]
    data = (DATA, {"dag": "healthy", "section": TABLE, "collected": seen})
    found = findings(history(watched.since, stage.gate, now=watched.now), data)
    assert {one.outcome for one in found["data-for-every-slot"]} == {Outcome.NOT_SATISFIED}
    assert {one.outcome for one in found["data-every-source-fresh"]} == {Outcome.NOT_SATISFIED}
    assert red(found, "healthy") == {"data-every-source-fresh", "data-for-every-slot"}


def test_a_scheduler_that_stood_still_has_missed_slots(stage: Stage, watched: Watched) -> None:
    stage.airflow.send_command("stop scheduler")
    since = datetime.now(UTC)  # a run that it was in the middle of is not of this time
    stage.wait(WATCHED)
    stage.airflow.start("scheduler")
    wait_for_run(stage)
    found = findings(history(since, stage.gate))
    assert {one.outcome for one in found["airflow-alive"]} == {Outcome.SATISFIED}
    late = {"dag-run-duration"}  # on a slow machine the first run after the pause ends after the next slot
    assert red(found, "healthy") - late == {"collection-every-slot", *SLOTS}


def test_a_scheduler_that_is_gone_is_not_alive(stage: Stage, watched: Watched) -> None:
    stage.airflow.send_command("stop scheduler")
    try:
        stage.wait(SILENT)
        found = findings(history(datetime.now(UTC) - timedelta(seconds=5), stage.gate, patience=3))
        alive = {one.subject: one.outcome for one in found["airflow-alive"]}
        assert alive == {"airflow: scheduler": Outcome.NOT_SATISFIED, "airflow: dag_processor": Outcome.SATISFIED}
    finally:
        stage.airflow.start("scheduler")
        wait_for_run(stage)


def test_who_is_not_let_in_knows_nothing(stage: Stage) -> None:
    with HttpTransport(stage.airflow.url, Login("viewer", "wrong")) as stranger:
        unknown(stranger, r"not accepted \(401\)")


def test_an_airflow_that_does_not_answer_is_undetermined(stage: Stage) -> None:
    """Its web server stands still."""
    server = stage.airflow.pids()["api-server"]
    halt(server, signal.SIGSTOP)
    try:
        with HttpTransport(stage.airflow.url, Login("viewer", "x"), limit=1.0) as waiting:
            unknown(waiting, "within 1 s|timed out")
    finally:
        halt(server, signal.SIGCONT)
        wait_for_answer(stage)


def test_an_airflow_that_is_down_is_undetermined(stage: Stage) -> None:
    stage.airflow.send_command("stop api-server")
    try:
        with HttpTransport(stage.airflow.url, Login("viewer", "x")) as alone:
            unknown(alone, "refused")
    finally:
        stage.airflow.start("api-server")
        wait_for_answer(stage)


def wait_for_run(stage: Stage) -> None:
    """Wait until the scheduler is at work again."""
    begun = datetime.now(UTC)
    stage.until(lambda: stage.ran_after("healthy", begun), "a run after the pause")


def wait_for_answer(stage: Stage) -> None:
    """Wait until the web server answers again."""

    def answers() -> bool:
        try:
            return bool(stage.served())
        except Unreadable:
            return False

    stage.until(answers, "an answer of the web server")


def halt(pid: int, number: int) -> None:
    """Send a signal to a process and to those below it, which are of its group."""
    os.killpg(os.getpgid(pid), number)


def unknown(transport: Transport, says: str) -> None:
    found = findings(history(datetime.now(UTC) - timedelta(minutes=1), transport))
    for criterion in (
        "airflow-alive",
        "dag-success-rate-rehearsed",
        "dag-record-intact",
        "airflow-version-as-declared",
    ):
        assert {one.outcome for one in found[criterion]} == {Outcome.UNDETERMINED}
        assert all(re.search(says, one.reason) for one in found[criterion]), found[criterion]
