"""What the report shows of what principals can become: a row for each hop, and a drawing of the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ...evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ...evidence.runs import Run
from ...layers.goals import OVERVIEW
from .drawing import Drawing, HopRow, draw

#: Rows of the table at most; the drawing shows the first of them.
MOST_ROWS: Final = 60
_DRAWN: Final = 24
#: Accounts of a run over several that are shown.
_PARTS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What the principals of one account can become."""

    layer: str = ""
    cell: str = ""
    problem: str = ""
    """Why the evidence can't be read; then there is nothing else."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many principals reach administrator: ``yes``, ``undetermined``, ``no``."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of those that do, and may."""
    rows: tuple[HopRow, ...] = ()
    more: int = 0
    """Hops that are not among the rows."""
    drawing: Drawing | None = None


def permission_parts(run: Run) -> tuple[Permissions, ...]:
    """Return a part for each account that goals were proven of: as it was live, or else as it was declared."""
    events = run.facts_of("live", OVERVIEW) or run.facts_of("static", OVERVIEW)
    latest = {str(event.get("cell", "")): event for event in events}  # what was judged again stands after what was
    return tuple(_read(run, event) for event in list(latest.values())[:_PARTS])


def _read(run: Run, event: Mapping[str, Any]) -> Permissions:
    layer, cell, digest = (str(event.get(key, "")) for key in ("layer", "cell", "digest"))
    try:
        stored = load_json(run.path, digest)
        return replace(_make(stored["principals"], stored["hops"], int(stored["left_out"])), layer=layer, cell=cell)
    except (*UNREADABLE, KeyError, TypeError, ValueError) as error:
        return Permissions(layer=layer, cell=cell, problem=describe_flaw(error))


def _make(principals: Sequence[Mapping[str, Any]], hops: Sequence[Mapping[str, Any]], left_out: int) -> Permissions:
    names = {str(one["arn"]): str(one["name"]) for one in principals}
    states = {str(one["arn"]): str(one["administrator"]) for one in principals}
    rows = tuple(_make_row(number, hop, names) for number, hop in enumerate(hops[:MOST_ROWS], start=1))
    return Permissions(
        counts=Counter(states.values()),
        names={
            state: tuple(name for arn, name in names.items() if states[arn] == state)[:MOST_ROWS]
            for state in ("yes", "undetermined")
        },
        rows=rows,
        more=max(0, len(hops) - MOST_ROWS) + left_out,
        drawing=draw(rows[:_DRAWN], states) if rows else None,
    )


def _make_row(number: int, hop: Mapping[str, Any], names: Mapping[str, str]) -> HopRow:
    source, target = str(hop["from"]), str(hop["to"])
    return HopRow(
        number=number,
        source=names.get(source, source),
        source_arn=source,
        target=names.get(target, target),
        target_arn=target,
        how=str(hop["how"]),
        by=tuple(map(str, hop["by"])),
        reasons=tuple(map(str, hop["reasons"])),
    )
