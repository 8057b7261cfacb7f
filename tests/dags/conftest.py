"""An Airflow in which the project's DAGs are run by `dag.test()`, once for all tests of this folder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import Engine, text, update

from prodgate.engines.environments import ensure_python
from prodgate.rehearsal.site import tables
from prodgate.rehearsal.site.content.stories import last_slot, seed
from prodgate.rehearsal.site.database import migrate, open_database
from tests.dags.servers import World, serving
from tests.prodgate.rehearsal.site.client import UNTIL

ROOT = Path(__file__).parents[2]
DAGS = ROOT / "dags"
sys.path.insert(0, str(DAGS))  # as Airflow does; tests without Airflow cover the rest


@dataclass
class Airflow:
    """Executes the requests of `runner.py`."""

    requests: IO[str]
    answers: IO[str]
    log: Path

    def ask(self, **asked: Any) -> Any:
        self.requests.write(json.dumps(asked) + "\n")
        self.requests.flush()
        return self.answer()

    def answer(self) -> Any:
        line = self.answers.readline()
        assert line, self.log.read_text()[-3000:]
        return json.loads(line)

    def run(self, dag_id: str, slot: str, **asked: Any) -> Any:
        ran = self.ask(run=dag_id, slot=slot, **asked)
        assert "raised" not in ran, self.log.read_text()[-3000:]
        return ran


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with serving() as world:
        yield world


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of Airflow and of the site's database."""
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(
    scope="session",
    params=[pytest.param(version, marks=pytest.mark.matrix) for version in ("2.11.0", "3.0.6", "3.3.2")],
)
def airflow(request: pytest.FixtureRequest, world: World, place: Path) -> Iterator[Airflow]:
    python, home = ensure_python(f"airflow-{request.param}", lambda _: None), place / request.param
    home.mkdir()
    aws = f"http://127.0.0.1:{world.port}"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(place), "AIRFLOW_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False", "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_NBA_NEWS": f"sqlite:///{place / 'news.sqlite'}", "AWS_ENDPOINT_URL": aws,
        "AWS_DEFAULT_REGION": "ap-northeast-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "DEAD_LETTER_QUEUE_URL": f"{aws}/1/dead-letters", "FAILURE_TOPIC_ARN": "arn:aws:sns:ap-northeast-1:1:failures",
    }  # fmt: skip
    command = [str(python.with_name("airflow")), "db", "migrate"]
    subprocess.run(command, env=environment, cwd=place, check=True, capture_output=True, timeout=180)
    log = home / "runner.log"
    command = [str(python), "-P", str(Path(__file__).with_name("runner.py")), str(DAGS)]
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, env=environment, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        started = Airflow(process.stdin, process.stdout, log)
        assert started.answer()["import_errors"] == {}
        yield started
        process.stdin.close()
        process.wait(30)


@pytest.fixture
def site(world: World, place: Path) -> Iterator[Engine]:
    """The site's database with the stories of `UNTIL`, whose sources are at home in our world."""
    world.forget()
    for file in place.glob("news.sqlite*"):
        file.unlink()
    database = open_database(f"sqlite:///{place / 'news.sqlite'}")
    migrate(database, then=lambda connection: seed(connection, last_slot(UNTIL)))
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM collections"))
        for source in ("courtwire", "hoopdesk", "league"):
            at_home = update(tables.sources).where(tables.sources.c.key == source).values(home=world.home(source))
            connection.execute(at_home)
    yield database.engine
    database.engine.dispose()
