"""Decide, on evidence, whether a system may go to production.

What authors of policies, checks, facts and journeys may use is named in ``__all__`` here, in ``prodgate.facts`` and its
layers, in the modules of ``prodgate.semantics``, and in ``prodgate.testing``; ``scripts/api_reference.py`` prints
all of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .browser.settings import Credentials
    from .checks import check
    from .criteria import Criterion
    from .estimates import estimate_rate
    from .judgement import allow_unknown
    from .quantities import Quantity
    from .semantics.unresolved import Unknown, Unresolved
    from .terraform.policy import policy
    from .terraform.resources import Block, Configuration, Resource
else:
    #: Where each name is defined. Every process of a run imports this package, and few of them use all that.
    _HOMES = {
        "Block": "terraform.resources",
        "Configuration": "terraform.resources",
        "Credentials": "browser.settings",
        "Criterion": "criteria",
        "Quantity": "quantities",
        "Resource": "terraform.resources",
        "Unknown": "semantics.unresolved",
        "Unresolved": "semantics.unresolved",
        "allow_unknown": "judgement",
        "check": "checks",
        "estimate_rate": "estimates",
        "policy": "terraform.policy",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


__all__ = [
    "Block", "Configuration", "Credentials", "Criterion", "Quantity", "Resource", "Unknown", "Unresolved",
    "allow_unknown", "check", "estimate_rate", "policy",
]  # fmt: skip
