"""Condition operators, as a request with its context decides them.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context
keys". What that page leaves open is a doubt.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import Any, Final

from .documents import Condition
from .patterns import Lookup, matches, read_arn_pattern, read_pattern
from .truth import Doubt, Truth, all_of, any_of, doubt, negate

Context = Mapping[str, str | tuple[str, ...]]
#: Whether the value of a request is as one value of the policy says.
Comparison = Callable[[str, str, Lookup | None], Truth]


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator, taken apart."""

    base: str
    """In lower case, as ``stringlike``; for a negated one, what it negates."""
    quantifier: str
    """``forallvalues``, ``foranyvalue`` or nothing."""
    if_exists: bool
    negated: bool


def read_operator(text: str) -> Operator | Doubt:
    """Take an operator apart; one that is not known is a doubt."""
    quantifier, _, name = text.lower().rpartition(":")
    base = name.removesuffix("ifexists")
    positive = _NEGATED.get(base, base)
    if quantifier not in ("", "forallvalues", "foranyvalue") or positive not in (*COMPARISONS, "null"):
        return doubt(f"the condition operator {text} is not known here")
    if base == "null" and (quantifier or name != base):
        return doubt(f"what {text} means is not documented")
    if quantifier == "foranyvalue" and name != base:
        return doubt(f"what {text} means for a request without the key is not documented")
    return Operator(positive, quantifier, name != base, positive != base)


def holds(condition: Condition, context: Context, lookup: Lookup | None) -> Truth:
    """Whether a condition holds for a context, whose keys are in lower case."""
    read = read_operator(condition.operator)
    if isinstance(read, Doubt):
        return read
    if not condition.values:
        return doubt(f"{condition.operator} of {condition.key} has no values")
    value = context.get(condition.key)
    if read.base == "null":
        return any_of(_compare_presence(text, value is not None) for text in condition.values)
    if value is None or value == ():
        return holds_without_key(read)
    values = (value,) if isinstance(value, str) else value
    if not read.quantifier and not isinstance(value, str):
        return doubt(f"{condition.key} has several values, and {condition.operator} compares one")
    each = (compare(read, one, condition.values, lookup) for one in values)
    return any_of(each) if read.quantifier == "foranyvalue" else all_of(each)


def holds_without_key(read: Operator) -> bool:
    """Whether an operator other than Null holds for a request that has no value under the key."""
    return read.quantifier == "forallvalues" or (not read.quantifier and (read.if_exists or read.negated))


def compare(read: Operator, value: str, wanted: tuple[str, ...], lookup: Lookup | None) -> Truth:
    """Whether one value of a request is as an operator demands of it."""
    found = any_of(COMPARISONS[read.base](value, text, lookup) for text in wanted)
    return negate(found) if read.negated else found


def _compare_presence(text: str, present: bool) -> Truth:
    if text.lower() not in ("true", "false"):
        return doubt(f"Null compares with {text!r}, which is neither true nor false")
    return (text.lower() == "true") is not present


def _expand(text: str, lookup: Lookup | None) -> str | Doubt | None:
    """Return a text with its variables replaced, whose wildcards mean themselves."""
    if not lookup or "${" not in text:
        return text
    if "*" in text or "?" in text:
        return doubt(f"{text} holds both a variable and a sign that is no wildcard here")
    read = read_pattern(text, lookup)
    return read if read is None or isinstance(read, Doubt) else "".join(map(str, read))


def _equal(value: str, text: str, lookup: Lookup | None) -> Truth:
    expanded = _expand(text, lookup)
    return expanded if isinstance(expanded, Doubt) else value == expanded


def _equal_in_any_case(value: str, text: str, lookup: Lookup | None) -> Truth:
    expanded = _expand(text, lookup)
    return expanded if isinstance(expanded, Doubt) else expanded is not None and value.lower() == expanded.lower()


def _is_like(value: str, text: str, lookup: Lookup | None) -> Truth:
    return matches(read_pattern(text, lookup), value)


def _is_arn_like(value: str, text: str, lookup: Lookup | None) -> Truth:
    if value.count(":") < 5 or not value.startswith("arn:"):
        return doubt(f"{value!r} is compared as an ARN, and is none")
    return matches(read_arn_pattern(text, lookup), value)


def _is_bool(value: str, text: str, _lookup: Lookup | None) -> Truth:
    if {value.lower(), text.lower()} - {"true", "false"}:
        return doubt(f"{value!r} and {text!r} are compared as truth values")
    return value.lower() == text.lower()


def _is_in_network(value: str, text: str, _lookup: Lookup | None) -> Truth:
    try:
        address, network = ip_address(value), ip_network(text, strict=False)
    except ValueError:
        return doubt(f"{value!r} and {text!r} are compared as an IP address and a network")
    return address.version == network.version and address in network


def _by(parse: Callable[[str], Any], test: Callable[[Any, Any], bool], what: str) -> Comparison:
    def compare_parsed(value: str, text: str, _lookup: Lookup | None) -> Truth:
        try:
            return test(parse(value), parse(text))
        except (ValueError, InvalidOperation):
            return doubt(f"{value!r} and {text!r} are compared as {what}")

    return compare_parsed


def _parse_number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def parse_date(text: str) -> datetime:
    """Return the moment that a date of W3C's profile of ISO 8601, or a number of seconds, states. Raises ValueError."""
    if text.isdecimal() and len(text) > 4:
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(text) from error
    if text.isdecimal():
        raise ValueError(text)  # 2024: a year to one reader, 34 minutes after midnight to another
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_ORDERS: Final = {
    "equals": operator.eq, "lessthan": operator.lt, "lessthanequals": operator.le,
    "greaterthan": operator.gt, "greaterthanequals": operator.ge,
}  # fmt: skip
COMPARISONS: Final[Mapping[str, Comparison]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_in_any_case,
    "stringlike": _is_like,
    "arnequals": _is_arn_like,
    "arnlike": _is_arn_like,
    "bool": _is_bool,
    "ipaddress": _is_in_network,
    **{f"numeric{name}": _by(_parse_number, test, "numbers") for name, test in _ORDERS.items()},
    **{f"date{name}": _by(parse_date, test, "dates") for name, test in _ORDERS.items()},
}
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
}
