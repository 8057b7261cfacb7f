"""The initial state of an Airflow, and its local settings' changes to DAGs."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace

import pytest
from werkzeug.security import check_password_hash

from prodgate.engines.environments import EngineError
from prodgate.rehearsal.airflow import local_settings
from prodgate.rehearsal.airflow.home import (
    REPORTS,
    Logins,
    Place,
    copy_dags,
    prepare,
    put_database,
    release_of,
    variables,
)
from prodgate.rehearsal.airflow.process import running, running_in_scratch
from tests.prodgate.plants import find_planted
from tests.trees import write_tree

#: An ``airflow`` that makes tables and users as the real one does, and records its arguments.
FAKE = """#!{python}
import os, sqlite3, sys, time
from pathlib import Path
if sys.argv[1] == "scheduler" and "NEWS" in os.environ:
    log = Path(os.environ["AIRFLOW_HOME"], "logs", "run_id=a:b", ".of", "attempt=1.log")
    log.parent.mkdir(parents=True)
    log.write_text(os.environ["NEWS"] + " and " + Path(os.environ["AIRFLOW_HOME"], "passwords.json").read_text())
Path({log!r}).open("a").write(" ".join([*sys.argv[1:3], os.environ.get("DATA_BUCKET", "")]).strip() + chr(10))
connection = sqlite3.connect(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///"))
with connection:
    if sys.argv[1:3] == ["db", "migrate"]:
        connection.execute("CREATE TABLE ab_user (username, password)")
    if sys.argv[1:3] == ["users", "create"]:
        connection.execute("INSERT INTO ab_user VALUES (?, ?)", (sys.argv[sys.argv.index("--username") + 1], "none"))
if sys.argv[1] == "api-server":
    while not {{"scheduler", "dag-processor"}} <= {{*Path({log!r}).read_text().split()}}:
        time.sleep(0.05)
    sys.exit("the port is made of cheese")
if sys.argv[1] in ("scheduler", "dag-processor"):
    time.sleep(600)
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The python of an environment whose Airflow is a fake."""
    place = tmp_path / "environment" / "bin"
    write_tree(place, {"airflow": FAKE.format(python=sys.executable, log=str(tmp_path / "asked"))})
    (place / "airflow").chmod(0o755)
    return place / "python"


def place_at(folder: Path) -> Place:
    return Place(home=folder, port=8080, secret="s" * 32)


def commands() -> str:
    """The command lines of all processes of this machine, if it shows them."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(each.read_text("utf-8", "replace"))
    return "\n".join(found)


def asked(tmp_path: Path) -> list[str]:
    return (tmp_path / "asked").read_text().splitlines()


def test_tables_are_made_once_for_an_environment(tmp_path: Path, python: Path) -> None:
    release = release_of("3.0.6")
    for name in ("one", "two"):
        place = place_at(tmp_path / name)
        put_database(place, release, python, prepare(place, {}))
        with closing(sqlite3.connect(place.home / "airflow.sqlite")) as connection:
            assert connection.execute("SELECT count(*) FROM ab_user").fetchone() == (0,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert asked(tmp_path) == ["db migrate"]
    assert sorted(each.name for each in python.parents[1].iterdir()) == ["bin", "prodgate-airflow.sqlite"]


def test_each_airflow_2_has_users_with_passwords_of_its_own(tmp_path: Path, python: Path) -> None:
    release, passwords = release_of("2.11.0"), set()
    for name in ("one", "two"):
        place = place_at(tmp_path / name)
        logins = prepare(place, {})
        put_database(place, release, python, logins)
        with closing(sqlite3.connect(place.home / "airflow.sqlite")) as connection:
            kept = dict(connection.execute("SELECT username, password FROM ab_user").fetchall())
        for each in (logins.viewer, logins.admin):
            assert check_password_hash(kept[each.name], each.password)
            passwords.add(each.password)
    assert len(passwords) == 4
    assert asked(tmp_path) == ["db migrate", "sync-perm", "users create", "users create"]


def test_tables_that_cannot_be_made_are_not_kept(tmp_path: Path, python: Path) -> None:
    place, release = place_at(tmp_path / "one"), release_of("3.0.6")
    python.with_name("airflow").write_text("#!/bin/sh\necho no such table >&2; exit 3\n")
    with pytest.raises(EngineError, match="airflow db migrate: ended with 3: no such table; run prodgate setup"):
        put_database(place, release, python, prepare(place, {}))
    assert [each.name for each in python.parents[1].iterdir()] == ["bin"]


def test_passwords_are_for_their_owner_alone(tmp_path: Path) -> None:
    logins = prepare(place_at(tmp_path / "home"), {})
    file = tmp_path / "home" / "passwords.json"
    assert json.loads(file.read_text()) == {"viewer": logins.viewer.password, "admin": logins.admin.password}
    assert file.stat().st_mode & 0o077 == 0
    assert logins.viewer.password not in repr(logins)


def test_processes_know_what_they_are_told_and_nothing_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "99")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    found = variables(place_at(Path("/nowhere")), release_of("3.0.6"))
    assert found["AIRFLOW_HOME"] == "/nowhere"
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8080/execution/"
    assert found["AIRFLOW__CORE__PARALLELISM"] != "99"
    assert "AWS_SECRET_ACCESS_KEY" not in found


@pytest.mark.parametrize(("version", "apart"), [("3.0.6", False), ("3.1.8", False), ("3.2.0", True), ("3.10.1", True)])
def test_since_3_2_tasks_report_to_a_process_that_nobody_asks(version: str, apart: bool) -> None:
    place, release = Place(home=Path("/nowhere"), port=8080, secret="s", tasks_port=8081), release_of(version)
    assert (REPORTS in release.commands) is apart
    reported = variables(place, release)["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]
    assert reported == f"http://127.0.0.1:{8081 if apart else 8080}/execution/"
    assert ("execution" in release.commands["api-server"], "core" in release.commands["api-server"]) == (False, apart)


def test_dags_are_copied_as_they_are_deployed(tmp_path: Path) -> None:
    source, place = tmp_path / "dags", tmp_path / "copy"
    for name in ("scraper.py", "news/feeds.py", "tests/test_scraper.py", "news/__pycache__/feeds.pyc", "old.pyc"):
        write_tree(source, {name: name})
    (source / "link.py").symlink_to(source / "scraper.py")
    place.mkdir()
    copy_dags(source, place)
    found = {str(each.relative_to(place)): each.read_text() for each in place.rglob("*") if each.is_file()}
    assert found == {"scraper.py": "scraper.py", "news/feeds.py": "news/feeds.py"}


@dataclass
class Timetable:
    """A timetable as Airflow has them: its zone has one name in the one, and another in the other."""

    cron: str
    timezone: str


class Older:
    def __init__(self, cron: str, timezone: str) -> None:
        self.cron, self._timezone = cron, timezone


@dataclass
class Dag:
    timetable: Timetable | Older
    dag_id: str = "scraper"
    schedule_interval: str = ""
    tasks: list[SimpleNamespace] = field(default_factory=list)


@pytest.mark.parametrize("kind", [Timetable, Older])
def test_a_dag_gets_its_schedule_in_its_own_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Timetable | Older]
) -> None:
    prepare(place_at(tmp_path / "home"), {"scraper": "* * * * * */15"})
    monkeypatch.setattr(local_settings, "SETTINGS", tmp_path / "home" / "config" / "rehearsal.json")
    waits = [timedelta(minutes=5), timedelta(milliseconds=10)]
    dag = Dag(kind("0 */6 * * *", "Asia/Tokyo"), tasks=[SimpleNamespace(retry_delay=wait) for wait in waits])
    other = Dag(kind("0 2 * * *", "Asia/Tokyo"), dag_id="other")
    local_settings.dag_policy(dag)
    local_settings.dag_policy(other)
    assert type(dag.timetable) is kind
    assert (dag.timetable.cron, getattr(dag.timetable, "timezone", "Asia/Tokyo")) == ("* * * * * */15", "Asia/Tokyo")
    assert [task.retry_delay for task in dag.tasks] == [timedelta(seconds=1), timedelta(milliseconds=10)]
    assert other.timetable.cron == "0 2 * * *"


def test_an_airflow_that_does_not_start_says_why_and_leaves_nothing(tmp_path: Path, python: Path) -> None:
    (tmp_path / "dags").mkdir()
    said = r"airflow 3\.0\.6: api-server ended with 1; see the end of .*api-server\.log:\nthe port is made of cheese"
    with (
        pytest.raises(EngineError, match=said),
        running(tmp_path / "dags", tmp_path, python=python, version="3.0.6"),
    ):
        pytest.fail("it started")
    assert str(tmp_path) not in commands()


def test_servers_start_before_it_is_known_what_dags_find_in_their_environment(tmp_path: Path, python: Path) -> None:
    (tmp_path / "dags").mkdir()

    def know() -> dict[str, str]:
        until = monotonic() + 60
        while "api-server --host" not in asked(tmp_path):
            assert monotonic() < until, "no server was started"
            sleep(0.05)
        return {"DATA_BUCKET": "news"}

    starting = running(tmp_path / "dags", tmp_path, python=python, version="3.0.6", environment=know)
    with pytest.raises(EngineError, match="made of cheese"), starting:
        pytest.fail("it started")
    assert asked(tmp_path)[-3] == "api-server --host"
    assert {*asked(tmp_path)[-2:]} == {"scheduler --skip-serve-logs news", "dag-processor news"}


NEWS = "SMTP_PASSWORD=plant-01-Zq7x"


def test_of_an_airflow_in_scratch_its_logs_stay_without_secrets(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dags", "logs", "scratch"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    made = list[Logins]()
    monkeypatch.setattr("prodgate.rehearsal.airflow.process.prepare", lambda *at: made.append(prepare(*at)) or made[0])
    given = {"python": python, "version": "3.0.6", "environment": lambda: {"NEWS": NEWS}}
    with pytest.raises(EngineError), running_in_scratch(tmp_path / "dags", tmp_path / "logs", **given):
        pytest.fail("it started")
    kept = {str(each.relative_to(tmp_path / "logs")) for each in (tmp_path / "logs").rglob("*") if each.is_file()}
    assert {"airflow-3.0.6/api-server.log", "airflow-3.0.6/logs/run_id=a:b/.of/attempt=1.log"} <= kept
    assert all(each.endswith(".log") for each in kept)
    assert find_planted(tmp_path / "logs", "plant-01-Zq7x", made[0].viewer.password, made[0].admin.password) == []
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_scratch_of_an_airflow_goes_with_a_process_that_is_killed(tmp_path: Path, python: Path) -> None:
    for name in ("dags", "scratch"):
        (tmp_path / name).mkdir()
    script = (
        "from pathlib import Path\nfrom prodgate.rehearsal.airflow.process import running_in_scratch as run\n"
        f"import time\nwith run(Path('dags'), Path('logs'), python=Path({str(python)!r}), version='3.0.6',"
        " environment=lambda: time.sleep(600)): pass"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path / "scratch")}
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment) as process:
        wait_until(lambda: bool(list(tmp_path.glob("scratch/*/airflow-3.0.6/api-server.log"))))
        assert {each.stat().st_mode & 0o77 for each in (tmp_path / "scratch").iterdir()} == {0}
        process.kill()
    wait_until(lambda: not list((tmp_path / "scratch").iterdir()))


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
