"""Generic changes of one resolved resource: possible typing mistakes, by type of value.

Only values that the source sets are changed, since only those can be edited. Names, descriptions and tags are left
alone.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from prodgate import Resource
from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.provider.schema import aws_schemas

Route = tuple[str | int, ...]

#: Arguments that only people read.
FOR_PEOPLE: Final = frozenset(
    {"description", "alarm_description", "comment", "display_name", "tags", "tags_all", "Sid", "sid"}
)
_NUMBER: Final = re.compile(r"\d{1,11}(\.\d+)?")
ANYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A resource's values with one change. ``path`` has no indices; it continues into JSON text."""

    path: str
    operator: str
    values: Mapping[str, Any]


def mutants(resource: Resource, others: Mapping[str, Sequence[str]]) -> Iterator[Mutant]:
    """Yield every change of a resource. ``others`` maps an ARN to those of the resources of the same type."""
    written = resource.origin.arguments if resource.origin else {}
    for name, value in resource.values.items():
        if name in written and name not in FOR_PEOPLE and not isinstance(value, Unknown):
            for route, operator, changed in _mutate((name,), value, others, _list_required(resource.type)):
                yield Mutant(_render_route(route), operator, {**resource.values, name: changed})


def _mutate(
    route: Route, value: Any, others: Mapping[str, Sequence[str]], needed: frozenset[str]
) -> Iterator[tuple[Route, str, Any]]:
    """Yield (where, operator, the whole value as changed) for a value and everything in it."""
    if value is None or isinstance(value, Unknown) or value in ([], {}, ""):
        return
    if _render_route(route) not in needed:
        yield route, _name_of_drop(value), [] if isinstance(value, list) else None
    if isinstance(value, str) and value[:1] in "{[" and (parsed := _parse_json(value)) is not None:
        yield from ((at, operator, json.dumps(new)) for at, operator, new in _mutate_json(route, parsed, others))
    elif isinstance(value, list | Mapping):
        yield from _mutate_within(route, value, others, needed)
    else:
        yield from ((route, operator, new) for operator, new in _replace_scalar(value, others))


def _mutate_within(
    route: Route, value: Any, others: Mapping[str, Sequence[str]], needed: frozenset[str]
) -> Iterator[tuple[Route, str, Any]]:
    for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
        if key in FOR_PEOPLE:
            continue
        step: Route = (*route, key) if isinstance(value, Mapping) else route
        for at, operator, new in _mutate_element(step, inner, others, needed):
            yield at, operator, {**value, key: new} if isinstance(value, Mapping) else _replace_item(value, key, new)
        if isinstance(value, list) and len(value) > 1:
            yield route, "drop list element", value[:key] + value[key + 1 :]


def _mutate_element(
    route: Route, value: Any, others: Mapping[str, Sequence[str]], needed: frozenset[str]
) -> Iterator[tuple[Route, str, Any]]:
    """Yield changes of an element of a list or an entry of a map; the blocks of a list are not dropped twice."""
    if isinstance(value, Mapping):
        yield from _mutate_within(route, value, others, needed)
    else:
        yield from _mutate(route, value, others, needed)


def _mutate_json(route: Route, parsed: Any, others: Mapping[str, Sequence[str]]) -> Iterator[tuple[Route, str, Any]]:
    """Yield changes of a JSON text: a policy document is widened, anything else is changed like blocks."""
    if not isinstance(parsed, Mapping) or "Statement" not in parsed:
        yield from _mutate_within(route, parsed, others, frozenset())
        return
    stated = parsed["Statement"] if isinstance(parsed["Statement"], list) else [parsed["Statement"]]
    for index, statement in enumerate(stated):
        for element, operator, new in _mutate_statement(statement):
            yield (*route, element), operator, {**parsed, "Statement": _replace_item(stated, index, new)}


def _mutate_statement(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield an Allow that allows more, or a Deny that is gone."""
    if statement.get("Effect") == "Deny":
        yield "Effect", "allow instead of deny", {**statement, "Effect": "Allow"}
        return
    for element in ("Action", "Resource", "Principal"):
        value = statement.get(element)
        if value is not None and value != ANYTHING:
            listed = value if isinstance(value, list) else [value]
            yield element, "add *", {**statement, element: ANYTHING if element == "Principal" else [*listed, ANYTHING]}
    for test, keys in (statement.get("Condition") or {}).items():
        kept = {name: values for name, values in statement["Condition"].items() if name != test}
        yield "Condition", f"drop condition on {', '.join(sorted(keys))}", {**statement, "Condition": kept}


def _replace_scalar(value: Any, others: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield "flip", not value
    elif isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        number = float(value)
        for operator, new in (("x 10", number * 10 if number else 10), ("/ 10", number / 10)):
            if new != number:
                yield operator, _in_form_of(value, new)
    elif isinstance(value, str) and value in others:
        yield "swap ARN", others[value][0] if others[value] else f"{value}-of-another"


def _in_form_of(old: Any, new: float) -> Any:
    exact = int(new) if isinstance(old, int) or (isinstance(old, str) and "." not in old) else new
    return str(exact) if isinstance(old, str) else exact


def _name_of_drop(value: Any) -> str:
    return "drop block" if isinstance(value, list) and any(isinstance(one, Mapping) for one in value) else "drop"


def _replace_item(items: Sequence[Any], index: int, new: Any) -> list[Any]:
    return [*items[:index], new, *items[index + 1 :]]


def _parse_json(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _render_route(route: Route) -> str:
    return ".".join(str(step) for step in route)


@cache
def _list_required(type_: str) -> frozenset[str]:
    """Return the parts that a resource needs to be planned: required arguments, and blocks that must occur."""
    return (
        frozenset(_find_required(aws_schemas().block("resource", type_), ""))
        if type_.startswith("aws_")
        else frozenset()
    )


def _find_required(block: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, attribute in block["attributes"].items():
        if attribute.get("required"):
            yield f"{path}{name}"
    for name, nested in block["block_types"].items():
        if nested.get("min_items"):
            yield f"{path}{name}"
        if not name.endswith("statement"):  # a statement of a web ACL holds statements
            yield from _find_required(nested["block"], f"{path}{name}.")
