"""Reads what is asked of a root as a whole rather than of a resource: where it keeps its state, what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..facts.static.terraform_roots import DeclaredRoot, StateBackend
from .hcl import parse
from .resources import Configuration


def describe_root(configuration: Configuration) -> DeclaredRoot:
    """Return which types of managed resources a configuration declares."""
    types = frozenset(resource.type for resource in configuration.resources if resource.mode == "managed")
    return DeclaredRoot(subject=configuration.root, types=types)


def observe_backend(root: Path, base: Path) -> dict[str, Any]:
    """Read where the root keeps its state; files are named relative to ``base``."""
    found: dict[str, Any] = {"root": root.resolve().relative_to(base.resolve()).as_posix(), "kind": "", "settings": {}}
    for path in sorted(root.glob("*.tf")):
        source = parse(path, path.resolve().relative_to(base.resolve()).as_posix())
        for block in (each for each in source.blocks if each.kind == "terraform"):
            for inner in (each for each in block.blocks if each.kind in ("backend", "cloud")):
                settings = {name: value.literal or value.text for name, value in inner.arguments.items()}
                kind = inner.labels[0] if inner.labels else "cloud"
                found |= {"kind": kind, "settings": settings, "place": f"{inner.file}:{inner.line}"}
    return found


def backend_facts(stored: Mapping[str, Any]) -> tuple[StateBackend, ...]:
    """Return the fact of what ``observe_backend`` returned."""
    place = stored.get("place", "")
    return (StateBackend(subject=stored["root"], kind=stored["kind"], settings=stored["settings"], place=place),)
