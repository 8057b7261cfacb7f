"""What a person requested of Airflow, from its audit log: enough to tell actions apart, and no secret."""

from __future__ import annotations

from typing import Any, Final

from ..aws.plain_json import canonical_json
from ..semantics.json_texts import read_json

#: Fields that say what was done to what. Anything else in a request is left out: a configuration, a note, …
_TELLING: Final = frozenset(
    {"action", "confirmed", "dag_id", "dag_ids", "dag_run_id", "dry_run", "map_index", "new_state", "run_id", "state"}
    | {"task_id", "task_ids", "only_failed", "only_running", "reset_dag_runs"}
)
#: Subtrees with user data, which are left out whole.
_OWN: Final = frozenset({"conf", "note", "params"})
#: Stands for a request that was not logged as JSON.
_UNREAD: Final = canonical_json("not in JSON")


def extract_request(noted: Any) -> str:
    """Return the telling fields as JSON, "" where nothing was logged. Applied to its own result it changes nothing.

    >>> extract_request('{"state": "success", "conf": {"password": "x"}}'), extract_request(None)
    ('{"state":"success"}', '')
    """
    if not noted:
        return ""
    try:
        found = read_json(noted)
    except (RecursionError, TypeError, ValueError):
        return _UNREAD
    return canonical_json(_select_telling(found)) if isinstance(found, dict | list) else _UNREAD


def _select_telling(value: Any) -> Any:
    if isinstance(value, list):
        return [_select_telling(each) for each in value if isinstance(each, dict | list)]
    return {
        key: item if key in _TELLING else _select_telling(item)
        for key, item in value.items()
        if key in _TELLING or (isinstance(item, dict | list) and key not in _OWN)
    }
