"""The database of the site that a rehearsed rollout deploys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...engines.environments import EngineError
from ...engines.postgresql import REQUIRED, PostgreSQL, find_postgresql
from ...processes.progress import Progress
from ..postgresql import running_postgresql


@contextmanager
def running_database(scratch: Path, progress: Progress) -> Iterator[tuple[str, str]]:
    """Yield what holds the site's data, in words, and its URL: PostgreSQL where it is found, else SQLite.

    Raises EngineError where PostgreSQL is required, or is there and does not start.
    """
    engine = _find_engine()
    if isinstance(engine, EngineError):
        yield f"SQLite, since {engine}", f"sqlite:///{scratch / 'news.sqlite'}"
        return
    progress(f"starting PostgreSQL {engine.version}")
    with running_postgresql(engine) as url:
        yield f"PostgreSQL {engine.version}", url


def _find_engine() -> PostgreSQL | EngineError:
    """Return a PostgreSQL, or why there is none. Raises EngineError where one is required."""
    try:
        return find_postgresql()
    except EngineError as error:
        if os.environ.get("PRODGATE_POSTGRESQL") == REQUIRED:
            raise
        return error
