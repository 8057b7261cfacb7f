"""Transports to Airflow's REST API; one records the answers, and one replays them offline."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from sys import intern
from typing import Any, Final, Protocol

from ..aws.answers import Absent, Unreadable
from ..aws.recording import canonical_json, to_plain
from ..semantics.json_texts import read_json

#: Fields that say what was done to what. Anything else in a request is left out: a configuration, a note, …
_TELLING: Final = frozenset(
    {"action", "confirmed", "dag_id", "dag_ids", "dag_run_id", "dry_run", "map_index", "new_state", "run_id", "state"}
    | {"task_id", "task_ids", "only_failed", "only_running", "reset_dag_runs", "clear_task_instances"}
    | {"include_future", "include_past", "past", "future"}
)
#: Options of a command that say what it did to runs, as the command line may shorten them, or join those of a letter.
_OPTIONS: Final = {
    "--mark-success": re.compile(r"-[A-Za-z]*m[A-Za-z]*|--mark(-[a-z]*)?"),
    "--reset-dagruns": re.compile(r"--reset(-[a-z]*)?"),
    "--rerun-failed-tasks": re.compile(r"--rerun(-[a-z]*)*"),
}
#: A word of a command as it is logged: the text of a list in Python.
_WORD: Final = re.compile(r"'([^']*)'")
#: Subtrees with user data, which are left out whole.
_OWN: Final = frozenset({"conf", "note", "params"})
#: Stands for a request that was not logged as JSON.
_UNREAD: Final = canonical_json("not in JSON")


def extract_request(noted: Any) -> str:
    """Return the telling fields as JSON, "" where nothing was logged. Applied to its own result it changes nothing.

    >>> extract_request('{"state": "success", "conf": {"password": "x"}}'), extract_request(None)
    ('{"state":"success"}', '')
    >>> command = ["airflow", "tasks", "run", "--mark-success", "news"]
    >>> extract_request(canonical_json({"full_command": str(command)}))
    '{"options":["--mark-success"]}'
    """
    if not noted:
        return ""
    try:
        found = read_json(noted)
    except (RecursionError, TypeError, ValueError):
        return _UNREAD
    if not isinstance(found, dict | list):
        return _UNREAD
    options = [*_find_options(found)] if isinstance(found, dict) else []
    return canonical_json({**_select_telling(found), "options": options} if options else _select_telling(found))


def _find_options(noted: dict[str, Any]) -> Iterator[str]:
    """Yield which of the telling options a logged command has."""
    command, kept = noted.get("full_command"), noted.get("options")
    words = _WORD.findall(command) if isinstance(command, str) else kept if isinstance(kept, list) else []
    for option, form in _OPTIONS.items():
        if any(isinstance(word, str) and form.fullmatch(word) for word in words):
            yield option


def _select_telling(value: Any) -> Any:
    if isinstance(value, list):
        return [_select_telling(each) for each in value if isinstance(each, dict | list)]
    return {
        key: item if key in _TELLING else _select_telling(item)
        for key, item in value.items()
        if key in _TELLING or (isinstance(item, dict | list) and key not in _OWN)
    }


#: Fields that are never read and may hold anything that people or tasks pass on, including secrets.
UNKEPT: Final = frozenset({"conf", "executor_config", "note", "params", "rendered_fields", "trigger", "triggerer_job"})


#: Fields of tasks that are kept: a month may have very many tasks, and each has some forty fields.
KEPT_OF_TASKS: Final = frozenset(
    {
        "dag_id",
        "dag_run_id",
        "dag_version",
        "end_date",
        "execution_date",
        "hostname",
        "logical_date",
        "map_index",
        "max_tries",
    }
    | {"operator", "pid", "queued_when", "run_after", "start_date", "state", "task_id", "try_number"}
)


class Transport(Protocol):
    """Sends requests that only read to an Airflow.

    ``parallel`` threads may use it at once.
    """

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Return the decoded JSON of ``/dags/x/dagRuns`` or the like; the transport knows what comes before it.

        Raises Absent where Airflow itself says that there is no such thing, Unreadable for anything else that is no
        answer.
        """
        ...


class Writer(Transport, Protocol):
    """Also sends requests that change something."""

    def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Return the decoded JSON that is answered. Raises Absent and Unreadable."""
        ...


@dataclass(frozen=True, slots=True)
class RecordingTransport:
    """A transport that keeps each answer, without secrets, and returns what it kept."""

    transport: Transport
    _kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def parallel(self) -> int:
        """How many requests may be under way."""
        return int(getattr(self.transport, "parallel", 1))

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The answers as JSON values: path, query, and one of body, absent and unreadable.

        Of a repeated request only the last answer is kept: a list that is read again is read whole.
        """
        return [self._kept[key] for key in sorted(self._kept)]

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Send the request, and keep and return the answer."""
        answer = {"path": path, "query": dict(query), **self._ask(path, query)}
        self._kept[_key(path, query)] = answer
        return _read_answer(answer)

    def _ask(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        try:
            return {"body": to_plain(_strip_unkept(self.transport.get(path, query)))}
        except Absent as error:
            return {"absent": error.code}
        except Unreadable as error:
            return {"unreadable": to_plain(error.reason)}


@dataclass(frozen=True, slots=True)
class ReplayingTransport:
    """A transport that returns the answers of an earlier run."""

    answers: Mapping[str, Mapping[str, Any]]

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Return Airflow's answer. Raises Unreadable for a request that was not made then."""
        answer = self.answers.get(_key(path, query))
        if answer is None:
            raise Unreadable(f"GET {path}: was not asked in that run; observe again")
        return _read_answer(answer)


def replay(answers: Iterable[Mapping[str, Any]]) -> ReplayingTransport:
    """Return a transport that replays what ``RecordingTransport.answers`` kept."""
    return ReplayingTransport({_key(each["path"], each["query"]): each for each in answers})


def _key(path: str, query: Mapping[str, str]) -> str:
    return canonical_json([path, dict(query)])


def _read_answer(answer: Mapping[str, Any]) -> Any:
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    if "absent" in answer:
        raise Absent(answer["absent"])
    return answer["body"]


def _strip_unkept(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(tasks := value.get("task_instances"), list):
        value = {**value, "task_instances": [_strip_task(task) for task in tasks]}
    if isinstance(value, dict):
        return {
            key: extract_request(item) if key == "extra" else _strip_unkept(item)
            for key, item in value.items()
            if key not in UNKEPT
        }
    return [_strip_unkept(item) for item in value] if isinstance(value, list) else value


def _strip_task(task: Any) -> Any:
    """Return a task with its fields that are read; a text that many tasks share is held once."""
    if not isinstance(task, dict):
        return task
    return {key: _share(item) for key, item in task.items() if key in KEPT_OF_TASKS}


def _share(value: Any) -> Any:
    """Return a value of a task, held once; of the version of its DAG only the number is read."""
    if isinstance(value, dict):
        return _keep_number(str(value.get("version_number") or 0))
    return intern(value) if type(value) is str else value


@cache
def _keep_number(version: str) -> Mapping[str, int]:
    return {"version_number": int(version)} if version.isdecimal() else {}
