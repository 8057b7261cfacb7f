"""What people wrote: criteria and waivers that came, went, changed or soon end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Final

from ...criteria import Criterion
from ...findings import Finding
from ...verdict import Verdict
from ...waivers import Waiver

#: A waiver that ends within so much time after the later run is named.
SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What happened to a criterion or waiver: it is ``added``, ``removed``, ``changed``, ``covering``, ``ended``…"""

    id: str
    kind: str
    detail: str = ""


def compare_waivers(before: Sequence[Waiver], after: Sequence[Waiver], today: date) -> Iterator[Edit]:
    """Yield what happened to waivers until the day of the later run, and which end soon after it."""
    old, new = {w.id: w for w in before}, {w.id: w for w in after}
    yield from _find_edits(old, new, {id_: f"expires {waiver.expires}" for id_, waiver in new.items()})
    for waiver in after:
        left = waiver.expires - today
        if left < timedelta(0):
            yield Edit(id=waiver.id, kind="ended", detail=f"it expired on {waiver.expires}")
        elif left <= SOON:
            yield Edit(id=waiver.id, kind="expiring", detail=f"{left.days} d left, until {waiver.expires}")


def compare_covered(before: Verdict, after: Verdict) -> Iterator[Edit]:
    """Yield which waivers of both runs cover another fault than before, which took the place of the accepted one."""
    then, now = _list_covered(before), _list_covered(after)
    for id_ in sorted(then.keys() & now.keys()):
        come, gone = now[id_].keys() - then[id_].keys(), then[id_].keys() - now[id_].keys()
        if come and gone:
            texts = (", ".join(map(_say_fault, sorted(each))) for each in (gone, come))
            yield Edit(id=id_, kind="covering", detail=" -> ".join(texts))


def _list_covered(verdict: Verdict) -> Mapping[str, Mapping[tuple[str, ...], Finding]]:
    """Return what each waiver covers: by which check, of which subject, which fault."""
    covered: dict[str, dict[tuple[str, ...], Finding]] = {}
    for each in verdict.findings:
        if each.waiver:
            covered.setdefault(each.waiver, {})[each.check, each.subject, each.aspect or each.expected] = each
    return covered


def _say_fault(fault: tuple[str, ...]) -> str:
    check, subject, what = fault
    return f"{check} {subject}" + (f" ({what})" if what else "")


def compare_criteria(before: Mapping[str, Criterion], after: Mapping[str, Criterion]) -> Iterator[Edit]:
    """Yield what happened to criteria."""
    yield from _find_edits(before, after, {})


def _find_edits(
    before: Mapping[str, Waiver | Criterion], after: Mapping[str, Waiver | Criterion], details: Mapping[str, str]
) -> Iterator[Edit]:
    yield from (Edit(id=id_, kind="added", detail=details.get(id_, "")) for id_ in after if id_ not in before)
    yield from (Edit(id=id_, kind="removed") for id_ in before if id_ not in after)
    for id_, entry in after.items():
        if id_ in before and (changed := _render_field_changes(before[id_], entry)):
            yield Edit(id=id_, kind="changed", detail="; ".join(changed))


def _render_field_changes(before: Waiver | Criterion, after: Waiver | Criterion) -> list[str]:
    names = [field.name for field in fields(after)]
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return [f"{name} {_render_value(old)} -> {_render_value(new)}" for name, old, new in pairs if old != new]


def _render_value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else "none" if value is None else str(value)
