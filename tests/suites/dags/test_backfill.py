"""Slots that a real Airflow missed and then ran by a backfill, which takes PostgreSQL: Airflow 3 refuses it on SQLite."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from prodgate.airflow.history import observe_history, recall_history
from prodgate.dags.ledger import Ledger, SlotState, build_ledger
from prodgate.layers.dags.facts import dag_from_json
from tests.prodgate.rehearsal.site.postgres import postgres

from .stage import Stage, staged

pytestmark = [pytest.mark.alone, pytest.mark.once]
CRON = "* * * * * */10"
#: How long the scheduler stands still: some slots pass, and their grace ends.
STOPPED = 45
DECLARED = {"cron": CRON, "timezone": "Asia/Tokyo", "window": 600.0, "grace": 15.0, "limit": 60.0}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with postgres() as url:
        server = url.replace("postgresql:", "postgresql+psycopg2:")
        with staged(tmp_path_factory.mktemp("airflow"), {"healthy": {}}, {"healthy": CRON}, server=server) as ready:
            yield ready


def seen(stage: Stage, since: datetime) -> Ledger:
    answers = observe_history(stage.gate, ["healthy"], since=since, now=datetime.now(UTC))
    return build_ledger(dag_from_json("healthy", DECLARED), recall_history(answers))


def test_a_backfill_covers_what_was_missed_and_is_seen_as_one(stage: Stage) -> None:
    since = datetime.now(UTC)
    stage.until(lambda: stage.ran_after("healthy", since), "a run of the clock")
    stage.airflow.send_command("stop scheduler")
    stage.wait(STOPPED)
    stage.airflow.start("scheduler")
    begun = datetime.now(UTC)
    stage.until(lambda: stage.ran_after("healthy", begun), "a run after the pause")
    missed = [row.slot for row in seen(stage, since).rows if row.state is SlotState.MISSED]
    assert len(missed) >= 2

    told = {"dag_id": "healthy", "from_date": missed[0].isoformat(), "to_date": missed[-1].isoformat()}
    stage.writer.post("/backfills", {**told, "max_active_runs": 2, "reprocess_behavior": "none"})

    def covered() -> bool:
        states = {row.slot: row.state for row in seen(stage, since).rows}
        return all(states[slot] is SlotState.BACKFILL for slot in missed)

    stage.until(covered, "the backfill of every missed slot")
    found = seen(stage, since)
    assert sum(found.counts.values()) == len(found.rows)
    assert found.counts[SlotState.BACKFILL] == len(missed)
