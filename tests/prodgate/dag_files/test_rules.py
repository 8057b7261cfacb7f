"""Each rule about DAG files, with what it must reject and what it must let pass."""

from __future__ import annotations

import pytest

from prodgate.dag_files.rules import RULES, check_file

HEAD = """\
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
    return f"{HEAD}{before}\n@dag({given})\ndef news():\n{body}\n\nnews()\n{after}\n"


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
    f'{HEAD}with DAG("news", schedule="@daily", start_date=TOKYO, catchup=False, on_failure_callback=tell, dagrun_timeout=timedelta(1)):\n    pass\n',
    f"{HEAD}SAME = {{}}\nDAG('news', **SAME)\n",
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
    text = f"{HEAD}\nDAG(\n    'news',\n    schedule=None,\n    on_failure_callback=tell,\n    start_date=datetime(2026, 1, 1),\n)\n"
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
        (f"{HEAD}NAME = 'a'\nDAG(NAME)\nDAG(dag_id='b')\nDAG(f'c')\n", [("a", 7), ("b", 8)]),
        (f"{HEAD}import airflow\nairflow.DAG('a')\n@dag\ndef b():\n    pass\n", [("a", 7), ("b", 9)]),
    ],
)
def test_the_dags_of_a_file_are_known_by_id_and_line(text: str, ids: list[tuple[str, int]]) -> None:
    assert [(one["dag_id"], one["line"]) for one in check_file("news.py", text)[1]] == ids
