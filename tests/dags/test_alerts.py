"""How people are alerted to failures, even when one of the ways fails."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from nba_news import alerts
from nba_news.slots import slot_of
from tests.dags.servers import World, serving

SLOT = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    with serving() as world:
        aws = f"http://127.0.0.1:{world.port}"
        for name, value in {
            "AWS_ENDPOINT_URL": aws, "AWS_DEFAULT_REGION": "ap-northeast-1", "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b", "DEAD_LETTER_QUEUE_URL": f"{aws}/1/dead-letters",
            "FAILURE_TOPIC_ARN": "arn:aws:sns:ap-northeast-1:1:failures",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield world


def context(**more: Any) -> dict[str, Any]:
    tasks = [SimpleNamespace(task_id=name) for name in ("settle", "collect")]
    run = SimpleNamespace(run_id="scheduled__1", run_after=SLOT)
    task = SimpleNamespace(task_id="collect", map_index=1, try_number=4, max_tries=3)
    return {"dag": SimpleNamespace(dag_id="news", tasks=tasks), "dag_run": run, "ti": task, **more}


def test_a_failed_task_is_told_to_people_and_leaves_no_dead_letter(told: World) -> None:
    alerts.task_failed(context(exception=ConnectionError("postgresql://airflow:hunter2@db/news refused")))
    (notice,) = told.notices
    assert (notice["dag_id"], notice["run_id"], notice["tasks"], notice["map_index"]) == (
        "news",
        "scheduled__1",
        ["collect"],
        1,
    )
    assert (notice["try"], notice["error"], notice["slot"]) == (4, "ConnectionError", SLOT.isoformat())
    assert "hunter2" not in json.dumps(notice)
    assert told.letters == []


@pytest.mark.parametrize(
    ("last", "more", "notices"),
    [(1, {}, 0), (3, {}, 0), (4, {}, 1), (1, {"exception": KeyError("told by the task: no retry")}, 1)],
)
def test_a_try_that_a_scheduler_lost_is_no_alarm_while_more_follow(
    told: World, last: int, more: dict[str, Any], notices: int
) -> None:
    task = SimpleNamespace(task_id="collect", map_index=1, try_number=last, max_tries=3)
    alerts.task_failed(context(ti=task, **more))
    assert len(told.notices) == notices


def test_a_failed_run_leaves_one_dead_letter_and_a_notice(told: World) -> None:
    alerts.run_failed(context(reason="timed_out"))
    (letter,), (notice,) = told.letters, told.notices
    assert (letter["kind"], letter["error"], letter["tasks"]) == ("dag-run-failed", "timed_out", ["collect", "settle"])
    assert notice["subject"] == "news: dag-run-failed"


def test_airflow_2_says_which_tasks_failed(told: World) -> None:
    asked = []

    def get_task_instances(state: list[str]) -> list[Any]:
        asked.append(state)
        return [
            SimpleNamespace(task_id="settle"),
            SimpleNamespace(task_id="collect"),
            SimpleNamespace(task_id="collect"),
        ]

    run = SimpleNamespace(run_id="scheduled__1", get_task_instances=get_task_instances)
    alerts.run_failed(context(dag_run=run, data_interval_end=SLOT))
    assert (told.letters[0]["tasks"], told.letters[0]["slot"]) == (["collect", "settle"], SLOT.isoformat())
    assert asked == [["failed", "upstream_failed"]]


def test_a_run_of_which_airflow_knows_the_id_alone_leaves_a_dead_letter_as_well(told: World) -> None:
    alerts.run_failed({"dag": SimpleNamespace(dag_id="news", tasks=[]), "run_id": "manual__1", "reason": None})
    assert (told.letters[0]["run_id"], told.letters[0]["slot"], told.letters[0]["error"]) == (
        "manual__1",
        None,
        "unknown",
    )


@pytest.mark.parametrize(
    ("closed", "gone", "said"),
    [("sqs", (0, 1), "to_queue: ClientError"), ("sns", (1, 0), "to_topic: ")],
)
def test_one_way_that_is_closed_does_not_close_the_other(
    told: World, closed: str, gone: tuple[int, int], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    told.broken.add(closed)
    with pytest.raises(alerts.AlertError, match=f"news scheduled__1: {said}"):
        alerts.run_failed(context())
    assert (len(told.letters), len(told.notices)) == gone
    assert "the failure of scheduled__1 could not be told" in caplog.text


def test_an_environment_that_names_no_queue_is_told(told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEAD_LETTER_QUEUE_URL")
    with pytest.raises(alerts.AlertError, match="to_queue: KeyError"):
        alerts.run_failed(context())
    assert len(told.notices) == 1


def test_the_slot_is_in_utc_whatever_the_version_calls_it() -> None:
    tokyo = datetime.fromisoformat("2026-11-24T15:00:00+09:00")
    assert slot_of({"dag_run": SimpleNamespace(run_after=tokyo)}) == SLOT
    assert slot_of({"dag_run": SimpleNamespace(), "data_interval_end": tokyo}).isoformat() == SLOT.isoformat()
