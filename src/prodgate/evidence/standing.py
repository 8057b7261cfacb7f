"""Undetermined findings of a run as a whole: broken layers, outdated facts, and questions without a check."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..criteria import Criteria
from ..findings import Finding, Outcome
from ..quantities import Quantity, figure
from ..sections.criteria_file import CriteriaFile
from .chain import CLOSED
from .shapes import is_time


def find_unjudged_layers(
    events: Sequence[Mapping[str, Any]], layers: Iterable[str], criteria: Criteria
) -> Iterator[Finding]:
    """Yield undetermined findings for layers that broke, and for those that never had all their checks planned."""
    broken = [(event["layer"], event["reason"]) for event in events if event["event"] == "broken"]
    known = {layer for layer, _ in broken} | {event["layer"] for event in events if event["event"] == "collected"}
    closed = any(event["event"] == CLOSED for event in events)
    reason = "the layer judged nothing" if closed else "the run was cut off before the layer judged"
    unplanned = [(layer, reason) for layer in layers if layer not in known]
    # what was cut off may have been about to say that a layer broke
    open_ = (
        [] if closed else [(layer, "the run was cut off before it was closed") for layer in layers if layer in known]
    )
    for layer, reason in (*broken, *unplanned, *open_):
        yield from leave_undetermined(layer, reason, criteria)


def find_unasked(stated: CriteriaFile, layers: Iterable[str]) -> Iterator[Finding]:
    """Yield an undetermined finding for each layer of a requirement that no criterion serves."""
    for requirement, layer in stated.list_unasked():
        if layer in layers:
            yield Finding(
                criterion=requirement.id,
                check="trace",
                layer=layer,
                subject=f"(requirement {requirement.id})",
                outcome=Outcome.UNDETERMINED,
                reason=f"no criterion answers requirement {requirement.id!r} in its {layer} layer",
                remedy=f"State a criterion with source = {requirement.id!r} and {layer} among its layers.",
            )


def find_stale(
    facts: Iterable[Mapping[str, Any]], started: datetime, stated: CriteriaFile, *, again: bool
) -> Iterator[Finding]:
    """Yield undetermined findings for each layer whose facts were not observed when they should have been.

    ``again`` says that the run began when all had been observed, to judge it again.
    """
    flaws: dict[str, str] = {}
    for fact in facts:
        layer = str(fact.get("layer", ""))
        if layer in stated.max_age and (flaw := _find_flaw(fact, started, stated.max_age[layer], again)):
            flaws.setdefault(layer, flaw)
    for layer, flaw in flaws.items():
        yield from leave_undetermined(layer, f"{flaw}; observe again", stated.criteria)


def _find_flaw(fact: Mapping[str, Any], started: datetime, most: Quantity, again: bool) -> str:
    at = observed_at(fact)
    if at is None:
        return f"the {fact.get('kind')} has no time of observation, but {fact.get('at')!r}"
    said = f"the {fact.get('kind')} was observed at {at:%Y-%m-%dT%H:%M:%SZ}"
    if again and at > started:
        return f"{said}, after {started:%Y-%m-%dT%H:%M:%SZ}, when it was judged: a clock is wrong"
    if not again and at < started:
        return f"{said}, before the run began at {started:%Y-%m-%dT%H:%M:%SZ}: a clock went backwards"
    if again and started - at > timedelta(seconds=float(most.base)):
        days = figure((started - at) / timedelta(days=1), float(most.base) / 86_400)
        return f"{said}, {days} d before it was judged; [facts] max_age allows {most}"
    return ""


def observed_at(fact: Mapping[str, Any]) -> datetime | None:
    """Return when a fact was observed; None when the journal does not say."""
    return datetime.fromisoformat(fact["at"]) if is_time(fact.get("at")) else None


def leave_undetermined(layer: str, reason: str, criteria: Criteria) -> Iterable[Finding]:
    """Yield an undetermined finding for each criterion that the layer should have answered."""
    for criterion in criteria.values():
        if layer in criterion.layers:
            yield Finding(
                criterion=criterion.id,
                check=layer,
                layer=layer,
                subject=f"({layer} layer)",
                outcome=Outcome.UNDETERMINED,
                expected=str(criterion.bound) if criterion.bound else "",
                reason=reason,
            )
