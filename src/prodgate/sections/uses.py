"""What a goal says that principals use: where the code, the workflows and the services are that use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..iam.goals import Uses
from ..iam.service_needs import list_services
from .validation import is_text_list, key_mistakes

_KEYS: Final = ("code", "workflows", "services", "quiet", "also")
_ACTION: Final = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*?]+")
_EXAMPLE: Final = '{ uses = { code = ["dags"], services = ["mwaa"] }, principals = ["role/shop-airflow"] }'


def parse_uses(table: Mapping[str, Any]) -> Uses:
    """Return what is used, of a table that has no mistakes."""
    lists = {key: tuple(table.get(key, ())) for key in _KEYS if key != "also"}
    return Uses(**lists, also=tuple(table.get("also", {}).items()))


def uses_mistakes(where: str, goal: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with what a goal says is used, one line each."""
    table = goal["uses"]
    if not isinstance(table, dict) or not table:
        yield f"{where}.uses: is {table!r}; say what uses it, e.g. {_EXAMPLE}"
        return
    if not goal.get("principals") or goal["principals"] == ["outside"]:
        yield f"{where}.principals: name those that use it, e.g. {_EXAMPLE}"
    for key in {"resources", "unless"} & set(goal):
        yield f"{where}.{key}: is not for what is used; drop it"
    yield from key_mistakes(f"{where}.uses", table, _KEYS)
    yield from _list_mistakes(f"{where}.uses", table)
    also = table.get("also", {})
    if not isinstance(also, dict) or not all(isinstance(why, str) and why.strip() for why in also.values()):
        example = '{ "s3:GetObject" = "the nightly job" }'
        yield f"{where}.uses.also: is {also!r}; write actions, each with what uses it, as {example}"
        return
    yield from (f"{where}.uses.also: {name!r} is no action" for name in also if not _ACTION.fullmatch(name))


def _list_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    for key in [key for key in _KEYS if key in table and key != "also"]:
        if not is_text_list(table[key]) or not table[key] or not all(table[key]):
            yield f"{where}.{key}: is {table[key]!r}; write a list of texts, at least one"
            return
    for path in table.get("code", ()):
        if path.startswith("/") or ".." in path.split("/"):
            yield f"{where}.code: {path!r} is not below the criteria file; write a path from there"
    for name in table.get("services", ()):
        if name not in list_services():
            yield f"{where}.services: {name!r} is not known; write one of {', '.join(list_services())}"
