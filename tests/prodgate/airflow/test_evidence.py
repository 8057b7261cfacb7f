"""The same history again, offline, of what was kept."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from prodgate.airflow.observing import observe_history, recall_history
from prodgate.airflow.records import History
from prodgate.aws.answers import Unreadable

from .fake import HOUR, NOW, Fake, Reply, an_airflow, an_event
from .wrong_answers import (
    BOTH,
    IDS,
    RUNS,
    SINCE,
    Asking,
    growing,
    history,
    ids,
    numbered,
    of,
)


def replayed(fake: Fake) -> tuple[History, str]:
    evidence = json.dumps(observe_history(Asking(fake), ["news", "renamed"], since=SINCE, now=NOW))
    return recall_history(json.loads(evidence)), evidence


@BOTH
def test_evidence_gives_the_same_history_without_a_network(version: str) -> None:
    fake = an_airflow(version)
    found, _ = replayed(fake)
    assert found == history(an_airflow(version), "news", "renamed")


def test_evidence_of_a_list_that_changed_gives_what_was_read_at_last() -> None:
    found, _ = replayed(an_airflow(fault=of(RUNS)(growing(numbered(1)))))
    assert ids(found) == IDS


def test_evidence_holds_no_configuration_no_note_and_no_secret() -> None:
    token = "ghp_" + "a" * 36
    fake = an_airflow(slots=1, events=[
        an_event(1, "trigger_dag_run", NOW - HOUR, extra='{"conf": {"password": "swordfish"}, "dag_run_id": "a"}'),
        an_event(2, "patch_dag_run", NOW - HOUR, extra="state=swordfish"),
    ], import_errors=[{"import_error_id": 1, "filename": "/dags/x.py", "stack_trace": f"KeyError: {token}"}])  # fmt: skip
    found, evidence = replayed(fake)
    assert [word for word in ("swordfish", "555-0100", token) if word in evidence] == []
    assert [event.asked for event in found.events] == ['{"dag_run_id":"a"}', '"not in JSON"']
    assert found.import_failures[0].text == "KeyError: (redacted: a GitHub token)"


def test_what_could_not_be_read_is_evidence_too() -> None:
    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(500, {"detail": "down"}) if path in (RUNS, "/monitor/health") else reply

    found, _ = replayed(an_airflow(fault=fault))
    for part in ("runs", "heartbeats"):
        with pytest.raises(Unreadable, match="500: down"):
            getattr(found, part)
    dead = observe_history(
        Asking(an_airflow(fault=of("/version")(lambda query, found: []))), ["news"], since=SINCE, now=NOW
    )
    with pytest.raises(Unreadable, match="states none"):
        recall_history(dead)


def test_what_was_not_asked_then_is_not_known_now() -> None:
    evidence = observe_history(Asking(an_airflow()), ["news"], since=SINCE, now=NOW)
    with pytest.raises(Unreadable, match="was not asked in that run; observe again"):
        _ = recall_history(evidence | {"dags": ["other"]}).served


@BOTH
def test_a_component_that_only_paused_is_looked_at_again(version: str) -> None:
    fake, waits = ill(version), list[float]()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            fake.health["dag_processor"]["status"] = "healthy"

    found = recall_history(observe_history(Asking(fake), ["news"], since=SINCE, now=NOW, wait=wait))
    assert all(beat.healthy for beat in found.heartbeats)
    assert len(waits) == 2


@BOTH
def test_a_component_that_stays_ill_is_ill_when_patience_ends(version: str) -> None:
    found = recall_history(observe_history(Asking(ill(version)), ["news"], since=SINCE, now=NOW, patience=0))
    assert [beat.healthy for beat in found.heartbeats] == [True, False]


def ill(version: str) -> Fake:
    fake = an_airflow(version, slots=0)
    fake.health["dag_processor"]["status"] = "unhealthy"
    return fake
