from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.airflow.records import History, ImportFailure
from prodgate.dags.service_flaws import find_service_flaws

from .histories import DAG, NOW, history, history_of, run_of

GOOD = history()


def found(record: History) -> list[tuple[str, str]]:
    return [(flaw.kind, flaw.words) for flaw in find_service_flaws(DAG, record)]


def served(**changes: Any) -> History:
    return replace(GOOD, served=(replace(GOOD.served[0], **changes),))


def test_a_dag_that_runs_as_declared_has_none() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"paused": True}, "paused", "it is paused"),
        ({"stale": True}, "stale", "its file 'nba_news_scraper.py' is gone"),
        ({"broken": True}, "broken", "its file 'nba_news_scraper.py' can't be imported"),
        ({"schedule": "0 */4 * * *"}, "schedule", "Airflow has the schedule '0 */4 * * *', and '0 */6 * * *' is declared"),
        ({"dag_id": "nba_news"}, "unknown", "Airflow has no DAG of this name"),
        ({"next_slot": None}, "next_slot", "Airflow states no next slot"),
        (
            {"next_slot": datetime(2026, 11, 26, 18, tzinfo=UTC)},  # every 6 hours, counted in UTC
            "next_slot",
            "Airflow's next slot 2026-11-26 18:00:00 UTC is none of '0 */6 * * *' in Asia/Tokyo",
        ),
    ],
)  # fmt: skip
def test_a_dag_that_will_not_run_as_declared(changes: dict[str, Any], kind: str, words: str) -> None:
    ((is_kind, says),) = found(served(**changes))
    assert is_kind == kind
    assert says.startswith(words)


def test_spaces_make_no_other_schedule() -> None:
    assert found(served(schedule="0  */6 * * *")) == []


def test_airflow_2_states_no_next_slot_while_a_run_is_active() -> None:
    active = run_of(NOW - timedelta(minutes=5), state="running")
    assert found(replace(served(next_slot=None), runs=(active,))) == []


def test_a_file_that_cannot_be_imported_is_told_of_in_its_last_words() -> None:
    text = "Traceback (most recent call last):\n  File \"x.py\", line 1\nModuleNotFoundError: No module named 'feedparser'\n"
    record = replace(GOOD, import_failures=(ImportFailure(file="x.py", text=text), ImportFailure(file="a.py", text="")))
    assert found(record) == []
    assert found(replace(record, served=())) == [
        ("unknown", "Airflow has no DAG of this name"),
        ("import_failure", "'a.py' can't be imported, and may be what makes it: no reason is given"),
        (
            "import_failure",
            "'x.py' can't be imported, and may be what makes it: ModuleNotFoundError: No module named 'feedparser'",
        ),
    ]


def test_an_airflow_that_tells_nothing_has_flaws() -> None:
    record = replace(history_of([]), served=(), heartbeats=())
    assert [kind for kind, _ in found(record)] == ["unknown"]
