"""Validation that sections share: each mistake is one line that says where it is and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from ..criteria import suggest
from ..quantities import Quantity, UnitError

#: The name of a host, without a scheme, a port or a path.
HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})+")


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
    try:
        quantity = Quantity.parse(text) if isinstance(text, str) else None
    except UnitError as error:
        yield f"{where}: {error}"
        return
    if quantity is None or quantity.dimension != dimension:
        yield f"{where}: is {text!r}; write a {dimension}, e.g. {example!r}"
    elif quantity.base < 0 or not (quantity.base or zero):
        yield f"{where}: is {text!r}; write more than nothing"
