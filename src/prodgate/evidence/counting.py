"""Counts findings against the plan: a finding belongs to a check that began and ended."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..findings import Finding, Outcome

#: A check of a layer.
_Key = tuple[str, str]


@dataclass(slots=True)
class _Begun:
    """The check that a layer judges now; a layer judges one after another."""

    check: str = ""
    place: str = ""
    evidence: tuple[str, ...] = ()
    made: int = 0
    criteria: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def count_findings(events: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield what was found, and undetermined findings for checks of which something is missing."""
    planned: dict[_Key, Mapping[str, Any]] = {}
    begun: dict[str, _Begun] = {}
    for event in events:
        layer, check = event.get("layer", ""), event.get("check", "")
        now = begun.setdefault(layer, _Begun())
        match event["event"]:
            case "planned":
                planned[layer, check] = {**event, **planned.get((layer, check), {})}
            case "started":
                begun[layer] = _Begun(check, event.get("place", ""), tuple(event.get("evidence", ())))
            case "finding":
                found = Finding.from_json({name: value for name, value in event.items() if name not in ("event", "at")})
                now.made += 1
                now.criteria.add(found.criterion)
                now.names.add(check)
                yield found if found.evidence else replace(found, evidence=now.evidence)
            case "finished" if reason := _find_flaw(event, now, planned.get((layer, check))):
                yield _make_unfinished(planned.pop((layer, check), {"criterion": "", **event}), reason)
            case "finished":
                planned.pop((layer, check), None)
    yield from (_make_unfinished(event, _describe_silence(event)) for event in planned.values())


def _find_flaw(finished: Mapping[str, Any], now: _Begun, planned: Mapping[str, Any] | None) -> str:
    """Say what does not fit between the end of a check, what it found, and what was planned; nothing if all does."""
    if not finished["findings"] == now.made > 0:
        return f"the journal holds {now.made} of the {finished['findings']} findings that the check made"
    place = planned.get("place", "") if planned else ""
    if not place or planned is None:  # what the gate concludes by itself
        return ""
    mistakes = {
        f"{now.check or 'nothing'} was begun when it ended": now.check != finished["check"],
        f"what answered is written at {now.place or 'no known place'}, not at {place}": now.place != place,
        f"its findings are of {', '.join(sorted(now.names))}": now.names != {planned["check"]},
        f"it answered {', '.join(sorted(now.criteria))}, and was planned for {planned['criterion']}": (
            now.criteria != {planned["criterion"]}
        ),
    }
    return next((reason for reason, wrong in mistakes.items() if wrong), "")


def _describe_silence(planned: Mapping[str, Any]) -> str:
    if place := planned.get("place"):
        return f"the check was planned but did not finish: it is written at {place}, and did not run to its end"
    return "the check was planned but did not finish"


def _make_unfinished(planned: Mapping[str, Any], reason: str) -> Finding:
    return Finding(
        criterion=planned["criterion"],
        check=planned["check"],
        layer=planned["layer"],
        subject="(unfinished)",
        outcome=Outcome.UNDETERMINED,
        reason=reason,
        remedy="Look at the layer's log, mend what stopped it and run the gate again.",
    )
