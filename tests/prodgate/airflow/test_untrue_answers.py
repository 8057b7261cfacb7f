"""Answers that are not what they seem: each ends in the same history or in none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from prodgate.airflow.paging import MAX_ROWS
from prodgate.aws.answers import Unreadable

from .fake import HOUR, NEW, NOW, Reply, a_dag, a_run, an_airflow
from .wrong_answers import (
    BOTH,
    EVENTS,
    IDS,
    PARTS,
    RUNS,
    SINCE,
    TASKS,
    growing,
    history,
    ids,
    key_of,
    numbered,
    of,
    shorter,
    whole_list,
)


@BOTH
@pytest.mark.parametrize("filtered", [True, False], ids=["ignored limit", "ignored filters"])
def test_parameters_that_are_ignored_change_nothing(version: str, filtered: bool) -> None:
    fake = an_airflow(version)
    fake.fault = whole_list(fake, filtered=filtered)
    found, expected = history(fake), history(an_airflow(version))
    assert (found.runs, found.tasks, found.events) == (expected.runs, expected.tasks, expected.events)


@BOTH
def test_shorter_pages_than_asked_for_lose_nothing(version: str) -> None:
    found = history(an_airflow(version, fault=of(RUNS, TASKS, EVENTS)(shorter)))
    assert (ids(found), len(found.tasks)) == (IDS, 300)


@BOTH
@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda query, found: {key_of(found): [] if int(query.get("offset", 0)) else found[key_of(found)][:1], "total_entries": 130}, "ends after 1 of 130"),
        (lambda query, found: found | {"total_entries": None}, "does not say how many .* but None"),
        (lambda query, found: {k: v for k, v in found.items() if k != "total_entries"}, "does not say how many"),
        (lambda query, found: found | {"total_entries": True}, "does not say how many"),
        (lambda query, found: found | {"total_entries": MAX_ROWS + 1}, "more than 200000 are not read"),
        (lambda query, found: {"total_entries": 0}, "does not list"),
        (lambda query, found: [], "does not list"),
        (lambda query, found: {key_of(found): ["x"], "total_entries": 1}, "does not list"),
        (lambda query, found: {key_of(found): [{}], "total_entries": 1}, "rows without their ids"),
        (lambda query, found: {key_of(found): found[key_of(found)][:1] * 2, "total_entries": 2}, "kept changing.* 2 .* came twice"),
        (lambda query, found: {key_of(found): found[key_of(found)][:1] * 2, "total_entries": 1}, "kept changing.*2 .* of 1"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_whole_is_no_list(version: str, path: str, change: Any, said: str) -> None:
    found = history(an_airflow(version, slots=2, fault=of(path)(change)))
    with pytest.raises(Unreadable, match=f"GET {path}: .*{said}"):
        getattr(found, PARTS[path])
    for other in {"runs", "events", "import_failures"} - {PARTS[path]}:  # tasks and the oldest need the runs
        getattr(found, other)


def twice(path: str, reply: Reply) -> Reply:
    """The list of runs with its first row in place of its last."""
    if path != RUNS:
        return reply
    rows = reply.document["dag_runs"]
    return replace(reply, document=reply.document | {"dag_runs": [*rows[:-1], *rows[:1]]})


@BOTH
def test_a_list_that_changed_is_read_anew_and_not_for_ever(version: str) -> None:
    assert ids(history(an_airflow(version, fault=of(RUNS)(growing(numbered(2)))))) == IDS
    assert ids(history(an_airflow(version, fault=of(RUNS)(growing(numbered(3)))))) == IDS  # by days, of one page each
    found = history(an_airflow(version, slots=100, fault=lambda path, query, reply: twice(path, reply)))
    with pytest.raises(
        Unreadable, match=r"kept changing while it was read, 3 times \(some of 100 dag_runs came twice\)"
    ):
        _ = found.runs
    with pytest.raises(Unreadable, match="kept changing"):
        _ = found.tasks


def test_an_offset_that_is_ignored_is_noticed() -> None:
    fake = an_airflow(NEW)
    first = fake._answered(RUNS, {"limit": "100", "run_after_gte": SINCE.isoformat()}).document
    with pytest.raises(Unreadable, match="kept changing"):
        _ = history(an_airflow(NEW, fault=of(RUNS)(lambda query, found: first))).runs


@BOTH
@pytest.mark.parametrize(
    ("path", "field", "value", "said"),
    [
        (RUNS, "data_interval_end run_after", "2026-11-26T12:00:00", "names no time zone"),
        (RUNS, "start_date", "yesterday", "ValueError"),
        (RUNS, "state", None, "state is None"),
        (TASKS, "map_index", None, "TypeError"),
        (EVENTS, "when", None, "an event without its time"),
    ],
)
def test_a_row_that_is_not_as_airflow_writes_it_is_not_guessed_at(
    version: str, path: str, field: str, value: Any, said: str
) -> None:
    def change(query: Mapping[str, str], found: Any) -> Any:
        rows = [row | dict.fromkeys(field.split(), value) for row in found[key_of(found)]]
        return found | {key_of(found): rows}

    with pytest.raises(Unreadable, match=f"a row is not as Airflow writes it.*{said}"):
        getattr(history(an_airflow(version, slots=2, fault=of(path)(change))), PARTS[path])


@BOTH
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_is_forbidden_is_unread_for_who_looks_at_it_alone(version: str, status: int) -> None:
    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(status, {"detail": "no"}) if path == EVENTS else reply

    found = history(an_airflow(version, fault=fault))
    assert ids(found) == IDS
    with pytest.raises(Unreadable, match=f"GET /eventLogs: {status}"):
        _ = found.events


def test_a_part_of_the_api_that_is_not_there_is_no_empty_part() -> None:
    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(404, {"detail": "no"}) if path in (EVENTS, RUNS) else reply

    found = history(an_airflow(fault=fault))
    for part in ("events", "runs", "tasks", "oldest"):
        with pytest.raises(Unreadable, match="is not there"):
            getattr(found, part)


def test_a_dag_of_another_name_is_not_the_one_that_was_asked_for() -> None:
    with pytest.raises(Unreadable, match="speaks of 'other'"):
        _ = history(an_airflow(slots=0, dags={"news": a_dag("other")})).served


def test_an_oldest_run_that_is_not_shown_is_unknown() -> None:
    def change(query: Mapping[str, str], found: Any) -> Any:
        return found | {"dag_runs": []} if query["limit"] == "1" else found

    with pytest.raises(Unreadable, match="shows none of 2 dag_runs"):
        _ = history(an_airflow(slots=2, fault=of(RUNS)(change))).oldest


def test_an_oldest_run_of_another_dag_is_not_ours() -> None:
    older = {"dag_runs": [a_run("other", "old", NOW - 900 * HOUR)], "total_entries": 3}
    fake = an_airflow(slots=2, fault=of(RUNS)(lambda query, found: older if query["limit"] == "1" else found))
    assert history(fake).oldest == {"news": NOW - HOUR}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"version": "1.10.15"}, "'1.10.15' is no version of Airflow that can be read"),
        ({"version": "4.0.0"}, "can be read; 2.x and 3.x can"),
        ({"version": None}, "states none"),
        ([], "states none"),
    ],
)
def test_without_a_version_nothing_is_read(answer: Any, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        history(an_airflow(fault=of("/version")(lambda query, found: answer)))


@pytest.mark.parametrize("name", ["../variables", "a/b", "a?b", "", "..", "a b"])
def test_what_would_be_another_path_is_not_asked_for(name: str) -> None:
    fake = an_airflow()
    with pytest.raises(Unreadable, match="can't be the id of a DAG"):
        history(fake, name)
    assert not fake.asked
