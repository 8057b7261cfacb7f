"""Validation that sections share: each mistake is one line that says where it is and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ..criteria import suggest
from ..quantities import Quantity, UnitError

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


def key_mistakes(where: str, keys: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """Say which keys are unknown, and which one may have been meant."""
    for key in keys:
        if key not in known:
            yield f"{where}.{key}: is not a key{suggest(key, known) or '; keys are ' + ', '.join(known)}"


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
