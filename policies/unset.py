"""What a configuration leaves to the provider: unknown values that are not written anywhere."""

from __future__ import annotations

from prodgate import Resource, Unresolved


def is_unset(resource: Resource, name: str) -> bool:
    """Whether an argument is not written in the configuration, so that AWS's own default holds."""
    try:
        return resource.text(name) is None
    except Unresolved:
        return name not in resource.references
