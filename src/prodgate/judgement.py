"""Comparisons and doubts while one subject is judged, in any thread, task or context.

Each counts from the moment it is made. An exception only carries it through the check, which may catch it but
can't undo it; ``allow_unknown`` marks values that a check can do without.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why the answer is not known, whatever else was compared."""

    reason: str
    expected: str = ""
    observed: str = ""
    needs: str = ""
    words: tuple[str, ...] = field(default=(), compare=False)
    """Fields in the words of whoever wrote the judge."""


@dataclass(slots=True, kw_only=True, eq=False)
class Judgement:
    """Comparisons, doubts and set-aside values of one subject under one criterion."""

    compared: list[Any] = field(default_factory=list)
    """Conclusions that were compared, in order."""
    doubts: list[Doubt] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    """Values that could not be known and were not needed, each with the reason."""
    goes_on: bool = False
    """Whether a comparison that fails is noted without ending the judge, so that it finds further faults too."""
    locate: Callable[[], Any] | None = None
    """Returns where the judge looks; called at each comparison."""
    places: list[Any] = field(default_factory=list)
    """The results of ``locate`` at each comparison, in order."""

    def doubt(self, reason: str) -> None:
        """Note why the answer is not known."""
        self.doubts.append(Doubt(reason=reason))


class NotKnown(Exception):
    """A value is not known; a check that can do without it says so by ``allow_unknown``."""


@dataclass(slots=True, eq=False)
class _Allowance:
    because: str
    judgements: tuple[Judgement, ...]
    open: bool = True


#: The judgements that are going on, the innermost last. Of the process, not of a context: threads and tasks share it.
_OPEN: list[Judgement] = []
_ALLOWED: ContextVar[_Allowance | None] = ContextVar("allowed", default=None)


@contextmanager
def open_judgement(*, goes_on: bool = False, locate: Callable[[], Any] | None = None) -> Iterator[Judgement]:
    """Collect what is compared and doubted in this process while the context is open."""
    judgement = Judgement(goes_on=goes_on, locate=locate)
    _OPEN.append(judgement)
    try:
        yield judgement
    finally:
        _OPEN.remove(judgement)


@contextmanager
def allow_unknown(because: str) -> Iterator[None]:
    """Let this block do without values that are not known; the finding shows why they decide nothing.

    An unknown value, or a field that was not observed, ends the block, and the code after it goes on. Comparisons in
    the block count, and so does an undetermined that is raised there. Raises TypeError without a reason.
    """
    if not isinstance(because, str) or not because.strip():
        raise TypeError(f"allow_unknown: the reason is {because!r}; say why the judgement does not need the value")
    allowance = _Allowance(because, tuple(_OPEN))
    token = _ALLOWED.set(allowance)
    try:
        with suppress(NotKnown):
            yield
    finally:
        allowance.open = False
        _ALLOWED.reset(token)


def is_judging() -> bool:
    """Whether a subject is being judged."""
    return bool(_OPEN)


def is_going_on() -> bool:
    """Whether what is judged goes on after what does not hold."""
    return any(judgement.goes_on for judgement in tuple(_OPEN))


def record_comparison(conclusion: Any) -> None:
    """Note what was compared in every judgement that is going on."""
    for judgement in tuple(_OPEN):
        judgement.compared.append(conclusion)
        judgement.places.append(judgement.locate() if judgement.locate else None)


def record_doubt(doubt: Doubt, *, optional: bool = False) -> None:
    """Note a doubt in every judgement that is going on; one that is ``optional`` may be set aside."""
    allowed = _ALLOWED.get() if optional else None
    for judgement in tuple(_OPEN):
        if allowed and allowed.open and judgement in allowed.judgements:
            judgement.set_aside.append(f"{doubt.reason}, which decides nothing: {allowed.because}")
        else:
            judgement.doubts.append(doubt)


def record_set_aside(reason: str) -> None:
    """Note in every judgement that is going on what could not be known and was not needed."""
    for judgement in tuple(_OPEN):
        judgement.set_aside.append(reason)


def describe(value: object) -> str:
    """Return a value as text, even if its own ``__str__`` fails."""
    try:
        return "true" if value is True else "false" if value is False else str(value)
    except Exception as error:  # noqa: BLE001  a value of any team may do anything
        return f"<{type(value).__name__} that can't be shown: {type(error).__name__}>"
