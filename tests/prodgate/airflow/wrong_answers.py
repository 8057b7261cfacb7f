"""Reads a fake Airflow without a network, and makes its answers wrong in several ways."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from prodgate.airflow.history import read_history
from prodgate.airflow.records import History
from prodgate.aws.answers import Absent, Unreadable

from .fake import HOUR, NEW, NOW, OLD, Fake, Reply

SINCE = NOW - 149.5 * HOUR
IDS = [f"run-{n}" for n in range(150)]
BOTH = pytest.mark.parametrize("version", [OLD, NEW])
RUNS, TASKS, EVENTS = "/dags/news/dagRuns", "/dags/news/dagRuns/~/taskInstances", "/eventLogs"
PARTS = {RUNS: "runs", TASKS: "tasks", EVENTS: "events", "/importErrors": "import_failures"}


class Asking:
    """A transport that asks a fake without a network."""

    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        reply = self.fake.answer("GET", path, dict(query))
        if reply.status == 404:
            raise Absent("404")
        if reply.status != 200:
            raise Unreadable(f"GET {path}: {reply.status}: {reply.document['detail']}")
        return json.loads(reply.sent)


def history(fake: Fake, *dag_ids: str) -> History:
    return read_history(Asking(fake), dag_ids or ("news",), since=SINCE, now=NOW)


def ids(found: History) -> list[str]:
    return sorted((run.run_id for run in found.runs), key=lambda name: int(name.rpartition("-")[2]))


def of(*paths: str) -> Callable[[Callable[[Mapping[str, str], Any], Any]], Callable[..., Reply]]:
    """Change what is answered at paths."""

    def made(change: Callable[[Mapping[str, str], Any], Any]) -> Callable[..., Reply]:
        def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
            return Reply(200, change(query, reply.document)) if path in paths else reply

        return fault

    return made


def key_of(document: Mapping[str, Any]) -> str:
    return next(name for name in document if name != "total_entries")


def numbered(times: int) -> Callable[[], bool]:
    """Whether it was called as often, or less."""
    calls = iter(range(10_000))
    return lambda: next(calls) < times


def shorter(query: Mapping[str, str], document: Any) -> Any:
    return document | {key_of(document): document[key_of(document)][:30]}


def whole_list(fake: Fake, *, filtered: bool) -> Callable[..., Reply]:
    """Ignore limit and offset, and filters too."""

    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        if path not in (RUNS, TASKS, EVENTS) or query.get("limit") == "1":
            return reply
        kept = {} if not filtered else {k: v for k, v in query.items() if k not in ("limit", "offset")}
        first = int(query["offset"]) if not filtered else 0
        every = {RUNS: fake.runs, TASKS: fake.tasks, EVENTS: fake.events}[path]
        rows = every if not filtered else _filtered(fake, path, kept)
        shown = rows[first : first + 100] if not filtered else rows
        return Reply(200, {key_of(reply.document): shown, "total_entries": len(rows)})

    return fault


def _filtered(fake: Fake, path: str, query: dict[str, str]) -> list[Any]:
    if path == EVENTS:
        rows = [row for row in fake.events if row["dag_id"] == query.get("dag_id", row["dag_id"])]
        return rows if "included_events" not in query else []
    return fake._windowed([row for row in {RUNS: fake.runs, TASKS: fake.tasks}[path] if row["dag_id"] == "news"], query)


def growing(now: Callable[[], bool]) -> Callable[[Mapping[str, str], Any], Any]:
    def change(query: Mapping[str, str], found: Any) -> Any:
        more = int(query.get("offset", 0)) > 0 and now()
        return found | {"total_entries": found["total_entries"] + more}

    return change
