"""What a policy document is used for decides what Checkov's checks on the document alone are worth.

Checkov takes every ``aws_iam_policy_document`` for the policy of an identity. With resolved values it can be told where
a document is used: wherever all its statements stand in the text of a resource.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..semantics.json_texts import read_json
from ..terraform.resources import Configuration, Resource

_Statements = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRules:
    """What is known about checks on documents; places are written ``resource_type.argument``."""

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
