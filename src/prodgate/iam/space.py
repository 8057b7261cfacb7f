"""The requests that a question ranges over: what of them is given, and what may be anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Any, Final

import z3

from .conditions import Operator, compare, holds, holds_without_key, parse_date, read_operator
from .documents import Condition, Statement
from .formulas import Formula, Formulas, constant, exact, fits, fits_in_any_case, is_readable, text, text_of
from .patterns import Lookup, Pattern, read_arn_pattern, read_pattern
from .truth import Doubt, doubt

#: What is known of a request: values, or None for a key that it does not carry.
Given = Mapping[str, str | tuple[str, ...] | None]
_TEXTS: Final = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_MOST_VALUES: Final = 4
_LOGIC: Final = Formulas()
_ARN: Final = read_arn_pattern("arn:*:*:*:*:*", None)


@dataclass(frozen=True)
class Key:
    """A condition key that may have any value, several, or none."""

    name: str
    conditions: tuple[Condition, ...]

    @cached_property
    def family(self) -> str:
        """How its values are compared: ``text``, another family, or nothing where they are compared in several ways."""
        read = [one for one in map(_read, self.conditions) if one is not None and one.base != "null"]
        families = {"text" if one.base in _TEXTS else _family(one.base) for one in read}
        return next(iter(families), "text") if len(families) < 2 else ""

    @cached_property
    def slots(self) -> int:
        """How many values tell all: each condition over several needs one that fulfils it, or one that breaks it."""
        return max(1, sum(one.operator.lower().startswith("for") for one in self.conditions))

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """Values, of which each other value is compared like one, for families other than texts."""
        texts = sorted({value for one in self.conditions if not _is_null(one) for value in one.values})
        return tuple(dict.fromkeys(_CANDIDATES[self.family](texts))) if self.family in _CANDIDATES else ()

    @cached_property
    def is_understood(self) -> bool:
        """Whether its values are compared in one way, by values that mean something, and few of them tell all."""
        return self.slots <= _MOST_VALUES and (self.family == "text" or bool(self.candidates))

    @cached_property
    def present(self) -> list[Any]:
        """Whether it has a first value, a second, …"""
        return [z3.Bool(f"{self.name} has {number}") for number in range(self.slots)]

    @cached_property
    def values(self) -> list[Any]:
        """Its values: texts, or numbers of candidates."""
        make = z3.Int if self.candidates else z3.String
        return [make(f"{self.name} {number}") for number in range(self.slots)]

    def rules(self) -> Iterator[Any]:
        """Yield what holds of its variables in every request."""
        for number, value in enumerate(self.values):
            if self.candidates:
                yield z3.And(value >= 0, value < len(self.candidates))
            if number:
                yield z3.Implies(self.present[number], self.present[number - 1])

    def readable(self) -> Iterator[Any]:
        """Yield what makes its values readable."""
        yield from () if self.candidates else map(is_readable, self.values)

    def read(self, model: Any) -> str | tuple[str, ...] | None:
        """Return its value in a model."""
        given = [value for value, present in zip(self.values, self.present, strict=True) if _is_true(model, present)]
        texts = tuple(self._name(model, value) for value in given)
        several = any(one.operator.lower().startswith("for") for one in self.conditions)
        return (texts if several and len(texts) > 1 else texts[0]) if texts else None

    def _name(self, model: Any, value: Any) -> str:
        if not self.candidates:
            return text_of(model, value)
        return self.candidates[int(model.eval(value, model_completion=True).as_long())]


@dataclass(frozen=True)
class Space:
    """All requests with what is given, as formulas over the keys that conditions name."""

    given: Given
    keys: Mapping[str, Key] = field(default_factory=dict)

    def look_up(self, key: str) -> str | Doubt | None:
        """Return the value of a variable, as far as it is the same in every request."""
        if key not in self.given:
            return doubt(f"${{{key}}} may stand for anything")
        value = self.given[key]
        return doubt(f"${{{key}}} has several values") if isinstance(value, tuple) else value

    def holds(self, condition: Condition, has_variables: bool) -> Formula:
        """Return that a condition holds."""
        lookup = self.look_up if has_variables else None
        name = f"{condition.operator} {condition.key} {condition.values} {has_variables}"
        if condition.key in self.given:
            known = {key: value for key, value in self.given.items() if value is not None}
            return constant(holds(condition, known, lookup), name)
        read, key = read_operator(condition.operator), self.keys[condition.key]
        if isinstance(read, Doubt):
            return constant(read, name)
        if not condition.values or not key.is_understood:
            return constant(doubt(f"{condition.operator} of {condition.key} is not understood here"), name)
        if read.base == "null":
            return self._compare_presence(condition, key, name)
        return _quantify(read, key, [self._compare(read, key, n, condition, lookup) for n in range(key.slots)], name)

    def _compare_presence(self, condition: Condition, key: Key, name: str) -> Formula:
        absent = {text: holds(Condition("Null", "", (text,)), {}, None) for text in condition.values}
        if any(isinstance(one, Doubt) for one in absent.values()):
            return constant(doubt(f"Null of {key.name} compares with no truth value"), name)
        return exact(z3.Or([z3.Not(key.present[0]) if one else key.present[0] for one in absent.values()]))

    def _compare(self, read: Operator, key: Key, slot: int, condition: Condition, lookup: Lookup | None) -> Formula:
        value = key.values[slot]
        if key.candidates:
            name = f"{read} {condition.values} of {key.name} {slot}"
            each = [constant(compare(read, one, condition.values, lookup), name) for one in key.candidates]
            chosen = [_LOGIC.all_of([exact(value == n), one]) for n, one in enumerate(each)]
            return _LOGIC.any_of(chosen)
        found = _LOGIC.any_of([_match_text(read.base, value, text, lookup) for text in condition.values])
        return _LOGIC.negate(found) if read.negated else found


def _quantify(read: Operator, key: Key, each: list[Formula], name: str) -> Formula:
    pairs = [(exact(present), one) for present, one in zip(key.present, each, strict=True)]
    if read.quantifier == "forallvalues":
        return _LOGIC.all_of([_LOGIC.any_of([_LOGIC.negate(has), one]) for has, one in pairs])
    if read.quantifier:
        return _LOGIC.any_of([_LOGIC.all_of([has, one]) for has, one in pairs])
    single = _LOGIC.any_of(
        [
            _LOGIC.all_of([_LOGIC.negate(pairs[0][0]), constant(holds_without_key(read))]),
            _LOGIC.all_of(pairs[0]),
        ]
    )
    if key.slots == 1:
        return single
    several = constant(doubt(f"{key.name} has several values"), name)
    return _LOGIC.any_of(
        [_LOGIC.all_of([exact(key.present[1]), several]), _LOGIC.all_of([exact(z3.Not(key.present[1])), single])]
    )


def _match_text(base: str, value: Any, wanted: str, lookup: Lookup | None) -> Formula:
    is_arn = base.startswith("arn")
    pattern: Pattern | Doubt | None
    if base.startswith("stringequals") and (lookup is None or "${" not in wanted):
        return exact(value == text(wanted) if base == "stringequals" else fits_in_any_case(value, wanted))
    if base == "stringequalsignorecase" or (base == "stringequals" and ("*" in wanted or "?" in wanted)):
        pattern = doubt(f"{wanted} holds a variable")
    else:
        pattern = (read_arn_pattern if is_arn else read_pattern)(wanted, lookup)
    name = f"{base} {wanted} {lookup is not None} of {value}"
    if pattern is None or isinstance(pattern, Doubt):
        return constant(False if pattern is None else pattern, name)
    if not is_arn:
        return exact(fits(value, pattern))
    assert isinstance(_ARN, tuple)
    unsure = constant(doubt("it is compared as an ARN, and is none"), f"no ARN: {name}")
    return _LOGIC.any_of([exact(fits(value, pattern)), _LOGIC.all_of([exact(z3.Not(fits(value, _ARN))), unsure])])


def build_space(statements: Iterable[Statement], given: Given) -> Space:
    """Return the space of all requests with what is given."""
    found: dict[str, list[Condition]] = {}
    for one in statements:
        for condition in one.conditions:
            if condition.key not in given:
                found.setdefault(condition.key, []).append(condition)
    return Space(given, {name: Key(name, tuple(dict.fromkeys(of))) for name, of in found.items()})


def _is_true(model: Any, variable: Any) -> bool:
    return bool(z3.is_true(model.eval(variable, model_completion=True)))


def _is_null(condition: Condition) -> bool:
    return condition.operator.lower() == "null"


def _read(condition: Condition) -> Operator | None:
    read = read_operator(condition.operator)
    return None if isinstance(read, Doubt) else read


def _family(base: str) -> str:
    return next((one for one in ("numeric", "date") if base.startswith(one)), base)


def _numbers(texts: list[str]) -> Iterator[str]:
    try:
        found = sorted({Decimal(text) for text in texts})
    except InvalidOperation:
        return
    for lower, upper in zip([found[0] - 2, *found], [*found, found[-1] + 2], strict=True):
        yield from (str(lower), str((lower + upper) / 2), str(upper))


def _dates(texts: list[str]) -> Iterator[str]:
    try:
        found = sorted({parse_date(text) for text in texts})
        second = timedelta(seconds=1)
        between = [one + min(second, (after - one) / 2) for one, after in pairwise(found)]
        near = [found[0] - second, *found, *between, found[-1] + second]
        texts = [one.astimezone(UTC).isoformat() for one in near]
    except (ValueError, OverflowError):  # no date, or none before the first and after the last that can be written
        return
    yield from texts


def _addresses(texts: list[str]) -> Iterator[str]:
    try:
        found = [ip_network(text, strict=False) for text in texts]
    except ValueError:
        return
    yield from ("0.0.0.0", "::")  # noqa: S104  an address to be compared, not one to listen on
    for network in found:
        yield str(network[0])
        after = int(network[-1]) + 1
        if after < 2**network.max_prefixlen:
            yield str(type(network[0])(after) if network.version == 6 else ip_address(after))


_CANDIDATES: Final[Mapping[str, Callable[[list[str]], Iterable[str]]]] = {
    "numeric": _numbers,
    "date": _dates,
    "ipaddress": _addresses,
    "bool": lambda _texts: ("true", "false"),
}
