"""Decide, on evidence, whether a system may go to production."""

from .checks import check
from .criteria import Criterion
from .findings import NotSatisfied, Outcome, Undetermined
from .quantities import Bound, Quantity
from .semantics.unresolved import Unresolved
from .terraform.policy import policy
from .terraform.reading import Block
from .terraform.resources import Configuration, Resource

__all__ = [
    "Block",
    "Bound",
    "Configuration",
    "Criterion",
    "NotSatisfied",
    "Outcome",
    "Quantity",
    "Resource",
    "Undetermined",
    "Unresolved",
    "check",
    "policy",
]
