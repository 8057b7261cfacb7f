"""Which resource types there are: a policy about a type that nobody can declare would hold for ever."""

from __future__ import annotations

from functools import cache
from typing import Final

from ..criteria import suggest
from .provider.schema import aws_schemas
from .provider.utility_providers import TYPES

#: Providers of other makers whose types look like those of AWS.
_OTHERS: Final = frozenset({"awscc"})
#: How alike a name must be to be taken for a misspelt one, where its provider is known and where it is not.
NEAR: Final = 0.6
NEARER: Final = 0.8
_FORM: Final = 'write resources=("aws_sqs_queue",)'


def check_types(policy: str, resources: object) -> None:
    """Refuse what is no tuple of known resource types. Raises TypeError, and ValueError with the nearest name.

    A type of a provider that is not known here is believed when it looks like none of those that are.
    """
    if not isinstance(resources, tuple):
        raise TypeError(f"{policy}: resources is {resources!r}, which is no tuple; {_FORM}")
    for each in resources:
        if not isinstance(each, str) or not each:
            raise TypeError(f"{policy}: resources holds {each!r}, which is no resource type; {_FORM}")
        provider = each.partition("_")[0]
        if each in _list_types() or provider in _OTHERS:
            continue
        ours = provider in {"aws", *TYPES}
        near = suggest(each.lower(), _list_types(), NEAR if ours else NEARER)
        if near or ours:
            raise ValueError(
                f"{policy}: there is no resource type {each!r}{near or '; write one that the provider has'}"
            )


@cache
def _list_types() -> frozenset[str]:
    others = (kind for kinds in TYPES.values() for kind in kinds.get("resource", ()))
    return frozenset({*aws_schemas().names("resource"), *others, "terraform_data"})
