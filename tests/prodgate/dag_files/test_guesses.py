"""Guesses about DAG files from their text: literal ids and times, and a place for each other one."""

import pytest

from prodgate.dag_files.guesses import GuessedDag, guess_dags

TASKFLOW = """
import pendulum
from airflow.sdk import dag, task

TOKYO = pendulum.timezone("Asia/Tokyo")

@dag(schedule="0 3 * * *", start_date=pendulum.datetime(2026, 1, 1, tz=TOKYO))
def close_the_day():
    @task
    def count(): ...
    count()

close_the_day()
"""


def the_dag(text: str) -> GuessedDag:
    (found,) = guess_dags({"orders.py": text}).dags
    return found


def told(text: str) -> tuple[str, ...]:
    """The unreadable parts of a file of which nothing was read."""
    guesses = guess_dags({"orders.py": text})
    assert not guesses.dags
    return guesses.unread


def test_a_function_gives_the_id_and_its_decorator_the_time() -> None:
    assert the_dag(TASKFLOW) == GuessedDag(
        dag_id="close_the_day", file="orders.py", line=7, cron="0 3 * * *", timezone="Asia/Tokyo"
    )


@pytest.mark.parametrize(
    ("declared", "dag_id"),
    [
        ('with DAG("orders") as dag: ...', "orders"),
        ('dag = DAG(dag_id="orders", schedule=None)', "orders"),
        ('import airflow\nwith airflow.models.DAG("orders"): ...', "orders"),
        ('ID = "orders.v2"\nDAG(ID)', "orders.v2"),
        ('def build():\n    with DAG("orders") as dag: ...\n    return dag\nbuild()', "orders"),
        ('@dag\ndef orders(): ...', "orders"),
        ('@dag("orders")\ndef other(): ...', "orders"),
        ('@dag(dag_id="orders", **USUAL)\ndef other(): ...', "orders"),
    ],
)  # fmt: skip
def test_an_id_that_stands_there_is_read(declared: str, dag_id: str) -> None:
    assert the_dag(f"from airflow.sdk import DAG, dag\n{declared}\n").dag_id == dag_id


@pytest.mark.parametrize(
    "declared",
    [
        'for each in ("a", "b"):\n    DAG(f"load_{each}")',
        'ID = "a"\nfor ID in ("b", "c"):\n    DAG(ID)',
        'name = "a"\ndef build(name):\n    return DAG(name)\nbuild("b")',
        'DAG("load_" + TENANT)',
        "DAG(dag_id=read_settings()['id'])",
        "DAG(*WORDS)",
        "@dag(**USUAL)\ndef orders(): ...",
        "@dag(dag_id=PREFIX + 'a')\ndef orders(): ...",
    ],
)
def test_an_id_that_is_made_when_the_file_runs_is_no_guess(declared: str) -> None:
    (unread,) = told(f"from airflow.sdk import DAG, dag\n{declared}\n")
    assert unread.startswith("orders.py:")
    assert unread.endswith(": a DAG whose id is made when the file runs")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from airflow.sdk import dag\ndef f(:\n", "orders.py:2: is no Python: "),
        ("from airflow\x00", "orders.py:1: is no Python: "),
        ("from airflow.sdk import task\n", "orders.py: speaks of Airflow, and no DAG stands in it"),
        ("from airflow import DAG\nDAG('my orders')\n", "orders.py:2: the id 'my orders', which Airflow does not take"),
        (f"dag = {'(' * 9000}airflow{')' * 9000}", "orders.py:1: is no Python: "),
        (f"dag = {'-' * 90000}airflow", "orders.py: is nested too deep to be read"),
    ],
    ids=["syntax", "null", "helper", "id", "parentheses", "nested"],
)
def test_what_is_not_read_says_where_and_why(text: str, said: str) -> None:
    (unread,) = told(text)
    assert unread.startswith(said)


def test_an_id_that_comes_twice_is_said() -> None:
    guesses = guess_dags({"a.py": TASKFLOW, "b.py": TASKFLOW})
    assert [each.file for each in guesses.dags] == ["a.py"]
    assert guesses.unread == ("b.py:7: declares close_the_day again, as a.py:7 does",)


@pytest.mark.parametrize(
    ("given", "cron", "zone", "why"),
    [
        ('schedule="@daily"', "0 0 * * *", "UTC", ""),
        ('schedule_interval="0 4 * * 1", start_date=datetime(2026, 1, 1)', "0 4 * * 1", "UTC", ""),
        ('timetable=CronTriggerTimetable("0 5 * * *", timezone="Europe/Berlin")', "0 5 * * *", "Europe/Berlin", ""),
        ('schedule=CronDataIntervalTimetable(cron=CRON, timezone=ZONE)', "0 6 * * *", "Asia/Tokyo", ""),
        ('schedule=CRON, default_args={"start_date": datetime(2026, 1, 1, tzinfo=ZoneInfo(ZONE))}', "0 6 * * *", "Asia/Tokyo", ""),
        ("schedule=timedelta(hours=1)", "", "UTC", "its schedule is computed"),
        ("schedule=[Asset('orders')]", "", "UTC", "its schedule is computed"),
        ("schedule=5", "", "UTC", "its schedule is computed"),
        ('schedule="0 3 * *"', "", "UTC", "'0 3 * *' has not 5 fields, nor 6 with seconds last"),
        ("tags=[]", "", "UTC", "it states no schedule"),
        ("**USUAL", "", "UTC", "its arguments are made when the file runs"),
    ],
)  # fmt: skip
def test_a_time_is_read_where_it_is_written(given: str, cron: str, zone: str, why: str) -> None:
    names = 'from airflow import DAG\nCRON = "0 6 * * *"\nZONE = "Asia/Tokyo"\n'
    found = the_dag(f'{names}DAG("orders", {given})\n')
    assert (found.cron, found.timezone, found.why, found.unclocked) == (cron, zone, why, False)


@pytest.mark.parametrize("schedule", ["None", "'@once'", "'@continuous'"])
def test_a_dag_that_no_clock_starts_is_told_apart(schedule: str) -> None:
    found = the_dag(f"from airflow import DAG\nDAG('by_hand', schedule={schedule})\n")
    assert (found.unclocked, found.cron, found.why) == (True, "", "")
