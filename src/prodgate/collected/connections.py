"""Connections to a database, SQLite or PostgreSQL by a SQLAlchemy URL, that can't write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..aws.answers import Unreadable
from ..semantics.secret_forms import redact_credentials, redaction

#: Seconds in which a database must answer.
LIMIT: Final = 20
#: SQLite's instructions between two looks at the clock.
_STEPS: Final = 20_000
_OPTIONS: Final = f"-c default_transaction_read_only=on -c statement_timeout={LIMIT}s -c TimeZone=UTC"


class Refused(Exception):
    """The database can't be read as declared."""


@contextmanager
def reading(url: str, what: str) -> Iterator[Connection]:
    """Yield a connection in a transaction that can't write.

    ``what`` begins the message of each failure: Unreadable, with nothing secret of the URL in it. ``Refused`` raised
    inside becomes one, too.
    """
    try:
        where = make_url(url)
        with _connect(where) as connection:
            yield connection
    except ArgumentError:
        raise Unreadable(f"{what}: is no database URL; write postgresql://user@host/name") from None
    except ImportError as error:
        raise Unreadable(f"{what}: {error.name} is not installed; pip install 'prod-gate[dags]'") from None
    except NoSuchTableError:
        raise Unreadable(f"{what}: there is no such table") from None
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise Unreadable(f"{what}: {redact_credentials(_without_password(said, where))}") from None
    except Refused as error:
        raise Unreadable(f"{what}: {error}") from None


def _without_password(said: str, where: URL) -> str:
    return said.replace(where.password, redaction("a password")) if where.password else said


@contextmanager
def _connect(where: URL) -> Iterator[Connection]:
    kind = where.get_backend_name()
    if kind == "sqlite":
        engine = create_engine("sqlite://", creator=lambda: _open_sqlite(where.database or ""), poolclass=NullPool)
    elif kind == "postgresql":
        asked = {"connect_timeout": LIMIT, "options": _OPTIONS}
        engine = create_engine(where.set(drivername="postgresql+psycopg"), connect_args=asked, poolclass=NullPool)
    else:
        raise Refused(f"is a database of kind {kind!r}; sqlite and postgresql can be read")
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection


def _open_sqlite(file: str) -> sqlite3.Connection:
    """Open an existing file read-only, for no longer than the limit."""
    opened = sqlite3.connect(f"file:{quote(str(Path(file).absolute()))}?mode=ro", uri=True, timeout=LIMIT)
    until = monotonic() + LIMIT
    opened.set_progress_handler(lambda: monotonic() > until, _STEPS)
    return opened
