"""What is known about Checkov's checks: which criterion each belongs to, and what its answers are worth."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from ..terraform.reading import find_unknown
from ..terraform.resources import Resource
from .checkov_documents import DocumentRules

#: The shipped table.
FILE: Final = Path(__file__).with_name("checkov_criteria.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Why some checks answer UNKNOWN on a resource, shown by a value that the resource declares.

    Exactly one of ``unset`` (null, empty or left out), ``any_of`` and ``none_of`` says what that value is.
    """

    checks: tuple[str, ...]
    attribute: str
    reason: str
    types: tuple[str, ...] = ()
    """Resource types it speaks of; every one without it."""
    unset: bool = False
    any_of: tuple[Any, ...] = ()
    none_of: tuple[Any, ...] = ()
    source_decides: bool = False
    """The question does arise, and the answer given on the source stands."""

    def explains(self, check: str, resource: Resource) -> bool:
        """Whether this is why ``check`` is silent about ``resource``. A value that is not known explains nothing."""
        if check not in self.checks or (self.types and resource.type not in self.types):
            return False
        value = _value_at(resource.values, self.attribute)
        if find_unknown(value) is not None:
            return self.unset and _is_left_out(resource, self.attribute)
        if self.unset:
            return value in (None, "", [], {})
        return value in self.any_of if self.any_of else value is not None and value not in self.none_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The criterion of each mapped check, checks whose answers prove nothing, and reasons for silence."""

    criteria: Mapping[str, str]
    """Check id -> criterion id; a check that is not in it speaks of the independent scan alone."""
    unreliable: Mapping[str, str]
    """Check id -> what is wrong with it, whatever it is given."""
    local_modules: Mapping[str, str]
    """Check id -> why it does not arise for a module that is part of the repository."""
    documents: DocumentRules
    silences: tuple[Silence, ...] = field(default=())

    def find_silence(self, check: str, resource: Resource | None) -> Silence | None:
        """Return why a check is silent about a resource, or None when that is not known."""
        if resource is None:
            return None
        return next((each for each in self.silences if each.explains(check, resource)), None)

    def list_checks(self) -> Iterator[str]:
        """Yield the id of every check that is spoken of."""
        yield from (*self.criteria, *self.unreliable, *self.local_modules)
        yield from (*self.documents.twins, *self.documents.twins.values(), *self.documents.wrong_on_keys)
        yield from (check for silence in self.silences for check in silence.checks)


@cache
def load_table(path: Path = FILE) -> Table:
    """Read the table. Raises ValueError for a check that is mapped twice."""
    data = tomllib.loads(path.read_text("utf-8"))
    pairs = [(check, criterion) for criterion, checks in data["criteria"].items() for check in checks]
    criteria = dict(pairs)
    if len(criteria) != len(pairs):
        twice = sorted({check for check, _ in pairs if [each for each, _ in pairs].count(check) > 1})
        raise ValueError(f"{path.name}: mapped twice: {', '.join(twice)}; keep one criterion for each")
    return Table(
        criteria=criteria,
        unreliable=data["unreliable"],
        local_modules=data["local-modules"],
        documents=_parse_documents(data["documents"]),
        silences=tuple(map(_parse_silence, data["silence"])),
    )


def _parse_documents(stated: Mapping[str, Any]) -> DocumentRules:
    return DocumentRules(
        twins=stated["twins"],
        identities=frozenset(stated["identities"]),
        keys=frozenset(stated["keys"]),
        wrong_on_keys=frozenset(stated["wrong_on_keys"]),
    )


def _parse_silence(stated: Mapping[str, Any]) -> Silence:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in stated.items()}
    return Silence(**fields)


def _is_left_out(resource: Resource, path: str) -> bool:
    """Whether the source is known and does not state an argument, which the provider then decides."""
    return resource.origin is not None and not any(
        stated == path or stated.startswith(f"{path}.") for stated in resource.origin.arguments
    )


def _value_at(values: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, in the first block of each list; None when there is none."""
    value: Any = values
    for part in path.split("."):
        if isinstance(value, list | tuple):
            value = value[0] if value else None
        value = value.get(part) if isinstance(value, Mapping) else value if find_unknown(value) else None
    return value
