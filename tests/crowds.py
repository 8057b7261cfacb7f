"""Many subjects of one policy: copies of its example, each copy with names of its own."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from prodgate.semantics.unresolved import Assumed
from prodgate.terraform.policy import Policy
from prodgate.terraform.resources import Configuration, Resource

#: Shorter texts are words that other values contain too.
_LEAST: Final = 4


def crowd(policy: Policy, example: Sequence[Resource], subjects: int) -> Configuration:
    """Return a configuration of copies of an example that has at least so many subjects of the policy.

    References between resources stay within a copy, as in a root with many services.
    """
    own = sum(resource.mode == "managed" and resource.type in policy.resources for resource in example)
    copies = -(-subjects // (own or len(example)))
    names = {name for resource in example for name in resource.identities if len(name) >= _LEAST}
    found = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))) or r"(?!)")
    resources = [_copy(resource, number, found) for number in range(copies) for resource in example]
    return Configuration(root="crowd", engine="copies", resources=resources)


def _copy(resource: Resource, number: int, names: re.Pattern[str]) -> Resource:
    def rename(text: str) -> str:
        return names.sub(lambda match: f"{match[0]}-{number}", text)

    def move(address: str) -> str:
        return f"module.copy{number}.{address}"

    return Resource(
        address=move(resource.address),
        type=resource.type,
        name=resource.name,
        mode=resource.mode,
        values=_renamed(resource.search(), rename),
        references={name: tuple(map(move, named)) for name, named in resource.references.items()},
        sensitive=resource.sensitive,
    )


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, Assumed):  # an ARN of an account that nobody states is a name as well
        return Assumed(rename(value), value.what, value.reason)
    if type(value) is str:
        return rename(value)
    if isinstance(value, Mapping):
        return {name: _renamed(each, rename) for name, each in value.items()}
    return [_renamed(each, rename) for each in value] if isinstance(value, list) else value
