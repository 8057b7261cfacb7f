"""What a process imports before code of a team is: it can put nothing into the place of a module that is there."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from ..facts.observers import import_all

#: Modules that policies and checks are made of, besides those of ``prodgate.semantics``.
_FOR_JUDGES: Final = ("checks", "criteria", "estimates", "judgement", "quantities", "terraform.policy")
#: Layer -> what it observes and judges with itself. What is missing here is imported when it is used.
_PARTS: Final = {
    "static": ("layers.static.observing", "layers.static.judging"),
    "live": ("layers.live.observing",),
    "load": ("layers.load.facts",),
}


def import_for_judges() -> None:
    """Import what policies and checks are written with."""
    import_all("prodgate.semantics")
    for name in _FOR_JUDGES:
        import_module(f"prodgate.{name}")


def import_for_layer(layer: str) -> None:
    """Import what the checks of a layer are written with, its facts, and what it judges with itself."""
    import_for_judges()
    for name in (f"facts.{layer}", *_PARTS.get(layer, ())):
        import_module(f"prodgate.{name}")
