"""Whether criteria, waivers and judges ask for less than others: each change is weaker, stronger or in no order."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from ..criteria import Criteria, Criterion
from ..evidence.runs import Run
from ..quantities import Bound, Quantity, UnitError
from ..sections.criteria_file import CriteriaFile
from ..sections.project import FOLDERS
from ..semantics.names import matches_pattern
from ..waivers import Waiver

#: A change asks for less, for something else, or for more; a change of words alone has no effect.
WEAKER, CHANGED, STRONGER = EFFECTS = ("weaker", "changed", "stronger")
_TURNED: Final = {WEAKER: STRONGER, STRONGER: WEAKER}
#: The effects of going from one value to another: several where a list both lost and won a member.
_Weigh = Callable[[Any, Any], Iterable[str]]

# ── Orders of values


def _rising(rank: Callable[[Any], Any]) -> _Weigh:
    """Return ranks by which a greater value is stricter."""
    return lambda old, new: [STRONGER if rank(new) > rank(old) else WEAKER] if rank(new) != rank(old) else []


def _turned(weigh: _Weigh) -> _Weigh:
    return lambda old, new: [_TURNED.get(each, each) for each in weigh(old, new)]


def _by_members(old: Iterable[Any] | None, new: Iterable[Any] | None) -> Iterator[str]:
    """Each member asks for something of its own; one that is not as it was is in no order."""
    then, now = (
        each if isinstance(each, Mapping) else {_name(member): member for member in each or ()} for each in (old, new)
    )
    yield from [WEAKER] if then.keys() - now.keys() else []
    yield from [STRONGER] if now.keys() - then.keys() else []
    yield from [CHANGED] if any(then[name] != now[name] for name in then.keys() & now.keys()) else []


def _by_presence(old: Any, new: Any) -> list[str]:
    return [STRONGER if old is None else WEAKER if new is None else CHANGED]


def _by_bound(old: Bound | None, new: Bound | None) -> list[str]:
    if old is None or new is None:
        return [CHANGED]
    less, more = new.implies(old), old.implies(new)
    return [] if less and more else _contained(less, more)


def _by_pattern(old: str, new: str) -> list[str]:
    """A pattern that matches the other as a text admits all that it does; an empty one admits everything."""
    then, now = old or "*", new or "*"
    return _contained(matches_pattern(now, then), matches_pattern(then, now))


def _contained(less: bool, more: bool) -> list[str]:
    return [CHANGED] if less == more else [STRONGER] if less else [WEAKER]


def _by_accepted(bounds: tuple[Bound | None, ...], old: str, new: str) -> list[str]:
    """Of two quantities that a waiver accepts, the worse one admits more; an empty text admits any."""
    if not old or not new:
        return _by_pattern(old, new)
    try:
        then, now = Quantity.parse(old), Quantity.parse(new)
    except UnitError:
        return [CHANGED]
    known = [bound for bound in bounds if bound]
    if len(known) < len(bounds):
        return [CHANGED]
    return _contained(*(all(bound.is_worse(*pair) for bound in known) for pair in ((then, now), (now, then))))


def _read_quantity(value: Quantity | str | int | None) -> Any:
    quantity = Quantity.parse(value) if isinstance(value, str) else value
    return quantity.base if isinstance(quantity, Quantity) else quantity or 0


def _silent(_old: Any, _new: Any) -> list[str]:
    return []


def _unordered(_old: Any, _new: Any) -> list[str]:
    return [CHANGED]


_AMOUNT: Final = _rising(_read_quantity)
_EXEMPTION: Final = _turned(_rising(bool))
_ALLOWED: Final = _turned(_by_members)
#: Key -> how to weigh a change of it; a key that a table lacks is neither stricter nor weaker.
_CRITERION: Final[Mapping[str, _Weigh]] = {
    "require": _by_bound,
    **dict.fromkeys(("population", "samples", "confidence", "window", "rate", "disturbances"), _AMOUNT),
    "attested_by": _rising(lambda value: value or 1),
    **dict.fromkeys(("needs production", "applicability some-subjects", "applicability where-present"), _EXEMPTION),
    "decides": _rising(("point", "bound").index),
    **dict.fromkeys(("layers", "goals"), _by_members),
    **dict.fromkeys(("document", "shown_by"), _by_presence),
    **dict.fromkeys(
        ("wording", "wording_ja", "why", "source", "remedy", "controls", "severity", "asked", "without"), _silent
    ),
    **dict.fromkeys(("baseline", "baseline_bound"), _silent),  # without criteria alone
}
_WAIVER: Final[Mapping[str, _Weigh]] = {
    **dict.fromkeys(("subject", "aspect"), _by_pattern),
    **dict.fromkeys(("expires", "most"), _turned(_rising(lambda value: value))),
    "opened": _rising(lambda value: value),
    **dict.fromkeys(("reason", "owner", "approver"), _silent),
}
_REQUIREMENT: Final[Mapping[str, _Weigh]] = dict.fromkeys(("layers", "bounds"), _by_members)
_SECTION: Final[Mapping[str, _Weigh]] = {
    **dict.fromkeys(("cells", "e2e.pages", "airflow.dags"), _by_members),
    **dict.fromkeys(
        ("repository.exempt", "account.exempt", "evidence.signers", "evidence.identities", "site.networks"), _ALLOWED
    ),
    **dict.fromkeys(
        (
            "airflow.acknowledged",
            "airflow.exempt",
            "e2e.lasting",
            "e2e.partners",
            "e2e.reviewed",
            "e2e.third_parties",
            "e2e.untouched",
        ),
        _ALLOWED,
    ),
    "facts.max_age": _turned(_AMOUNT),
    "without": _turned(_by_presence),
}
#: Fields of a criteria file that are no section, or are compared entry by entry.
_ENTRIES: Final = ("path", "included", "criteria", "requirements")
#: Endings of files beside judges that decide nothing: texts for people, and examples.
_INERT: Final = (".md", ".tf")
#: Field -> the key that states it, where that is called otherwise.
_WRITTEN: Final = {
    "bound": "require",
    "exempt": "repository.exempt",
    "foreign": "account.exempt",
    "max_age": "facts.max_age",
    "where_present": "applicability where-present",
    "some_subjects": "applicability some-subjects",
    "needs_production": "needs production",
}


# ── What is judged by


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """The criteria, waivers and judges of a run, of a revision, or of today."""

    name: str
    """How a message calls it, such as ``run 2026-11-24T130000Z-3f2a9c1``."""
    stated: CriteriaFile | None
    """Those of every moment; None where only good practice is asked."""
    waivers: tuple[Waiver, ...] = ()
    judges: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    """Layer -> names of the judges that are collected, each with its criterion; only layers that are known."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path from the project -> digest, of what lies where code that judges does."""
    replaced: frozenset[str] = frozenset()
    """The files among them that stand in for bundled ones."""


def of_run(run: Run) -> Yardstick:
    """Return what a run was judged by."""
    planned: dict[str, set[tuple[str, str]]] = {} if run.scope.moment else {layer: set() for layer in run.scope.layers}
    for layer, name, criterion in run.planned if not run.scope.moment else ():
        planned.setdefault(layer, set()).add((name, criterion))
    return Yardstick(
        name=f"run {run.path.name}",
        stated=run.stated or run.criteria,
        waivers=run.waivers,
        judges={layer: frozenset(found) for layer, found in planned.items()},
        files=run.about.get("judges", {}),
        replaced=frozenset(run.about.get("replaced", ())),
    )


# ── What a run keeps of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Yardsticks that differ from today in the same way."""

    others: tuple[str, ...]
    """Such as ``run 2026-11-24T130000Z-3f2a9c1``, or a branch with its commit."""
    weaker: tuple[str, ...]
    changed: tuple[str, ...]
    stronger: tuple[str, ...]
    problem: str
    """Why nothing can be said; then there is nothing else."""


def list_compared(kept: Iterable[Mapping[str, Any]]) -> list[Compared]:
    """Return comparisons as ``run.json`` keeps them, those that say the same as one; none that says nothing."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for each in kept:
        said = (*(tuple(each.get(effect, ())) for effect in EFFECTS), each.get("problem", ""))
        found.setdefault(said, []).append(each["with"])
    return [
        Compared(others=tuple(others), weaker=said[0], changed=said[1], stronger=said[2], problem=said[3])
        for said, others in found.items()
        if any(said)
    ]


# ── What became of it


def weigh(before: Yardstick, after: Yardstick) -> dict[str, list[str]]:
    """Return what asks for less, for something else and for more than before, each as a text that names it. Pure."""
    found: dict[str, list[str]] = {effect: [] for effect in EFFECTS}
    for effect, text in _weigh_all(before, after):
        found[effect].append(text)
    return found


def _weigh_all(before: Yardstick, after: Yardstick) -> Iterator[tuple[str, str]]:
    criteria = [each.stated.criteria if each.stated else Criteria() for each in (before, after)]
    old_criteria, new_criteria = criteria
    yield from _weigh_entries("criterion", old_criteria, new_criteria, lambda _: _CRITERION)

    def judge_waiver(waiver: Waiver) -> Mapping[str, _Weigh]:
        bounds = tuple(each[waiver.covers].bound if waiver.covers in each else None for each in criteria)
        return {**_WAIVER, "observed": partial(_by_accepted, bounds)}

    old, new = ({waiver.id: waiver for waiver in each.waivers} for each in (before, after))
    yield from _weigh_entries("waiver", old, new, judge_waiver, adds=WEAKER)
    if before.stated and after.stated:
        lines, asked = ({line.id: line for line in each.requirements} for each in (before.stated, after.stated))
        yield from _weigh_entries("requirement", lines, asked, lambda _: _REQUIREMENT)
        yield from _weigh_sections(before.stated, after.stated)
        yield from _weigh_judges(before, after, criteria)
        yield from _weigh_files(before, after, after.stated)


def _weigh_entries(
    kind: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    orders: Callable[[Any], Mapping[str, _Weigh]],
    adds: str = STRONGER,
) -> Iterator[tuple[str, str]]:
    for id_ in {**before, **after}:
        if id_ not in before:
            yield adds, f"{kind} {id_}: added"
        elif id_ not in after:
            yield _TURNED[adds], f"{kind} {id_}: removed"
        else:
            known = orders(after[id_])
            effects: dict[str, list[str]] = {}
            for name, old, new in list_changes(before[id_], after[id_]):
                for effect in known.get(name, _unordered)(old, new):
                    effects.setdefault(effect, []).append(f"{name} {render_value(old)} -> {render_value(new)}")
            yield from ((effect, f"{kind} {id_}: {'; '.join(texts)}") for effect, texts in effects.items())


def list_changes(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Return the fields of two entries that differ; what one layer alone reads is named as whoever wrote it did."""
    was, now = _list_fields(before), _list_fields(after)
    pairs = [(name, was.get(name), now.get(name)) for name in {**now, **was}]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _list_fields(entry: Any) -> dict[str, Any]:
    if isinstance(entry, Mapping):
        return dict(entry)
    stated = {_WRITTEN.get(each.name, each.name): getattr(entry, each.name) for each in fields(entry)}
    own = stated.pop("layer_keys", {})
    return {**stated, **own}


def _name(member: Any) -> str:
    return str(getattr(member, "name", None) or render_value(member))


def render_value(value: object) -> str:
    """Return a value as a reader of its key knows it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_name(each)}" for key, each in value.items()) or "none"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_name, value)) or "none"
    if is_dataclass(value) and type(value).__str__ is object.__str__:
        return "stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None or value == "" else str(value)


def _weigh_sections(before: CriteriaFile, after: CriteriaFile) -> Iterator[tuple[str, str]]:
    for name, old, new in _list_section_changes(before, after):
        known = _SECTION.get(name) or _SECTION.get(name.rpartition(".")[0], _unordered)
        said = [render_value(old), render_value(new)]
        text = f"section {name}" + (f" {said[0]} -> {said[1]}" if said[0] != said[1] else "")
        yield from ((effect, text) for effect in known(old, new))


def _list_section_changes(before: CriteriaFile, after: CriteriaFile) -> Iterator[tuple[str, Any, Any]]:
    """Yield the keys of sections that differ; the moment of a criterion that is not in both is no change of its own."""
    both = before.criteria.keys() & after.criteria.keys()
    for name, old, new in list_changes(before, after):
        if name in _ENTRIES:
            continue
        if not all(is_dataclass(each) or isinstance(each, Mapping) for each in (old, new)):
            yield name, old, new
            continue
        for key, *pair in list_changes(old, new):
            if name != "moments" or key in both:
                yield f"{name}.{key}", pair[0], pair[1]


def _weigh_judges(
    before: Yardstick, after: Yardstick, criteria: Iterable[Mapping[str, Criterion]]
) -> Iterator[tuple[str, str]]:
    """Yield the judges that came and went, of criteria that both ask in the layer."""
    old, new = criteria
    for layer in sorted(before.judges.keys() & after.judges.keys()):
        for effect, gone in (
            (WEAKER, before.judges[layer] - after.judges[layer]),
            (STRONGER, after.judges[layer] - before.judges[layer]),
        ):
            for name, id_ in sorted(gone):
                if all(id_ in each and layer in each[id_].layers for each in (old, new)):
                    yield effect, f"judge {name} of {id_}: {'removed' if effect is WEAKER else 'added'}"


def _weigh_files(before: Yardstick, after: Yardstick, stated: CriteriaFile) -> Iterator[tuple[str, str]]:
    """Yield the files to read; judges of one that came or went are named themselves."""
    turned = before.replaced ^ after.replaced
    for name in sorted(turned):
        yield CHANGED, f"file {name}: {'replaces' if name in after.replaced else 'no longer replaces'} the bundled one"
    for name, old, new in list_changes(before.files, after.files):
        named = name in turned or (None in (old, new) and _holds_judges(name))
        if is_beside_judges(name, stated) and not named:
            yield CHANGED, f"file {name}: {'added' if old is None else 'removed' if new is None else 'changed'}"


def is_beside_judges(name: str, stated: CriteriaFile) -> bool:
    """Whether a file, by its path from the project, may have a say in what a judge says: no text for people does."""
    path = PurePath(name)
    beside = path.parts[0] in (*FOLDERS, "conftest.py")
    return (beside or bool(stated.e2e and path.is_relative_to(stated.e2e.journeys))) and path.suffix not in _INERT


def _holds_judges(name: str) -> bool:
    return PurePath(name).match("test_*.py") or re.fullmatch(r"policies/[^_/][^/]*\.py", name) is not None
