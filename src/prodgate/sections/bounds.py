"""Bounds and quantities that mean something: what nothing or everything would satisfy is refused before it is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ..criteria import suggest
from ..quantities import UNITS, Bound, Quantity, UnitError
from ..semantics.names import says_nothing
from .validation import GREATEST, LONGEST, is_text_list, parse_quantity, quantity_mistakes

#: The least confidence: with less, the ends of an interval pass each other; and the greatest that can be computed.
_CONFIDENCE: Final = (Decimal("0.5"), Decimal("0.999999"))
_REFERENCE: Final = re.compile(r"\{([^}]*)\}")

#: Keys of a criterion that say of how much it is decided, with the dimension and an example of each.
SAMPLING: Final = {
    "confidence": ("ratio", "95 %"),
    "window": ("time", "30 d"),
    "rate": ("rate", "100 /s"),
    "disturbances": ("time", "5 s"),
}
#: Key of a criterion -> the field that its bound becomes.
_BOUNDS: Final = {"require": "bound", "baseline": "baseline_bound"}


def parse_bound(text: str, tables: Mapping[str, Any]) -> Bound:
    """Parse a bound whose limit may be another criterion's: ``<= {latency-p95}``. Raises UnitError."""

    def limit(match: re.Match[str]) -> str:
        other = tables.get(match[1])
        if not isinstance(other, dict) or not isinstance(other.get("require"), str) or "{" in other["require"]:
            raise UnitError(f"{match[0]} names no criterion that states a limit{suggest(match[1], tables)}")
        return str(Bound.parse(other["require"]).limit)

    return Bound.parse(_REFERENCE.sub(limit, text))


def parse_bounds(table: Mapping[str, Any], tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bounds of a criterion: its own, and the one that is asked of any team."""
    stated = {name: table.get(key) for key, name in _BOUNDS.items()}
    return {name: parse_bound(text, tables) for name, text in stated.items() if isinstance(text, str)}


def sampling_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with of how much a criterion is decided."""
    if "confidence" in table:
        yield from confidence_mistakes(f"{where}.confidence", table["confidence"])
    for key, (dimension, example) in SAMPLING.items():
        if key in table and key != "confidence":
            yield from quantity_mistakes(f"{where}.{key}", table[key], dimension, example)


def bounds_mistakes(where: str, table: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the bounds of a criterion."""
    for key in _BOUNDS:
        if isinstance(table.get(key), str):
            yield from bound_mistakes(f"{where}.{key}", table[key], lambda text: parse_bound(text, tables))


def bound_mistakes(where: str, text: str, parse: Callable[[str], Bound]) -> Iterator[str]:
    """Say why a text is no bound, or one that nothing or everything satisfies."""
    if len(text) > LONGEST:
        yield f"{where}: is {len(text):,} characters long; write e.g. '< 200 ms'"
        return
    try:
        bound = parse(text)
    except UnitError as error:
        yield f"{where}: {error}"
        return
    if wrong := _describe_bound(bound):
        yield f"{where}: is {text!r}; {wrong}"


def _describe_bound(bound: Bound) -> str:
    """Say what is wrong with a bound, and what to write instead; nothing when something can keep and break it."""
    if bound.limit is None:
        return _describe_texts(bound.texts)
    limit, kind = bound.limit.base, bound.dimension
    most, named = GREATEST[kind], f"a {kind}"
    greatest = (
        Quantity.of(100, "%")
        if kind == "ratio"
        else Quantity.of(most / UNITS[bound.limit.unit][1].normalize(), bound.limit.unit)
    )
    if limit < 0 or (bound.comparator == "<" and limit == 0):
        held = "everything" if bound.comparator in (">", ">=") else "nothing"
        return f"{held} satisfies that, since {named} is not negative; write a limit above 0"
    if bound.comparator == ">=" and limit == 0:
        return f"everything satisfies that, since {named} is not negative; write a limit above 0, or '> 0'"
    if limit > most or (bound.comparator == ">" and limit == most):
        held = "everything" if bound.comparator in ("<", "<=") else "nothing"
        return f"{held} satisfies that; write a limit of at most {greatest}"
    return ""


def _describe_texts(texts: tuple[str, ...]) -> str:
    if blank := [each for each in texts if says_nothing(each) and each.casefold() not in ("none", "null")]:
        return f"{blank[0]!r} is no text that anything has; write e.g. \"== 'mw1.medium'\""
    return "names a text twice; write each once" if len(set(texts)) < len(texts) else ""


def confidence_mistakes(where: str, text: str) -> Iterator[str]:
    """Say why a text is no confidence."""
    quantity, mistakes = parse_quantity(where, text, "ratio", "95 %")
    yield from mistakes
    if quantity and not _CONFIDENCE[0] <= quantity.base <= _CONFIDENCE[1]:
        yield f"{where}: is {text!r}; write at least 50 % and at most 99.9999 %, e.g. '95 %'"


def deciding_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what a criterion lacks that is decided by the interval of what was observed."""
    if table.get("decides") != "bound":
        return
    if "confidence" not in table:
        yield f"{where}.confidence: is missing; decides = 'bound' needs e.g. confidence = '95 %'"
    if not re.match(r"\s*[<>]", table.get("require", "")):
        yield f"{where}.decides: is 'bound'; require a limit that orders, e.g. '< 200 ms', or write decides = 'point'"


def text_mistakes(where: str, text: str, example: str) -> Iterator[str]:
    """Say that a text tells a reader nothing."""
    if says_nothing(text):
        yield f"{where}: is {text!r}, which says nothing; write {example}"


def list_mistakes(where: str, values: Any) -> Iterator[str]:
    """Say why a value is no list of texts that each say something, once."""
    if not is_text_list(values):
        yield f"{where}: is {values!r}; write a list of texts"
        return
    if blank := [each for each in values if says_nothing(each)]:
        yield f"{where}: {blank[0]!r} says nothing; take it out"
    if twice := sorted({each for each in values if values.count(each) > 1}):
        yield f"{where}: names {twice[0]!r} twice; write each once"
