"""What ``prodgate init`` writes of DAGs: what their files say, and where one is that they do not."""

from __future__ import annotations

import os
from pathlib import Path

from prodgate.cli import main
from prodgate.commands.surveying import survey

MORE = "from airflow import DAG\nDAG('by_hand', schedule=None)\nDAG('v.2')\nDAG(f'{1}')\n"


def test_dags_stand_in_the_criteria_as_far_as_their_files_say(tmp_path: Path) -> None:
    folder = tmp_path / "pipeline/dags"
    folder.mkdir(parents=True)
    (folder / "more.py").write_text(MORE, "utf-8")
    (folder / "orders.py").write_text(
        'from airflow.sdk import dag\n@dag(schedule="0 3 * * *")\ndef orders(): ...\n', "utf-8"
    )
    (folder / "\u202eold.py").write_text("from airflow import dag\n(", "utf-8")
    (folder / "large.py").write_text("import airflow # dag\n" * 50_000, "utf-8")
    assert main(["init", str(tmp_path)]) == 0
    said = (tmp_path / "criteria.toml").read_text("utf-8").partition("# [dags")[2].partition("\n\n")[0]
    assert said.splitlines() == [
        '."v.2"] # more.py:3',
        '# cron = "0 3 * * *" # an example: it states no schedule',
        '# timezone = "UTC"',
        "#",
        "# [dags.orders] # orders.py:2",
        '# cron = "0 3 * * *"',
        '# timezone = "UTC"',
        "#",
        "# [criteria.dag-imports]",
        '# statement = "Airflow can import the files of the DAGs."',
        '# why = "A file that can\'t be imported runs nothing, in silence."',
        '# source = "our service levels"',
        '# layers = ["dags"]',
        "#",
        "# Run by no clock, so nothing says when they must:",
        "# - more.py:2: by_hand",
        "#",
        "# Not read:",
        "# - more.py:4: a DAG whose id is made when the file runs",
        "# - \\u202eold.py:2: is no Python: '(' was never closed",
        "# - large.py: is too large to be looked at",
    ]


def test_a_folder_below_one_of_tests_is_read_and_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "tests/shop/dags").mkdir(parents=True)
    (tmp_path / "tests/shop/dags/orders.py").write_text("from airflow import DAG\nDAG('orders')\n", "utf-8")
    os.mkfifo(tmp_path / "tests/shop/dags/more.py")
    found = survey(tmp_path / "tests/shop")
    assert (found.dags, [each.dag_id for each in found.guesses.dags]) == (("dags",), ["orders"])
