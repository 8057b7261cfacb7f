"""A small Airflow on loopback that speaks both dialects, as 2.11 and 3.0 do, and answers wrongly on request."""

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from prodgate.airflow.history import read_history
from prodgate.airflow.records import History
from prodgate.aws.answers import Absent, Unreadable
from prodgate.rehearsal import loopback

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD, NEW = "2.11.0", "3.0.6"
#: From this version on, the audit log shows entries of DAGs that there are, and entries of none; not those of "~".
FILTERED = "3.1"
USER, PASSWORD, TOKEN = "viewer", "hunter2-hunter2", "an-opaque-token-of-airflow"
#: Airflow 2's parameters of a list; it returns 400 for any other.
_TAKEN = {
    "dagRuns": {"limit", "offset", "order_by", "execution_date_gte", "execution_date_lte", "updated_at_gte", "state"},
    "taskInstances": {"limit", "offset", "execution_date_gte", "execution_date_lte", "updated_at_gte", "state"},
    "dags": {"limit", "offset", "order_by", "dag_id_pattern", "only_active"},
    "eventLogs": {"limit", "offset", "order_by", "dag_id", "after", "before", "included_events", "excluded_events"},
    "importErrors": {"limit", "offset", "order_by"},
}


@dataclass(frozen=True)
class Reply:
    status: int
    """0 for none: the connection is closed."""
    document: Any = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] | None = None
    """Called before the response is sent."""
    length: int | None = None
    """The stated length, if it is not the true one."""

    @property
    def sent(self) -> bytes:
        return json.dumps(self.document).encode() if self.body is None else self.body


Fault = Callable[[str, Mapping[str, str], Reply], Reply]


def written(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


@dataclass
class Fake:
    """Its data, in the fields of both dialects; ``asked`` are the requests it received."""

    version: str = NEW
    dags: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    import_errors: list[dict[str, Any]] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=dict)
    open: bool = True
    """Whether access needs no sign-in."""
    fault: Fault = lambda path, query, reply: reply
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    @property
    def old(self) -> bool:
        return self.version.startswith("2")

    @property
    def prefix(self) -> str:
        return "/api/v1" if self.old else "/api/v2"

    def answer(self, method: str, path: str, query: dict[str, str], document: Any = None) -> Reply:
        """Answer a question, ``path`` being without ``/api/vN``."""
        self.asked.append((method, path, query))
        if method == "POST":
            return self._triggered(path, document)
        return self.fault(path, query, self._answered(path, query))

    def _answered(self, path: str, query: dict[str, str]) -> Reply:  # noqa: PLR0911  a table
        match path.strip("/").split("/"):
            case ["version"]:
                return Reply(200, {"version": self.version, "git_version": None})
            case ["health"] if self.old:
                return Reply(200, self.health)
            case ["monitor", "health"] if not self.old:
                return Reply(200, self.health)
            case ["dags"] | ["dags", _]:
                return self._dags(path.strip("/").partition("/")[2], query)
            case ["dags", name, "dagRuns"]:
                return self._runs(name, query)
            case ["dags", name, "dagRuns", "~", "taskInstances"]:
                return self._tasks(name, query)
            case ["dags", name, "dagRuns", run_id]:
                found = [run for run in self.runs if (run["dag_id"], run["dag_run_id"]) == (name, run_id)]
                return Reply(200, found[0]) if found else self._unknown(run_id)
            case ["eventLogs"]:
                return self._events(query)
            case ["importErrors"]:
                return self._list("importErrors", "import_errors", self.import_errors, query)
        return Reply(404, {"detail": "Not Found"})

    def _dags(self, name: str, query: dict[str, str]) -> Reply:
        if name:
            return Reply(200, self.dags[name]) if name in self.dags else self._unknown(name)
        return self._search(query)

    def _search(self, query: dict[str, str]) -> Reply:
        """Search for a part of a name, in which an underscore is any character."""
        gone = query.get("only_active" if self.old else "exclude_stale") == "false"
        like = query.get("dag_id_pattern", "").replace("_", ".")
        stale = {name: not dag["is_active"] if self.old else dag["is_stale"] for name, dag in self.dags.items()}
        rows = [dag for name, dag in self.dags.items() if re.search(like, name) and (gone or not stale[name])]
        return self._list("dags", "dags", rows, query)

    def _unknown(self, name: str) -> Reply:
        return Reply(404, {"detail": f"The DAG with dag_id: {name} was not found", "title": "DAG not found"})

    def _windowed(self, rows: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
        limits = {
            "run_after_gte": ("run_after", operator.ge),
            "run_after_lte": ("run_after", operator.le),
            "updated_at_gte": ("_updated", operator.ge),
            "execution_date_gte": ("execution_date", operator.ge),
            "execution_date_lte": ("execution_date", operator.le),
        }
        for name, (of, keeps) in limits.items():
            if name in query:
                at = datetime.fromisoformat(query[name])
                rows = [row for row in rows if keeps(datetime.fromisoformat(row[of]), at)]
        return rows

    def _runs(self, name: str, query: dict[str, str]) -> Reply:
        if name not in (*self.dags, "~") and not self.old:
            return self._unknown(name)
        rows = self._windowed([row for row in self.runs if name in ("~", row["dag_id"])], query)
        if state := query.get("state"):
            rows = [row for row in rows if row["state"] == state]
        order = query.get("order_by", "id")
        if order in ("run_after", "execution_date"):
            rows = sorted(rows, key=lambda row: datetime.fromisoformat(row[order]))
        return self._list("dagRuns", "dag_runs", rows, query)

    def _tasks(self, name: str, query: dict[str, str]) -> Reply:
        rows = self._windowed([row for row in self.tasks if name in ("~", row["dag_id"])], query)
        if state := query.get("state"):
            rows = [row for row in rows if (row["state"] or "none") == state]
        return self._list("taskInstances", "task_instances", rows, query)

    def _events(self, query: dict[str, str]) -> Reply:
        rows = [row for row in self.events if query.get("dag_id") in (None, row["dag_id"])]
        if self.version >= FILTERED and not self.old:
            rows = [row for row in rows if row["dag_id"] is None or row["dag_id"] in self.dags]
        if query.get("order_by") == "when":
            rows = sorted(rows, key=lambda row: datetime.fromisoformat(row["when"]))
        if names := query.get("included_events"):
            rows = [row for row in rows if row["event"] in names.split(",")]
        rows = [row for row in rows if row["event"] not in query.get("excluded_events", "").split(",")]
        for name, keeps in (("after", operator.gt), ("before", operator.lt)):
            if name in query:
                at = datetime.fromisoformat(query[name])
                rows = [row for row in rows if keeps(datetime.fromisoformat(row["when"]), at)]
        return self._list("eventLogs", "event_logs", rows, query)

    def _list(self, kind: str, key: str, rows: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        if self.old and (strange := query.keys() - _TAKEN[kind]):
            return Reply(400, {"detail": f"Extra query parameter(s) {sorted(strange)}", "title": "Bad Request"})
        first, most = int(query.get("offset", 0)), min(int(query.get("limit", 50)), 100)
        shown = [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows[first : first + most]]
        return Reply(200, {key: shown, "total_entries": len(rows)})

    def _triggered(self, path: str, document: Any) -> Reply:
        name = path.split("/")[2]
        if name not in self.dags:
            return self._unknown(name)
        if not self.old and "logical_date" not in document:
            return Reply(422, {"detail": [{"msg": "Field required"}]})
        run = a_run(name, document["dag_run_id"], NOW, kind="manual", state="queued", ended=None)
        self.runs.append(run | {"conf": document["conf"]})
        return self.fault(path, {}, Reply(200, self.runs[-1]))


def a_dag(name: str, **fields: Any) -> dict[str, Any]:
    both = {
        "dag_id": name,
        "fileloc": f"/dags/{name}.py",
        "is_paused": False,
        "has_import_errors": False,
        "last_parsed_time": written(NOW),
    }
    old = {
        "is_active": True,
        "schedule_interval": {"__type": "CronExpression", "value": "0 * * * *"},
        "next_dagrun_create_after": written(NOW + HOUR),
        "timezone": "UTC",
    }
    new = {"is_stale": False, "timetable_summary": "0 * * * *", "next_dagrun_run_after": written(NOW + HOUR)}
    return {**both, **old, **new, **fields}


def a_run(
    name: str, run_id: str, slot: datetime, *, kind: str = "scheduled", state: str = "success", **fields: Any
) -> dict[str, Any]:
    """A run; in Airflow 2 its date is an hour before its slot, which is where its interval ends."""
    ended = fields.pop("ended", slot + timedelta(minutes=2))
    made = {
        "dag_id": name,
        "dag_run_id": run_id,
        "run_type": kind,
        "state": state,
        "execution_date": written(slot - HOUR),
        "data_interval_end": written(slot),
        "run_after": written(slot),
        "queued_at": written(slot),
        "start_date": written(slot + timedelta(seconds=1)),
        "end_date": written(ended),
        "conf": {"password": "swordfish"},
        "note": "call 555-0100",
        "_updated": written(slot + timedelta(minutes=2)),
    }
    return {**made, **fields}


def a_task(run: Mapping[str, Any], task_id: str, **fields: Any) -> dict[str, Any]:
    made = {
        "dag_id": run["dag_id"],
        "dag_run_id": run["dag_run_id"],
        "task_id": task_id,
        "map_index": -1,
        "state": "success",
        "try_number": 1,
        "queued_when": run["start_date"],
        "start_date": run["start_date"],
        "end_date": run["end_date"],
        "hostname": "worker-1",
        "pid": 4711,
        "rendered_fields": {"op_args": "swordfish"},
        "execution_date": run["execution_date"],
        "run_after": run["run_after"],
        "_updated": run["_updated"],
    }
    return {**made, **fields}


def an_event(number: int, event: str, at: datetime, dag_id: str | None = "news", **fields: Any) -> dict[str, Any]:
    made = {"event_log_id": number, "event": event, "when": written(at), "dag_id": dag_id, "run_id": None}
    return {**made, "task_id": None, "owner": "somebody", "extra": None, **fields}


def components(*, triggerer: str | None = None) -> dict[str, Any]:
    def one(name: str, status: str | None) -> dict[str, Any]:
        return {"status": status, f"latest_{name}_heartbeat": written(NOW) if status else None}

    found = {"scheduler": "healthy", "dag_processor": "healthy", "triggerer": triggerer}
    return {"metadatabase": {"status": "healthy"}, **{name: one(name, status) for name, status in found.items()}}


def an_airflow(version: str = NEW, *, slots: int = 250, **fields: Any) -> Fake:
    """An Airflow with an hourly DAG ``news``, two tasks a run, whose newest slot is NOW, and another one beside it."""
    runs = [a_run("news", f"run-{n}", NOW - n * HOUR) for n in reversed(range(slots))]
    others = [a_run("other", f"run-{n}", NOW - n * HOUR) for n in range(3)]
    every = [*runs, *others]
    fake = Fake(
        version=version,
        dags={"news": a_dag("news"), "other": a_dag("other")},
        runs=every,
        tasks=[a_task(run, name) for run in every for name in ("collect", "settle")],
        events=[
            *(an_event(n, "running", NOW - n * HOUR) for n in range(slots)),
            *(an_event(1_000_000 + n, "running", NOW - n * HOUR, "other") for n in range(3)),
            *(an_event(2_000_000 + n, "cli_scheduler", NOW - n * HOUR, None) for n in range(3)),
        ],
        import_errors=[{"import_error_id": 1, "filename": "/dags/broken.py", "stack_trace": "ImportError: nothing"}],
        health=components(),
    )
    return replace(fake, **fields)


class _Server(loopback.QuietServer):
    def __init__(self, fake: Fake) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake


class _Handler(loopback.QuietHandler):
    server: _Server

    def do_GET(self) -> None:
        self._send(self._reply())

    do_POST = do_GET

    def _reply(self) -> Reply:
        fake, place = self.server.fake, urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if place.path == "/auth/token" and not fake.old:
            known = json.loads(sent) == {"username": USER, "password": PASSWORD}
            return fake.fault("/auth/token", {}, Reply(201, {"access_token": TOKEN}) if known else Reply(401, {}))
        if not place.path.startswith(fake.prefix):
            return fake.fault(place.path, {}, Reply(404, body=b"<html>nothing here</html>"))
        path = place.path.removeprefix(fake.prefix)
        if path != "/version" and not fake.open and not self._admitted():
            return Reply(401, {"detail": "Not authenticated"})
        return fake.answer(self.command, path, dict(parse_qsl(place.query)), json.loads(sent) if sent else None)

    def _admitted(self) -> bool:
        basic = "Basic dmlld2VyOmh1bnRlcjItaHVudGVyMg=="
        return self.headers.get("Authorization") == (basic if self.server.fake.old else f"Bearer {TOKEN}")

    def _send(self, reply: Reply) -> None:
        if reply.before is not None:
            reply.before()
        if not reply.status:
            self.close_connection = True
            return
        sent = reply.sent
        with suppress(ConnectionError):
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent) if reply.length is None else reply.length))
            self.end_headers()
            self.wfile.write(sent)
        self.close_connection = self.close_connection or reply.length is not None or "Connection" in reply.headers


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Listen on a free port of loopback; ``fake.url`` says where."""
    server = _Server(fake)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    with loopback.serving("airflow", server):
        yield fake


# ── Wrong responses, without a network

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
    def made(change: Callable[[Mapping[str, str], Any], Any]) -> Callable[..., Reply]:
        def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
            return Reply(200, change(query, reply.document)) if path in paths else reply

        return fault

    return made


def key_of(document: Mapping[str, Any]) -> str:
    return next(name for name in document if name != "total_entries")


def numbered(times: int) -> Callable[[], bool]:
    """Whether the number of calls is at most this."""
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
        return found | {"total_entries": found["total_entries"] + (int(query.get("offset", 0)) > 0 and now())}

    return change
