"""Tests of the DAG files that are released: each is imported by the Airflow that it is for, and is as declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import Fact
from ..dags.files import DagFile, DagFolder, dag_file_facts, unread_files
from ..dags.structure import schedule_facts, structure_facts


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagTest(Fact):
    """What testing one DAG has shown; ``subject`` is its id."""

    flaws: tuple[str, ...]
    """What did not hold: it is not imported, tasks or schedule are not the declared ones, or it breaks a rule."""


def dag_test_facts(files: Mapping[str, Any], declared: Mapping[str, Any], why: str) -> Iterator[DagTest]:
    """Yield each declared DAG with what testing its file has shown; ``why`` says why that is no proof."""
    reason = why or unread_files(files)
    facts = () if reason else dag_file_facts(files)
    for id_, stated in declared["files"].items():
        if reason:
            yield DagTest.unread(id_, reason)
        else:
            yield DagTest(subject=id_, flaws=tuple(_list_flaws(facts, id_, stated)))


def _list_flaws(facts: Iterable[Fact], id_: str, stated: Mapping[str, Any]) -> Iterator[str]:
    known = list(facts)
    files = [fact for fact in known if isinstance(fact, DagFile)]
    for folder in (fact for fact in known if isinstance(fact, DagFolder)):
        yield from folder.import_errors
        yield from folder.duplicates
        yield from folder.rule_findings
        yield from (f"{each} differs when it is imported again" for each in folder.unstable if each == id_)
    for structure in structure_facts(files, {id_: stated["tasks"]}):
        yield from getattr(structure, "differences", ())
    for file in schedule_facts(files, {id_: (stated["cron"], stated["timezone"])}):
        found, wanted = (file.cron, file.timezone), (stated["cron"], stated["timezone"])
        if found != wanted:
            yield f"its schedule is {' in '.join(filter(None, found)) or 'none'}, declared is {' in '.join(wanted)}"
