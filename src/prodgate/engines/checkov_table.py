"""The table of Checkov's checks: the criterion of each, and how far its answers count."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from ..semantics.json_texts import read_json
from ..terraform.resources import Configuration, Resource, find_unknown

# ── The use of a policy document decides whether Checkov's checks on the document alone count
#
# Checkov takes every ``aws_iam_policy_document`` for an identity policy. With resolved values, a document is used
# wherever the text of a resource contains all its statements.

_Statements = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRules:
    """The rules for checks on documents; places are written ``resource_type.argument``."""

    twins: Mapping[str, str]
    """Check on a document -> check that asks the same of the resource that uses it, with values resolved."""
    identities: frozenset[str]
    """Places where a document says what an identity may do."""
    keys: frozenset[str]
    """Places where a document is the policy of a key."""
    wrong_on_keys: frozenset[str]
    """Checks that take ``"*"`` for every resource, which in the policy of a key is that key."""


@dataclass(frozen=True, slots=True)
class DocumentUse:
    """A resource whose argument holds all the statements of a document."""

    address: str
    place: str


class Documents:
    """The policy documents of a configuration, and where each is used."""

    def __init__(self, configuration: Configuration | None) -> None:
        self._resources = configuration.resources if configuration else ()

    def uses(self, document: Resource) -> tuple[DocumentUse, ...]:
        """Return where a document is used; nothing when its text is not known."""
        text = document.values.get("json")
        wanted = _parse_statements(text) if isinstance(text, str) else frozenset()
        return tuple(use for use, stated in self._texts if wanted and wanted <= stated)

    @cached_property
    def _texts(self) -> tuple[tuple[DocumentUse, _Statements], ...]:
        return tuple(_find_documents(resource for resource in self._resources if resource.mode == "managed"))


def excuse(check: str, said: str, uses: Iterable[DocumentUse], twins: Mapping[str, str], rules: DocumentRules) -> str:
    """Return why the answer ``said`` of a check on a document does not count, or nothing.

    ``twins`` is what the twin of the check said in the plan, by address.
    """
    used = tuple(uses)
    places = {use.place for use in used}
    if not used or check not in rules.twins:
        return ""
    if places <= rules.keys and check in rules.wrong_on_keys:
        return 'takes this for the policy of an identity; it is the policy of a key, in which "*" is that key'
    answers = {twins.get(use.address, "") for use in used}
    if places <= rules.identities and answers <= {"passed", "failed"} and (said != "failed" or "failed" in answers):
        return f"is judged as {rules.twins[check]} where the document is used, with every value resolved"
    if not places & rules.identities and said == "unknown":
        return "asks what an identity may do; this is the policy of a resource, of which other checks speak"
    return ""


def _find_documents(resources: Iterable[Resource]) -> Iterator[tuple[DocumentUse, _Statements]]:
    for resource in resources:
        for name, value in resource.values.items():
            if isinstance(value, str) and '"Statement"' in value:
                yield DocumentUse(resource.address, f"{resource.type}.{name}"), _parse_statements(value)


def _parse_statements(text: str) -> _Statements:
    try:
        document = read_json(text)
    except ValueError:
        return frozenset()
    stated: Any = document.get("Statement", []) if isinstance(document, dict) else []
    listed = stated if isinstance(stated, list) else [stated]
    return frozenset(json.dumps(each, sort_keys=True) for each in listed)


# ── The table

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
    """Resource types it is about; empty for every type."""
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
    """Check id -> criterion id; a check that it lacks counts for the independent scan alone."""
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
        documents=DocumentRules(
            twins=data["documents"]["twins"],
            **{name: frozenset(data["documents"][name]) for name in ("identities", "keys", "wrong_on_keys")},
        ),
        silences=tuple(map(_parse_silence, data["silence"])),
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
