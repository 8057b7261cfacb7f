"""What a process imports before code of a team is.

What takes the place of a module that is there, or of one that is imported later, is noticed (``integrity.py``).
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from ..facts.observers import import_all

#: Modules that policies and checks are made of, besides those of ``prodgate.semantics``.
_FOR_JUDGES: Final = ("checks", "criteria", "estimates", "judgement", "quantities", "terraform.policy")
#: Layer -> what makes facts of its evidence, and what it concludes with. What only observes is imported when it does.
_PARTS: Final = {
    "static": ("observing", "judging"),
    "live": ("observing",),
    "load": ("facts",),
    "e2e": ("kinds",),
    "dags": ("facts",),
    "rollout": ("facts",),
    "attested": ("facts", "judging", "due"),
}


def import_for_judges() -> None:
    """Import what policies and checks are written with."""
    import_all("prodgate.semantics")
    for name in _FOR_JUDGES:
        import_module(f"prodgate.{name}")


def import_for_layer(layer: str) -> None:
    """Import what the checks of a layer are written with, its facts, and what it judges with itself."""
    import_for_judges()
    import_all(f"prodgate.facts.{layer}")
    for name in _PARTS[layer]:
        import_module(f"prodgate.layers.{layer}.{name}")
