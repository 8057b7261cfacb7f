"""Helpers for tests of a team's own policies and checks: to evaluate, to judge, to compare."""

from .findings import Finding, NotApplicable, NotSatisfied, Outcome
from .quantities import Bound
from .sections.criteria_file import load_criteria
from .terraform.evaluate import evaluate
from .terraform.examples import evaluate_examples, find_disagreements
from .terraform.policy import POLICIES, Policy, apply
from .terraform.resources import UNKNOWN

__all__ = [
    "POLICIES", "UNKNOWN", "Bound", "Finding", "NotApplicable", "NotSatisfied", "Outcome", "Policy", "apply",
    "evaluate", "evaluate_examples", "find_disagreements", "load_criteria",
]  # fmt: skip
