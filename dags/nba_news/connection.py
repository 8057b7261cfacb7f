"""The site's database, by the Airflow connection ``nba_news``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection, Engine

from nba_news.airflows import connection_named

NAME: Final = "nba_news"
#: Seconds until a connection without a response, or a lock that SQLite does not release, is an error.
PATIENCE: Final = 10


@contextmanager
def transaction() -> Iterator[Connection]:
    """Do everything in one transaction, or nothing of it. Raises ValueError for a connection of another kind."""
    engine = _engine(connection_named(NAME))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _engine(stated: Any) -> Engine:
    if stated.conn_type == "sqlite":
        url = URL.create("sqlite", database=stated.schema or stated.host)
        return create_engine(url, connect_args={"timeout": PATIENCE})
    if stated.conn_type in ("postgres", "postgresql"):
        return create_engine(
            _postgresql(stated), connect_args={"connect_timeout": PATIENCE, **_tls(stated.extra_dejson)}
        )
    raise ValueError(f"connection {NAME}: its type is {stated.conn_type!r}; write postgres or sqlite")


def _postgresql(stated: Any) -> URL:
    port = stated.port or 5432
    return URL.create(
        "postgresql+psycopg2",
        username=stated.login,
        password=_token(stated, port) if stated.extra_dejson.get("iam") else stated.password,
        host=stated.host,
        port=port,
        database=stated.schema,
    )


def _token(stated: Any, port: int) -> str:
    """Return a password that Aurora accepts for fifteen minutes; it is signed here, without a request."""
    import boto3  # noqa: PLC0415  takes a third of a second, and only tasks that sign in like this need it

    client = boto3.client("rds", region_name=stated.extra_dejson.get("region_name"))
    token: str = client.generate_db_auth_token(DBHostname=stated.host, Port=port, DBUsername=stated.login)
    return token


def _tls(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: extra[name] for name in ("sslmode", "sslrootcert") if name in extra}
