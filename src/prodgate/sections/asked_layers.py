"""The layers that a run is asked for, and those of which a team asks nothing: what is declared decides."""

from __future__ import annotations

from typing import Final

from ..criteria import LAYERS, UsageError
from .attested import AttestedSection
from .criteria_file import CriteriaFile

#: Layer -> the section that is for it alone; whoever writes one has not given the layer up.
_SECTIONS: Final = {"load": "load", "e2e": "e2e", "dags": "airflow", "rollout": "rollout", "attested": "attested"}
#: What such a section is where the file says nothing of it.
_UNSTATED: Final = (None, AttestedSection())


def parse_layers(only: str | None) -> frozenset[str]:
    """Read ``--only static,live``; everything when None. Raises UsageError for an unknown layer."""
    if only is None:
        return frozenset(LAYERS)
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in LAYERS:
            raise UsageError(f"--only: {name!r} is not a layer; layers are {', '.join(LAYERS)}")
    return frozenset(names)


def find_undeclared(stated: CriteriaFile) -> frozenset[str]:
    """Return the layers that no criterion and no requirement names, and that have no section of their own."""
    declared = {layer for criterion in stated.criteria.values() for layer in criterion.layers}
    declared |= {layer for requirement in stated.requirements for layer in requirement.layers}
    declared |= {layer for layer, section in _SECTIONS.items() if getattr(stated, section) not in _UNSTATED}
    return frozenset(LAYERS) - declared


def refuse_unasked(only: str | None, stated: CriteriaFile) -> None:
    """Raise UsageError when ``--only`` names nothing but layers of which nobody asks anything."""
    undeclared = find_undeclared(stated)
    if only is not None and parse_layers(only) <= undeclared and undeclared != frozenset(LAYERS):
        asked = ", ".join(layer for layer in LAYERS if layer not in undeclared)
        raise UsageError(f"--only {only}: no criterion of {stated.path} asks anything of it; name one of {asked}")
