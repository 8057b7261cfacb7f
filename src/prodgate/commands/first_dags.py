"""What a first criteria.toml says of DAGs: a comment, as which Airflow runs them is written in none of their files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ..dag_files.guesses import GuessedDag, Guesses
from ..report.text import visible
from ..sections.toml_text import write_string

_AIRFLOW: Final = """
# Which Airflow runs the DAGs in {folder}, and when each of them must run.{guessed}
# [airflow]
# version = "3.0.6"
# url = "https://airflow.example"
# token = "env:AIRFLOW_TOKEN"
# folder = {quoted}
"""

_GUESSED: Final = """ Ids and times are a guess from the
# text of the files, of which nothing was run."""

_ASKED: Final = """\
#
# [criteria.dag-imports]
# statement = "Airflow can import the files of the DAGs."
# why = "A file that can't be imported runs nothing, in silence."
# source = "our service levels"
# layers = ["dags"]
"""

_NONE_READ: Final = """\
#
# [dags.ID]
# cron = "0 3 * * *"
# timezone = "UTC"
"""


def write_dags(folder: str, quoted: str, guesses: Guesses) -> str:
    """Return the comment for a folder, whose name is also given as TOML writes it."""
    clocked = [each for each in guesses.dags if not each.unclocked]
    text = _AIRFLOW.format(folder=visible(folder), quoted=quoted, guessed=_GUESSED if guesses.dags else "")
    text += ("".join(_write_dag(each) for each in clocked) or _NONE_READ) + _ASKED
    beside = [_describe_unclocked(each) for each in guesses.dags if each.unclocked]
    notes = [("Run by no clock, so nothing says when they must:", beside), ("Not read:", guesses.unread)]
    return text + "".join(f"#\n# {title}\n{''.join(_write_notes(each))}" for title, each in notes if each)


def _write_dag(dag: GuessedDag) -> str:
    key = dag.dag_id if re.fullmatch(r"[\w-]+", dag.dag_id) else write_string(dag.dag_id)
    cron = f'"{dag.cron}"' if dag.cron else f'"0 3 * * *" # an example: {visible(dag.why)}'
    place = visible(f"{dag.file}:{dag.line}")
    return f"#\n# [dags.{key}] # {place}\n# cron = {cron}\n# timezone = {write_string(dag.timezone)}\n"


def _describe_unclocked(dag: GuessedDag) -> str:
    return f"{dag.file}:{dag.line}: {dag.dag_id}"


def _write_notes(notes: Sequence[str]) -> Iterator[str]:
    yield from (f"# - {visible(each)}\n" for each in notes)
