"""Declaring a check: its criterion, its remedy and the facts it asks for stand on the function itself."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_type_hints

from .criteria import Criterion, UsageError
from .facts import Fact
from .semantics.comparisons import runs_later

F = TypeVar("F", bound=Callable[..., None])


class CheckError(UsageError):
    """A check can't be used as it is written; the message says what to change."""


#: The dimension of a ratio that may be above 100 %, such as a growth.
UNLIMITED_RATIO: Final = "ratio without limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A procedure that decides one criterion for each fact of one kind."""

    criterion: str
    remedy: str
    """What to do when a fact breaks the criterion; empty for what the criterion states."""
    measures: str
    """Dimension of what is compared with the bound: ``time``, ``ratio`` (at most 100 %) …; empty without a bound."""
    population: int
    """Least number of facts; fewer is undetermined."""
    function: Callable[..., None]
    kind: type[Fact]
    takes_fact: str
    """Name of the parameter that receives the fact."""
    takes_criterion: str
    fixtures: tuple[str, ...]
    """Further parameters, which pytest fills from fixtures."""

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.__name__

    @property
    def question(self) -> str:
        """The question of the check: the first line of its docstring."""
        return (inspect.getdoc(self.function) or "").splitlines()[0]

    @property
    def why(self) -> str:
        """Why it asks: the rest of the docstring."""
        return "\n".join((inspect.getdoc(self.function) or "").splitlines()[1:]).strip()

    @property
    def place(self) -> str:
        """Where the check is written, as ``module:line``."""
        return f"{self.function.__module__}:{self.function.__code__.co_firstlineno}"


_CHECKS: dict[Callable[..., None], Check] = {}


def check(criterion: str, *, remedy: str = "", measures: str = "", population: int = 1) -> Callable[[F], F]:
    """Register a function as the check that decides ``criterion`` for each fact of the kind it takes.

    Exactly one parameter is annotated with a kind of fact and one with Criterion; others are pytest fixtures.
    A check whose criterion states the remedy leaves it out. Raises CheckError for a function that is not of that form
    or has no docstring.
    """

    def register(function: F) -> F:
        fact, criterion_name, kind = _read_signature(function)
        others = [name for name in inspect.signature(function).parameters if name not in (fact, criterion_name)]
        _CHECKS[function] = Check(
            criterion=criterion,
            remedy=remedy,
            measures=measures,
            population=population,
            function=function,
            kind=kind,
            takes_fact=fact,
            takes_criterion=criterion_name,
            fixtures=tuple(others),
        )
        return function

    return register


def _read_signature(function: Callable[..., None]) -> tuple[str, str, type[Fact]]:
    """Return the names of the parameters for the fact and the criterion, and the kind of fact. Raises CheckError."""
    where = f"{function.__module__}:{function.__code__.co_firstlineno}: check {function.__name__!r}"
    hints = {name: hint for name, hint in get_type_hints(function).items() if name != "return"}
    facts = [name for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Fact)]
    criteria = [name for name, hint in hints.items() if hint is Criterion]
    if len(facts) != 1 or len(criteria) != 1:
        raise CheckError(
            f"{where} takes {len(facts)} kinds of fact and {len(criteria)} criteria; "
            "annotate one parameter with a kind of fact and one with Criterion"
        )
    if not function.__doc__:
        raise CheckError(f"{where} has no docstring; write the question it answers")
    if runs_later(function):
        raise CheckError(f"{where} would not run when called; drop async and yield")
    return facts[0], criteria[0], hints[facts[0]]


def check_of(function: Any) -> Check | None:
    """Return the check that a function was registered as, if any."""
    try:
        return _CHECKS.get(function)
    except TypeError:  # an unhashable object is no check
        return None


def registered_checks() -> tuple[Check, ...]:
    """Return every check that has been imported."""
    return tuple(_CHECKS.values())


def find_mismatch(measures: str, criterion: Criterion) -> str:
    """Return why what a check measures does not fit the bound of its criterion, or can't break it; empty if it fits."""
    bound, dimension = criterion.bound, "ratio" if measures == UNLIMITED_RATIO else measures
    if bound is None:
        return f"measures a {measures} but criterion {criterion.id!r} has no bound; leave measures out" * bool(measures)
    if bound.dimension != dimension:
        stated = f"measures a {measures}" if measures else "does not say what it measures"
        return (
            f"{stated} but '{bound}' of {criterion.id!r} bounds a {bound.dimension}; write measures={bound.dimension!r}"
        )
    if measures == "ratio" and bound.comparator == "<=" and bound.limit and bound.limit.base >= 1:
        return (
            f"measures a ratio, which is never above 100 %, so that nothing breaks '{bound}' of {criterion.id!r}; "
            f"write a limit below it, or measures={UNLIMITED_RATIO!r} if it can be above"
        )
    return ""
