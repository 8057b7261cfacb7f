"""DAG files imported by a real Airflow: what it says of them, and what becomes of an import that does not end."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.dag_files import bag
from prodgate.dag_files.bag import import_dags
from prodgate.dag_files.observing import observe
from prodgate.engines.environments import ensure_python

ROOT = Path(__file__).parents[3]

HEAD = """\
from datetime import timedelta
import pendulum
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task
START = pendulum.datetime(2026, 1, 1, tz="Asia/Tokyo")
"""
FILES = {
    "good.py": """
        @dag(schedule="0 2 * * *", start_date=START, catchup=False, max_active_runs=2, dagrun_timeout=timedelta(hours=1),
             on_failure_callback=print, default_args={"retries": 2, "retry_delay": timedelta(seconds=90),
             "retry_exponential_backoff": True, "execution_timeout": timedelta(minutes=5), "on_failure_callback": print})
        def good():
            @task
            def each(n: int) -> int:
                return n
            @task(trigger_rule="all_done", retries=0, on_failure_callback=None)
            def last() -> None:
                pass
            each.expand(n=[1, 2]) >> last()
        good()
    """,
    "bare.py": """
        @dag(schedule=None)
        def bare():
            @task
            def only() -> None:
                pass
            only()
        bare()
    """,
    "broken.py": "import no_such_module  # dag airflow",
    "reaching.py": """
        import socket, subprocess
        try:
            socket.create_connection(("example.com", 80), timeout=5)
        except Exception:
            pass
        try:
            subprocess.run(["/bin/true"])
        except Exception:
            pass
    """,
    "asking.py": """
        import sqlite3
        sqlite3.connect("news.sqlite")
    """,
    "unstable.py": """
        import uuid
        @dag(schedule=None, start_date=START, tags=[str(uuid.uuid4())])
        def unstable():
            @task
            def only() -> None:
                pass
            only()
        unstable()
    """,
    "unordered.py": """
        NAMES = list({"aa", "bb", "cc", "dd", "ee", "ff"})
        @dag(schedule=None, start_date=START, params={"names": ",".join(NAMES)})
        def unordered():
            @task
            def only() -> None:
                pass
            only()
        unordered()
    """,
    "configured.py": """
        import os
        BUCKET = os.environ["DATA_BUCKET"]
    """,
}


@pytest.fixture(
    scope="session",
    params=[pytest.param(version, marks=pytest.mark.matrix) for version in ("2.11.0", "3.0.6", "3.3.2")],
)
def python(request: pytest.FixtureRequest) -> Path:
    return ensure_python(f"airflow-{request.param}", lambda _: None)


@pytest.fixture(scope="session")
def answer(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("dags")
    for name, text in FILES.items():
        (folder / name).write_text(HEAD + dedent(text))
    return import_dags(folder, python, environment={"DATA_BUCKET": "example"})


pytestmark = [pytest.mark.once, pytest.mark.xdist_group("airflow")]


def test_a_dag_is_told_with_all_that_it_declares(answer: Any) -> None:
    assert answer["version"] in ("2.11.0", "3.0.6", "3.3.2")
    (good,) = [dag for dag in answer["dags"] if dag["dag_id"] == "good"]
    tasks = {task.pop("task_id"): task for task in good.pop("tasks")}
    assert len(good.pop("digest")) == 64
    assert good.pop("timetable") in ("CronTriggerTimetable", "CronDataIntervalTimetable")
    assert good == {
        "dag_id": "good", "file": "good.py", "cron": "0 2 * * *", "timezone": "Asia/Tokyo", "start": "2025-12-31T15:00:00+00:00", "catchup": False, "max_active_runs": 2,
        "timeout": 3600.0, "failure_callback": True,
    }  # fmt: skip
    assert tasks["each"] == {
        "mapped": True, "teardown": False, "retries": 2, "retry_delay": 90.0, "backoff": True, "timeout": 300.0,
        "failure_callback": True, "trigger_rule": "all_success", "upstream": [], "downstream": ["last"],
    }  # fmt: skip
    assert (tasks["last"]["retries"], tasks["last"]["failure_callback"]) == (0, False)
    assert (tasks["last"]["trigger_rule"], tasks["last"]["upstream"]) == ("all_done", ["each"])


def test_a_dag_that_declares_nothing_is_told_so(answer: Any) -> None:
    (bare,) = [dag for dag in answer["dags"] if dag["dag_id"] == "bare"]
    assert (bare["cron"], bare["timezone"], bare["timeout"], bare["failure_callback"]) == ("", "", None, False)
    (only,) = bare["tasks"]
    assert (only["retries"], only["timeout"], only["failure_callback"]) == (0, None, False)


def test_what_cannot_be_imported_is_named(answer: Any) -> None:
    assert set(answer["import_errors"]) == {"broken.py", "asking.py"}
    assert "no_such_module" in answer["import_errors"]["broken.py"]
    assert "a database was asked for while DAG files are imported" in answer["import_errors"]["asking.py"]


def test_whoever_reaches_out_is_named_though_the_error_is_caught(answer: Any) -> None:
    first = HEAD.count("\n")
    assert [(one["file"], one["line"] - first, one["what"]) for one in answer["reached"]] == [
        ("asking.py", 3, "a database (news.sqlite)"),
        ("reaching.py", 4, "a name of the network (example.com)"),
        ("reaching.py", 8, "another program (true)"),
    ]


def test_a_dag_that_is_another_one_each_time_is_named(answer: Any) -> None:
    assert answer["unstable"] == ["unordered", "unstable"]


#: A folder as teams have them: files that Airflow ignores, one of which is imported, an archive, subfolders and tests.
WHOLE = """
    @dag(dag_id="NAME", schedule=SCHEDULE, start_date=START, catchup=False, dagrun_timeout=timedelta(hours=1),
         on_failure_callback=print)
    def made():
        @task
        def only() -> None:
            pass
        only()
    made()
"""


def a_dag(name: str, schedule: str = '"@daily"', head: str = "") -> str:
    return HEAD + head + dedent(WHOLE).replace("NAME", name).replace("SCHEDULE", schedule)


def a_folder(folder: Path, version: str) -> Path:
    old = version.startswith("2.")
    texts = {
        ".airflowignore": "examples/.*\nhelpers/.*\n" if old else "examples/\nhelpers/\n",
        "examples/old.py": "from airflow.utils.dates import days_ago\n" + a_dag("twice"),
        "examples/no.py": "{% dag airflow %}",
        "helpers/__init__.py": "",
        "helpers/used.py": "import requests  # dag airflow\nif False:\n    requests.get('https://example.com')\n",
        "team/deep/twice.py": a_dag("twice", head="from helpers import used\n"),
        "tests/test_dags.py": "import no_such_module  # dag airflow\n",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        archive.writestr("inside.py", a_dag("inside", '"0 2 * * *"').replace(", catchup=False", ""))
        archive.writestr("below/other.py", "dag airflow: no Python")
    with zipfile.ZipFile(folder / "broken.zip", "w") as archive:
        archive.writestr("bad.py", "import no_such_module  # dag airflow")
    return folder


def test_only_what_airflow_reads_is_looked_at_and_all_of_it(python: Path, tmp_path: Path) -> None:
    seen = observe(a_folder(tmp_path, python.parents[1].name.removeprefix("airflow-")), "dags", python)
    assert seen["files"] == [
        "broken.zip/bad.py", "helpers/__init__.py", "helpers/used.py", "packed.zip/inside.py", "team/deep/twice.py",
    ]  # fmt: skip
    assert [(one["rule"], one["file"]) for one in seen["rules"]] == [
        ("DAG004", "helpers/used.py"), ("DAG002", "packed.zip/inside.py"),
    ]  # fmt: skip
    assert {(one["dag_id"], one["file"]) for one in seen["declared"]} == {
        ("inside", "packed.zip/inside.py"), ("twice", "team/deep/twice.py")
    }  # fmt: skip
    assert {dag["dag_id"]: (dag["file"], dag["cron"]) for dag in seen["bag"]["dags"]} == {
        "inside": ("packed.zip/inside.py", "0 2 * * *"), "twice": ("team/deep/twice.py", "0 0 * * *")
    }  # fmt: skip
    assert set(seen["bag"]["import_errors"]) == {"broken.zip/bad.py"}
    assert seen["lint"] == {"found": []}


def test_a_clock_beside_assets_is_told_as_a_clock(python: Path, tmp_path: Path) -> None:
    made = (
        "try:\n"
        "    from airflow.sdk import Asset\n"
        "    from airflow.timetables.assets import AssetOrTimeSchedule as Both\n"
        "except ImportError:\n"
        "    from airflow.datasets import Dataset as Asset\n"
        "    from airflow.timetables.datasets import DatasetOrTimeSchedule as Both\n"
        "from airflow.timetables.trigger import CronTriggerTimetable\n"
    )
    kind = "assets" if not python.parents[1].name.startswith("airflow-2.") else "datasets"
    clock = f'Both(timetable=CronTriggerTimetable("0 */6 * * *", timezone="Asia/Tokyo"), {kind}=[Asset("s3://a/b")])'
    (tmp_path / "both.py").write_text(a_dag("both", clock, made))
    answer = import_dags(tmp_path, python)
    assert answer["import_errors"] == {}
    assert [(dag["cron"], dag["timezone"]) for dag in answer["dags"]] == [("0 */6 * * *", "Asia/Tokyo")]


def test_the_projects_own_files_import(python: Path) -> None:
    answer = import_dags(ROOT / "dags", python)
    assert (answer["import_errors"], answer["reached"], answer["unstable"]) == ({}, [], [])
    assert [dag["dag_id"] for dag in answer["dags"]] == ["data_cleanup", "nba_news_canary", "nba_news_scraper"]


def faked(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str, limit: float = 30) -> Any:
    driver = folder / "driver"
    driver.write_text(script)
    monkeypatch.setattr(bag, "DRIVER", driver)
    return import_dags(folder, Path(sys.executable), limit=limit)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "import sys; sys.exit('no more memory')",
            "Airflow ended with exit code 1 while it imported the DAG files: no ",
        ),
        (
            "import os; os.kill(os.getpid(), 9)",
            "Airflow was ended by SIGKILL while it imported the DAG files: it said ",
        ),
        ("print('Traceback')", "what Airflow says of the DAG files can't be read"),
    ],
)
def test_an_airflow_that_gives_no_answer_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        faked(monkeypatch, tmp_path, script)


def test_a_file_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"did not import the DAG files within 0\.5 s"):
        faked(monkeypatch, tmp_path, "import signal; signal.pause()", limit=0.5)


def test_the_driver_ends_with_whoever_waits_for_it(python: Path, tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "endless.py").write_text("# dag airflow\nimport signal\nsignal.pause()\n")
    command = [str(python), "-B", "-P", str(bag.DRIVER), str(tmp_path)]
    environment = {"AIRFLOW_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False, env=environment
    )
    assert (done.returncode, done.stdout) == (75, b"")
