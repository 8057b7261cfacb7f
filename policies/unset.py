"""What a configuration leaves to the provider: unknown values that are not written anywhere."""

from __future__ import annotations

from prodgate import Resource, allow_unknown


def is_unset(resource: Resource, name: str) -> bool:
    """Whether an argument is not written in the configuration, so that AWS's own default holds."""
    with allow_unknown(because="an argument that is not written is left to AWS"):
        return resource.text(name) is None
    return name not in resource.references
