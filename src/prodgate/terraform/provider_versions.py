"""Which version of the AWS provider a root was written for, where that is another one than judges it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .diagnostics import Diagnostic
from .hcl import parse
from .positions import Position
from .provider.schema import aws_schemas
from .sources import Tree

LOCK: Final = ".terraform.lock.hcl"
_AWS: Final = "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"
_CONSTRAINT: Final = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+)*)\s*")


@dataclass(frozen=True, slots=True)
class WrittenFor:
    """A version of the AWS provider that a root names, or the constraint that it states, and where."""

    version: str
    place: Position


def find_other_version(tree: Tree) -> WrittenFor | None:
    """Return the version that the root's lock file names, else a constraint; None where ours may be meant."""
    ours = aws_schemas().version
    locked = next(_read_lock(tree), None)
    if locked:
        return locked if locked.version != ours else None
    stated = (each for each in _read_constraints(tree) if not _admits(each.version, ours))
    return next(stated, None)


def explain_change(error: Diagnostic, written_for: WrittenFor) -> str:
    """Say why a resource is not judged of which core says something that is true of our version alone."""
    what = f"{error.summary}: {' '.join(error.detail.split())}"
    return (
        f"is written for AWS provider {written_for.version} ({written_for.place}), and can't be read by "
        f"{aws_schemas().version}, which judges here: {what}"
    )


def _read_lock(tree: Tree) -> Iterator[WrittenFor]:
    path = tree.root.directory / LOCK
    if path.is_file():
        for block in parse(path, LOCK).blocks:
            version = block.arguments.get("version")
            if block.kind == "provider" and block.labels[:1] and block.labels[0] in _AWS and version:
                yield WrittenFor(version.literal or version.text, Position(LOCK, version.line))


def _read_constraints(tree: Tree) -> Iterator[WrittenFor]:
    for module in tree.modules.values():
        for block in (inner for outer in module.of("terraform") for inner in outer.blocks):
            stated = block.arguments.get("aws") if block.kind == "required_providers" else None
            version = (stated.entries.get("version") or stated) if stated else None
            if version and version.literal:
                yield WrittenFor(version.literal, Position(version.file, version.line))
        for block in (each for each in module.of("provider") if each.labels == ("aws",)):
            version = block.arguments.get("version")
            if version and version.literal:
                yield WrittenFor(version.literal, Position(version.file, version.line))


def _admits(constraint: str, version: str) -> bool:
    """Whether a version meets a constraint; what is not understood is met.

    >>> _admits("~> 3.0", "6.1.0"), _admits(">= 3.0, != 4.1", "6.1.0"), _admits("~> 6.0", "6.1.0")
    (False, True, True)
    """
    return all(_meets(each, _split(version)) for each in constraint.split(","))


def _meets(term: str, version: tuple[int, ...]) -> bool:
    understood = _CONSTRAINT.fullmatch(term)
    if not understood:
        return True
    operator, stated = understood[1] or "=", _split(understood[2])
    upper = (*stated[:-2], stated[-2] + 1) if len(stated) > 1 else (stated[0] + 1,)
    return {
        "=": version[: len(stated)] == stated if len(stated) < len(version) else version == stated,
        "!=": version != stated,
        ">=": version >= stated,
        "<=": version <= stated,
        ">": version > stated,
        "<": version < stated,
        "~>": stated <= version < upper,
    }[operator]


def _split(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))
