"""The section [facts]: how old what was observed may be when it is judged, for each layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..criteria import LAYERS
from ..quantities import Quantity
from .validation import key_mistakes, quantity_mistakes

#: Where a file states nothing: facts of a month, and what people attested for a quarter.
_DEFAULT: Final = {**dict.fromkeys(LAYERS, Quantity.days(30)), "attested": Quantity.days(90)}


def facts_mistakes(facts: Any) -> Iterator[str]:
    """Say what is wrong with the section."""
    ages = facts.get("max_age", {}) if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or not isinstance(ages, dict):
        yield f'facts: is {facts!r}; write [facts] with max_age = {{ static = "7 d", live = "1 d" }}'
        return
    yield from key_mistakes("facts", facts, ("max_age",))
    yield from key_mistakes("facts.max_age", ages, tuple(LAYERS))
    for layer in (layer for layer in ages if layer in LAYERS):
        yield from quantity_mistakes(f"facts.max_age.{layer}", ages[layer], "time", "1 d")


def parse_max_age(facts: Mapping[str, Any]) -> Mapping[str, Quantity]:
    """Return the greatest age of each layer's facts."""
    return {**_DEFAULT, **{layer: Quantity.parse(text) for layer, text in facts.get("max_age", {}).items()}}
