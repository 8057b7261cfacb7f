"""A whole folder: the files examined, ruff's messages, and the unknowns if a tool is missing."""

import importlib.util
import sys
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.dag_files import observing
from prodgate.dag_files.observing import import_dags, list_deployed, observe, run_ruff
from prodgate.dag_files.rules import RULES, check_file
from prodgate.engines.environments import ensure_python
from prodgate.facts.dags.files import dag_file_facts, unread_files
from tests.trees import write_tree

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
    write_tree(folder, texts)
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


def test_a_variable_that_is_not_there_leaves_its_default(python: Path, tmp_path: Path) -> None:
    given = "from airflow.models import Variable\nDAY = Variable.get('day', '1')\nHOUR = Variable.get('hour', default_var='2')\n"
    if not python.parents[1].name.startswith("airflow-2."):
        given += "from airflow.sdk import Variable as Newer\nHOUR = Newer.get('hour', default=HOUR)\n"
    (tmp_path / "given.py").write_text(a_dag("given", 'f"0 {HOUR} {DAY} * *"', given))
    (tmp_path / "lacking.py").write_text(
        a_dag("lacking", '"0 2 * * *"', "from airflow.models import Variable\nVariable.get('day')\n")
    )
    answer = import_dags(tmp_path, python)
    assert [*answer["import_errors"]] == ["lacking.py"]
    assert (answer["reached"], [dag["cron"] for dag in answer["dags"]]) == ([], ["0 2 1 * *"])


def test_the_projects_own_files_import(python: Path) -> None:
    answer = import_dags(ROOT / "dags", python)
    assert (answer["import_errors"], answer["reached"], answer["unstable"]) == ({}, [], [])
    assert [dag["dag_id"] for dag in answer["dags"]] == ["data_cleanup", "nba_news_canary", "nba_news_scraper"]


def faked(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str, limit: float = 30) -> Any:
    driver = folder / "driver"
    driver.write_text(script)
    monkeypatch.setattr(observing, "DRIVER", driver)
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
    command = [str(python), "-B", "-P", str(observing.DRIVER), str(tmp_path)]
    environment = {"AIRFLOW_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False, env=environment
    )
    assert (done.returncode, done.stdout) == (75, b"")


MOVED = "from airflow.utils.dates import days_ago\n\nFIRST = days_ago(1)\n"


def test_ruff_knows_what_airflow_removed(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "old.py": MOVED,
            "pyproject.toml": '[tool.ruff.lint.per-file-ignores]\n"*" = ["AIR"]\n',
            "ruff.py": "print('[]')\n",  # a team's own module of that name would have this message
        },
    )
    (told,) = run_ruff(tmp_path, ["old.py"])
    assert (told["rule"], told["file"], told["line"]) == ("AIR301", "old.py", 3)
    assert "days_ago" in told["text"]


def test_a_missing_ruff_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unreadable, match="ruff is not installed"):
        run_ruff(tmp_path, ["old.py"])


def test_what_is_not_deployed_is_not_looked_at(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        dict.fromkeys(
            ("news.py", "pack/tests/a.py", "tests/b.py", "pack/__pycache__/c.py", ".venv/d.py", "pack/e.py"), ""
        ),
    )
    assert list_deployed(tmp_path) == ["news.py", "pack/e.py", "pack/tests/a.py"]


def test_without_airflow_the_rest_is_known(tmp_path: Path) -> None:
    write_tree(tmp_path, {"old.py": MOVED, "no.py": "def (:\n"})
    stored = observe(tmp_path, "dags", "Airflow can't be installed")
    assert (stored["files"], stored["bag"]) == (["no.py", "old.py"], {"unread": "Airflow can't be installed"})
    assert [one["rule"] for one in stored["rules"]] == ["DAG000"]
    assert [one["file"] for one in stored["lint"]["found"]] == ["old.py"]
    assert unread_files(stored) == "Airflow can't be installed"


def test_a_folder_without_files_is_no_pass(tmp_path: Path) -> None:
    stored = observe(tmp_path / "dags", "dags", Path("/nowhere/python"))
    assert unread_files(stored) == "there is no DAG file below dags/"
    (folder,) = dag_file_facts(stored)
    with pytest.raises(Exception, match="there is no DAG file below dags/"):
        _ = folder.rule_findings  # type: ignore[attr-defined]


def test_an_archive_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("news.py", "from airflow import DAG\n")
    with zipfile.ZipFile(tmp_path / "torn.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("news.py", "from airflow import DAG\n" * 99)
    torn = bytearray((tmp_path / "torn.zip").read_bytes())
    torn[40:50] = b"\xff" * 10
    (tmp_path / "torn.zip").write_bytes(torn)
    stored = observe(tmp_path, "dags", "Airflow can't be installed")
    assert stored["files"] == ["torn.zip", "whole.zip/news.py"]
    assert [(one["rule"], one["file"]) for one in stored["rules"]] == [("DAG000", "torn.zip")]
    assert stored["rules"][0]["text"].startswith("can't be read: ")


RULED = """\
from datetime import datetime, timedelta, timezone
import os, pendulum
from airflow.sdk import DAG, Variable, dag, task
from alerts import tell
TOKYO = pendulum.datetime(2026, 1, 1, tz="Asia/Tokyo")
"""
GOOD = {
    "schedule": '"@daily"',
    "start_date": "TOKYO",
    "catchup": "False",
    "on_failure_callback": "tell",
    "dagrun_timeout": "timedelta(hours=1)",
}


def declared(before: str = "", body: str = "    pass", after: str = "", **changed: str | None) -> str:
    """A file with one DAG; None takes an argument away."""
    given = ", ".join(f"{name}={value}" for name, value in (GOOD | changed).items() if value is not None)
    return f"{RULED}{before}\n@dag({given})\ndef news():\n{body}\n\nnews()\n{after}\n"


def told(text: str) -> list[tuple[str, int, str]]:
    return [(one["rule"], one["line"], one["text"]) for one in check_file("news.py", text)[0]]


REJECTED = [
    ("DAG001", declared(start_date=None), "'news' has no start_date"),
    ("DAG001", declared(start_date="datetime(2026, 1, 1)"), "has no zone"),
    ("DAG001", declared(start_date="datetime.strptime('2026-01-01', '%Y-%m-%d')"), "has no zone"),
    ("DAG001", declared(start_date="pendulum.naive(2026, 1, 1)"), "has no zone"),
    ("DAG001", declared(start_date='"2026-01-01"'), "has no zone"),
    ("DAG001", declared("import datetime as dt", start_date="dt.datetime(2026, 1, 1)"), "has no zone"),
    ("DAG001", declared("FIRST = datetime(2026, 1, 1)", start_date="FIRST"), "has no zone"),
    ("DAG001", declared(start_date=None, default_args='{"start_date": datetime(2026, 1, 1)}'), "has no zone"),
    ("DAG001", declared(start_date="pendulum.now('Asia/Tokyo')"), "moves with the clock (pendulum.now)"),
    ("DAG001", declared(start_date="pendulum.today('UTC').add(days=-1)"), "moves with the clock (pendulum.today)"),
    ("DAG001", declared("from airflow.utils.dates import days_ago", start_date="days_ago(1)"), "moves with the clock"),
    ("DAG002", declared(catchup=None), "does not say whether it catches up"),
    ("DAG003", declared(schedule=None), "states no schedule"),
    ("DAG003", declared(schedule='os.environ["CRON"]'), "is computed"),
    ("DAG003", declared(schedule='os.environ.get("CRON")'), "is computed"),
    ("DAG003", declared(schedule='f"{1} * * * *"'), "is computed"),
    ("DAG003", declared('CRON = os.getenv("CRON")', schedule="CRON"), "is computed"),
    ("DAG003", declared('CRON = "@daily" if TOKYO else None', schedule="CRON"), "is computed"),
    ("DAG004", declared("import requests\nrequests.get('https://example.com')"), "requests.get is called"),
    ("DAG004", declared("from urllib.request import urlopen\nDATA = urlopen('x').read()"), "urllib.request.urlopen"),
    ("DAG004", declared("import requests as r\ndef load():\n    return r.get('x')\nDATA = load()"), "requests.get"),
    ("DAG004", declared("import boto3\nS3 = boto3.client('s3')"), "boto3.client"),
    ("DAG004", declared("import requests\nclass C:\n    data = requests.get('x')"), "requests.get"),
    ("DAG004", declared("import requests\ndef f(x=requests.get('x')):\n    pass"), "requests.get"),
    ("DAG004", declared("import requests\n[requests.get(x) for x in 'ab']"), "requests.get"),
    ("DAG004", declared("import time", body="    time.sleep(3)"), "time.sleep"),
    ("DAG004", declared(body="    Variable.get('x')"), "Variable.get"),
    ("DAG004", declared("from hooks import H\nH('db').get_conn()"), "get_conn"),
    ("DAG004", declared("import subprocess\nif os.environ:\n    subprocess.run(['ls'])"), "subprocess.run"),
    ("DAG005", declared(on_failure_callback=None), "has no on_failure_callback of its own"),
    ("DAG005", declared(on_failure_callback="None"), "has no on_failure_callback of its own"),
    ("DAG006", declared(dagrun_timeout=None), "may run forever"),
    ("DAG007", declared().replace("airflow", "air_flow"), "does not hold the word 'airflow'"),
    ("DAG008", declared().replace("\nnews()", ""), "call news() at the end"),
]
PASSED = [
    declared(),
    declared(start_date="datetime(2026, 1, 1, tzinfo=timezone.utc)"),
    declared(start_date="datetime(2026, 1, 1).replace(tzinfo=timezone.utc)"),
    declared(start_date='pendulum.parse("2026-01-01", tz="Asia/Tokyo")'),
    declared(start_date=None, default_args='{"start_date": TOKYO}'),
    declared(schedule="None", catchup=None, start_date=None),
    declared(schedule="timedelta(days=1)"),
    declared('CRON = "@daily"', schedule="CRON"),
    declared(
        "from airflow.timetables.trigger import CronTriggerTimetable as T", schedule='T("@daily", timezone="UTC")'
    ),
    declared("import requests", body="    @task\n    def get():\n        requests.get('x')\n    get()"),
    declared("import requests\ndef later():\n    requests.get('x')\nDO = lambda: requests.get('x')"),
    declared(after="if __name__ == '__main__':\n    import requests\n    requests.get('x')"),
    declared(body="    dict().get('x')\n    os.environ.get('y')"),
    f'{RULED}with DAG("news", schedule="@daily", start_date=TOKYO, catchup=False, on_failure_callback=tell, dagrun_timeout=timedelta(1)):\n    pass\n',
    f"{RULED}SAME = {{}}\nDAG('news', **SAME)\n",
    "import requests\n\ndef fetch():\n    return requests.get('x')\n",
]


@pytest.mark.parametrize(("rule", "text", "wrong"), REJECTED)
def test_a_rule_rejects_what_it_is_about_and_nothing_else(rule: str, text: str, wrong: str) -> None:
    complaints = told(text)
    assert [each[0] for each in complaints] == [rule]
    assert wrong in complaints[0][2]


@pytest.mark.parametrize("text", PASSED)
def test_what_is_well_passes(text: str) -> None:
    assert told(text) == []


def test_each_rule_was_seen_to_reject() -> None:
    assert {rule for rule, _, _ in REJECTED} == set(RULES)


def test_a_complaint_stands_where_it_is_wrong() -> None:
    text = f"{RULED}\nDAG(\n    'news',\n    schedule=None,\n    on_failure_callback=tell,\n    start_date=datetime(2026, 1, 1),\n)\n"
    assert [(rule, line) for rule, line, _ in told(text)] == [("DAG001", 11), ("DAG006", 7)]


def test_what_is_no_python_is_told_with_its_line() -> None:
    complaints, dags = check_file("news.py", "import os\ndef (:\n")
    assert complaints == [{"rule": "DAG000", "file": "news.py", "line": 2, "text": "is no Python: invalid syntax"}]
    assert dags == []
    assert check_file("news.py", "a = '\0'")[0][0]["rule"] == "DAG000"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (declared(), [("news", 7)]),
        (declared(dag_id='"other"'), [("other", 7)]),
        (f"{RULED}NAME = 'a'\nDAG(NAME)\nDAG(dag_id='b')\nDAG(f'c')\n", [("a", 7), ("b", 8)]),
        (f"{RULED}import airflow\nairflow.DAG('a')\n@dag\ndef b():\n    pass\n", [("a", 7), ("b", 9)]),
    ],
)
def test_the_dags_of_a_file_are_known_by_id_and_line(text: str, ids: list[tuple[str, int]]) -> None:
    assert [(one["dag_id"], one["line"]) for one in check_file("news.py", text)[1]] == ids
