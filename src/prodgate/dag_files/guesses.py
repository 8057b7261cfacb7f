"""The DAGs that files seem to declare, and their schedules: a first guess from the text, without running any of it."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ..dags.cron import PRESETS, find_mistakes
from ..dags.declared import Schedule
from ..semantics.syntax_trees import parse_module
from .rules import Declaration, Source, read_literal

#: Ids that Airflow takes.
_ID: Final = re.compile(r"[A-Za-z0-9_.-]+")
#: Airflow's usual zone.
_USUAL: Final = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedDag:
    """A DAG whose id stands in a file."""

    dag_id: str
    file: str
    line: int
    cron: str = ""
    """Empty where no cron expression stands there; ``why`` says what does."""
    timezone: str = _USUAL
    why: str = ""
    unclocked: bool = False
    """Whether its file says that no clock starts it, so that it has no slots."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """The facts read from files, and the places that could not be read: ``file:line`` or ``file``, with the reason."""

    dags: tuple[GuessedDag, ...] = ()
    unread: tuple[str, ...] = ()


def guess_dags(texts: Mapping[str, str]) -> Guesses:
    """Return the DAGs that files declare, given the text of each by its name."""
    found: dict[str, GuessedDag] = {}
    unread = []
    for file, text in texts.items():
        for each in _read_file(file, text):
            if isinstance(each, str):
                unread.append(each)
            elif (first := found.setdefault(each.dag_id, each)) is not each:
                unread.append(f"{file}:{each.line}: declares {each.dag_id} again, as {first.file}:{first.line} does")
    return Guesses(tuple(found.values()), tuple(unread))


def _read_file(file: str, text: str) -> Iterator[GuessedDag | str]:
    try:
        source = Source(file, text, parse_module(text))
        declared = source.declarations
    except (SyntaxError, ValueError) as error:
        yield f"{file}:{getattr(error, 'lineno', None) or 1}: is no Python: {getattr(error, 'msg', None) or error}"
        return
    except (RecursionError, MemoryError):
        yield f"{file}: is nested too deep to be read"
        return
    if not declared:
        yield f"{file}: speaks of Airflow, and no DAG stands in it"
    for each in declared:
        if not each.dag_id:
            yield f"{file}:{each.line}: a DAG whose id is made when the file runs"
        elif not _ID.fullmatch(each.dag_id):
            yield f"{file}:{each.line}: the id {each.dag_id!r}, which Airflow does not take"
        else:
            yield _read_schedule(source, each)


def _read_schedule(source: Source, dag: Declaration) -> GuessedDag:
    stated = dag.schedule
    unclocked = isinstance(stated, ast.Constant) and stated.value in (None, "@once", "@continuous")
    cron, zone = ("", "") if stated is None or unclocked else _read_clock(source, stated)
    zone = zone or _find_zone(source, dag.given.get("start_date") or dag.given.get("default_args.start_date"))
    why = "" if unclocked else _find_why(dag, Schedule(cron=cron, timezone=zone))
    return GuessedDag(
        dag_id=dag.dag_id, file=source.file, line=dag.line,
        cron="" if why else cron, timezone=zone, why=why, unclocked=unclocked,
    )  # fmt: skip


def _find_why(dag: Declaration, read: Schedule) -> str:
    """Return why what was read is no schedule; empty where it is one."""
    if read.cron:
        return "; ".join(each.partition("; write")[0] for each in find_mistakes(read))
    if dag.schedule is not None:
        return "its schedule is computed"
    return "its arguments are made when the file runs" if dag.open_ended else "it states no schedule"


def _read_clock(source: Source, stated: ast.expr) -> tuple[str, str]:
    """Return a cron expression and its zone, each empty where it is not written down."""
    if isinstance(stated, ast.Call) and source.dotted_name(stated.func).endswith(
        ("CronTriggerTimetable", "CronDataIntervalTimetable")
    ):
        given = {each.arg: source.resolve(each.value) for each in stated.keywords}
        given |= dict(zip(("cron", "timezone"), map(source.resolve, stated.args), strict=False))
        zones = [*_find_zones(source, given["timezone"])] if "timezone" in given else []
        return read_literal(given.get("cron")), zones[0] if len(zones) == 1 else ""
    return PRESETS.get(read_literal(stated), read_literal(stated)), ""


def _find_zone(source: Source, start: ast.expr | None) -> str:
    """Return the zone of a start date, by which Airflow reads the schedule; its usual one where none is written."""
    zones = [*_find_zones(source, start)] if start is not None else []
    return zones[0] if len(zones) == 1 else _USUAL


def _find_zones(source: Source, node: ast.expr) -> Iterator[str]:
    """Yield the names of zones that an expression holds, with those that it takes from names of the file."""
    for each in ast.walk(node):
        stands = source.resolve(each) if isinstance(each, ast.Name) else each
        for text in map(read_literal, ast.walk(stands) if stands is not each else (each,)):
            if text and not find_mistakes(Schedule(cron="0 0 * * *", timezone=text)):
                yield text
