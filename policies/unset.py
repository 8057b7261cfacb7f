"""Arguments that a configuration leaves to the provider."""

from prodgate import Resource, allow_unknown


def is_unset(resource: Resource, name: str) -> bool:
    """Whether an argument is not written in the configuration, so that AWS's own default applies.

    An argument that is known later is written if its expression names something. Otherwise it may also be null: that
    raises Unresolved.
    """
    if name in resource.references:
        with allow_unknown(because="an argument that names something is written, whatever it will be"):
            return resource.text(name) is None
        return False
    return resource.text(name) is None
