"""A PostgreSQL server for the tests; they are skipped without one, unless it is required."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from prodgate.engines.environments import EngineError
from prodgate.engines.programs import REQUIRED, find_postgresql
from prodgate.rehearsal.postgresql import running_postgresql


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server; yield the SQLAlchemy URL of its database `postgres`, which ends in a query."""
    try:
        engine = find_postgresql()
    except EngineError as error:
        if os.environ.get("PRODGATE_POSTGRESQL") == REQUIRED:
            pytest.fail(str(error))
        pytest.skip(str(error))
    with running_postgresql(engine) as url:
        yield url
