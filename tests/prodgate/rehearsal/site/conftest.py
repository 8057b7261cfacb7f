"""A running site, and databases of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from prodgate.rehearsal.site.content.stories import seed
from prodgate.rehearsal.site.database import Database, migrate, open_database
from prodgate.rehearsal.site.process import Site, running
from tests.prodgate.rehearsal.site.client import UNTIL
from tests.prodgate.rehearsal.site.postgres import postgres


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One Python is enough for a site that every gate run starts in the Python it has."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.once)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site without faults. Its stories stay as they are; readers may join."""
    with running(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'news.sqlite'}"
    server: str = request.getfixturevalue("server")
    name = f"news_{abs(hash(request.node.nodeid))}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def empty(url: str) -> Iterator[Database]:
    """A database without tables."""
    made = open_database(url)
    yield made
    made.engine.dispose()


@pytest.fixture
def database(empty: Database) -> Database:
    """A database with the stories of `UNTIL`."""
    migrate(empty, then=lambda connection: seed(connection, UNTIL))
    return empty
