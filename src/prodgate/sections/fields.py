"""Sections as tables of fields: what a key may hold is stated once, beside the field that it becomes.

A ``Kind`` finds what is wrong with a value, reads it, and describes it as JSON Schema, of which the reference page is
made. Each mistake is one line that says where it is and what to write instead.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, time
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from ..quantities import Quantity, UnitError
from .toml_text import key_mistakes

T = TypeVar("T")

#: The name of a host, without a scheme, a port or a path.
HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})+")

#: Characters of the text of a bound or a quantity.
LONGEST: Final = 400
_YEAR: Final = Decimal(365 * 86400)
#: The greatest amount of each dimension that anybody states, in its base unit.
GREATEST: Final[Mapping[str, Decimal]] = {
    "count": Decimal(10**12),
    "time": 100 * _YEAR,
    "ratio": Decimal(1),
    "size": Decimal(2**60),
    "aurora capacity": Decimal(10**6),
    "cpu units": Decimal(10**9),
    "money": Decimal(10**12),
    "rate": Decimal(10**9),
}


def is_text_list(value: Any) -> bool:
    """Whether a value is a list of texts, none of them empty."""
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def quantity_mistakes(where: str, text: Any, dimension: str, example: str, *, zero: bool = False) -> Iterator[str]:
    """Say why a text is no quantity of a dimension, or is negative, or nothing at all unless ``zero`` allows that."""
    quantity, mistakes = parse_quantity(where, text, dimension, example)
    yield from mistakes
    if quantity and (quantity.base < 0 or not (quantity.base or zero)):
        yield f"{where}: is {text!r}; write more than nothing, e.g. {example!r}"
    elif quantity and quantity.base > GREATEST[dimension]:
        yield f"{where}: is {text!r}, which is more than anybody means; write e.g. {example!r}"


def parse_quantity(where: str, text: Any, dimension: str, example: str) -> tuple[Quantity | None, list[str]]:
    """Return the quantity of a dimension that a text states, or None and why it states none."""
    try:
        quantity = Quantity.parse(text) if isinstance(text, str) and len(text) <= LONGEST else None
    except UnitError as error:
        return None, [f"{where}: {error}"]
    if quantity is None or quantity.dimension != dimension:
        return None, [f"{where}: is {text!r}; write a {dimension}, e.g. {example!r}"]
    return quantity, []


def quote(value: Any) -> str:
    """Return a value as messages show it: dates, times, lists and tables as TOML writes them, others as Python does.

    >>> quote([{"expires": date(2026, 11, 24)}]), quote("soon")
    ('[{ expires = 2026-11-24 }]', "'soon'")
    """
    if isinstance(value, list):
        return f"[{', '.join(map(quote, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {quote(each)}' for key, each in value.items())} }}" if value else "{}"
    return str(value) if isinstance(value, date | time) else repr(value)


# ── Kinds of values


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[T]):
    """The values that a key may have."""

    find: Callable[[str, Any], Iterable[str]]
    """Yields what is wrong with a value, one line each; takes where it stands, such as ``load.steady.rate``."""
    read: Callable[[Any], T]
    """Makes of a value that has no mistakes what the section holds."""
    schema: Mapping[str, Any]
    """JSON Schema that every value without mistakes fulfils, and some with mistakes do."""


def _same(value: Any) -> Any:
    return value


def plain(
    holds: Callable[[Any], object],
    write: str | Callable[[Any], str],
    wrong: str = "is {}",
    read: Callable[[Any], Any] = _same,
    **schema: Any,
) -> Kind[Any]:
    """Return the kind of values for which something holds; where that raises ValueError, it does not."""

    def find(where: str, value: Any) -> Iterator[str]:
        try:
            held = holds(value)
        except ValueError:
            held = False
        if not held:
            yield f"{where}: {wrong.format(quote(value))}; write {write if isinstance(write, str) else write(value)}"

    return Kind(find=find, read=read, schema=schema)


def text(
    write: str | Callable[[Any], str],
    form: Callable[[str], object] = bool,
    wrong: str = "is {}",
    read: Callable[[str], Any] = _same,
) -> Kind[Any]:
    """Return the kind of texts of a form; without one, of all but the empty text."""
    return plain(lambda value: isinstance(value, str) and form(value), write, wrong, read, type="string")


def secret(write: str, form: Callable[[str], object], wrong: str = "is no reference") -> Kind[Any]:
    """Return the kind of references to a secret; what stands there may be the secret itself, and is not shown."""
    return text(write, form, wrong)


def parsed(parse: Callable[[str], Any], error: type[Exception]) -> Kind[Any]:
    """Return the kind of texts that can be parsed; an error says what to write instead."""

    def find(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{where}: is {quote(value)}; write a text"
            return
        try:
            parse(value)
        except error as wrong:
            yield f"{where}: {wrong}"

    return Kind(find=find, read=_same, schema={"type": "string"})


def one_of(*choices: str) -> Kind[Any]:
    """Return the kind of texts that are one of a few."""
    write = f"one of {', '.join(choices)}" if len(choices) > 2 else " or ".join(map(repr, choices))
    return plain(lambda value: isinstance(value, str) and value in choices, write, enum=list(choices))


def flag() -> Kind[Any]:
    """Return the kind of booleans."""
    return plain(lambda value: isinstance(value, bool), "true or false", type="boolean")


def whole(least: int, most: int | None = None) -> Kind[Any]:
    """Return the kind of whole numbers in a range."""
    bounds = {"minimum": least} if most is None else {"minimum": least, "maximum": most}
    kind = plain(
        lambda value: type(value) is int and least <= value and (most is None or value <= most),
        f"a whole number from {least} {'on' if most is None else f'to {most:,}'}",
    )
    return replace(kind, schema={"type": "integer", **bounds})


def quantity(
    dimension: str, example: str, *, zero: bool = False, read: Callable[[str], Any] = Quantity.parse
) -> Kind[Any]:
    """Return the kind of quantities of a dimension."""
    return Kind(
        find=lambda where, value: quantity_mistakes(where, value, dimension, example, zero=zero),
        read=read,
        schema={"type": "string", "title": dimension, "examples": [example]},
    )


def many(
    each: Kind[Any], write: str, *, least: int = 0, most: int | None = None, once: bool = False, place: str = ""
) -> Kind[Any]:
    """Return the kind of lists; ``once`` refuses one that is stated twice, ``place`` such as ``[{}]`` numbers them."""

    def find(where: str, value: Any) -> Iterator[str]:
        if (
            not isinstance(value, list)
            or not least <= len(value) <= (len(value) if most is None else most)
            or (once and len({*map(repr, value)}) < len(value))
        ):
            yield f"{where}: is {quote(value)}; write {write}"
        else:
            for number, item in enumerate(value, start=1):
                yield from each.find(f"{where}{place.format(number)}", item)

    bounds = {"minItems": least, "maxItems": most, "uniqueItems": once}
    schema = {"type": "array", "items": each.schema, **{word: bound for word, bound in bounds.items() if bound}}
    return Kind(find=find, read=lambda value: tuple(map(each.read, value)), schema=schema)


def named(each: Kind[T], write: str, made: Callable[[dict[str, T]], Any] = dict) -> Kind[Any]:
    """Return the kind of tables whose keys are names that a team gives."""

    def find(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: is {quote(value)}; write {write}"
        else:
            yield from (mistake for name, item in value.items() for mistake in each.find(f"{where}.{name}", item))

    schema = {"type": "object", "additionalProperties": each.schema}
    return Kind(
        find=find, read=lambda value: made({name: each.read(item) for name, item in value.items()}), schema=schema
    )


# ── Tables

#: Says what is wrong with a table as a whole; takes where it stands, the table, and what of it has no mistakes.
Rules = Callable[[str, Mapping[str, Any], Mapping[str, Any]], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a table."""

    kind: Kind[Any]
    meaning: str
    usual: Any = ...
    """As it is written in TOML; ``...`` for a key that must be stated."""
    example: str = ""
    """Of a key that must be stated."""


def key(kind: Kind[Any], meaning: str, usual: Any = ..., example: str = "") -> Any:
    """Return a field of a dataclass that a key of the same name states; ``usual`` counts where it is left out."""
    stated = Key(kind=kind, meaning=meaning, usual=usual, example=example)
    if usual is ...:
        return field(metadata={"key": stated})
    return field(default_factory=lambda: usual if usual is None else kind.read(usual), metadata={"key": stated})


def keys_of(made: type) -> dict[str, Key]:
    """Return the keys that the fields of a dataclass state."""
    return {each.name: each.metadata["key"] for each in fields(made) if each.metadata}


def table(
    made: Callable[..., T],
    write: str,
    keys: Mapping[str, Key],
    rules: Rules = lambda *_: (),
    wrong: str = "is {}",
) -> Kind[T]:
    """Return the kind of tables from which ``made``, which takes their keys by name, makes a value."""

    def find(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: {'is missing' if value is None else wrong.format(quote(value))}; write {write}"
            return
        yield from key_mistakes(where, value, keys)
        sound: dict[str, Any] = {}
        for name, each in keys.items():
            if name in value:
                mistakes = [*each.kind.find(f"{where}.{name}", value[name])]
                yield from mistakes
                sound |= {} if mistakes else {name: value[name]}
            elif each.usual is ...:
                yield f"{where}.{name}: is missing; write e.g. {name} = {each.example}"
        yield from rules(where, value, sound)

    return Kind(
        find=find,
        read=lambda value: made(**{name: keys[name].kind.read(each) for name, each in value.items()}),
        schema=_schema_of(keys),
    )


def _schema_of(keys: Mapping[str, Key]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {**each.kind.schema, "description": each.meaning}
            | ({} if each.usual in (..., None) else {"default": each.usual})
            for name, each in keys.items()
        },
        "required": [name for name, each in keys.items() if each.usual is ...],
        "additionalProperties": False,
    }
