"""What a rehearsal made up, layer by layer: what stood in for what is in an account, and how fast its clocks ran."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..sections.rehearsal import SAMPLE
from ..verdict import Verdict
from .load.drawing import Words
from .view import observed_account


def list_made_up(run: Run, verdict: Verdict, words: Words) -> list[tuple[str, str]]:
    """Return (layer, what was made up there) for each layer that a rehearsal asked; nothing for a real target."""
    if not verdict.scope.rehearsal:
        return []
    telling: Mapping[str, Callable[[], Iterable[str]]] = {
        "static": lambda: [words("made-up-static", engine=_find_engine(run, words))],
        "live": lambda: [words("made-up-live", account=observed_account(run) or words("not-recorded"))],
        "load": lambda: [words(f"made-up-load{_whose_site(run)}")],
        "e2e": lambda: [words(f"made-up-e2e{_whose_site(run)}", browser=_find_browser(run, words))],
        "dags": lambda: _tell_schedules(run, words),
        "rollout": lambda: [words("made-up-rollout", speed=_find_speed(run, words))],
        "attested": lambda: [words("made-up-attested")],
    }
    return [(layer, text) for layer, tell in telling.items() if layer in verdict.scope.layers for text in tell()]


def _whose_site(run: Run) -> str:
    """Return how a text is called that speaks of the site: none other than the sample site is called that."""
    stated = run.criteria.rehearsal
    return "" if stated is None or stated.site == SAMPLE else "-own"


def _find_engine(run: Run, words: Words) -> str:
    return _source(run, "static", "configuration") or words("not-recorded")


def _find_browser(run: Run, words: Words) -> str:
    from ..layers.e2e.kinds import VISITS  # noqa: PLC0415  no run without a browser needs it

    return _source(run, "e2e", VISITS) or words("not-recorded")


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
    from ..layers.rollout.kinds import WATCH  # noqa: PLC0415  no run without a deployment needs it

    for fact in run.facts_of("rollout", WATCH):
        try:
            return f"{int(load_json(run.path, str(fact['digest']))['speed']):,}"
        except UNREADABLE as error:
            return f"{words('can-not-be-read')} {describe_flaw(error)}"
    return words("not-recorded")
