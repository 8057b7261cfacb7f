"""One Airflow at a time, shared by all tests that use it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.airflow.direct import HttpTransport
from prodgate.engines.environments import ensure_python
from prodgate.rehearsal.airflow.process import Airflow, running
from tests.trees import write_tree

from .stage import DAGS, SERVED, VERSIONS, opened, seen, until


@pytest.fixture(scope="session", params=VERSIONS)
def airflow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    version: str = request.param
    scratch: Path = tmp_path_factory.mktemp("airflow")
    dags = scratch / "dags"
    write_tree(dags, {"five.py": DAGS, "broken.py": "from airflow import nothing_of_the_kind  # no dag\n"})
    python = ensure_python(f"airflow-{version}", print)
    with running(dags, scratch, python=python, version=version, schedules={"often": "* * * * * */10"}) as ready:
        yield ready


@pytest.fixture(scope="session")
def admin(airflow: Airflow) -> Iterator[HttpTransport]:
    with opened(airflow, airflow.admin.name, airflow.admin.password) as transport:
        until(airflow, lambda: len(seen(transport, *SERVED).served) == len(SERVED), "the DAGs")
        yield transport
