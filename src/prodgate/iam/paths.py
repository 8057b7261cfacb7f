"""The paths to another principal's rights that `paths.toml` lists."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a path: an action on each of some resources."""

    action: str
    resources: tuple[str, ...]
    perhaps: tuple[str, ...] = ()
    """Resources that some requests need: where only they are not allowed, the step is a doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A path to the rights of a role that is passed to a service, or that something already holds."""

    name: str
    known_as: tuple[str, ...]
    service: str = ""
    """The service that receives the role; nothing for a role that is held."""
    kind: str = ""
    """Types of the role's holder."""
    pattern: str = ""
    """The ARNs of such holders."""
    unknown: str = ""
    """The ARNs of such holders that may exist and are not declared."""
    needs: str = ""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An action by which a role lets in its caller, though neither the role nor its trust changes."""

    name: str
    trusts: str
    """A part of the names of those whom the role trusts."""
    action: str
    resource: str = ""
    """What it is done to; nothing for whom the role trusts."""
    doubt: str = ""
    """Why it may let in nobody."""


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("paths.toml").read_text("utf-8"))


def list_handed(service: str) -> tuple[str, ...] | None:
    """Return the actions that are handed a role for a service, besides those of its paths; None if it has no path."""
    known = any(path.service == service for path in list_paths())
    return tuple(_read()["also_handed"].get(service, ())) if known else None


def list_unmodelled() -> tuple[str, ...]:
    """Return services without a path that run what they are given as a role."""
    return tuple(_read()["elsewhere"]["services"])


@cache
def list_entries() -> tuple[Entry, ...]:
    """Return the ways into a role through whom it trusts."""
    return tuple(Entry(**row) for row in _read()["entry"])


@cache
def list_paths() -> tuple[Path, ...]:
    """Return all paths, in the order of the table."""
    return tuple(
        Path(
            name=row["name"],
            known_as=tuple(row["known_as"]),
            service=row.get("service", ""),
            kind=row.get("kind", ""),
            pattern=row.get("pattern", ""),
            unknown=row.get("unknown", row.get("pattern", "")),
            needs=row.get("needs", ""),
            steps=tuple(_read_step(*step) for step in row["steps"]),
        )
        for row in _read()["path"]
    )


def _read_step(action: str, *resources: str) -> Step:
    perhaps = tuple(one.removesuffix("?") for one in resources if one.endswith("?"))
    return Step(action=action, resources=tuple(one for one in resources if not one.endswith("?")), perhaps=perhaps)
