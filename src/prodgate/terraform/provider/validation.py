"""Refuses what core can't know to be wrong: a value for an attribute that only AWS sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .schema import Block
from .values import pairs
from .wire import CLASSES

ERROR, WARNING = 1, 2
Path = tuple[str | int, ...]


def find_misplaced(block: Block, config: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each attribute that is set although only AWS sets it."""
    if not isinstance(config, dict):
        return
    for name, attribute in block["attributes"].items():
        settable = attribute.get("optional") or attribute.get("required")
        if not settable and config.get(name) is not None:
            yield (*path, name)
    for name, nested in block["block_types"].items():
        for index, (inner,) in enumerate(pairs(nested, config.get(name))):
            step = (index,) if nested["nesting_mode"] == "list" else ()  # an element of a set has no index
            yield from find_misplaced(nested["block"], inner, (*path, name, *step))


def unconfigurable(path: Path) -> Any:
    """Return the diagnostic of the real provider for such an attribute."""
    detail = (
        f'Can\'t configure a value for "{path[-1]}": its value will be decided automatically based on the result of'
        " applying this configuration."
    )
    return diagnostic("Value for unconfigurable attribute", detail, path)


def diagnostic(summary: str, detail: str, path: Path = ()) -> Any:
    """Return an error, at an attribute if a path is given."""
    steps = [_step(each) for each in path]
    attribute = CLASSES["AttributePath"](steps=steps) if steps else None
    return CLASSES["Diagnostic"](severity=ERROR, summary=summary, detail=detail, attribute=attribute)


def warning(summary: str, detail: str) -> Any:
    """Return a warning."""
    return CLASSES["Diagnostic"](severity=WARNING, summary=summary, detail=detail)


def _step(step: str | int) -> Any:
    named: Mapping[str, Any] = {"element_key_int" if isinstance(step, int) else "attribute_name": step}
    return CLASSES["Step"](**named)
