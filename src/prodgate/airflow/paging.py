"""Lists of Airflow's REST API, complete and consistent or not at all: Airflow truncates lists silently."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from ..aws.answers import Unreadable
from .transport import Transport

#: Characters of the longest path that InvokeRestApi takes; other ways take more, and are asked in the same words.
MAX_PATH: Final = 64
#: Rows of a page; Airflow returns no more, whatever the limit in the request.
PAGE: Final = 100
#: Rows after which a list is given up: no part of a window that is judged holds so many.
MAX_ROWS: Final = 200_000
#: How often a list is read that changes meanwhile.
TRIES: Final = 3


class Unsteady(Unreadable):
    """A list of several pages that kept changing while it was read; a shorter part of it may be steady."""


class TooLong(Exception):
    """A list that has more rows than are wanted at once."""

    def __init__(self, total: int) -> None:
        super().__init__(f"{total} rows")
        self.total = total


class _ListChanged(Exception):
    """The list changed between two pages, or one page of it contradicts itself."""

    def __init__(self, what: str, total: int) -> None:
        super().__init__(what)
        self.paged = total > PAGE


def read_all(
    transport: Transport,
    path: str,
    query: Mapping[str, str],
    key: str,
    identity: Callable[[Mapping[str, Any]], Hashable],
    *,
    most: int | None = None,
) -> list[Mapping[str, Any]]:
    """Return every row under ``key``, each once.

    Raises Unreadable when they can't all be had, and Absent; TooLong when there are more than ``most``.
    """
    change, kind = "", Unreadable
    for _ in range(TRIES):
        try:
            return _read_once(transport, path, query, key, identity, most)
        except _ListChanged as changed:
            change, kind = str(changed), Unsteady if changed.paged else Unreadable
    raise kind(f"GET {path}: kept changing while it was read, {TRIES} times ({change}); observe again")


def read_page(
    transport: Transport, path: str, query: Mapping[str, str], key: str
) -> tuple[int, list[Mapping[str, Any]]]:
    """Return the number of all rows, and the rows of one page. Raises Unreadable and Absent."""
    answer = transport.get(path, query)
    rows = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"GET {path}: does not list {key}; is it Airflow that answers?")
    total = answer.get("total_entries")
    if type(total) is not int or total < 0:
        raise Unreadable(f"GET {path}: does not say how many {key} there are, but {total!r}")
    return total, rows


def _read_once(  # noqa: PLR0917  as read_all
    transport: Transport,
    path: str,
    query: Mapping[str, str],
    key: str,
    identity: Callable[[Mapping[str, Any]], Hashable],
    most: int | None,
) -> list[Mapping[str, Any]]:
    total, rows = read_page(transport, path, _page_query(query, 0), key)
    if most is not None and total > most:
        raise TooLong(total)
    if total > MAX_ROWS:
        raise Unreadable(
            f"GET {path}: lists {total} {key}, and more than {MAX_ROWS} are not read; ask for a shorter time"
        )
    read = list(rows)
    while len(read) < total:
        stated, rows = read_page(transport, path, _page_query(query, len(read)), key)
        if stated != total:
            raise _ListChanged(f"{total} {key}, then {stated}", total)
        if not rows:
            raise Unreadable(f"GET {path}: ends after {len(read)} of {total} {key}")
        read += rows
    if len(read) > total:
        raise _ListChanged(f"{len(read)} {key} of {total}", total)
    if len(_identities(read, path, identity)) < total:
        raise _ListChanged(f"some of {total} {key} came twice", total)
    return read


def _page_query(query: Mapping[str, str], offset: int) -> dict[str, str]:
    return {**query, "limit": str(PAGE), "offset": str(offset)}


def _identities(
    rows: list[Mapping[str, Any]], path: str, identity: Callable[[Mapping[str, Any]], Hashable]
) -> set[Hashable]:
    try:
        return {identity(row) for row in rows}
    except (KeyError, TypeError):
        raise Unreadable(f"GET {path}: has rows without their ids; is it Airflow that answers?") from None
