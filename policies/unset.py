"""What a configuration leaves to the provider."""

from __future__ import annotations

from prodgate import Resource, allow_unknown


def is_unset(resource: Resource, name: str) -> bool:
    """Whether an argument is not written in the configuration, so that AWS's own default holds.

    One that is known later is written where its expression names something. Where nothing says what it names, it may
    be null as well. Raises Unresolved for that.
    """
    if name in resource.references:
        with allow_unknown(because="an argument that names something is written, whatever it will be"):
            return resource.text(name) is None
        return False
    return resource.text(name) is None
