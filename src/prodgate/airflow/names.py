"""Names of DAGs in requests: which may stand in a path, and what is asked of one that is too long for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..aws.answers import Unreadable
from .dialects import Dialect
from .paging import MAX_PATH, read_all
from .records import ServedDag
from .rows import parse_row
from .transport import Transport


def make_path(dag_id: str, rest: str) -> str:
    """Return the path of something of a DAG; ~ stands for all DAGs where its name is too long for one."""
    path = f"/dags/{dag_id}{rest}"
    return path if len(path) <= MAX_PATH else f"/dags/~{rest}"


def search_dag(transport: Transport, dialect: Dialect, dag_id: str) -> ServedDag | None:
    """Find a DAG by what its name contains, which needs no path. Raises Unreadable and Absent."""
    query = {"dag_id_pattern": dag_id, **dialect.all_dags}
    rows = read_all(transport, "/dags", query, "dags", lambda row: row["dag_id"])
    found = (parse_row(dialect.served, row, "/dags") for row in rows if row["dag_id"] == dag_id)
    return next(found, None)


def check_dag_ids(dag_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids without duplicates. Raises Unreadable for one that would change the path."""
    for dag_id in (ids := tuple(dict.fromkeys(dag_ids))):
        if not re.fullmatch(r"[\w.-]+", dag_id) or not dag_id.strip("."):
            raise Unreadable(f"{dag_id!r}: can't be the id of a DAG; write letters, digits, dots, dashes, underscores")
    return ids
