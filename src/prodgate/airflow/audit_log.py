"""What a person requested of Airflow, from its audit log: enough to tell actions apart, and no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ..aws.plain_json import canonical_json
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
