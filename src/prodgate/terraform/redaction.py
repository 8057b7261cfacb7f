"""Finds what somebody took out of a plan: a value that is not there keeps no bound, and must not look as if it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .provider.schema import aws_schemas
from .resources import Gap, Resource


def find_redactions(resources: Iterable[Resource]) -> Iterator[Gap]:
    """Yield a gap for each managed resource that lacks values which every plan of it states."""
    known = frozenset(aws_schemas().names("resource"))
    for resource in resources:
        if resource.mode != "managed":
            continue
        if all(value in (None, "", [], {}) for value in resource.values.values()):
            yield Gap(resource.address, "is planned without a single value, as in a plan that was redacted")
        elif resource.type in known:
            schema = aws_schemas().block("resource", resource.type)
            for path in _find_missing(schema, resource.values, ""):
                yield Gap(f"{resource.address}.{path}", "is required, but was taken out of the plan")


def _find_missing(schema: Mapping[str, Any], values: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield required arguments that are null, and blocks in which nothing is left."""
    for name, attribute in schema["attributes"].items():
        if attribute.get("required") and not attribute.get("write_only") and values.get(name, "") is None:
            yield f"{path}{name}"
    for name, nested in schema["block_types"].items():
        stated = values.get(name)
        for item in stated if isinstance(stated, Sequence) else ():
            if isinstance(item, Mapping) and item:
                yield from _find_missing(nested["block"], item, f"{path}{name}.")
            elif isinstance(item, Mapping | None) and (nested["block"]["attributes"] or nested["block"]["block_types"]):
                yield f"{path}{name}"
