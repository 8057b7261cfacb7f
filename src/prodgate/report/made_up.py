"""What a rehearsal made up, layer by layer: what stood in for what is in an account, and how fast its clocks ran."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..layers.e2e.kinds import VISITS
from ..layers.rollout.kinds import WATCH
from ..verdict import Verdict
from .load.drawing import Words
from .view import observed_account


def list_made_up(run: Run, verdict: Verdict, words: Words) -> list[tuple[str, str]]:
    """Return (layer, what was made up there) for each layer that a rehearsal asked; nothing for a real target."""
    if not verdict.scope.rehearsal:
        return []
    told = {
        "static": [words("made-up-static", engine=_source(run, "static", "configuration") or words("not-recorded"))],
        "live": [words("made-up-live", account=observed_account(run) or words("not-recorded"))],
        "load": [words("made-up-load")],
        "e2e": [words("made-up-e2e", browser=_source(run, "e2e", VISITS) or words("not-recorded"))],
        "dags": list(_tell_schedules(run, words)),
        "rollout": [words("made-up-rollout", speed=_find_speed(run, words))],
        "attested": [words("made-up-attested")],
    }
    return [(layer, text) for layer, texts in told.items() if layer in verdict.scope.layers for text in texts]


def _source(run: Run, layer: str, kind: str) -> str:
    return next((str(fact.get("source", "")) for fact in run.facts_of(layer, kind)), "")


def _tell_schedules(run: Run, words: Words) -> Iterator[str]:
    airflow = run.criteria.airflow
    yield words("made-up-dags")
    if airflow and airflow.rehearsal:
        for dag, cron in airflow.rehearsal.crons.items():
            stated = airflow.dags[dag].declared.schedule.cron if dag in airflow.dags else "–"
            yield words("made-up-schedule", dag=dag, cron=cron, stated=stated)


def _find_speed(run: Run, words: Words) -> str:
    for fact in run.facts_of("rollout", WATCH):
        try:
            return f"{int(load_json(run.path, str(fact['digest']))['speed']):,}"
        except UNREADABLE as error:
            return f"{words('can-not-be-read')} {describe_flaw(error)}"
    return words("not-recorded")
